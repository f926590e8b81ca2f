"""Root causes of recorded incidents: how often found, also by a plain rule, and the price."""

import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import fmean, pstdev
from typing import Any

from deploy.cli import bench_petshop
from services.rca.ranking import Ranking
from services.runtime.settings import environment
from tests.benchmarks import rca_scripted
from tests.benchmarks.kit import Figure, Options, Target, at_least, at_most, log
from tests.benchmarks.rca_metrics import plain_ranks
from tests.benchmarks.rca_recorded import Ranks, Truth, document, scorer
from tests.benchmarks.rca_traces import Traced, traced
from tests.kit.tree import ROOT

_BENCH = "rca"
_SYSTEMS: Mapping[str, tuple[str, float, float]] = {
    "tt": ("traces, metrics and logs", 0.80, 0.95),
    "ob": ("traces and metrics", 0.85, 0.96),
}
_ROUNDS = 6
"""Random halves of the earlier cases, for the spread."""


async def measure(options: Options) -> list[Figure]:
    """Scripted incidents; metrics along a call graph; traces, logs and metrics of two systems."""
    return [*rca_scripted.measure(options), *_recorded(options)]


def _recorded(options: Options) -> list[Figure]:
    folder = environment().get("AIOPS_BENCH_DATA")
    where = Path(folder) if folder else ROOT.parent / "shared" / "bench"
    if not (where / "score" / "rca_score.py").is_file():
        log(f"no recorded incidents in {where} (AIOPS_BENCH_DATA says where)")
        return []
    score = scorer(where / "score" / "rca_score.py")
    found: list[Figure] = []
    if (where / "petshop" / "truth.json").is_file():
        found += _metrics(where / "petshop", score)
    if (where / "nezha" / "truth.json").is_file():
        found += _traces(where / "nezha", score, options)
    return found


def _metrics(folder: Path, score: Any) -> list[Figure]:
    truth: Truth = document(folder / "truth.json")
    ours = {name: _entities(rank()) for name, rank in bench_petshop.cases(folder)}
    raw = plain_ranks(folder)
    log(f"{len(truth)} incidents in metrics along a call graph")
    return _pair(
        "metrics and a call graph", (score, truth), (ours, raw), (0.85, 1.0), _halves(truth)
    )


def _traces(folder: Path, score: Any, options: Options) -> list[Figure]:
    truth: Truth = document(folder / "truth.json")
    read = traced(folder)
    ours = read.ranks()
    raw = read.plain()
    spread = [
        read.ranks(learnt=_half(read.names, seed)) for seed in range(options.pick(_ROUNDS, 1))
    ]
    bare = read.ranks(learnt=frozenset())
    found: list[Figure] = []
    for system, (what, first, third) in _SYSTEMS.items():
        of = {name: each for name, each in truth.items() if each["system"] == system}
        log(f"{len(of)} incidents in {what}")
        note = _spread(score, of, spread, bare)
        found += _pair(what, (score, of), (ours, raw), (first, third), note)
    return [*found, *_price(read)]


def _pair(
    what: str,
    judge: tuple[Any, Truth],
    ranks: tuple[Ranks, Ranks],
    reach: tuple[float, float],
    note: Callable[[str], str] | str,
) -> list[Figure]:
    score, truth = judge
    ours, raw = (score.evaluate(truth, each)["all"] for each in ranks)
    figures: list[Figure] = []
    for name, limit in zip(("AC@1", "AC@3"), reach, strict=True):
        said = note if isinstance(note, str) else note(name)
        figures.append(_figure(f"{what}, {name}", ours[name], "", at_least(limit), said, raw[name]))
    return figures


def _halves(truth: Truth) -> str:
    return f"{len(truth)} cases; raw: the largest deviation of the alarmed metric"


def _spread(score: Any, truth: Truth, spread: Sequence[Ranks], bare: Ranks) -> Callable[[str], str]:
    def said(name: str) -> str:
        values = [score.evaluate(truth, each)["all"][name] for each in spread]
        alone = score.evaluate(truth, bare)["all"][name]
        return (
            f"{len(truth)} cases; with a random half of the earlier cases {fmean(values):.2f}"
            f" (sd {pstdev(values):.2f}, least {min(values):.2f}), with none {alone:.2f};"
            " raw: the largest rise of the mean own time"
        )

    return said


def _price(read: Traced) -> list[Figure]:
    seconds = sorted(read.seconds.values())
    note = f"spans and lines folded, compared and ranked; in the mean {fmean(seconds):.2f} s"
    return [_figure("an incident, at most", seconds[-1], "s of CPU", at_most(2.0), note)]


def _half(names: Sequence[str], seed: int) -> frozenset[str]:
    return frozenset(random.Random(seed).sample(names, len(names) // 2))


def _entities(ranking: Ranking) -> list[str]:
    return [each.entity for each in ranking.candidates]


def _figure(
    name: str, ours: float, unit: str, target: Target, note: str, raw: float | None = None
) -> Figure:
    return Figure(_BENCH, name, ours, unit, (target,), raw, note)
