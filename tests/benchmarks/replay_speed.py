"""A day of a fleet of a hundred clusters, played to one client as fast as it takes it."""

import time

from contracts.envelope import rfc3339
from services.runtime.clock import SystemClock
from services.runtime.replay import Replay, Window
from tests.benchmarks.kit import Figure, Options, at_least, at_most, by_part, log, ratio
from tests.benchmarks.live_load import crowd
from tests.benchmarks.live_stage import Memory, Stage, fill, stage
from tests.benchmarks.platform import event_log
from tests.benchmarks.raw_pull import pull

_BENCH = "replay_speed"
_CLUSTERS, _HOURS = 100, 24
_AN_HOUR = 125
"""Events of a cluster in an hour: 60 alerts begin and end, and five times something of its own."""
_PAGE = 1000


async def measure(options: Options) -> list[Figure]:
    """The bare log, our reader alone, and a client's replay; all of the same events.

    The log's time cannot be set, so the day is as long as filling it took. Nothing depends on
    that: at full speed, nobody waits for the time between events.
    """
    count = _CLUSTERS * _HOURS * options.pick(_AN_HOUR, 10)
    async with stage() as on:
        start = SystemClock().now()
        first = await on.last() + 1
        last = await fill(on.bus, count)
        raw = await pull(on.nats.url, first, last)
        return [
            await _reader(on, Window(start), count, raw),
            *await _played(on, rfc3339(start), last, raw),
        ]


async def _reader(on: Stage, window: Window, count: int, raw: float) -> Figure:
    """What everything that looks at history reads by."""
    began, found = time.perf_counter(), 0
    async with Replay(event_log(on.bus), window) as reading:
        while page := await reading.take(_PAGE):
            found += len(page)
    rate = found / (time.perf_counter() - began)
    if found != count:
        raise RuntimeError(f"{found:,} events of {count:,} came")
    log(f"reader alone: {rate:,.0f}/s, raw {raw:,.0f}/s")
    targets = (at_least(50_000), ratio(0.5))
    return Figure(_BENCH, "the reader alone", rate, "events/s", targets, raw)


async def _played(on: Stage, start: str, last: int, raw: float) -> list[Figure]:
    frame = {"type": "replay", "from": start, "speed": "max", "batch": True}
    memory = Memory(on.gateway.pid)
    before, used, began = memory.now(), on.cpu.measured(), time.time()
    with crowd() as load:
        await load.ask("mark", keep=False)
        async with memory:
            where = {"host": on.address.host, "port": on.address.port, "token": on.token}
            kinds = [{"frame": frame, "step": 1}]
            await load.ask("open", **where, count=1, kinds=kinds)
            told = await load.ask("report", last=last, within=600.0)
    took, cpu = told["ended"] - began, used()
    note = f"{told['events']:,} events, {told['gaps']} gaps, {told['repeats']} repeats,"
    note += f" {told['bytes'] / 1e6:,.0f} MB; "
    note += by_part({**cpu, "the client": told["cpu"]}, 1e6 / told["events"], " µs of CPU an event")
    grown = (memory.peak - before) / 1e6
    log(f"{took:.1f} s; {note}; {grown:.0f} MB more")
    return [
        Figure(_BENCH, f"{_HOURS} h of {_CLUSTERS} clusters at full speed", took, "s",
               (at_most(60),), told["events"] / raw, note),
        Figure(_BENCH, "the same, memory of the gateway beyond what it had", grown, "MB",
               (at_most(100),)),
    ]  # fmt: skip
