"""What benchmarks share: figures and their targets, percentiles, the CPU time of processes."""

import gc
import math
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeVar

import psutil

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Options:
    """How to run."""

    quick: bool = False
    cut_seconds: float = 0.0
    """How long the link of a far-edge site stays cut at least."""
    minutes: float = 3.0
    """How long pages of the UI stay open whose memory is watched."""

    def pick(self, full: T, quick: T) -> T:
        """One of two values, by how long the run may take."""
        return quick if self.quick else full


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure should reach."""

    limit: float
    of: Literal["ratio", "at least", "at most"]

    def __str__(self) -> str:
        sign = "≤" if self.of == "at most" else "≥"
        return f"{sign} {number(self.limit)}{' of raw' if self.of == 'ratio' else ''}"


def ratio(limit: float) -> Target:
    return Target(limit, "ratio")


def at_least(limit: float) -> Target:
    return Target(limit, "at least")


def at_most(limit: float) -> Target:
    return Target(limit, "at most")


@dataclass(frozen=True, slots=True)
class Figure:
    """Something measured, the raw limit from the same run, and what it should reach."""

    bench: str
    name: str
    ours: float
    unit: str
    targets: tuple[Target, ...] = ()
    raw: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Ours to raw, as rates."""
        return self.ours / self.raw if self.raw else None

    @property
    def verdict(self) -> str:
        """PASS, MISS, or nothing where there is no target."""
        if not self.targets:
            return ""
        return "PASS" if all(map(self._meets, self.targets)) else "MISS"

    def _meets(self, target: Target) -> bool:
        match target.of:
            case "ratio":
                return self.ratio is not None and self.ratio >= target.limit
            case "at least":
                return self.ours >= target.limit
            case "at most":
                return self.ours <= target.limit


def number(value: float) -> str:
    """Three digits that matter; thousands with a separator."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    if abs(value) >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}"


def percentile(values: Iterable[float], share: float) -> float:
    """The smallest value that this share of all does not exceed; infinite if there is none."""
    ordered = sorted(values)
    if not ordered:
        return float("inf")
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def median(values: Sequence[float]) -> float:
    return statistics.median(values) if values else float("inf")


def calm_collector() -> None:
    """As every part of the platform does: what was imported stays, cycles are looked for seldom."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def log(text: str) -> None:
    """A line of progress."""
    print(f"  {text}", flush=True)


@dataclass
class Cpu:
    """CPU time of process trees, by the part that each process belongs to."""

    parts: Mapping[str, int]
    """Process id of the root of every part."""
    _gone: dict[str, float] = field(default_factory=dict[str, float])

    def seconds(self) -> dict[str, float]:
        """User and system time so far, children that have ended included."""
        return {name: _tree_seconds(pid) for name, pid in self.parts.items()}

    def measured(self) -> Callable[[], dict[str, float]]:
        """Starts a measurement; the result tells what has been used since."""
        before = self.seconds()

        def used() -> dict[str, float]:
            after = self.seconds()
            return {name: after[name] - before[name] for name in after}

        return used


def _tree(pid: int) -> list[psutil.Process]:
    root = psutil.Process(pid)
    return [root, *root.children(recursive=True)]


def _tree_seconds(pid: int) -> float:
    return sum(map(_own_seconds, _tree(pid)))


def _own_seconds(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return times.user + times.system + times.children_user + times.children_system


def memory_mb(pid: int) -> float:
    """Proportional set size of a process tree: shared pages counted once, in MB."""
    total = 0
    for process in _tree(pid):
        try:
            total += process.memory_full_info().pss
        except psutil.NoSuchProcess:
            continue
    return total / 1e6


def by_part(values: Mapping[str, float], scale: float = 1.0, unit: str = "") -> str:
    """``gateway 1.2, nats 0.3`` and so on, the largest first."""
    ordered = sorted(values.items(), key=lambda item: -item[1])
    return ", ".join(f"{name} {number(value * scale)}" for name, value in ordered) + unit
