"""What a command is compared with: its durable writes alone, one after the other.

The command into its queue, its event (or the two of a registration) into the log, its outcome; on
a server of its own, with nothing decided, projected or answered.
"""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from itertools import count
from pathlib import Path

from services.runtime import bus as buses, streams
from services.runtime.bus import Bus, Outgoing
from services.runtime.ids import new_id
from services.runtime.settings import NatsSettings, Settings
from tests.benchmarks.kit import log, median
from tests.kit.embedded import running_nats

_BODY = b"{" + b" " * 700 + b"}"

Write = Callable[[], Awaitable[object]]


async def rates(width: int, seconds: float) -> dict[str, tuple[float, float]]:
    """By kind of request: median milliseconds alone, and requests a second from ``width`` tasks."""
    with tempfile.TemporaryDirectory() as directory, running_nats(Path(directory)) as server:
        settings = Settings(nats=NatsSettings(url=server.url))
        bus = await buses.connect(settings.nats, "benchmark")
        try:
            await streams.ensure(bus, settings)
            found = {
                "POST": await _measured(_writes(bus, 2), width, seconds),
                "PATCH": await _measured(_writes(bus, 1), width, seconds),
            }
        finally:
            await bus.close()
    for name, (alone, rate) in found.items():
        log(f"{name}: its writes alone take {alone:.1f} ms, {rate:.0f}/s with {width} in flight")
    return found


def _writes(bus: Bus, events: int) -> Write:
    numbers = count()

    async def write() -> None:
        number = next(numbers)
        await bus.publish("cmd.gateway.clusters.bench", _BODY, {"Nats-Msg-Id": str(new_id())})
        for each in range(events):
            event = _event(f"evt.-.bench{events}{each}.{number}")
            await bus.publish(event.subject, event.data, event.headers)
        await bus.publish(f"$KV.outcomes.{new_id()}", _BODY)

    return write


def _event(entity: str) -> Outgoing:
    headers = {
        "Nats-Msg-Id": str(new_id()),
        "Nats-Expected-Last-Subject-Sequence": "0",
        "Nats-Expected-Last-Subject-Sequence-Subject": f"{entity}.>",
    }
    return Outgoing(f"{entity}.happened.1", _BODY, headers)


async def _measured(write: Write, width: int, seconds: float) -> tuple[float, float]:
    alone: list[float] = []
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        began = time.perf_counter()
        await write()
        alone.append((time.perf_counter() - began) * 1000)
    done = 0
    began = time.perf_counter()

    async def work() -> None:
        nonlocal done
        while time.perf_counter() < began + seconds:
            await write()
            done += 1

    await asyncio.gather(*(work() for _ in range(width)))
    return median(alone), done / (time.perf_counter() - began)
