"""History as it was, faster: gaps, pauses, seeks, and clients that take nothing."""

import asyncio
import json
import random
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from gateway.live.messages import Invalid
from gateway.live.replay_messages import Replay, ReplayControl
from gateway.live.replays import MOST_REPLAYS, Replays, Script, TimedReplay, script
from services.runtime import bus as buses
from services.runtime.bus import Bus
from services.runtime.frames import EVERYTHING, Encoder
from services.runtime.log import EventLog
from services.runtime.principals import Principal, Role
from services.runtime.settings import NatsSettings, Settings
from tests.gateway.live.replaying import Client, HandClock, QuickClock, asked, at, fill, put, stage
from tests.kit import builders
from tests.kit.embedded import running_nats
from tests.kit.live import CLUSTER_NAMES
from tests.kit.runtime import until
from tests.kit.samples import CLUSTER_ID, OTHER_CLUSTER_ID
from tests.kit.streams import wipe

pytestmark = [pytest.mark.anyio, pytest.mark.nats]

ADA = Principal.of("ada", Role.ADMIN)
BEA = Principal.of("bea", Role.ADMIN, frozenset({CLUSTER_ID}))


async def play(log: EventLog, clock: HandClock, **fields: Any) -> Client:
    """A whole replay, as its client has seen it."""
    client = Client(clock)
    async with asyncio.timeout(20):
        await TimedReplay(
            script(asked(**fields), ADA, Encoder(CLUSTER_NAMES.get).catalog),
            stage(log, clock),
            client,
        ).run()
    return client


@asynccontextmanager
async def playing(
    log: EventLog, clock: HandClock, **fields: Any
) -> AsyncGenerator[tuple[TimedReplay, Client]]:
    client = Client(clock)
    one = TimedReplay(Script(asked(**fields), EVERYTHING), stage(log, clock), client)
    task = asyncio.ensure_future(one.run())
    try:
        yield one, client
    finally:
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            task.result()


@pytest.mark.parametrize("speed", [0.5, 1, 60, 3600])
async def test_gaps_are_kept_and_divided_by_the_speed(log: EventLog, speed: float) -> None:
    times = [3, 3, 4.5, 100, 100.25, 400]
    await fill(log, times)
    clock = QuickClock()
    client = await play(log, clock, speed=speed)
    passed = [(moment - 1000) * speed for moment in client.times]
    assert passed == pytest.approx(times, abs=1e-3 * speed)
    assert client.sequences == [1, 2, 3, 4, 5, 6]
    assert max(clock.naps) <= 1, "told how it stands once a second"
    assert client.last["sent"] == 6


async def test_at_full_speed_nothing_is_waited_for(log: EventLog) -> None:
    await fill(log, [float(number * 1000) for number in range(200)])
    clock = QuickClock()
    client = await play(log, clock)
    assert client.sequences == list(range(1, 201))
    assert not clock.naps
    assert client.states == ["playing", "ended"]
    assert client.last["speed"] == "max"


async def test_what_comes_is_the_event_as_it_was_and_says_that_it_is_replayed(
    log: EventLog,
) -> None:
    await fill(log, [0, 1])
    client = await play(log, QuickClock())
    stored = await log.at(1)
    assert stored is not None
    live = json.loads(Encoder(CLUSTER_NAMES.get).stored(stored).text)
    assert client.events[0] == live | {"replayed": True}
    (together,) = [
        each for each in (await play(log, QuickClock(), batch=True)).frames if "events" in each
    ]
    assert together["events"] == client.events


async def test_only_the_window_is_played_and_its_state_is_told(log: EventLog) -> None:
    await fill(log, [0, 10, 20, 30])
    client = await play(log, QuickClock(), **{"from": 10, "to": 30, "id": "r", "speed": 10})
    assert client.sequences == [2, 3]
    assert client.last == {
        "type": "replay_state",
        "id": "r",
        "state": "ended",
        "from": "2026-01-01T12:00:10Z",
        "to": "2026-01-01T12:00:30Z",
        "position": "2026-01-01T12:00:20Z",
        "sequence": 3,
        "speed": 10,
        "sent": 2,
        "whole_from": None,
    }


@pytest.mark.parametrize("window", [(100, 200), (-50, -10), (10**9, None), (0.5, 0.6)])
async def test_an_empty_window_is_over_at_once(
    log: EventLog, window: tuple[float, float | None]
) -> None:
    await fill(log, [0, 1])
    fields = {"from": window[0]} | ({} if window[1] is None else {"to": window[1]})
    client = await play(log, QuickClock(), **fields)
    assert (client.states, client.events) == (["playing", "ended"], [])


async def test_an_endless_window_ends_with_the_log(log: EventLog) -> None:
    await fill(log, [0, 1])
    client = await play(log, QuickClock(), **{"from": -(10**9), "to": 10**10})
    assert client.sequences == [1, 2]


@pytest.mark.parametrize("year", ["0001", "9999"])
async def test_the_ends_of_time_are_times_too(log: EventLog, year: str) -> None:
    await fill(log, [0, 1])

    class Hurried(QuickClock):
        def monotonic(self) -> float:
            self.moment += 1
            return self.moment

    clock = Hurried()
    client = Client(clock)
    moment = f"{year}-12-31T23:59:59Z"
    told = Replay.model_validate({"type": "replay", "from": moment, "speed": 1_000_000})
    await TimedReplay(Script(told, EVERYTHING), stage(log, clock), client).run()
    assert client.last["from"] == moment
    assert client.states[-1] == "ended"


async def test_what_has_aged_out_is_told(bus: Bus, log: EventLog) -> None:
    await fill(log, [0, 10, 20])
    await bus.api("STREAM.PURGE.EVT", {"seq": 3})
    log.facts_age = timedelta(days=100_000)
    client = await play(log, QuickClock())
    assert client.last["whole_from"] == "2026-01-01T12:00:20Z"
    assert client.sequences == [3]


async def test_a_pause_holds_the_time_of_the_replay(log: EventLog) -> None:
    await fill(log, [0, 10, 20])
    clock = HandClock()
    async with playing(log, clock, speed=1) as (one, client):
        await until(lambda: client.sequences == [1])
        await clock.advance(4)
        one.pause()
        await until(lambda: client.states[-1] == "paused")
        clock.moment += 10_000
        one.resume()
        await until(lambda: client.states[-1] == "playing")
        assert client.last["position"] == "2026-01-01T12:00:04Z"
        await clock.advance(5.9)
        assert client.sequences == [1]
        await clock.advance(0.2)
        await until(lambda: client.sequences == [1, 2])


async def test_a_speed_counts_from_where_it_is_asked_for(log: EventLog) -> None:
    await fill(log, [0, 10, 1000])
    clock = HandClock()
    async with playing(log, clock, speed=1) as (one, client):
        await until(lambda: client.sequences == [1])
        await clock.advance(5)
        one.hasten(5)
        await until(lambda: client.last["speed"] == 5)
        await clock.advance(0.9)
        assert client.sequences == [1]
        await clock.advance(0.2)
        await until(lambda: client.sequences == [1, 2])
        one.hasten(0)
        await until(lambda: client.states[-1] == "ended")
        assert client.sequences == [1, 2, 3]


async def test_a_long_gap_is_left_by_a_seek_forth_and_back(log: EventLog) -> None:
    await fill(log, [0, 1_000_000, 2_000_000])
    clock = HandClock()
    async with playing(log, clock, speed=1) as (one, client):
        await until(lambda: client.sequences == [1])
        one.seek(at(1_000_000))
        await until(lambda: client.sequences == [1, 2])
        one.seek(at(-5))
        await until(lambda: client.sequences == [1, 2, 1])
        assert client.last["position"] == "2026-01-01T12:00:00Z"
        one.pause()
        one.seek(at(1_999_999))
        await until(lambda: client.states[-1] == "paused")
        one.resume()
        await clock.advance(1)
        await until(lambda: client.states[-1] == "ended")
        assert client.sequences == [1, 2, 1, 3]


async def disturb(one: TimedReplay, chance: random.Random, latest: int) -> list[int]:
    """Ask for whatever may be asked, at any moment; the times that were sought."""
    sought: list[int] = []
    for _ in range(25):
        for _ in range(chance.randrange(40)):
            await asyncio.sleep(0)
        match chance.choice(["pause", "resume", "speed", "seek"]):
            case "pause":
                one.pause()
            case "resume":
                one.resume()
            case "speed":
                one.hasten(chance.choice([0, 1, 30, 1000]))
            case _:
                sought.append(chance.randrange(latest))
                one.seek(at(sought[-1]))
    one.resume()
    one.hasten(0)
    return sought


def runs_of(sequences: list[int]) -> list[list[int]]:
    """Stretches without a gap."""
    found: list[list[int]] = []
    for sequence in sequences:
        if found and sequence == found[-1][-1] + 1:
            found[-1].append(sequence)
        else:
            found.append([sequence])
    return found


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_is_asked_nothing_is_skipped_or_comes_twice(
    log: EventLog, seed: int
) -> None:
    """Between two seeks the events come in order without a gap; at the end they are complete."""
    chance = random.Random(seed)
    times = sorted(chance.choices(range(1000), k=300))
    await fill(log, times)
    async with playing(log, QuickClock(), speed=1) as (one, client):
        sought = [0, *await disturb(one, chance, times[-1])]
        await until(lambda: client.states[-1:] == ["ended"])
    runs = runs_of(client.sequences)
    begins = {sum(moment < begin for moment in times) + 1 for begin in sought}
    assert {run[0] for run in runs} <= begins
    assert runs[-1][-1] == len(times)


async def test_who_takes_nothing_holds_up_its_own_replay_alone(log: EventLog) -> None:
    await fill(log, range(600))
    async with playing(log, QuickClock()) as (_, slow), playing(log, QuickClock()) as (_, quick):
        await until(lambda: slow.sequences)
        slow.takes.clear()
        await until(lambda: quick.states[-1:] == ["ended"])
        assert len(quick.sequences) == 600
        assert len(slow.sequences) < 600
        slow.takes.set()
        await until(lambda: slow.states[-1:] == ["ended"])
        assert slow.sequences == quick.sequences


async def test_filters_are_narrowed_to_the_clusters_of_the_principal(log: EventLog) -> None:
    await put(log, builders.fired(cluster_id=CLUSTER_ID), 0, 1)
    await put(log, builders.fired(cluster_id=OTHER_CLUSTER_ID), 1, 2)
    await put(log, builders.resolved(cluster_id=CLUSTER_ID), 2, 3)
    catalog = Encoder(CLUSTER_NAMES.get).catalog
    for principal, filters, wanted in (
        (ADA, {}, [1, 2, 3]),
        (BEA, {}, [1, 3]),
        (BEA, {"event_types": ["ALERT_RESOLVED"]}, [3]),
        (ADA, {"event_types": ["ALERT_FIRED"], "namespace_filter": ["ran"]}, [1, 2]),
        (ADA, {"entity_filter": ["alert:2"]}, [2]),
    ):
        clock = QuickClock()
        client = Client(clock)
        found = script(asked(filters=filters), principal, catalog)
        await TimedReplay(found, stage(log, clock), client).run()
        assert client.sequences == wanted
    for principal, filters, code in (
        (BEA, {"cluster_filter": [str(OTHER_CLUSTER_ID)]}, "PERMISSION_DENIED"),
        (ADA, {"event_types": ["NO_SUCH"]}, "INVALID_SUBSCRIPTION"),
    ):
        with pytest.raises(Invalid) as invalid:
            script(asked(filters=filters), principal, catalog)
        assert invalid.value.frame.code == code


async def test_a_connection_has_replays_by_id(log: EventLog) -> None:
    await fill(log, [0, 10**6])
    clock = HandClock()
    client = Client(clock)
    failed: list[BaseException] = []

    def over(task: "asyncio.Future[None]") -> None:
        if not task.cancelled() and (error := task.exception()):
            failed.append(error)

    replays = Replays(stage(log, clock), client, over)
    for number in range(MOST_REPLAYS):
        await replays.start(asked(id=str(number), speed=1), ADA)
    with pytest.raises(Invalid, match="at most"):
        await replays.start(asked(id="more", speed=1), ADA)
    await replays.start(asked(id="0", speed=1), ADA)
    await until(lambda: len(client.sequences) >= MOST_REPLAYS)
    await replays.control(_control(action="stop", id="1"))
    assert (client.last["id"], client.last["state"]) == ("1", "stopped")
    with pytest.raises(Invalid, match="no such replay"):
        await replays.control(_control(action="pause", id="1"))
    await replays.control(_control(action="pause", id="2"))
    await until(lambda: (client.last["id"], client.last["state"]) == ("2", "paused"))
    await replays.control(_control(action="speed", id="3", speed="max"))
    await until(lambda: (client.last["id"], client.last["state"]) == ("3", "ended"))
    with pytest.raises(Invalid, match="no such replay"):
        await replays.control(_control(action="seek", id="3", to=at(0)))
    await replays.close()
    assert not failed
    assert not log.bus.reconnects, "every reader was given back"


def _control(**fields: Any) -> ReplayControl:
    return ReplayControl.model_validate({"type": "replay_control"} | fields)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"from": "2026-01-01T00:00:00"},
        {"from": at(1), "to": at(1)},
        {"from": at(1), "to": at(0)},
        {"from": at(1), "speed": -1},
        {"from": at(1), "speed": "fast"},
        {"from": at(1), "speed": float("inf")},
        {"from": at(1), "speed": float("nan")},
        {"from": at(1), "filters": {"since_sequence": 4}},
        {"from": at(1), "filters": {"no": 1}},
        {"from": at(1), "id": "x" * 129},
    ],
)
def test_replays_that_make_no_sense_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Replay.model_validate({"type": "replay"} | fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"action": "seek"},
        {"action": "speed"},
        {"action": "pause", "to": at(0)},
        {"action": "resume", "speed": 2},
        {"action": "rewind"},
        {"action": "speed", "speed": -2},
    ],
)
def test_controls_that_make_no_sense_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        _control(**fields)


async def test_it_waits_for_the_bus_and_goes_on(tmp_path: Path) -> None:
    with running_nats(tmp_path) as server:
        settings = Settings(data_dir=tmp_path, nats=NatsSettings(url=server.url))
        bus = await buses.connect(settings.nats, "test")
        await wipe(bus, settings)
        log = EventLog(bus, timedelta(days=1))
        await fill(log, range(700))
        async with playing(log, QuickClock()) as (one, client):
            await until(lambda: client.sequences)
            client.takes.clear()
            server.stop()
            await until(lambda: not bus.connected)
            one.seek(at(0))
            client.takes.set()
            server.start()
            await until(lambda: client.states[-1] == "ended")
            assert client.sequences[-700:] == list(range(1, 701))
        await bus.close()
