"""Replays of a connection: refusals of the bus, ends that are not taken, stops."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from gateway.live.messages import Invalid, LiveFrame
from gateway.live.replay_messages import ReplayControl, ReplayState
from gateway.live.replays import MOST_REPLAYS, Replays, Script, TimedReplay
from gateway.slots import Slots
from services.runtime.bus import JetStreamRefused
from services.runtime.frames import EVERYTHING
from services.runtime.log import EventLog
from services.runtime.principals import Principal, Role
from services.runtime.slices import Piece
from tests.gateway.live.replaying import Client, HandClock, QuickClock, asked, at, fill, stage
from tests.kit.runtime import until

pytestmark = [pytest.mark.anyio, pytest.mark.nats]

ADA = Principal.of("ada", Role.ADMIN)


async def test_a_refusal_of_the_bus_is_waited_out(
    log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(log, [0, 10, 20])
    real, refusals = log.bus.api, 0

    async def moody(name: str, body: Any = None, *, timeout: float = 5.0) -> dict[str, Any]:
        nonlocal refusals
        if name.startswith("CONSUMER.CREATE") and refusals < 5:
            refusals += 1
            if refusals != 2:
                raise JetStreamRefused(10026, "maximum consumers limit reached")
        return await real(name, body, timeout=timeout)

    monkeypatch.setattr(log.bus, "api", moody)
    clock = QuickClock()
    client = Client(clock)
    one = TimedReplay(Script(asked(), EVERYTHING), stage(log, clock), client)
    one.seek(at(10))
    async with asyncio.timeout(10):
        await one.run()
    assert (client.sequences, refusals) == ([2, 3], 5)
    monkeypatch.undo()


async def test_a_replay_whose_end_is_not_taken_still_counts(log: EventLog) -> None:
    taken = asyncio.Event()

    class Stuck(Client):
        async def say(self, frame: LiveFrame) -> None:
            if isinstance(frame, ReplayState) and frame.state == "ended":
                await taken.wait()
            await super().say(frame)

    await fill(log, [0])
    clock = HandClock()
    client = Stuck(clock)
    tasks: list[asyncio.Future[None]] = []
    replays = Replays(stage(log, clock), client, tasks.append)
    for number in range(MOST_REPLAYS):
        await replays.start(asked(id=str(number)), ADA)
    await until(lambda: len(client.sequences) == MOST_REPLAYS)
    with pytest.raises(Invalid, match="at most"):
        await replays.start(asked(id="more"), ADA)
    taken.set()
    await until(lambda: client.states.count("ended") == MOST_REPLAYS)
    await replays.start(asked(id="more"), ADA)
    await replays.close()
    await until(lambda: len(tasks) == MOST_REPLAYS + 1)


async def test_a_replay_that_is_stopped_tells_what_was_sent(log: EventLog) -> None:
    class Tired(Client):
        async def send(self, piece: Piece) -> None:
            if len(self.events) == 10:
                await asyncio.Event().wait()
            await super().send(piece)

    await fill(log, range(40))
    clock = HandClock()
    client = Tired(clock)
    replays = Replays(stage(log, clock), client, lambda _: None)
    await replays.start(asked(id="r"), ADA)
    await until(lambda: len(client.sequences) == 10)
    await replays.control(ReplayControl(type="replay_control", action="stop", id="r"))
    assert (client.last["state"], client.last["sent"], client.last["sequence"]) == (
        "stopped",
        10,
        10,
    )
    assert client.last["position"] == "2026-01-01T12:00:09Z"


async def test_a_process_plays_so_many_for_all_connections_together(log: EventLog) -> None:
    await fill(log, [0, 10**6])
    clock = HandClock()
    client = Client(clock)
    shared = replace(stage(log, clock), slots=Slots(2))
    one, other = [Replays(shared, client, lambda _: None) for _ in range(2)]
    await one.start(asked(id="a", speed=1), ADA)
    await other.start(asked(id="b", speed="max"), ADA)
    with pytest.raises(Invalid, match="already") as full:
        await one.start(asked(id="c", speed=1), ADA)
    assert full.value.frame.code == "OVERLOADED"
    await one.start(asked(id="a", speed=1), ADA)
    await until(lambda: shared.slots.free == 1)
    await other.start(asked(id="c", speed=1), ADA)
    for each in (one, other):
        await each.close()
    assert shared.slots.free == 2
