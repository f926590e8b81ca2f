"""Many clusters and a million events a second, by simulation: the tables of deploy/SCALING.md.

No load is run; the measured CPU of an event is (`scale_costs`). Seeded, a few seconds.
"""

import math
from collections.abc import Sequence

from tests.benchmarks.kit import Figure, Options, number
from tests.benchmarks.scale_costs import COSTS
from tests.benchmarks.scale_model import (
    LEADER,
    Load,
    Stage,
    cores,
    first_full,
    fleet,
    million,
    parts,
    stages,
)
from tests.benchmarks.scale_path import Storm, delays
from tests.benchmarks.scale_room import room

_BENCH = "scale_model"
FLEETS = (fleet(1_000), fleet(10_000))
MILLIONS = (million(0.97), million(0))
_LOADS = (*FLEETS, *MILLIONS)
_STORM = Storm(alerts=30_000, seconds=10)
_PARTITIONS = 4
_SHOWN = 5


async def measure(options: Options) -> list[Figure]:
    """The same whether quick or not."""
    del options
    for line in [*costs(), "", *needs(), "", *limits(), "", *waits()]:
        print(f"  {line}")
    return [each for load in _LOADS for each in _figures(load)]


def _figures(load: Load) -> list[Figure]:
    factor, stage = first_full(load)[0]
    return [
        Figure(_BENCH, f"{load.name}: cores in all", cores(load), "cores"),
        Figure(_BENCH, f"{load.name}: of this, until the first thing is full", factor, "times",
               note=stage.name),
    ]  # fmt: skip


def costs() -> list[str]:
    """What an event takes, and where that was measured."""
    rows = [(each.what, f"{number(each.micro)} µs", each.where) for _, each in COSTS.all()]
    return _table(("what", "takes", "measured by"), rows)


def needs() -> list[str]:
    """Processes and cores of each part, and how much of that is what."""
    rows = (
        [(f"**{part}**", *(_part(load, part) for load in _LOADS)) for part in parts(_LOADS[0])]
        + [
            ("**memory of all, GiB**", *(_memory(load) for load in _LOADS)),
            ("log of 90 days, GiB a server", *(f"{room(load).log:,.0f}" for load in _LOADS)),
            (
                "alerts of 90 days in PostgreSQL, GiB",
                *(f"{room(load).rows:,.0f}" for load in _LOADS),
            ),
        ]
        + [
            (f"{stage.name} ({_where(stage)})", *(_stage(stages(load)[at]) for load in _LOADS))
            for at, stage in enumerate(stages(_LOADS[0]))
        ]
    )
    return _table(("processes · cores", *(load.name for load in _LOADS)), rows)


def _memory(load: Load) -> str:
    fits = all(processes is not None for processes, _ in parts(load).values())
    return number(room(load).memory) if fits else "-"


def _where(stage: Stage) -> str:
    if stage.part == LEADER:
        return "one leader, share of its time"
    return stage.part if stage.most is None else f"{stage.part}, at most {stage.most}"


def _part(load: Load, part: str) -> str:
    processes, used = parts(load)[part]
    return f"{'**too few**' if processes is None else processes} · {number(used)}"


def _stage(stage: Stage) -> str:
    if stage.part == LEADER:
        return f"{'**full**' if stage.processes is None else ''} {100 * stage.cores:.1f} %".strip()
    return f"{'**too few**' if stage.processes is None else stage.processes} · {used(stage)}"


def used(stage: Stage) -> str:
    """Its cores, in words."""
    return number(stage.cores + stage.each * stage.at_most)


def limits() -> list[str]:
    """What is full first, and how much of the load it can bear."""
    rows: list[Sequence[str]] = []
    for load in _LOADS:
        told = [f"{stage.name} {_times(factor)}" for factor, stage in first_full(load)[:_SHOWN]]
        rows.append((load.name, " · ".join(told)))
    return _table(("load", "times of it that can be borne, what is full first coming first"), rows)


def _times(factor: float) -> str:
    return f"**{factor:.2g}**" if factor < 1 else number(factor)


def waits() -> list[str]:
    """What queues add to an alert's way, and a storm."""
    rows: list[Sequence[str]] = []
    for load in FLEETS:
        calm, stormy = delays(load, of=_PARTITIONS), delays(load, _STORM, of=_PARTITIONS)
        told = calm.others, stormy.others, stormy.beside, stormy.storm
        rows.append((f"{load.name}: {load.events:,.0f} events/s", *map(_ms, told)))
    head = (
        "waiting from the door to the row, p99",
        "an ordinary minute",
        f"{_STORM.alerts:,} alerts of one cluster in {_STORM.seconds:g} s: the other partitions",
        "others in its partition",
        "the storm itself",
    )
    return _table(head, rows)


def _ms(seconds: float) -> str:
    return "without end" if math.isinf(seconds) else f"{number(1000 * seconds)} ms"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return [f"| {' | '.join(line)} |" for line in lines]
