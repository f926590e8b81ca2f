"""Root cause analyses over REST: read as of now and before, and asked for."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest

from contracts.incidents import NOT_SHOWN
from gateway.rest.documented_rca import RcaList
from projections.rca.view import RcaView
from services.runtime.ids import new_id
from services.runtime.log import NOTHING
from services.runtime.principals import Role
from tests.kit import incident_builders as incidents, rca_builders as made
from tests.kit.gateway import API, Json, Platform, refused
from tests.kit.runtime import store

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

URL = f"{API}/analysis/rca"
FROM, TO = "2026-01-01T12:00:00Z", "2026-01-01T13:00:00Z"


@dataclass
class Told:
    """Analyses of an incident of a cluster, as the service would tell them."""

    platform: Platform
    cluster: UUID = field(default_factory=new_id)
    incident: UUID = field(default_factory=new_id)

    async def analysis(self, **changes: Any) -> tuple[UUID, int]:
        """One is told, and shown; gives its id and sequence."""
        of = {"id": new_id(), "trigger_id": self.incident, "incident_id": self.incident}
        event = made.rca_complete(cluster=self.cluster, **(of | changes))
        appended = await store(self.platform.gate.log, event, after=NOTHING)
        assert await self.platform.gate.positions.wait("rca", appended.sequence, 20)
        return event.result.id, appended.sequence

    async def found(self, **query: Any) -> list[UUID]:
        """Those of a list of the incident's."""
        asked = {"incident_id": str(self.incident)} | query
        page = RcaList.model_validate(await self.platform.list("/analysis/rca", **asked))
        assert page.total == len(page.items)
        return [each.id for each in page.items]


@pytest.fixture
def told(platform: Platform) -> Told:
    return Told(platform)


async def _ask(platform: Platform, token: str | None = None, **body: Any) -> Any:
    async with platform.client(token or platform.admin) as client:
        return await client.post(URL, json=body)


async def test_an_analysis_is_listed_and_shown_whole(platform: Platform, told: Told) -> None:
    one, sequence = await told.analysis()
    answer = await platform.http.get(f"{URL}/{one}")
    assert answer.status_code == 200, answer.text
    found = RcaView.model_validate(answer.json())
    assert (found.id, found.sequence, found.redacted) == (one, sequence, False)
    assert found.causes == made.rca_result(cluster=told.cluster).causes
    page = RcaList.model_validate(
        await platform.list("/analysis/rca", cluster_id=str(told.cluster))
    )
    (item,) = page.items
    assert item.cause is not None
    assert (item.id, item.cause.entity.place, item.sequence) == (one, "node/worker-3", sequence)


async def test_they_are_found_by_what_they_are_about(told: Told) -> None:
    one, _ = await told.analysis()
    two, _ = await told.analysis()
    other, _ = await Told(told.platform, told.cluster).analysis()
    mine = str(told.cluster)
    assert await told.found() == [two, one]
    assert await told.found(cluster_id=mine) == [two, one]
    assert await told.found(cluster_id=str(new_id())) == []
    page = await told.platform.list("/analysis/rca", cluster_id=mine, page=2, page_size=2)
    assert ([each["id"] for each in page["items"]], page["total"]) == ([str(one)], 3)
    page = await told.platform.list("/analysis/rca", cluster_id=mine, page_size=1)
    assert [each["id"] for each in page["items"]] == [str(other)]


async def test_they_are_as_they_were(platform: Platform, told: Told) -> None:
    one, first = await told.analysis()
    two, _ = await told.analysis()
    then = {"as_of_sequence": first}
    assert await told.found(**then) == [one]
    answer = await platform.http.get(f"{URL}/{one}", params=then)
    assert answer.headers["x-as-of-sequence"] == str(first)
    refused(await platform.http.get(f"{URL}/{two}", params=then), "RCA_NOT_FOUND")
    assert (await platform.http.get(f"{URL}/{two}")).status_code == 200


async def test_one_that_nobody_knows_is_not_found(platform: Platform) -> None:
    refused(await platform.http.get(f"{URL}/{new_id()}"), "RCA_NOT_FOUND")


async def test_who_sees_a_part_is_shown_that_there_is_one(platform: Platform, told: Told) -> None:
    foreign, mark = new_id(), f"foreign-{new_id()}"
    one, _ = await told.analysis(
        cluster_ids=(told.cluster, foreign),
        causes=(made.cause(mark, foreign),),
        explanation=mark,
    )
    async with platform.client(await platform.token(Role.VIEWER, str(told.cluster))) as client:
        answer = await client.get(f"{URL}/{one}")
        listed = await client.get(URL, params={"incident_id": str(told.incident)})
    found = RcaView.model_validate(answer.json())
    assert (found.redacted, found.causes, found.explanation) == (True, (), NOT_SHOWN)
    (item,) = RcaList.model_validate(listed.json()).items
    assert (item.redacted, item.cause, item.cluster_ids) == (True, None, [told.cluster])
    for each in (answer, listed):
        assert mark not in each.text
        assert str(foreign) not in each.text
    async with platform.client(await platform.token(Role.VIEWER, str(foreign))) as client:
        assert str(told.cluster) not in (await client.get(f"{URL}/{one}")).text
    async with platform.client(await platform.token(Role.ADMIN, str(new_id()))) as client:
        refused(await client.get(f"{URL}/{one}"), "RCA_NOT_FOUND")
        assert (await client.get(URL)).json()["total"] == 0


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ({"incident_id": "x"}, "incident_id"),
        ({"cluster_id": "berlin"}, "cluster_id"),
        ({"page_size": 101}, "page_size"),
    ],
)
async def test_what_is_no_filter_is_refused(platform: Platform, query: Json, name: str) -> None:
    error = refused(await platform.http.get(URL, params=query), "VALIDATION_FAILED")
    assert [each["field"] for each in error["details"]["fields"]] == [name]


_ID = str(new_id())


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({}, "incident_id"),
        ({"start": FROM, "end": TO}, "incident_id"),
        ({"incident_id": _ID, "alert_id": _ID}, "alert_id"),
        ({"anomaly_id": _ID, "cluster_id": _ID, "start": FROM, "end": TO}, "cluster_id"),
        ({"incident_id": _ID, "start": FROM}, "start"),
        ({"alert_id": _ID, "end": TO}, "end"),
        ({"cluster_id": _ID}, "start"),
        ({"cluster_id": _ID, "start": FROM}, "end"),
        ({"cluster_id": _ID, "start": TO, "end": FROM}, "end"),
        ({"cluster_id": _ID, "start": FROM, "end": FROM}, "end"),
        ({"cluster_id": _ID, "start": FROM, "end": "2026-01-02T12:00:01Z"}, "end"),
        ({"cluster_id": _ID, "start": "2026-01-01T12:00:00", "end": TO}, "start"),
        ({"incident_id": "x"}, "incident_id"),
        ({"incident_id": _ID, "colour": "red"}, "colour"),
    ],
)
async def test_what_makes_no_sense_is_refused_by_its_field(
    platform: Platform, body: Json, name: str
) -> None:
    error = refused(await _ask(platform, **body), "VALIDATION_FAILED")
    assert [each["field"] for each in error["details"]["fields"]] == [name]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"incident_id": _ID}, "INCIDENT_NOT_FOUND"),
        ({"alert_id": _ID}, "ALERT_NOT_FOUND"),
        ({"anomaly_id": _ID}, "ANOMALY_NOT_FOUND"),
        ({"cluster_id": _ID, "start": FROM, "end": TO}, "CLUSTER_NOT_FOUND"),
    ],
)
async def test_of_what_there_is_not_no_cause_is_looked_for(
    platform: Platform, body: Json, code: str
) -> None:
    refused(await _ask(platform, **body), code)


async def _incident(platform: Platform, *clusters: UUID) -> str:
    """One that is open and shown, of a signal in each of these clusters."""
    now, where = platform.gate.clock.now(), (f"node/{new_id()}",)
    signals = tuple(
        incidents.signal(
            id=new_id(), cluster_id=each, name=f"A{new_id()}", where=where, started_at=now
        )
        for each in clusters
    )
    told = incidents.incident(
        id=new_id(), cluster_ids=clusters, signals=len(signals), lasting=len(signals),
        opened_at=now, last_signal_at=now,
    )  # fmt: skip
    event = incidents.opened(incident=told, added=signals)
    appended = await store(platform.gate.log, event, after=NOTHING)
    assert await platform.gate.positions.wait("incidents", appended.sequence, 20)
    return str(told.id)


async def test_what_is_found_of_an_incident_is_shown_at_once(platform: Platform) -> None:
    cluster = new_id()
    incident = await _incident(platform, cluster)
    operator = await platform.token(Role.OPERATOR, str(cluster))
    answer = await _ask(platform, operator, incident_id=incident)
    assert answer.status_code == 201, answer.text
    found = RcaView.model_validate(answer.json())
    assert (found.trigger, str(found.incident_id)) == ("INCIDENT", incident)
    assert answer.headers["location"] == f"{URL}/{found.id}"
    assert answer.headers["x-event-sequence"] == str(found.sequence)
    assert (await platform.http.get(answer.headers["location"])).json() == answer.json()
    page = await platform.list("/analysis/rca", incident_id=incident)
    assert str(found.id) in {each["id"] for each in page["items"]}


async def test_a_clusters_time_without_trouble_has_an_answer(platform: Platform) -> None:
    cluster = (await platform.register())["id"]
    answer = await _ask(platform, cluster_id=cluster, start=FROM, end=TO)
    assert answer.status_code == 201, answer.text
    found = RcaView.model_validate(answer.json())
    assert (found.trigger, str(found.trigger_id), found.causes) == ("WINDOW", cluster, ())
    assert (found.is_known, found.incident_id) == (False, None)


async def test_asked_twice_with_one_key_it_is_looked_for_once(platform: Platform) -> None:
    incident = await _incident(platform, new_id())
    headers, body = {"idempotency-key": str(new_id())}, {"incident_id": incident}
    one, again = [
        (await platform.http.post(URL, json=body, headers=headers)).json() for _ in range(2)
    ]
    assert again == one


async def test_a_command_by_its_name_is_answered_once_it_shows(platform: Platform) -> None:
    incident = await _incident(platform, new_id())
    body = {"name": "AnalyzeRootCause", "data": {"incident_id": incident}}
    answer = await platform.http.post(f"{API}/commands", json=body)
    assert answer.status_code == 200, answer.text
    assert (await platform.http.get(f"{URL}/{answer.json()['id']}")).status_code == 200


async def test_who_may_not_change_all_of_it_looks_for_no_cause(platform: Platform) -> None:
    cluster = new_id()
    incident = await _incident(platform, cluster, new_id())
    part = await platform.token(Role.OPERATOR, str(cluster))
    refused(await _ask(platform, part, incident_id=incident), "PERMISSION_DENIED")
    nobody = await platform.token(Role.OPERATOR, str(new_id()))
    refused(await _ask(platform, nobody, incident_id=incident), "INCIDENT_NOT_FOUND")
    viewer = await platform.token(Role.VIEWER)
    refused(await _ask(platform, viewer, incident_id=incident), "PERMISSION_DENIED")
