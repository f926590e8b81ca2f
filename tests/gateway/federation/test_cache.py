"""Answers are kept for as long as they may be, shared by replicas, and never more than fits."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from gateway.federation.cache import AnswerCache, Kept, Result, key_of
from gateway.flights import Flights
from services.runtime import streams
from services.runtime.bus import Bus
from services.runtime.clock import SystemClock
from services.runtime.settings import Settings
from tests.kit.runtime import eventually, until
from tests.kit.streams import wipe

pytestmark = [pytest.mark.anyio, pytest.mark.nats]

CLUSTER = UUID("00000000-0000-4000-8000-000000000001")
OTHER = UUID("00000000-0000-4000-8000-000000000002")


@dataclass
class Later(SystemClock):
    """The machine's clock, set forward by so many seconds."""

    ahead: float = 0.0

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self.ahead)

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead


def kept(size: int = 2, *, text: str = "[]") -> Kept:
    data = (text.encode(), b" " * max(size - len(text), 0))
    return Kept((Result("SUCCESS", CLUSTER, "edge-1", "VECTOR", data),), ("careful",), 1)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bus of a busy machine answers late, and is not to be given up for that."""
    monkeypatch.setattr("gateway.federation.cache._PATIENCE", 20.0)


@pytest.fixture
async def fresh(bus: Bus, bus_settings: Settings) -> Bus:
    await wipe(bus, bus_settings)
    return bus


async def test_what_is_kept_counts_until_its_time_is_over(fresh: Bus) -> None:
    clock = Later()
    cache = AnswerCache(fresh, clock)
    assert await cache.get("k") is None
    await cache.put("k", kept(), 30)
    clock.ahead = 29
    assert await cache.get("k") == kept()
    clock.ahead = 31
    assert await cache.get("k") is None


async def test_a_replica_finds_it_with_the_time_that_is_left(fresh: Bus) -> None:
    clock = Later()
    await AnswerCache(fresh, SystemClock()).put("k", kept(), 30)
    other = AnswerCache(fresh, clock)
    assert await eventually(lambda: other.get("k")) == kept()
    clock.ahead = 31
    assert await other.get("k") is None


async def test_what_is_large_stays_in_its_process(fresh: Bus) -> None:
    cache = AnswerCache(fresh, SystemClock())
    await cache.put("large", kept(800_000), 30)
    await cache.put("small", kept(700_000), 30)
    other = AnswerCache(fresh, SystemClock())
    assert await eventually(lambda: other.get("small")) is not None
    assert await other.get("large") is None
    assert await cache.get("large") is not None


async def test_the_oldest_make_room_for_others(fresh: Bus) -> None:
    cache = AnswerCache(fresh, SystemClock(), most_bytes=5_000_000)
    for number in range(6):
        await cache.put(f"k{number}", kept(1_000_000), 30)
        await cache.get("k0")
    assert cache.bytes <= 5_000_000
    found = [number for number in range(6) if await cache.get(f"k{number}") is not None]
    assert found == [0, 3, 4, 5]
    await cache.put("whale", kept(4_000_000), 30)
    assert await cache.get("whale") is None


async def test_the_bus_lets_go_of_it_by_itself(fresh: Bus) -> None:
    await AnswerCache(fresh, SystemClock()).put("k", kept(), 1)
    query = {"last_by_subj": "$KV.query_cache.k"}
    assert await eventually(lambda: fresh.get(streams.QUERY_CACHE, query)) is not None

    async def gone() -> bool:
        return await fresh.get(streams.QUERY_CACHE, query) is None

    assert await eventually(gone)


async def test_without_the_bucket_each_process_goes_on_alone(
    fresh: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fresh.api(f"STREAM.DELETE.{streams.QUERY_CACHE}")
    cache = AnswerCache(fresh, SystemClock())
    assert await cache.get("k") is None
    await cache.put("k", kept(), 30)
    assert await cache.get("k") == kept()
    monkeypatch.setattr(fresh, "get", _never)
    assert await cache.get("other") is None


async def _never(*_: object, **__: object) -> None:
    pytest.fail("the bus is not asked again so soon")


async def test_what_another_version_wrote_is_not_read(fresh: Bus) -> None:
    await fresh.publish("$KV.query_cache.k", b"\x93what?")
    assert await AnswerCache(fresh, SystemClock()).get("k") is None


def test_a_changed_cluster_or_question_has_another_key() -> None:
    clusters = [(CLUSTER, "1"), (OTHER, "1")]
    same = key_of("metrics", clusters, "up", "MERGE")
    assert key_of("metrics", clusters[::-1], "up", "MERGE") == same
    others = {
        key_of("metrics", [(CLUSTER, "2"), (OTHER, "1")], "up", "MERGE"),
        key_of("metrics", [(CLUSTER, "1")], "up", "MERGE"),
        key_of("metrics", clusters, "up", "SUM"),
        key_of("metrics", clusters, "up ", "MERGE"),
        key_of("described", clusters, "up", "MERGE"),
        key_of("metrics", clusters, "upMERGE"),
    }
    assert len(others) == 6
    assert same not in others


async def test_the_same_at_the_same_time_is_done_once() -> None:
    flights: Flights[int] = Flights()
    done = 0
    go = asyncio.Event()

    async def work() -> int:
        nonlocal done
        await go.wait()
        done += 1
        return done

    waiting = [asyncio.ensure_future(flights.share("k", work)) for _ in range(50)]
    other = asyncio.ensure_future(flights.share("another", work))
    await asyncio.sleep(0)
    go.set()
    assert await asyncio.gather(*waiting) == [1] * 50
    assert await other == 2
    assert await flights.share("k", work) == 3


async def test_all_who_wait_hear_of_a_failure() -> None:
    flights: Flights[int] = Flights()

    async def fail() -> int:
        await asyncio.sleep(0)
        raise LookupError

    outcomes = await asyncio.gather(
        *(flights.share("k", fail) for _ in range(3)), return_exceptions=True
    )
    assert [type(each) for each in outcomes] == [LookupError] * 3


async def test_work_goes_on_while_anybody_waits_and_no_longer() -> None:
    flights: Flights[str] = Flights()
    go, ended = asyncio.Event(), asyncio.Event()

    async def work() -> str:
        try:
            await go.wait()
        finally:
            ended.set()
        return "done"

    first, second = (asyncio.ensure_future(flights.share("k", work)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    assert not ended.is_set()
    go.set()
    assert await second == "done"

    go.clear()
    ended.clear()
    last = asyncio.ensure_future(flights.share("k", work))
    await asyncio.sleep(0.01)
    last.cancel()
    await until(ended.is_set)
