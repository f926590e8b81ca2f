"""Root causes of what there is not any more, or is too much, and of incidents that became one."""

from datetime import timedelta
from uuid import UUID

import pytest

from contracts.incidents import IncidentMerged
from gateway.rest.documented_rca import RcaList
from projections.rca.view import RcaView
from services.rca import log_reading
from services.runtime.ids import new_id
from services.runtime.log import NOTHING, Head
from tests.kit import incident_builders as incidents
from tests.kit.gateway import API, Json, Platform, refused
from tests.kit.runtime import store

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

URL = f"{API}/analysis/rca"


async def _opened(platform: Platform, cluster: str | UUID) -> str:
    """An incident of a node of a cluster, which is shown and was looked at."""
    now = platform.gate.clock.now()
    where = (f"node/{new_id()}",)
    signal = incidents.signal(id=new_id(), cluster_id=cluster, where=where, started_at=now)
    told = incidents.incident(
        id=new_id(), cluster_ids=(cluster,), opened_at=now, last_signal_at=now
    )
    event = incidents.opened(incident=told, added=(signal,))
    appended = await store(platform.gate.log, event, after=NOTHING)
    assert await platform.gate.positions.wait("incidents", appended.sequence, 20)
    return str(told.id)


async def _merge(platform: Platform, gone: str, into: str) -> None:
    """Told as the correlator does, of both."""
    for one, other in ((gone, into), (into, gone)):
        ends = {"signals": 0, "lasting": 0, "merged_into": into} if one == gone else {"signals": 2}
        event = IncidentMerged(
            incident=incidents.incident(id=one, **ends), reason="one cause", other_id=UUID(other)
        )
        last = await platform.gate.log.head(event.key)
        assert last is not None
        head = Head(last.sequence, last.version or 0)
        appended = await store(platform.gate.log, event, after=head)
        for projection in ("incidents", "rca"):
            assert await platform.gate.positions.wait(projection, appended.sequence, 20)


async def _ask(platform: Platform, **body: object) -> RcaView:
    answer = await platform.http.post(URL, json=body)
    assert answer.status_code == 201, answer.text
    return RcaView.model_validate(answer.json())


async def _lately(platform: Platform, cluster: str, **length: float) -> Json:
    now = platform.gate.clock.now()
    start = now - timedelta(**length)
    return {"cluster_id": cluster, "start": start.isoformat(), "end": now.isoformat()}


async def test_of_a_deleted_cluster_its_incident_is_explained_and_its_time_is_not_found(
    platform: Platform,
) -> None:
    cluster = (await platform.register())["id"]
    incident = await _opened(platform, cluster)
    before = await _ask(platform, **await _lately(platform, cluster, hours=1))
    assert (await platform.http.delete(f"{API}/clusters/{cluster}")).status_code == 204
    found = await _ask(platform, incident_id=incident)
    assert str(found.incident_id) == incident
    assert found.causes[0].entity.place.startswith("node/")
    body = await _lately(platform, cluster, hours=1)
    refused(await platform.http.post(URL, json=body), "CLUSTER_NOT_FOUND")
    # What was found before stays.
    assert (await platform.http.get(f"{URL}/{before.id}")).status_code == 200


async def test_ninety_days_are_too_long(platform: Platform) -> None:
    cluster = (await platform.register())["id"]
    answer = await platform.http.post(URL, json=await _lately(platform, cluster, days=90))
    error = refused(answer, "VALIDATION_FAILED")
    assert error["details"]["fields"] == [
        {"field": "end", "message": "must be after start, by a day at most"}
    ]


async def test_a_time_with_too_many_incidents_is_refused(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = (await platform.register())["id"]
    incident = await _opened(platform, cluster)
    await _ask(platform, incident_id=incident)
    monkeypatch.setattr(log_reading, "MOST_EVENTS", 0)
    body = await _lately(platform, cluster, hours=1)
    refused(await platform.http.post(URL, json=body), "LIMIT_REACHED")
    refused(await platform.http.post(URL, json={"incident_id": incident}), "LIMIT_REACHED")


async def test_of_incidents_that_became_one_all_analyses_are_listed(platform: Platform) -> None:
    cluster = new_id()
    gone, stays = await _opened(platform, cluster), await _opened(platform, cluster)
    one = await _ask(platform, incident_id=gone)
    two = await _ask(platform, incident_id=stays)
    await _merge(platform, gone, stays)

    async def listed(incident: str, **query: object) -> set[UUID]:
        page = await platform.list("/analysis/rca", incident_id=incident, page_size=100, **query)
        return {each.id for each in RcaList.model_validate(page).items}

    assert {one.id, two.id} <= await listed(stays)
    assert one.id not in await listed(stays, as_of_sequence=two.sequence)
    # Whoever asks about what is gone gets the cause of what it went into.
    again = await _ask(platform, incident_id=gone)
    assert (str(again.incident_id), again.signals) == (stays, 2)
    assert again.id in await listed(stays)
