"""Alerts and silences of a cluster: asked of a simulated Alertmanager, and of others that ail."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from contracts.clusters import Checked
from contracts.envelope import Query
from contracts.refusals import Code
from contracts.telemetry import Budget, ExpireSilence, PutSilence, ReadAlerts, ReadSilences
from deploy.simulator.cluster import Part
from deploy.simulator.faults import Fault, FaultKind
from services.runtime.backends.breaker import FAILURES
from services.runtime.clock import SystemClock
from services.runtime.ids import new_id
from services.telemetry.handlers_alerts import (
    expire_silence,
    put_silence,
    read_alerts,
    read_silences,
)
from tests.runtime.outbound.origins import answer, says
from tests.services.telemetry.collecting import Collector
from tests.services.telemetry.simulated_backends import (
    FAULTY,
    Asks,
    Json,
    Routes,
    behind,
    ill,
    simulated,
)

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

ROUTES: Routes = {
    ReadAlerts: read_alerts,
    ReadSilences: read_silences,
    PutSilence: put_silence,
    ExpireSilence: expire_silence,
}
AM = Checked.ALERTMANAGER
SMALL = Budget(bytes=20_000)
UNKNOWN = "6f1c2b52-9a0f-5d0c-8a25-0f7b3f1d5e11"
STATUS: Json = {
    "cluster": {"status": "disabled", "peers": []},
    "config": {"original": "receivers: [{url: https://secret.test}]"},
    "uptime": "2026-03-01T12:00:00.000Z",
    "versionInfo": {"version": "0.25.0"},
}
ALERT: Json = {
    "annotations": {},
    "endsAt": "2026-03-01T12:05:00.000Z",
    "fingerprint": "2cdd4f0d0379464b",
    "receivers": [{"name": "hub"}],
    "startsAt": "2026-03-01T12:00:00.000Z",
    "status": {"inhibitedBy": [], "silencedBy": [], "state": "active"},
    "updatedAt": "2026-03-01T12:00:00.000Z",
    "labels": {"alertname": "Ünï 🚀"},
}


def put(mark: UUID | None = None, hours: float = 1.0, **changes: Any) -> PutSilence:
    """Ask for a silence of a Watchdog, which every simulated cluster has."""
    asked = PutSilence(
        mark=mark or new_id(),
        labels={"alertname": "Watchdog"},
        ends_at=SystemClock().now() + timedelta(hours=hours),
        created_by="ada",
        comment="known",
    )
    return asked.model_copy(update=changes)


async def silenced_by(asks: Asks) -> list[str]:
    """Which silences hold the Watchdog back."""
    found, _ = await asks.whole(ReadAlerts())
    (dog,) = (each for each in found["alerts"] if each["labels"]["alertname"] == "Watchdog")
    return dog["status"]["silencedBy"]


async def test_alerts_come_as_alertmanager_tells_them(collector: Collector) -> None:
    async with simulated(collector, ROUTES, AM) as asks:
        found, told = await asks.whole(ReadAlerts())
    assert told["count"] == len(found["alerts"]) > 0
    for each in found["alerts"]:
        assert ALERT.keys() <= each.keys()
    assert found["status"] == {
        "uptime": "2026-01-01T00:00:00Z",
        "cluster": {"status": "ready", "name": found["status"]["cluster"]["name"]},
        "versionInfo": {"version": "0.28.0+simulated"},
    }


async def test_alerts_are_read_before_how_alertmanager_is_and_its_settings_stay_there(
    collector: Collector,
) -> None:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        body: Any = STATUS if "/status" in origin.heads[-1].split(" ")[1] else [ALERT]
        writer.write(answer(msgspec.json.encode(body)))
        await writer.drain()

    async with behind(collector, ROUTES, AM, talk, tenant="team-1") as (asks, origin):
        found, told = await asks.whole(ReadAlerts())
    assert found["alerts"] == [ALERT]
    assert told["count"] == 1
    assert "secret" not in str(found)
    first, second = (head.split(" ")[1] for head in origin.heads)
    flags = "active=true&silenced=true&inhibited=true&unprocessed=true"
    assert first == f"/prefix/api/v2/alerts?{flags}"
    assert second == "/prefix/api/v2/status"
    assert origin.header("authorization") == "Bearer its-token"
    assert origin.header("x-scope-orgid") == "team-1"


async def test_a_silence_is_made_once_for_its_mark_and_ended(collector: Collector) -> None:
    mark = new_id()
    async with simulated(collector, ROUTES, AM) as asks:
        assert await silenced_by(asks) == []
        made, told = await asks.whole(put(mark))
        assert told["count"] == 1
        assert (await asks.whole(put(mark)))[0] == made
        other, _ = await asks.whole(put())
        assert await silenced_by(asks) == [made["silenceID"], other["silenceID"]]
        (first, _), told = await asks.whole(ReadSilences())
        assert told["count"] == 2
        assert first["createdBy"] == "ada"
        assert first["comment"] == f"known (aiops:{mark})"
        assert first["status"]["state"] == "active"
        for _ in range(2):
            await ended(asks, made["silenceID"])
            assert await silenced_by(asks) == [other["silenceID"]]
        assert (await asks.whole(put(mark)))[0] == made, "what somebody has ended stays so"


async def ended(asks: Asks, silence_id: str) -> None:
    """End a silence; there is nothing to be said of it."""
    async with asks.asker.ask(asks.place, ExpireSilence(silence_id=silence_id), seconds=10) as told:
        assert [part async for part in told] == []


@pytest.mark.parametrize("silence_id", [UNKNOWN, "abc"])
async def test_a_silence_that_is_not_there_cannot_be_ended(
    collector: Collector, silence_id: str
) -> None:
    async with simulated(collector, ROUTES, AM) as asks:
        refused = await asks.refused(ExpireSilence(silence_id=silence_id))
    assert refused.code is Code.SILENCE_NOT_FOUND
    assert silence_id in refused.message


async def test_a_silence_that_is_refused_is_told_in_alertmanagers_words(
    collector: Collector,
) -> None:
    """However often: it says nothing of how Alertmanager is."""
    async with simulated(collector, ROUTES, AM) as asks:
        for _ in range(FAILURES + 1):
            refused = await asks.refused(put(hours=-1))
            assert refused.code is Code.VALIDATION_FAILED
            assert "Alertmanager: Failed to create silence: end time can't be" in refused.message
        empty = await asks.refused(put(labels={"alertname": ""}))
        assert empty.code is Code.VALIDATION_FAILED
        assert "at least one matcher must not match the empty string" in empty.message
        assert (await asks.whole(ReadSilences()))[0] == []


async def test_a_silence_whose_answer_was_lost_is_not_made_again(collector: Collector) -> None:
    kept: list[Json] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if origin.heads[-1].startswith("GET"):
            writer.write(answer(msgspec.json.encode(kept)))
            await writer.drain()
            return
        assert origin.header("content-type") == "application/json"
        body = await reader.readexactly(int(origin.header("content-length") or 0))
        kept.append({**msgspec.json.decode(body), "id": UNKNOWN, "status": {"state": "active"}})
        writer.transport.abort()

    asked = put()
    async with behind(collector, ROUTES, AM, talk) as (asks, origin):
        assert (await asks.refused(asked)).code is Code.CLUSTER_UNREACHABLE
        assert (await asks.whole(asked))[0] == {"silenceID": UNKNOWN}
    assert len(kept) == 1


async def test_of_silences_with_a_mark_the_one_in_force_is_told(collector: Collector) -> None:
    """Who changes a silence by hand ends it, and makes another with its comment."""
    asked = put()
    silence: Json = {
        "matchers": [],
        "startsAt": "",
        "endsAt": "",
        "comment": f"changed (aiops:{asked.mark})",
    }
    kept = [
        {**silence, "id": state, "status": {"state": state}}
        for state in ("expired", "pending", "active")
    ]
    body = answer(msgspec.json.encode(kept))
    async with behind(collector, ROUTES, AM, says(body)) as (asks, _):
        assert (await asks.whole(asked))[0] == {"silenceID": "active"}


EVERY: list[Query] = [
    ReadAlerts(budget=SMALL),
    ReadSilences(budget=SMALL),
    put(budget=SMALL),
    ExpireSilence(silence_id=UNKNOWN, budget=SMALL),
]
NAMES = ["alerts", "silences", "put", "expire"]


@pytest.mark.parametrize("query", EVERY, ids=NAMES)
@pytest.mark.parametrize("how", sorted(FAULTY.keys() - {"an array"}))
async def test_an_ill_alertmanager_is_told_as_such(
    collector: Collector, how: str, query: Query
) -> None:
    async with behind(collector, ROUTES, AM, ill(how)) as (asks, _):
        refused = await asks.refused(query, 5)
    assert refused.code is FAULTY[how][1], refused.message
    assert "Alertmanager" in refused.message


@pytest.mark.parametrize("query", EVERY, ids=NAMES)
@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault(FaultKind.HANG), Code.QUERY_TIMEOUT),
        (Fault(FaultKind.DRIP), Code.QUERY_TIMEOUT),
        (Fault(FaultKind.RESET), Code.CLUSTER_UNREACHABLE),
        (Fault(FaultKind.HUGE), Code.LIMIT_REACHED),
        (Fault(FaultKind.STATUS, status=429, retry_after=7), Code.RATE_LIMITED),
        (Fault(FaultKind.EXPIRED_TOKEN), Code.CREDENTIALS_INVALID),
    ],
    ids=lambda each: each.kind.value if isinstance(each, Fault) else "",
)
async def test_an_alertmanager_that_fails_holds_nobody_up(
    collector: Collector, query: Query, fault: Fault, code: Code
) -> None:
    async with simulated(collector, ROUTES, AM) as asks:
        made, _ = await asks.whole(put())
        if isinstance(query, ExpireSilence):
            query = query.model_copy(update={"silence_id": made["silenceID"]})
        assert asks.simulated is not None
        asks.simulated.simulated.faults.set(Part.ALERTMANAGER, fault)
        refused = await asks.refused(query, 1.5)
    assert refused.code is code, refused.message


@pytest.mark.parametrize("query", EVERY, ids=NAMES)
async def test_one_without_the_second_api_is_told_to_be_too_old(
    collector: Collector, query: Query
) -> None:
    async def old(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = b'{"status":"success","data":[]}'
        known = "/api/v1/" in origin.heads[-1]
        writer.write(answer(first) if known else answer(b"404 page not found\n", "404 Not Found"))
        await writer.drain()

    async with behind(collector, ROUTES, AM, old) as (asks, origin):
        refused = await asks.refused(query)
    assert refused.code is Code.UPSTREAM_FAILED
    assert "there is no API v2" in refused.message
    assert "Alertmanager 0.16 or later" in refused.message


async def test_a_login_that_may_not_write_is_told_what_it_has_to_be_good_for(
    collector: Collector,
) -> None:
    async def reading(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if origin.heads[-1].startswith("GET"):
            writer.write(answer(b"[]"))
        else:
            await reader.readexactly(int(origin.header("content-length") or 0))
            writer.write(answer(b"Forbidden\n", "403 Forbidden"))
        await writer.drain()

    async with behind(collector, ROUTES, AM, reading) as (asks, origin):
        refused = await asks.refused(put())
    assert refused.code is Code.CREDENTIALS_INVALID
    assert "read and write its silences" in refused.message


@pytest.mark.parametrize(
    ("query", "body"),
    [
        *((ReadAlerts(), [{**ALERT, name: None}]) for name in ("labels", "startsAt", "endsAt")),
        (ReadAlerts(), [{**ALERT, "updatedAt": 1}]),
        (ReadAlerts(), [{**ALERT, "fingerprint": 7}]),
        (ReadAlerts(), [{**ALERT, "status": {"state": "active"}}]),
        (ReadAlerts(), [{**ALERT, "status": {**ALERT["status"], "silencedBy": [7]}}]),
        (ReadAlerts(), {"status": "success", "data": [ALERT]}),
        (ReadSilences(), {"status": "success", "data": []}),
        (ReadSilences(), [{"id": "a"}]),
        (ExpireSilence(silence_id=UNKNOWN), {"id": "a"}),
    ],
)
async def test_an_answer_of_another_shape_is_not_passed_on(
    collector: Collector, query: Query, body: object
) -> None:
    talk = says(answer(msgspec.json.encode(body)))
    async with behind(collector, ROUTES, AM, talk) as (asks, origin):
        refused = await asks.refused(query)
    assert refused.code is Code.UPSTREAM_FAILED
    assert len(origin.heads) == 1


async def test_a_null_of_go_is_an_empty_list(collector: Collector) -> None:
    async with behind(collector, ROUTES, AM, says(answer(b"null\n"))) as (asks, _):
        assert (await asks.whole(ReadSilences()))[0] == []


async def test_more_alerts_than_allowed_are_refused(collector: Collector) -> None:
    many = answer(msgspec.json.encode([ALERT] * 3))
    async with behind(collector, ROUTES, AM, says(many)) as (asks, _):
        refused = await asks.refused(ReadAlerts(budget=Budget(series=2)))
    assert refused.code is Code.LIMIT_REACHED


async def test_a_cluster_at_the_far_edge_is_asked_too(collector: Collector) -> None:
    async with behind(collector, ROUTES, AM, says(answer(b"[]"))) as (asks, origin):
        url = f"{origin.url()}/"
        far = await collector.cluster("https://nowhere.test", kind="FAR_EDGE", alertmanager_url=url)
        assert (await Asks(asks.asker, far).whole(ReadSilences()))[0] == []
        without = await collector.cluster("https://nowhere.test")
        refused = await Asks(asks.asker, without).refused(ReadSilences())
    assert refused.code is Code.CLUSTER_UNREACHABLE
    assert "has no Alertmanager" in refused.message
