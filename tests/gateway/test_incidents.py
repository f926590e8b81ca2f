"""Incidents over REST: read as of now and before, and what people do about them."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest

from contracts.incidents import IncidentEvent, incident_key
from gateway.rest.documented_incidents import IncidentList, SignalList, Timeline
from projections.incidents.view import IncidentDetail
from services.runtime import streams
from services.runtime.ids import new_id
from services.runtime.log import NOTHING, Head
from services.runtime.principals import Role
from tests.kit import incident_builders as made
from tests.kit.gateway import API, Json, Platform, alert, assert_envelope, refused
from tests.kit.runtime import store

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]


@dataclass
class Told:
    """An incident of two signals in a cluster, as the correlator would tell it.

    It has nothing in common with others, so that the correlator makes nothing more of it.
    """

    platform: Platform
    cluster: UUID = field(default_factory=new_id)
    id: UUID = field(default_factory=new_id)
    signals: tuple[UUID, UUID] = field(default_factory=lambda: (new_id(), new_id()))

    async def open(self, *clusters: UUID, **of: Any) -> "Told":
        """It is there, and shown; also of other clusters, if they are given."""
        every = (self.cluster, *clusters)
        added = tuple(
            made.signal(
                id=signal, cluster_id=cluster, name=f"A{signal.hex}", where=(f"node/{self.id}",)
            )
            for signal, cluster in zip(self.signals, (self.cluster, every[-1]), strict=True)
        )
        told = made.incident(id=self.id, cluster_ids=every, signals=2, lasting=2, **of)
        await self.tell(made.opened(incident=told, added=added))
        return self

    async def tell(self, event: IncidentEvent) -> int:
        """This happens to it; gives its sequence, once it is shown."""
        last = await self.platform.gate.log.head(incident_key(self.id))
        head = NOTHING if last is None else Head(last.sequence, last.version or 0)
        appended = await store(self.platform.gate.log, event, after=head)
        for name in ("incidents", "alerts"):
            assert await self.platform.gate.positions.wait(name, appended.sequence, 10)
        return appended.sequence

    async def read(self, path: str = "", **query: Any) -> Json:
        """It, or what belongs to it."""
        return await self.platform.list(f"/incidents/{self.id}{path}", **query)

    async def do(
        self, what: str, body: Json | None = None, *, by: str | None = None, etag: str = "*"
    ) -> Any:
        """Somebody does this; gives the answer."""
        async with self.platform.client(by or self.platform.admin) as client:
            url = f"{API}/incidents/{self.id}/{what}"
            return await client.post(url, json=body or {}, headers={"if-match": etag})


@pytest.fixture
async def told(platform: Platform) -> Told:
    return await Told(platform).open()


async def test_an_incident_is_listed_and_shown_whole(platform: Platform, told: Told) -> None:
    page = IncidentList.model_validate(
        await platform.list("/incidents", cluster_id=str(told.cluster))
    )
    (found,) = page.items
    assert (found.id, found.cluster_ids, page.by_state.OPEN) == (told.id, [told.cluster], 1)
    answer = await platform.http.get(f"{API}/incidents/{told.id}")
    assert answer.headers["etag"] == '"1"'
    detail = IncidentDetail.model_validate(answer.json())
    assert set(detail.alert_ids) == set(told.signals)
    assert len(Timeline.model_validate(await told.read("/timeline")).items) == 1
    assert SignalList.model_validate(await told.read("/signals")).total == 2


async def test_it_is_found_by_what_it_is(platform: Platform) -> None:
    told = await Told(platform).open(severity="WARNING", title="a title of its own")
    mine = {"cluster_id": str(told.cluster)}
    asked: list[tuple[Json, int]] = [
        ({"severity": "warning"}, 1),
        ({"severity": "CRITICAL"}, 0),
        ({"state": "RESOLVED"}, 0),
        ({"q": "OF ITS OWN"}, 1),
        ({"q": "other"}, 0),
        ({"from": "2020-01-01T00:00:00Z"}, 1),
        ({"to": "2020-01-01T00:00:00Z"}, 0),
        ({"sort": "-opened_at"}, 1),
    ]
    for query, count in asked:
        assert (await platform.list("/incidents", **mine, **query))["total"] == count, query
    for query, count in (
        ({"lasting": "true"}, 2),
        ({"kind": "ANOMALY"}, 0),
        ({"q": str(told.id)}, 2),
    ):
        assert (await told.read("/signals", **query))["total"] == count, query


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("", {"state": "CLOSED"}), ("", {"severity": "HIGH"}), ("", {"cluster_id": "x"}),
        ("", {"sort": "title"}), ("", {"from": "2026-01-01T00:00:00"}),
        ("/{id}/signals", {"kind": "TRACE"}), ("/{id}/timeline", {"cursor": "x"}),
        ("/{id}/timeline", {"limit": 0}),
    ],
)  # fmt: skip
async def test_what_makes_no_sense_is_refused_by_its_field(
    platform: Platform, path: str, query: Json
) -> None:
    url = f"{API}/incidents{path.format(id=new_id())}"
    error = refused(await platform.http.get(url, params=query), "VALIDATION_FAILED")
    assert [each["field"] for each in error["details"]["fields"]] == [*query]


@pytest.mark.parametrize("path", ["", "/signals", "/timeline"])
async def test_one_that_nobody_knows_is_not_found(platform: Platform, path: str) -> None:
    url = f"{API}/incidents/{new_id()}{path}"
    refused(await platform.http.get(url), "INCIDENT_NOT_FOUND")


async def test_it_is_read_as_it_was(told: Told) -> None:
    before = await told.platform.last_sequence()
    gone = made.incident(id=told.id, cluster_ids=(told.cluster,), state="RESOLVED")
    await told.tell(made.incident_resolved(incident=gone))
    assert (await told.read())["state"] == "RESOLVED"
    answer = await told.platform.http.get(
        f"{API}/incidents/{told.id}", params={"as_of_sequence": before}
    )
    assert (answer.json()["state"], answer.headers["etag"]) == ("OPEN", '"1"')
    assert answer.headers["x-as-of-sequence"] == str(before)
    url = f"{API}/incidents/{told.id}"
    refused(await told.platform.http.get(url, params={"as_of_sequence": 0}), "INCIDENT_NOT_FOUND")
    page = await told.platform.list(
        "/incidents", cluster_id=str(told.cluster), as_of_sequence=before
    )
    assert page["total"] == 1


async def test_people_take_it_up_resolve_and_reopen_it(told: Told) -> None:
    for what, state, etag in (
        ("acknowledge", "ACKNOWLEDGED", '"2"'),
        ("resolve", "RESOLVED", '"3"'),
        ("reopen", "OPEN", '"4"'),
    ):
        answer = await told.do(what, {"comment": f"I {what} it"})
        assert answer.status_code == 200, answer.text
        assert (answer.json()["state"], answer.headers["etag"]) == (state, etag)
        newest = answer.json()["timeline"][0]
        assert (newest["actor"], newest["reason"]) == ("ada", f"I {what} it")
        assert answer.headers["x-event-sequence"] == str(newest["sequence"])


async def test_who_has_seen_an_older_version_changes_nothing(told: Told) -> None:
    refused(await told.do("resolve", etag='"7"'), "PRECONDITION_FAILED")
    refused(await told.do("resolve", etag="nonsense"), "PRECONDITION_FAILED")
    assert (await told.do("resolve", etag='"1"')).status_code == 200
    refused(await told.do("acknowledge"), "VERSION_CONFLICT")


async def test_two_become_one(platform: Platform, told: Told) -> None:
    other = await Told(platform).open()
    answer = await told.do("merge", {"other_id": str(other.id), "comment": "one cable"})
    assert answer.status_code == 200, answer.text
    assert (answer.json()["id"], answer.json()["signals"]) == (str(told.id), 4)
    assert (await told.read("/signals"))["total"] == 4
    assert (await other.read())["merged_into"] == str(told.id)
    page = await platform.list("/incidents", cluster_id=str(told.cluster), state="RESOLVED")
    assert page["items"] == []
    error = refused(await told.do("merge", {"other_id": str(told.id)}), "VALIDATION_FAILED")
    assert error["details"]["fields"][0]["field"] == "other_id"
    refused(await told.do("merge", {"other_id": str(new_id())}), "INCIDENT_NOT_FOUND")


async def test_signals_become_an_incident_of_their_own(told: Told) -> None:
    answer = await told.do(
        "split", {"signal_ids": [str(told.signals[1])], "comment": "another cable"}
    )
    assert answer.status_code == 201, answer.text
    new = answer.json()["id"]
    assert answer.headers["location"] == f"{API}/incidents/{new}"
    assert [answer.json()["signals"], (await told.read())["signals"]] == [1, 1]
    found = await told.platform.list(f"/incidents/{new}/signals")
    assert [each["id"] for each in found["items"]] == [str(told.signals[1])]
    assert [each["id"] for each in (await told.read("/signals"))["items"]] == [str(told.signals[0])]
    refused(await told.do("split", {"signal_ids": [str(new_id())]}), "VALIDATION_FAILED")


async def test_a_command_by_its_name_is_answered_once_it_shows(told: Told) -> None:
    body = {"name": "AcknowledgeIncident", "data": {"incident_id": str(told.id)}}
    answer = await told.platform.http.post(f"{API}/commands", json=body)
    assert answer.status_code == 200, answer.text
    assert (await told.read())["state"] == "ACKNOWLEDGED"


async def test_whoever_has_a_part_sees_it_and_changes_nothing(platform: Platform) -> None:
    foreign = new_id()
    told = await Told(platform).open(foreign, title="foreign-mark")
    token = await platform.token(Role.OPERATOR, str(told.cluster))
    async with platform.client(token) as client:
        for path in ("", f"/{told.id}", f"/{told.id}/signals", f"/{told.id}/timeline"):
            answer = await client.get(f"{API}/incidents{path}")
            assert answer.status_code == 200, answer.text
            assert "foreign-mark" not in answer.text
            assert str(foreign) not in answer.text
        found = (await client.get(f"{API}/incidents/{told.id}")).json()
    assert (found["redacted"], found["signals"]) == (True, 1)
    tried: list[tuple[str, Json]] = [
        ("acknowledge", {}),
        ("split", {"signal_ids": [str(told.signals[0])]}),
    ]
    for what, body in tried:
        refused(await told.do(what, body, by=token), "PERMISSION_DENIED")
    assert (await told.read())["state"] == "OPEN"
    nobody = await platform.token(Role.OPERATOR, str(new_id()))
    refused(await told.do("acknowledge", by=nobody), "INCIDENT_NOT_FOUND")


async def test_a_viewer_reads_and_does_nothing(told: Told) -> None:
    token = await told.platform.token(Role.VIEWER, str(told.cluster))
    assert_envelope(await told.do("resolve", by=token))
    refused(await told.do("resolve", by=token), "PERMISSION_DENIED")
    async with told.platform.client(token) as client:
        assert (await client.get(f"{API}/incidents/{told.id}")).json()["redacted"] is False


async def test_an_alert_tells_the_incident_that_it_belongs_to(platform: Platform) -> None:
    cluster = (await platform.register())["id"]
    # No incident is opened for these.
    labels = {"severity": "info"}
    await platform.report(cluster, alert(1, labels=labels), alert(2, labels=labels))
    items = (await platform.list("/alerts", cluster_id=cluster))["items"]
    assert [each["incident_id"] for each in items] == [None, None]
    one, two = (UUID(each["id"]) for each in items)
    told = await Told(platform, UUID(cluster), signals=(one, two)).open()
    other = await Told(platform).open()
    before = await platform.last_sequence()

    async def belongs(ref: UUID, **query: Any) -> str | None:
        return (await platform.list(f"/alerts/{ref}", **query))["incident_id"]

    new = (await told.do("split", {"signal_ids": [str(two)]})).json()["id"]
    assert (await other.do("merge", {"other_id": str(told.id)})).status_code == 200
    # Not of all there is: causes are looked for meanwhile, and are no matter of alerts.
    query = {"last_by_subj": "evt.*.incident.>"}
    last = await platform.gate.runtime.bus.get(streams.EVENTS, query)
    assert last is not None
    assert await platform.gate.positions.wait("alerts", last.sequence, 20)
    assert (await belongs(one), await belongs(two)) == (str(other.id), new)
    listed = (await platform.list("/alerts", cluster_id=cluster))["items"]
    assert {each["incident_id"] for each in listed} == {str(other.id), new}
    for ref in (one, two):
        assert await belongs(ref, as_of_sequence=before) == str(told.id)
