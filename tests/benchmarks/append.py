"""One event appended with optimistic concurrency, serially and from 64 tasks, against nats-py."""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import nats
from nats.js import JetStreamContext

from contracts.alerts import AlertFired
from contracts.subjects import address
from services.runtime import bus as buses, streams
from services.runtime.clock import SystemClock
from services.runtime.ids import new_id
from services.runtime.log import EventLog
from services.runtime.settings import NatsSettings, Settings
from tests.benchmarks import material
from tests.benchmarks.kit import Figure, Options, log, median, number, ratio
from tests.benchmarks.platform import context, event_log
from tests.kit.embedded import running_nats

_TASKS = 64
_ROUNDS = 7

Append = Callable[[AlertFired], Awaitable[object]]


@dataclass(frozen=True)
class _Contender:
    name: str
    append: Append


async def measure(options: Options) -> list[Figure]:
    """Rounds of both in turn on the same stream; medians of rates."""
    with tempfile.TemporaryDirectory() as directory, running_nats(Path(directory)) as server:
        settings = NatsSettings(url=server.url)
        bus = await buses.connect(settings, "benchmark")
        client = await nats.connect(server.url, pending_size=64 * 1024 * 1024)
        try:
            await streams.ensure(bus, Settings(nats=settings))
            ours = _Contender("ours", _ours(event_log(bus)))
            raw = _Contender("raw", _raw(client.jetstream(timeout=10)))
            fresh = (_event(number) for number in count())
            return [
                await _compare("serial", (ours, raw), fresh, options.pick((1, 2000), (1, 300))),
                await _compare(
                    f"{_TASKS} concurrent",
                    (ours, raw),
                    fresh,
                    options.pick((_TASKS, 15_000), (_TASKS, 3000)),
                ),
            ]
        finally:
            await client.close()
            await bus.close()


def _event(number: int) -> AlertFired:
    event = material.event(material.Report(number, resolved=False))
    assert isinstance(event, AlertFired)
    return event


def _ours(written: EventLog) -> Append:
    clock = SystemClock()

    async def append(event: AlertFired) -> object:
        return await written.append([event], {}, context(), clock.now())

    return append


def _raw(js: JetStreamContext) -> Append:
    """The least that is as safe: message id and expected sequence; the body is ready."""
    bodies: dict[str, bytes] = {}

    async def append(event: AlertFired) -> object:
        where = address(event.key, "fired", None)
        headers = {
            "Nats-Msg-Id": str(new_id()),
            "Nats-Expected-Last-Subject-Sequence": "0",
            "Nats-Expected-Last-Subject-Sequence-Subject": where.filter,
        }
        body = bodies.get("") or bodies.setdefault("", event.model_dump_json().encode())
        return await js.publish(where.subject, body, headers=headers)

    return append


async def _compare(
    name: str,
    contenders: tuple[_Contender, _Contender],
    fresh: Iterator[AlertFired],
    size: tuple[int, int],
) -> Figure:
    tasks, amount = size
    rates: dict[str, list[float]] = {each.name: [] for each in contenders}
    cpu: dict[str, list[float]] = {each.name: [] for each in contenders}
    for turn in range(_ROUNDS):
        # Who goes first changes, so that a machine that slows down harms both alike.
        for each in contenders if turn % 2 else reversed(contenders):
            events = [next(fresh) for _ in range(amount)]
            began, burnt = time.perf_counter(), time.process_time()
            await _spread(each.append, events, tasks)
            rates[each.name].append(amount / (time.perf_counter() - began))
            cpu[each.name].append((time.process_time() - burnt) / amount * 1e6)
    ours, raw = (median(rates[each.name]) for each in contenders)
    spent = " and ".join(f"{each.name} {number(median(cpu[each.name]))}" for each in contenders)
    log(f"{name}: ours {ours:,.0f}/s, raw {raw:,.0f}/s")
    target = ratio(0.80 if tasks == 1 else 0.55)
    note = f"CPU of the client per append: {spent} µs"
    return Figure("append", f"one event, {name}", ours, "events/s", (target,), raw, note)


async def _spread(append: Append, events: list[AlertFired], tasks: int) -> None:
    left = iter(events)

    async def work() -> None:
        for event in left:
            await append(event)

    await asyncio.gather(*(work() for _ in range(tasks)))
