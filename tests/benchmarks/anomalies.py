"""The detector: what it finds in labelled series, what it finds in healthy ones, and its price."""

import math
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from services.anomalies.detecting import many
from services.anomalies.detecting.block import BYTES, Block
from services.anomalies.detecting.kernels.telling import BEGAN
from services.anomalies.detecting.partition import BLOCK
from services.anomalies.detecting.single import fresh, scores
from services.runtime.settings import environment
from tests.benchmarks.anomalies_recorded import FIXED, Recorded, Scores, recorded
from tests.benchmarks.kit import Figure, Options, Target, at_least, at_most, log, number
from tests.kit.measured import START, fleet, times
from tests.kit.tree import ROOT

_BENCH = "anomalies"
_DAY_ROWS = 5_760
_ONLINE = 40_000
_PROFILES = (("standard", 80.0), ("low FP", 72.0), ("low FN", 85.0))


async def measure(options: Options) -> list[Figure]:
    """Labelled series where there are some, then healthy ones, then time and memory."""
    folder = environment().get("AIOPS_BENCH_DATA")
    where = Path(folder) if folder else ROOT.parent / "shared" / "bench"
    labelled = recorded(where)
    if labelled is None:
        log(f"no labelled series in {where} (AIOPS_BENCH_DATA says where): only speed and health")
        figures: list[Figure] = []
    else:
        figures = _found(labelled)
    return [*figures, *_health(options), *_price(options)]


def _found(labelled: Recorded) -> list[Figure]:
    log(f"{len(labelled.files)} series, {labelled.rows:,} rows")
    fixed, best = labelled.at(FIXED), labelled.at(None)
    halves = np.array(labelled.halves())
    outside = np.array(labelled.one_category_out())
    figures = [
        _figure(
            f"labelled series, {name}",
            fixed[at],
            "of 100",
            at_least(reach),
            note=(
                f"at the best threshold {best[at]:.1f}; at that of another half"
                f" {halves[:, at].mean():.1f} (sd {halves[:, at].std():.1f}); at that of the"
                f" other categories, by category {_spread(outside[:, at])}"
            ),
        )
        for at, (name, reach) in enumerate(_PROFILES)
    ]
    silent = labelled.silent()
    for name, area, reach in (
        ("AUC-PR of the episode score", labelled.area_under, at_least(0.45)),
        ("its average precision, by steps", labelled.average_precision, None),
    ):
        said = area(labelled.episodes)
        figures.append(_figure(name, said, "", reach, raw=area(silent), note="raw: all silent"))
    each = 1e6 * labelled.seconds / labelled.rows
    figures.append(_figure("labelled series, 1,000 rows", each, "ms", at_most(15.0)))
    return figures


def _spread(values: Scores) -> str:
    return f"{values.min():.0f} to {values.max():.0f}"


def _health(options: Options) -> list[Figure]:
    days = options.pick(6, 2)
    series = fleet(days * _DAY_ROWS, options.pick(5, 1), seed=11)
    names, values = list(series), np.stack(list(series.values()), axis=1)
    block = Block(len(names))
    block.series.counter[:] = [float("total" in name) for name in names]
    first, later = Counter[str](), Counter[str]()
    for at, when in enumerate(times(days * _DAY_ROWS)):
        steps = many.advance(block, np.full(len(names), when), values[at].copy())
        for place in np.flatnonzero(steps.happens == BEGAN):
            (first if at < _DAY_ROWS else later)[names[place].rsplit("_", 1)[0]] += 1
    per_day = later.total() / len(names) / (days - 1)
    note = (
        f"{len(names)} series, days 2 to {days}: {_said(later)};"
        f" on day 1 {number(first.total() / len(names))} per series: {_said(first)}"
    )
    return [_figure("false anomalies per healthy series and day", per_day, "", at_most(0.05), note)]


def _said(found: Counter[str]) -> str:
    return ", ".join(f"{count} of {name}" for name, count in found.most_common()) or "none"


def _price(options: Options) -> list[Figure]:
    rows = options.pick(20_000, 3_000)
    values = np.random.default_rng(1).normal(50, 5, rows).tolist()
    alone = _cpu(lambda: list(scores(_timed(values), fresh()))) / rows
    bare = _cpu(lambda: _z_scores(values)) / rows
    long = options.pick(1_000_000, 50_000)
    state = fresh()
    took = _cpu(lambda: sum(1 for _ in scores(_timed(values * (long // rows)), state)))
    batch, steps = _batched(BLOCK, options.pick(60, 10))
    online, _ = _batched(_ONLINE // BLOCK * BLOCK, options.pick(4, 1))
    busy = 100 * online * _ONLINE / 15.0
    return [
        _figure(
            "1,000 rows of one series",
            1e6 * alone,
            "ms",
            at_most(15.0),
            "raw: running z-scores",
            1e6 * bare,
        ),
        _figure(
            "1,000 rows of many series at once",
            1e6 * batch,
            "ms",
            at_most(1.0),
            f"{BLOCK} series, {steps} steps; raw: row by row",
            1e6 * alone,
        ),
        _figure("40,000 series every 15 s", busy, "% of a core", at_most(50.0)),
        _figure(f"a series of {long:,} points", took, "s", None, "row by row, memory as for one"),
        _figure("state of a series", BYTES / 1_000, "KB"),
    ]


def _timed(values: list[float]) -> Iterable[tuple[float, float]]:
    return zip((START + 15.0 * at for at in range(len(values))), values, strict=True)


def _z_scores(values: list[float]) -> float:
    """The least that a detector could do."""
    mean, variance, most = 0.0, 1.0, 0.0
    for value in values:
        off = value - mean
        mean += 0.01 * off
        variance += 0.01 * (off * off - variance)
        most = max(most, abs(off) / math.sqrt(variance))
    return most


def _batched(series: int, steps: int) -> tuple[float, int]:
    """CPU seconds per row, once the series are known."""
    rng = np.random.default_rng(2)
    blocks = [Block(BLOCK) for _ in range(series // BLOCK)]
    warm = 160
    spent = 0.0
    for at in range(warm + steps):
        values = rng.normal(50, 5, BLOCK)
        when = np.full(BLOCK, START + 15.0 * at)
        began = time.process_time()
        for block in blocks:
            many.advance(block, when, values)
        spent += time.process_time() - began if at >= warm else 0.0
    return spent / steps / (BLOCK * len(blocks)), steps


def _cpu(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _figure(
    name: str,
    ours: float,
    unit: str,
    target: Target | None = None,
    note: str = "",
    raw: float | None = None,
) -> Figure:
    return Figure(_BENCH, name, float(ours), unit, (target,) if target else (), raw, note)
