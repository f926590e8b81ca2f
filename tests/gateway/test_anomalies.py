"""Anomalies over REST: listed, shown, judged, and as they were."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest

from contracts.anomalies import AnomalyEvent
from gateway.rest.documented_anomalies import AnomalyList
from projections.anomalies.view import AnomalyView
from services.runtime.ids import new_id
from services.runtime.log import NOTHING, Head
from services.runtime.principals import Role
from tests.kit import anomaly_builders as made, builders, incident_builders as incidents
from tests.kit.gateway import API, Json, Platform, refused
from tests.kit.runtime import store

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

URL = f"{API}/anomalies"


@dataclass
class Told:
    """Anomalies of a cluster of their own, as the detector would tell them.

    Of little weight, so that the correlator makes nothing of them.
    """

    platform: Platform
    cluster: UUID = field(default_factory=new_id)

    async def tell(self, event: AnomalyEvent) -> int:
        """This happens; gives its sequence, once it is shown."""
        log = self.platform.gate.log
        last = await log.head(event.key)
        head = NOTHING if last is None else Head(last.sequence)
        appended = await store(log, event, after=head)
        assert await self.platform.gate.positions.wait("anomalies", appended.sequence, 10)
        return appended.sequence

    async def begin(self, **changes: Any) -> UUID:
        """One is there; gives its id."""
        anomaly = made.anomaly(**self._of(changes))
        await self.tell(made.AnomalyDetected(anomaly=anomaly))
        return anomaly.id

    async def end(self, anomaly: UUID, **changes: Any) -> int:
        """It is over."""
        return await self.tell(made.anomaly_ended(**self._of({"id": anomaly} | changes)))

    def _of(self, changes: Json) -> Json:
        return {"id": new_id(), "cluster_id": self.cluster, "severity": "LOW"} | changes

    async def page(self, **query: Any) -> AnomalyList:
        """A page of those of this cluster."""
        mine = {"cluster_id": str(self.cluster)} | query
        return AnomalyList.model_validate(await self.platform.list("/anomalies", **mine))

    async def found(self, **query: Any) -> list[UUID]:
        """Their ids, in order."""
        page = await self.page(**query)
        assert page.total == len(page.items)
        return [each.id for each in page.items]

    async def judge(self, anomaly: UUID, *, by: str | None = None, **body: Any) -> Any:
        """Somebody says this of it; gives the answer."""
        async with self.platform.client(by or self.platform.admin) as client:
            return await client.post(f"{URL}/{anomaly}/feedback", json=body)


@pytest.fixture
async def told(platform: Platform) -> Told:
    return Told(platform)


async def test_an_anomaly_is_listed_and_shown_whole(platform: Platform) -> None:
    cluster = await platform.register()
    told = Told(platform, UUID(cluster["id"]))
    one = await told.begin()
    (listed,) = (await told.page()).items
    answer = await platform.http.get(f"{URL}/{one}")
    assert answer.status_code == 200
    shown = AnomalyView.model_validate(answer.json())
    assert shown == listed
    assert (shown.id, shown.cluster_name, shown.state) == (one, cluster["name"], "OPEN")
    assert shown.model_dump(include={"evidence", "labels", "explanation"}) == (
        made.anomaly().model_dump(include={"evidence", "labels", "explanation"})
    )
    await told.end(one)
    assert (await told.page()).items[0].state == "ENDED"


async def test_anomalies_are_found_by_what_they_are(told: Told) -> None:
    one = await told.begin(detected_at=builders.at(10), labels={"uuid": "GPU-1", "node": "a=b"})
    two = await told.begin(
        detected_at=builders.at(20), metric_name="up", watch_id="ups", anomaly_type="DROP",
        detection_type="ML_BASED", severity="MEDIUM",
    )  # fmt: skip
    await told.end(two, detected_at=builders.at(20), ended_at=builders.at(30), watch_id="ups",
                   metric_name="up", anomaly_type="DROP", detection_type="ML_BASED",
                   severity="MEDIUM")  # fmt: skip
    await told.judge(two, verdict="USEFUL")
    asked: list[tuple[Json, list[UUID]]] = [
        ({}, [two, one]),
        ({"cluster_id": [str(told.cluster), str(new_id())]}, [two, one]),
        ({"watch_id": "ups"}, [two]),
        ({"metric": ["up", "down"]}, [two]),
        ({"severity": "low"}, [one]),
        ({"severity": ["LOW", "MEDIUM"], "sort": "severity"}, [two, one]),
        ({"anomaly_type": "DROP"}, [two]),
        ({"detection_type": "ML_BASED"}, [two]),
        ({"state": "OPEN"}, [one]),
        ({"state": "ENDED"}, [two]),
        ({"verdict": "USEFUL"}, [two]),
        ({"verdict": "NOISE"}, []),
        ({"verdict": ["NONE", "NOISE"]}, [one]),
        ({"label": "uuid=GPU-1"}, [one]),
        ({"label": ["uuid=GPU-1", "node=a=b"]}, [one]),
        ({"label": ["uuid=GPU-1", "node=a"]}, []),
        ({"to": builders.at(20).isoformat()}, [one]),
        ({"from": builders.at(31).isoformat()}, [one]),
        ({"from": builders.at(25).isoformat(), "to": builders.at(26).isoformat()}, [two, one]),
    ]
    for query, expected in asked:
        assert await told.found(**query) == expected, query


async def test_a_cursor_leads_through_all(told: Told) -> None:
    every = [await told.begin(detected_at=builders.at(number)) for number in range(5)]
    page = await told.page(page_size=2)
    walked = [each.id for each in page.items]
    while page.next_cursor is not None:
        page = await told.page(page_size=2, cursor=page.next_cursor)
        walked += [each.id for each in page.items]
    assert walked == every[::-1]
    assert [each.id for each in (await told.page(page=3, page_size=2)).items] == every[:1]


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ({"sort": "id"}, "sort"),
        ({"severity": "CRITICAL"}, "severity"),
        ({"anomaly_type": "ODD"}, "anomaly_type"),
        ({"detection_type": "GUESSED"}, "detection_type"),
        ({"state": "FIRING"}, "state"),
        ({"verdict": "MAYBE"}, "verdict"),
        ({"label": "uuid"}, "label"),
        ({"cluster_id": "berlin"}, "cluster_id"),
        ({"from": "2026-01-31T12:00:00"}, "from"),
        ({"cursor": "x"}, "cursor"),
        ({"cursor": "x", "page": 2}, "cursor"),
        ({"cursor": "x", "sort": "severity"}, "cursor"),
    ],
)
async def test_what_is_no_filter_is_refused(platform: Platform, query: Json, name: str) -> None:
    error = refused(await platform.http.get(URL, params=query), "VALIDATION_FAILED")
    assert [each["field"] for each in error["details"]["fields"]] == [name]


async def test_anomalies_are_as_they_were(platform: Platform, told: Told) -> None:
    one = await told.begin()
    before = await platform.last_sequence()
    then = await platform.list("/anomalies", cluster_id=str(told.cluster))
    await told.judge(one, verdict="NOISE")
    await told.end(one)
    at = {"as_of_sequence": before}
    answer = await platform.http.get(URL, params={"cluster_id": str(told.cluster)} | at)
    assert answer.headers["x-as-of-sequence"] == str(before)
    assert answer.json() == then
    assert (await platform.http.get(f"{URL}/{one}", params=at)).json() == then["items"][0]
    assert await told.found(state="OPEN", **at) == [one]
    assert await told.found(verdict="NOISE", **at) == []
    refused(await platform.http.get(f"{URL}/{one}", params={"as_of_sequence": 0}),
            "ANOMALY_NOT_FOUND")  # fmt: skip


async def test_people_say_whether_it_was_right_to_tell_it(platform: Platform, told: Told) -> None:
    one = await told.begin()
    operator = await platform.token(Role.OPERATOR, str(told.cluster))
    answer = await told.judge(one, verdict="NOISE", comment="a backup", by=operator)
    assert answer.status_code == 200, answer.text
    shown = AnomalyView.model_validate(answer.json())
    assert shown.feedback is not None
    assert (shown.feedback.verdict, shown.feedback.comment) == ("NOISE", "a backup")
    assert shown.feedback.given_by == "somebody"
    stored = await platform.gate.log.at(int(answer.headers["x-event-sequence"]))
    assert stored is not None
    event = made.AnomalyFeedbackGiven.model_validate_json(stored.data)
    assert (event.anomaly_id, event.watch_id) == (one, "cart-latency")
    await told.end(one)
    answer = await told.judge(one, verdict="USEFUL")
    assert answer.json()["feedback"] | {"given_at": None} == {
        "verdict": "USEFUL", "comment": "", "given_by": "ada", "given_at": None,
    }  # fmt: skip
    assert answer.json()["state"] == "ENDED"


async def test_said_twice_with_one_key_it_is_said_once(platform: Platform, told: Told) -> None:
    one = await told.begin()
    headers = {"idempotency-key": "monday"}

    async def say(verdict: str) -> Any:
        url = f"{URL}/{one}/feedback"
        return await platform.http.post(url, json={"verdict": verdict}, headers=headers)

    first = await say("NOISE")
    await told.judge(one, verdict="USEFUL")
    again = await say("NOISE")
    assert again.headers["x-event-sequence"] == first.headers["x-event-sequence"]
    assert again.json()["feedback"]["verdict"] == "USEFUL"


async def test_said_by_the_commands_name_it_shows_at_once(platform: Platform, told: Told) -> None:
    one = await told.begin()
    said = {"cluster_id": str(told.cluster), "anomaly_id": str(one), "verdict": "NOISE"}
    body = {"name": "GiveAnomalyFeedback", "data": said | {"comment": "a backup"}}
    answer = await platform.http.post(f"{API}/commands", json=body)
    assert answer.status_code == 200, answer.text
    assert (await told.page()).items[0].feedback is not None
    assert await told.found(verdict="NOISE") == [one]


async def test_what_is_no_feedback_is_refused(told: Told) -> None:
    one = await told.begin()
    wrong: list[Json] = [
        {}, {"verdict": "MAYBE"}, {"verdict": None}, {"verdict": "NOISE", "comment": "a\0"},
        {"verdict": "NOISE", "comment": "x" * 1001}, {"verdict": "NOISE", "colour": "red"},
    ]  # fmt: skip
    for body in wrong:
        refused(await told.judge(one, **body), "VALIDATION_FAILED")
    assert (await told.page()).items[0].feedback is None
    refused(await told.judge(new_id(), verdict="NOISE"), "ANOMALY_NOT_FOUND")


async def test_of_other_clusters_nothing_is_seen_or_said(platform: Platform, told: Told) -> None:
    foreign, mine = await told.begin(), Told(platform)
    own = await mine.begin()
    for role, code in ((Role.OPERATOR, None), (Role.VIEWER, "PERMISSION_DENIED")):
        token = await platform.token(role, str(mine.cluster))
        async with platform.client(token) as client:
            page = (await client.get(URL)).json()
            assert [each["id"] for each in page["items"]] == [str(own)]
            assert page["total"] == 1
            page = (await client.get(URL, params={"cluster_id": str(told.cluster)})).json()
            assert page["total"] == 0
            refused(await client.get(f"{URL}/{foreign}"), "ANOMALY_NOT_FOUND")
        answer = await mine.judge(foreign, verdict="NOISE", by=token)
        refused(answer, code or "ANOMALY_NOT_FOUND")
        answer = await mine.judge(own, verdict="NOISE", by=token)
        assert answer.status_code == (403 if code else 200)
    assert (await told.page()).items[0].feedback is None


async def test_it_tells_the_incident_that_it_belongs_to(platform: Platform, told: Told) -> None:
    one = await told.begin()
    assert (await told.page()).items[0].incident_id is None
    signal = incidents.signal(
        id=one, kind="ANOMALY", cluster_id=told.cluster, where=(f"node/{one}",)
    )
    incident = incidents.incident(id=new_id(), cluster_ids=(told.cluster,))
    opened = incidents.opened(incident=incident, added=(signal,))
    last = (await store(platform.gate.log, opened, after=NOTHING)).sequence
    assert await platform.gate.positions.wait("anomalies", last, 10)
    assert (await told.page()).items[0].incident_id == incident.id
