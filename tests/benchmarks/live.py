"""The live stream of one gateway process: many clients idle, active, gone and back, or stuck."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.runtime.clock import SystemClock
from services.runtime.log import NOTHING
from tests.benchmarks import material
from tests.benchmarks.client import Address
from tests.benchmarks.kit import Cpu, Figure, Options, at_least, at_most, by_part, log, number
from tests.benchmarks.live_bare import bare
from tests.benchmarks.live_load import Load, crowd
from tests.benchmarks.live_stage import Memory, Stage, fill, stage
from tests.benchmarks.platform import context, event_log
from tests.benchmarks.raw_pull import pull

_BENCH = "live"
_CLIENTS, _PER_SECOND, _LATE = 1_000, 100, 150
_WARM_UP = 3.0
_OTHER = UUID("3d0a5c1e-8a64-5b1c-9f0e-6b1f3f0c2a11")
_CLUSTERS = (material.CLUSTER, _OTHER)

Kind = dict[str, Any]


def _kind(step: int, *clusters: UUID, **more: int) -> Kind:
    """A client that wants the events of these clusters, or all; every ``step``-th one is."""
    subscription = {"cluster_filter": [str(each) for each in clusters]}
    frame = {"type": "subscribe", "batch": True, "subscription": subscription}
    return {"frame": frame, "step": step, **more}


_ALL = [_kind(1)]
_HALF = [_kind(2, cluster) for cluster in _CLUSTERS]
_OWN = [_kind(2, _CLUSTERS[n % 2], UUID(int=n + 1)) for n in range(_CLIENTS)]


@dataclass(frozen=True)
class _Run:
    """What came of some seconds of events."""

    seconds: float
    """From the first event until all clients had the last one."""
    cpu: Mapping[str, float]
    told: Mapping[str, Any]

    @property
    def note(self) -> str:
        told = self.told
        share = by_part(
            {**self.cpu, "the clients": told["cpu"]}, 100 / self.seconds, " % of a core"
        )
        late = ", ".join(f"{name} {number(told[name])}" for name in ("p50", "p95", "p999", "max"))
        return (
            f"{late} ms; {told['events'] / self.seconds:,.0f} deliveries/s in"
            f" {told['frames'] / self.seconds:,.0f} frames/s,"
            f" {told['bytes'] / self.seconds / 1e6:,.0f} MB/s; {share}; {_faults(told)}"
        )

    @property
    def microseconds(self) -> float:
        """CPU of the server for one delivery."""
        return self.cpu["gateway"] / self.told["events"] * 1e6


def _faults(told: Mapping[str, Any]) -> str:
    names = ("gaps", "repeats", "dropped", "behind")
    return ", ".join(f"{told[name]} {name}" for name in names)


async def measure(options: Options) -> list[Figure]:
    """One after the other, on the same servers."""
    figures: list[Figure] = []
    async with stage() as on:
        for part in (_idle, _active, _stuck, _churn, _resume):
            figures += await part(on, options)
    return figures


async def _open(load: Load, to: Address, count: int, kinds: Sequence[Kind]) -> float:
    where = {"host": to.host, "port": to.port, "token": to.token}
    answer = await load.ask("open", **where, count=count, kinds=list(kinds))
    return answer["seconds"]


async def _idle(on: Stage, options: Options) -> list[Figure]:
    """Logged in and subscribed, and nothing happens."""
    count, seconds = options.pick((10_000, 60.0), (2_000, 10.0))
    with crowd() as load:
        each, opened = await _weight(on.address, on.gateway.pid, load, count)
        used = on.cpu.measured()
        await load.ask("mark")
        await asyncio.sleep(seconds)
        cpu, told = used(), await load.ask("report", last=0)
        await load.ask("close")
    with crowd() as load, bare() as server:
        raw, _ = await _weight(server.address, server.pid, load, count)
    share = by_part(cpu, 100 / seconds, " % of a core")
    note = f"{count / opened:,.0f} connected/s; while nothing happens {share}; {_faults(told)}"
    log(f"{count:,} idle: {number(each)} KB each, raw {number(raw)} KB; {note}")
    name = f"{count:,} idle clients, memory of each"
    return [Figure(_BENCH, name, each, "KB", (at_most(30),), raw, note)]


async def _weight(to: Address, pid: int, load: Load, count: int) -> tuple[float, float]:
    """KB of the server for each client, beyond what the first hundred cost; seconds to open."""
    await _open(load, to, 100, _ALL)
    memory = Memory(pid)
    before = memory.now()
    seconds = await _open(load, to, count - 100, _ALL)
    return (memory.now() - before) / (count - 100) / 1000, seconds


async def _active(on: Stage, options: Options) -> list[Figure]:
    """A hundred events a second for each of a thousand, three mixes; then the bare server."""
    figures: list[Figure] = []
    seconds = options.pick(30.0, 6.0)
    for name, kinds in (
        ("all events", _ALL),
        ("half of them, two filters", _HALF),
        ("half of them, a filter each", _OWN),
    ):
        with crowd() as load:
            await _open(load, on.address, _CLIENTS, kinds)
            run = await _run(on, load, kinds[0]["step"] * _PER_SECOND, seconds)
            log(f"{name}: p99 {number(run.told['p99'])} ms; {run.note}")
            raw = await _raw(run)
        figures += [
            Figure(_BENCH, f"{_CLIENTS:,} clients, {name}: delivery p99", run.told["p99"], "ms",
                   (at_most(_LATE),), raw.told["p99"], run.note),
            Figure(_BENCH, f"{_CLIENTS:,} clients, {name}: CPU of a delivery", run.microseconds,
                   "µs", (), raw.microseconds, f"raw: {raw.note}"),
        ]  # fmt: skip
    return figures


async def _run(on: Stage, load: Load, per_second: float, seconds: float) -> _Run:
    await _events(on, per_second, _WARM_UP)
    await load.ask("report", last=await on.last())
    await load.ask("mark")
    used, began = on.cpu.measured(), time.time()
    told = await load.ask("report", last=await _events(on, per_second, seconds))
    return _Run(told["ended"] - began, used(), told)


async def _events(on: Stage, per_second: float, seconds: float) -> int:
    """Alerts that fire, of two clusters in turn, each when it is due; the last sequence."""
    written, last, first = event_log(on.bus), 0, await on.last()
    clock, began = SystemClock(), time.perf_counter()
    for n in range(int(per_second * seconds)):
        await asyncio.sleep(max(0.0, began + n / per_second - time.perf_counter()))
        event = material.event(material.Report(first + n, resolved=False))
        alert = event.alert.model_copy(update={"cluster_id": _CLUSTERS[n % 2]})
        fired = event.model_copy(update={"alert": alert})
        (last,) = await written.append_each([(fired, NOTHING)], context(), clock.now())
        if isinstance(last, Exception):
            raise last
    return last


async def _raw(run: _Run) -> _Run:
    """As many frames of as many bytes to as many clients, from the server that knows nothing."""
    told, seconds = run.told, min(run.seconds, 10.0)
    frames = told["frames"] / _CLIENTS / run.seconds
    events = max(1, round(told["events"] / told["frames"]))
    size = told["bytes"] / told["frames"] / events
    with crowd() as load, bare(events, frames, int(size)) as server:
        await _open(load, server.address, _CLIENTS, _ALL)
        await asyncio.sleep(1.0)
        await load.ask("mark")
        used = Cpu({"gateway": server.pid}).measured()
        await asyncio.sleep(seconds)
        cpu = used()
        found = await load.ask("report", last=0)
    return _Run(seconds, cpu, found)


async def _stuck(on: Stage, options: Options) -> list[Figure]:
    """One client that stops reading, and the same without it, in turn."""
    seconds = options.pick(40.0, 8.0)
    late: list[float] = []
    notes: list[str] = []
    for stuck in (0, 1):
        with crowd() as load:
            await _open(load, on.address, _CLIENTS // 2, _ALL)
            await load.ask("stall", count=stuck)
            run = await _run(on, load, _PER_SECOND, seconds)
        late.append(run.told["p99"])
        notes.append(f"{'with' if stuck else 'without'}: {run.note}")
        log(f"{stuck} stuck: p99 {number(late[-1])} ms; {run.note}")
    name = f"{_CLIENTS // 2} clients beside one that takes nothing: delivery p99"
    return [Figure(_BENCH, name, late[1], "ms", (at_most(_LATE),), late[0], "; ".join(notes))]


async def _churn(on: Stage, options: Options) -> list[Figure]:
    """Clients hang up at random and come back, while events go on."""
    seconds, often = options.pick(600.0, 20.0), 20.0
    with crowd() as load:
        await _open(load, on.address, _CLIENTS, _ALL)
        await load.ask("mark")
        used = on.cpu.measured()
        events = asyncio.create_task(_events(on, 20, seconds))
        gone = await load.ask("churn", seconds=seconds, per_second=often)
        last, cpu = await events, used()
        told = await load.ask("report", last=last)
    wrong = told["gaps"] + told["repeats"] + told["behind"]
    name = f"{_CLIENTS:,} clients, {seconds:,.0f} s of random disconnects: gaps and repeats"
    note = f"{gone['reconnects']:,} came back, {told['events']:,} deliveries; {_faults(told)};"
    note += f" p99 {number(told['p99'])} ms; {by_part(cpu, 100 / seconds, ' % of a core')}"
    log(note)
    return [Figure(_BENCH, name, wrong, "", (at_most(0),), note=note)]


async def _resume(on: Stage, options: Options) -> list[Figure]:
    """One client that has missed a million events."""
    count = options.pick(1_000_000, 50_000)
    since = await on.last()
    last = await fill(on.bus, count)
    rate = await pull(on.nats.url, since + 1, last)
    memory = Memory(on.gateway.pid)
    before = memory.now()
    with crowd() as load:
        used = on.cpu.measured()
        await load.ask("mark", keep=False)
        began = time.time()
        async with memory:
            await _open(load, on.address, 1, [_kind(1, since=since)])
            told = await load.ask("report", last=last, within=600.0)
        took, cpu = told["ended"] - began, used()
    share = by_part({**cpu, "the client": told["cpu"]}, 1e6 / count, " µs")
    grown = (memory.peak - before) / 1e6
    note = f"CPU for one event: {share}; {_faults(told)}; raw: a pull of the log, nothing decoded"
    log(f"resume: {told['events'] / took:,.0f}/s, raw {rate:,.0f}/s, {grown:.0f} MB more; {note}")
    return [
        Figure(_BENCH, f"resume of {count:,} events", told["events"] / took, "events/s",
               (at_least(20_000),), rate, note),
        Figure(_BENCH, "the same, memory of the gateway beyond what it had", grown, "MB",
               (at_most(100),)),
    ]  # fmt: skip
