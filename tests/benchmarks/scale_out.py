"""Commands taken off one queue by one, two and four `aiops run workers`: clusters, alerts.

Beside them as many hand-written loops that read the same commands and make the same durable writes.
All commands lie in the queue before anybody is let to it. On a machine of few cores the rate says
little with many processes: that an event costs no more CPU in all is what scaling out asks for.
"""

import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr

from services.runtime import bus as buses, streams
from services.runtime.bus import Bus, JetStreamRefused
from services.runtime.pull import Durable
from services.runtime.settings import DatabaseSettings, NatsSettings, Settings
from tests.benchmarks.kit import Cpu, Figure, Options, at_most, by_part, log, median, number
from tests.benchmarks.scale_work import Changes, Posts, Work, messages, stored
from tests.kit.embedded import running_nats, running_postgres
from tests.kit.part_process import PartProcess
from tests.kit.tree import ROOT

_BENCH = "scale_out"
_PROCESSES = {1: "one process", 2: "two processes", 4: "four processes"}
_OURS, _RAW = "ours", "raw"
_AT_ONCE = 100
_LOOK = 0.02
_WITHIN = 120.0
_QUIET = 0.2
"""Of a core: who takes no more for a second is not busy."""
_IDLE = 3.0
_SET = {
    # That incidents open, and their causes are looked for, would fall into one run and not into
    # another: it takes many times what an alert does.
    "AIOPS_INCIDENTS__SETTLE_SECONDS": "600",
    "AIOPS_INCIDENTS__SETTLE_CRITICAL_SECONDS": "600",
}


@dataclass(frozen=True)
class _Run:
    """What one queue has shown."""

    rate: float
    """Events a second."""
    spent: Mapping[str, float]
    """Microseconds of CPU an event, by part; workers are numbered. One of them has the correlator,
    which folds what comes meanwhile."""
    idle: float
    """Of a core, by one process that has nothing to do."""
    resting: float
    """Microseconds of CPU an event that all workers would have taken with nothing to do."""

    @property
    def all(self) -> float:
        """Of all parts."""
        return sum(self.spent.values())

    @property
    def workers(self) -> float:
        """Of all that work, beyond what they take at rest."""
        found = sum(each for part, each in self.spent.items() if part.startswith("workers"))
        return found - self.resting


@dataclass
class _Stage:
    """Servers, and so many processes that share a queue."""

    bus: Bus
    area: str
    parts: dict[str, int] = field(default_factory=dict[str, int])

    @property
    def workers(self) -> list[str]:
        return [part for part in self.parts if part.startswith("workers")]

    async def queue(self) -> tuple[int, int]:
        """Commands that are not done yet, and processes that ask for some."""
        try:
            told = await self.bus.api(f"CONSUMER.INFO.{streams.COMMANDS}.{self.area}")
        except JetStreamRefused:
            return 0, 0
        return told["num_pending"] + told["num_ack_pending"], told["num_waiting"]

    async def settled(self) -> None:
        """All of them wait for work, and what they begin with is over."""
        ends = time.monotonic() + _WITHIN
        while True:
            used = Cpu(self.parts).measured()
            await asyncio.sleep(1)
            _, waiting = await self.queue()
            if waiting >= len(self.workers) and max(used().values()) < _QUIET:
                return
            if time.monotonic() > ends:
                raise RuntimeError(f"{waiting} of {len(self.workers)} processes wait for work")

    async def until_done(self) -> None:
        """The queue is empty."""
        ends = time.monotonic() + _WITHIN
        while (await self.queue())[0]:
            if time.monotonic() > ends:
                raise RuntimeError("the queue does not become empty")
            await asyncio.sleep(_LOOK)

    def stop(self) -> None:
        """Nobody does anything, as if no time passed; what is asked for already is given out."""
        self._tell(signal.SIGSTOP)

    def go_on(self) -> None:
        """All of them at once."""
        self._tell(signal.SIGCONT)

    def _tell(self, word: signal.Signals) -> None:
        for part in self.workers:
            os.kill(self.parts[part], word)


async def measure(options: Options) -> list[Figure]:
    """Each in turn on servers of its own; medians."""
    works: list[Work] = [Changes(options.pick(6_000, 2_000)), Posts(options.pick(800, 200))]
    rounds = options.pick(3, 1)
    return [each for work in works for each in _figures(work, await _rounds(work, rounds))]


_Runs = dict[tuple[str, int], list[_Run]]


async def _rounds(work: Work, rounds: int) -> _Runs:
    runs: _Runs = {}
    for _ in range(rounds):
        for kind in (_OURS, _RAW):
            for of in _PROCESSES:
                run = await _run(work, kind, of)
                runs.setdefault((kind, of), []).append(run)
                log(
                    f"{work.name}, {kind}, {of}: {run.rate:,.0f}/s; CPU per event:"
                    f" {by_part(run.spent)} µs; idle, each: {100 * run.idle:.1f} %"
                )
    return runs


def _figures(work: Work, runs: _Runs) -> list[Figure]:
    idle = median([each.idle for each in runs[_OURS, 1]])
    return [
        *(_rate(work, runs, of) for of in _PROCESSES),
        *(_cpu(work, runs, of) for of in _PROCESSES if of > 1),
        Figure(_BENCH, f"{work.name}: one process with nothing to do", 100 * idle, "% of a core"),
    ]


def _rate(work: Work, runs: _Runs, of: int) -> Figure:
    ours, raw = (median([each.rate for each in runs[kind, of]]) for kind in (_OURS, _RAW))
    note = by_part(runs[_OURS, of][-1].spent, unit=" µs of CPU an event")
    return Figure(_BENCH, f"{work.name}, {_PROCESSES[of]}", ours, work.unit, (), raw, note)


def _cpu(work: Work, runs: _Runs, of: int) -> Figure:
    def told(kind: str, what: Callable[[_Run], float]) -> tuple[float, float]:
        one, several = ([what(each) for each in runs[kind, number]] for number in (1, of))
        return median(one), median(several)

    one, several = told(_OURS, lambda run: run.workers)
    bare, barely = told(_RAW, lambda run: run.workers)
    note = "; ".join(
        f"{what} {number(first)} and {number(then)} µs"
        for what, (first, then) in (
            ("workers, beyond what they take at rest", (one, several)),
            ("with that", told(_OURS, lambda run: run.workers + run.resting)),
            ("all parts", told(_OURS, lambda run: run.all)),
            ("raw loops", (bare, barely)),
        )
    )
    name = f"{work.name}: CPU of the workers an event, {_PROCESSES[of]} to one"
    times = several / one
    return Figure(_BENCH, name, times, "times", (at_most(1.1),), barely / bare, note)


async def _run(work: Work, kind: str, of: int) -> _Run:
    async with _stage(work, kind, of) as stage:
        await stage.settled()
        idle = await _idle(stage)
        told = messages(stage.bus, work)
        stage.stop()
        for start in range(0, len(told), _AT_ONCE):
            for answer in await stage.bus.publish_each(told[start : start + _AT_ONCE]):
                if isinstance(answer, Exception):
                    raise answer
        used, began = Cpu(stage.parts).measured(), time.perf_counter()
        stage.go_on()
        await stage.until_done()
        took, events = time.perf_counter() - began, len(told) * work.events
        spent = {part: each * 1e6 / events for part, each in used().items()}
        found = await stored(stage.bus, work) if kind == _OURS else events
        if found != events:
            raise RuntimeError(f"{found} events of {events} are in the log")
        resting = idle * len(stage.workers) * took * 1e6 / events
        return _Run(events / took, spent, idle, resting)


async def _idle(stage: _Stage) -> float:
    """Of a core, by one process."""
    used = Cpu({each: stage.parts[each] for each in stage.workers}).measured()
    await asyncio.sleep(_IDLE)
    return sum(used().values()) / _IDLE / len(stage.workers)


@asynccontextmanager
async def _stage(work: Work, kind: str, of: int) -> AsyncGenerator[_Stage]:
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="aiops-bench-")))
        nats = stack.enter_context(running_nats(place / "nats"))
        settings = Settings(nats=NatsSettings(url=nats.url), data_dir=place)
        bus = await buses.connect(settings.nats, "benchmark")
        stage = _Stage(bus, work.area, {"nats": nats.pid})
        try:
            await streams.ensure(bus, settings)
            if kind == _OURS:
                postgres = stack.enter_context(running_postgres(place / "postgres"))
                url = SecretStr(postgres.url)
                settings = settings.model_copy(update={"database": DatabaseSettings(url=url)})
                stage.parts["postgres"] = postgres.pid
                await _ours(stack, stage, work, settings, of)
            else:
                await _raw(stack, stage, work, nats.url, of)
            yield stage
        finally:
            await bus.close()


async def _ours(stack: ExitStack, stage: _Stage, work: Work, settings: Settings, of: int) -> None:
    setup = PartProcess(settings, "setup", {}, part="setup")
    stack.callback(setup.stop)
    if await asyncio.to_thread(setup.process.wait, _WITHIN):
        raise RuntimeError("the set-up has failed")
    await work.seed(stage.bus)
    for each in range(of):
        process = PartProcess(settings, f"workers-{each}", _SET, part="workers")
        stack.callback(process.stop)
        stage.parts[f"workers {each}"] = process.process.pid


async def _raw(stack: ExitStack, stage: _Stage, work: Work, url: str, of: int) -> None:
    queue = Durable(streams.COMMANDS, work.area, (f"cmd.*.{work.area}.>",), 10.0, 256)
    told = {"stream_name": streams.COMMANDS, "config": queue.config(), "action": ""}
    await stage.bus.api(f"CONSUMER.CREATE.{streams.COMMANDS}.{work.area}", told)
    command = sys.executable, "-m", "tests.benchmarks.scale_process", url, work.area
    for each in range(of):
        process = await asyncio.create_subprocess_exec(*command, str(work.events), cwd=ROOT)
        stack.callback(process.kill)
        stage.parts[f"workers {each}"] = process.pid
