"""From an incident to its cause where there are Prometheus, Loki and Tempo, or a Loki that hangs.

The Prometheus is a real one, which all clusters share; Loki and Tempo are servers of each cluster
that speak as these do.
"""

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from contracts.clusters import Checked
from contracts.rca import RcaResult
from tests.benchmarks import rca_backends
from tests.benchmarks.kit import Figure, Options, Target, at_most, by_part, log, median, percentile
from tests.benchmarks.platform import Platform, platform
from tests.benchmarks.rca_ready import Seen, failing, register
from tests.kit.live_backends import Ill, hangs, speaking
from tests.kit.prometheus import INSTALLED, prometheus

_BENCH = "rca_ready_live"
_ALL = frozenset({Checked.PROMETHEUS, Checked.LOKI, Checked.TEMPO})
_FIRST_ALL, _FIRST_HUNG, _FIRST_FAST = 100, 200, 300
"""Numbers of the clusters with backends: by other names than those without."""
_PAUSE, _SHORT_PAUSE = 3.0, 1.0
"""Seconds between two incidents."""
_SETTLING = 5.0
"""Seconds in which clusters that were just registered are looked at for the first time."""


@dataclass(frozen=True)
class _Run:
    """Incidents of one kind of clusters."""

    seen: Seen
    spent: Mapping[str, float]

    backends: frozenset[Checked]
    """That are there."""

    @property
    def results(self) -> list[RcaResult]:
        """Of the nodes: that a Loki hangs makes incidents as well, in which nobody looks at it."""
        looks = (
            (each, frozenset(one.backend for one in each.live.looks)) for each in self.seen.results
        )
        return [each for each, asked in looks if asked == self.backends]

    @property
    def seconds(self) -> list[float]:
        """Of each incident, until its first analysis."""
        ids = {each.trigger_id for each in self.results}
        opened, analysed = self.seen.opened, self.seen.analysed
        return [(analysed[each] - opened[each]).total_seconds() for each in ids]

    def late(self, share: float) -> float:
        """Milliseconds."""
        return percentile(self.seconds, share) * 1000

    @property
    def cpu(self) -> float:
        """Seconds of one incident, of all parts."""
        return sum(self.spent.values()) / max(len(self.seconds), 1)

    @property
    def by_part(self) -> str:
        """The same, of each."""
        return by_part(self.spent, 1000 / max(len(self.seconds), 1), " ms")

    def answered(self, backends: frozenset[Checked]) -> float:
        """Share of the analyses to which these backends told all that they were asked."""
        told = [_well(each) >= backends for each in self.results]
        return sum(told) / max(len(told), 1)


async def measure(options: Options) -> list[Figure]:
    """The same failing nodes in clusters without backends, with them, and with a hanging one; and
    with them three times as fast, to see what gives way."""
    if not INSTALLED:
        raise RuntimeError("it needs prometheus and promtool")
    count, rest = options.pick(20, 4), options.pick(15.0, 3.0)
    firsts = (_FIRST_ALL, _FIRST_HUNG, _FIRST_FAST)
    every, hung, fast = (range(first, first + count) for first in firsts)
    state = rca_backends.state([*every, *hung, *fast], int(time.time()))
    with tempfile.TemporaryDirectory(prefix="aiops-bench-state-") as name, platform() as running:
        async with prometheus(Path(name) / "prometheus", state) as url:
            bare = await _run(running, {number: {} for number in range(count)}, rest)
            async with _backends(every, url) as told:
                whole = await _run(running, told, rest)
            async with _backends(hung, url, hangs) as told:
                ill = await _run(running, told, rest)
            async with _backends(fast, url) as told:
                dense = await _run(running, told, rest, _SHORT_PAUSE)
    return _figures(bare, whole, ill, dense)


@asynccontextmanager
async def _backends(
    numbers: range, prometheus_url: str, ill: Ill | None = None
) -> AsyncGenerator[dict[int, dict[str, str]]]:
    """Where the backends of these clusters are; ``ill`` is how their Lokis talk instead."""
    now, found = time.time(), dict[int, dict[str, str]]()
    async with AsyncExitStack() as stack:
        for number in numbers:
            lines = speaking(rca_backends.lines(number, now), ill=ill)
            requests = speaking(rca_backends.requests(number, now))
            found[number] = {
                "prometheus_url": prometheus_url,
                "loki_url": (await stack.enter_async_context(lines)).url,
                "tempo_url": (await stack.enter_async_context(requests)).url,
            }
        yield found


async def _run(
    running: Platform,
    endpoints: Mapping[int, Mapping[str, str]],
    rest: float,
    pause: float = _PAUSE,
) -> _Run:
    clusters = {
        number: await register(running.address, number, endpoints=each)
        for number, each in endpoints.items()
    }
    await asyncio.sleep(_SETTLING)
    asked = _ALL if all(endpoints.values()) else frozenset[Checked]()
    run = _Run(*await failing(running, clusters, rest, pause), asked)
    seen = median([len(each.live.seen) for each in run.results])
    log(
        f"{len(run.seconds)} incidents, {len(run.results)} analyses:"
        f" p50 {run.late(0.5):,.0f} ms, p95 {run.late(0.95):,.0f} ms, CPU {run.cpu:.3f} s each;"
        f" seen {seen:.0f} things each; not told: {_failures(run.results)};"
        f" load {os.getloadavg()[0]:.1f}"
    )
    return run


def _well(result: RcaResult) -> frozenset[Checked]:
    return frozenset(each.backend for each in result.live.looks if not each.failure)


def _failures(results: Iterable[RcaResult]) -> str:
    counted: dict[str, int] = {}
    for each in results:
        for look in each.live.looks:
            if look.failure:
                code = f"{look.backend.value} {look.failure.partition(':')[0]}"
                counted[code] = counted.get(code, 0) + 1
    return ", ".join(f"{code} {count}" for code, count in sorted(counted.items())) or "nothing"


def _figures(bare: _Run, whole: _Run, ill: _Run, dense: _Run) -> list[Figure]:
    goal = (at_most(5_000),)
    others = _ALL - {Checked.LOKI}
    return [
        _late("all three there", whole, bare, goal),
        _cpu("all three there", whole, bare),
        _told("all three there", whole, _ALL),
        _late("Loki hangs", ill, bare, goal),
        _cpu("Loki hangs", ill, bare),
        _told("Loki hangs, the others", ill, others),
        _late("all three there, one a second", dense, bare, ()),
        _told("all three there, one a second", dense, _ALL),
    ]


def _late(name: str, run: _Run, bare: _Run, goal: tuple[Target, ...]) -> Figure:
    note = (
        f"{len(run.seconds)} incidents: p50 {run.late(0.5):,.0f} ms, max {run.late(1.0):,.0f}"
        f" ms; raw: the same without backends, p50 {bare.late(0.5):,.0f} ms"
    )
    late = f"{name}: opened to cause, p95"
    return Figure(_BENCH, late, run.late(0.95), "ms", goal, bare.late(0.95), note)


def _cpu(name: str, run: _Run, bare: _Run) -> Figure:
    note = f"beyond that at rest: {run.by_part}; raw, without backends: {bare.by_part}"
    about = f"{name}: CPU of an incident"
    return Figure(_BENCH, about, run.cpu, "s", (at_most(2),), bare.cpu, note)


def _told(name: str, run: _Run, backends: frozenset[Checked]) -> Figure:
    note = f"of {len(run.results)}; not told: {_failures(run.results)}"
    return Figure(_BENCH, f"{name}: told all in time", run.answered(backends) * 100, "%", note=note)
