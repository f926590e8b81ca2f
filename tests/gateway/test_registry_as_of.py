"""The time machine over the registry: every read of the fleet as it was at any time."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from contracts.clusters import ClusterType
from contracts.operations import RebuildProjection
from deploy.simulator.faults import FaultKind
from deploy.simulator.fleet import Fleet
from deploy.simulator.simulator import Options, Running, simulating
from services.runtime.command_bus import Origin
from services.runtime.ids import new_id
from tests.kit.gateway import API, Json, Platform, refused
from tests.kit.runtime import eventually
from tests.kit.simulated import of_type, with_credentials

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

READS = (
    "/clusters?page_size=100&sort=name",
    "/clusters?state=ONLINE",
    "/clusters?state=UNKNOWN&label=of=time",
    "/clusters?has_gpu=false",
    "/fleet/summary",
    "/fleet/health",
    "/fleet/capabilities",
)
_TELEMETRY = {"checked_at", "last_seen_at"}
"""What checks tell between events."""


@dataclass(frozen=True)
class Moment:
    """What the reads have said at a time."""

    sequence: int
    time: datetime
    answers: dict[str, Any]


@pytest.fixture
async def fleet() -> AsyncGenerator[Running]:
    async with simulating(Fleet.make(4, seed=7), Options(bad_tls=False)) as running:
        yield running


def _settled(answer: Any) -> Any:
    if isinstance(answer, dict):
        return {k: _settled(v) for k, v in answer.items() if k not in _TELEMETRY}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(answer, list):
        return [_settled(each) for each in answer]  # pyright: ignore[reportUnknownVariableType]
    return answer


async def _look(platform: Platform, **as_of: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path in READS:
        answer = await platform.http.get(f"{API}{path}", params=_merged(path, as_of))
        assert answer.status_code == 200, answer.text
        if as_of:
            assert answer.headers["x-as-of-sequence"]
        else:
            assert "x-as-of-sequence" not in answer.headers
        found[path] = _settled(answer.json())
    return found


def _merged(path: str, more: Json) -> Json | None:
    asked = dict(part.split("=", 1) for part in path.partition("?")[2].split("&") if part)
    return asked | more or None


async def _moment(platform: Platform) -> Moment:
    await platform.settle()
    answers = await _look(platform)
    sequence = await platform.last_sequence()
    stored = await platform.gate.log.at(sequence)
    assert stored is not None
    await platform.settle()
    assert await platform.last_sequence() == sequence, "something else has happened meanwhile"
    return Moment(sequence, datetime.fromisoformat(stored.time[:26] + "+00:00"), answers)


async def test_the_registry_is_told_as_it_was_after_every_change(
    platform: Platform, fleet: Running
) -> None:
    spoke = of_type(fleet, ClusterType.SPOKE)
    moments: list[Moment] = []
    first = await platform.register(labels={"of": "time"})
    moments.append(await _moment(platform))
    path = f"{API}/clusters/{first['id']}"
    assert (await platform.http.patch(path, json={"region": "eu"})).status_code == 200
    moments.append(await _moment(platform))
    watched = await with_credentials(platform, fleet, spoke)
    refresh = f"{API}/clusters/{watched['id']}/refresh"
    assert (await platform.http.post(refresh)).status_code == 200
    moments.append(await _moment(platform))
    spoke.fail(FaultKind.RESET)
    assert (await platform.http.post(refresh)).status_code == 200
    moments.append(await _moment(platform))
    spoke.fail(FaultKind.NONE)
    assert (await platform.http.delete(path)).status_code == 204
    assert (await platform.http.post(refresh)).status_code == 200
    moments.append(await _moment(platform))

    for moment in moments:
        at = moment.time.isoformat()
        assert await _look(platform, as_of=at) == moment.answers, at
        assert await _look(platform, as_of_sequence=moment.sequence) == moment.answers
    states = [each.answers["/fleet/summary"]["by_state"] for each in moments]
    assert states[2].get("ONLINE") == 1
    assert states[3].get("OFFLINE") == 1
    assert states[4].get("ONLINE") == 1


async def test_one_cluster_is_told_as_it_was_also_after_its_end(platform: Platform) -> None:
    made = await platform.register(region="eu")
    path, before = f"/clusters/{made['id']}", await platform.last_sequence()
    await platform.http.patch(f"{API}{path}", json={"name": "once-renamed", "region": None})
    await platform.http.delete(f"{API}{path}")
    refused(await platform.http.get(f"{API}{path}"), "CLUSTER_NOT_FOUND")
    then = await platform.http.get(f"{API}{path}", params={"as_of_sequence": before})
    assert then.headers["x-as-of-sequence"] == str(before)
    assert then.headers["etag"] == '"1"'
    assert (then.json()["name"], then.json()["region"]) == (made["name"], "eu")
    named = f"{API}/clusters/by-name/{made['name']}"
    assert (await platform.http.get(named, params={"as_of_sequence": before})).status_code == 200
    status = await platform.http.get(f"{API}{path}/status", params={"as_of_sequence": before})
    assert status.json()["status"]["state"] == "UNKNOWN"
    early = await platform.http.get(f"{API}{path}", params={"as_of": "2020-01-01T00:00:00Z"})
    refused(early, "CLUSTER_NOT_FOUND")
    assert (await platform.list("/clusters", as_of="2020-01-01T00:00:00Z"))["total"] == 0


async def test_pages_of_one_instant_fit_together_whatever_happens_meanwhile(
    platform: Platform,
) -> None:
    names = sorted([(await platform.register(region="paged"))["name"] for _ in range(5)])
    asked = {"region": "paged", "page_size": 2, "sort": "name"}
    now = (platform.gate.clock.now() - timedelta(milliseconds=1)).isoformat()
    first = await platform.http.get(f"{API}/clusters", params=asked | {"as_of": now})
    sequence = first.headers["x-as-of-sequence"]
    seen = [item["name"] for item in first.json()["items"]]
    for page in (2, 3):
        await platform.register(region="paged", name=f"a-newcomer-{page}")
        more = asked | {"as_of_sequence": sequence, "page": page}
        told = await platform.list("/clusters", **more)
        assert told["total"] == 5
        seen += [item["name"] for item in told["items"]]
    assert seen == names


@pytest.mark.parametrize(
    "asked",
    [
        {"as_of": "2026-01-31T12:00:00"},
        {"as_of": "2999-01-01T00:00:00Z"},
        {"as_of": "yesterday"},
        {"as_of_sequence": "-1"},
        {"as_of_sequence": "999999999"},
        {"as_of": "2026-01-31T12:00:00Z", "as_of_sequence": "1"},
    ],
)
async def test_what_is_no_time_of_the_log_is_refused(platform: Platform, asked: Json) -> None:
    for path in ("/clusters", "/fleet/summary"):
        refused(await platform.http.get(f"{API}{path}", params=asked), "VALIDATION_FAILED")


async def test_a_rebuilt_registry_tells_the_same_of_the_past(platform: Platform) -> None:
    made = await platform.register(region="rebuilt")
    await platform.http.patch(f"{API}/clusters/{made['id']}", json={"region": "elsewhere"})
    moment = await _moment(platform)
    asked = {"as_of_sequence": moment.sequence - 1}
    before = await platform.list(f"/clusters/{made['id']}", **asked)
    version = await _built(platform)
    command = RebuildProjection(name="fleet")
    await platform.gate.commands.call(command, new_id(), Origin("ada"), wait=10)

    async def again() -> bool:
        return await _built(platform) > version

    await eventually(again, within=20)
    assert _settled(await platform.list(f"/clusters/{made['id']}", **asked)) == _settled(before)


async def _built(platform: Platform) -> int:
    """A number that grows with every switch: the object id of the live table."""
    row = await platform.gate.database.fetch_one("select 'fleet.cluster'::regclass::oid::int8")
    return row[0] if row else 0
