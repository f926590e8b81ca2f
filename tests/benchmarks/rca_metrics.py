"""The plain rule for metrics: who deviates most from calm times, in median deviations."""

from math import isfinite
from pathlib import Path
from statistics import median

from deploy.cli import bench_petshop
from tests.benchmarks.rca_recorded import Ranks, document

_LEAST = {"latency": 0.001, "availability": 0.1}
"""Of the metric's unit: a median deviation is at least that."""


def plain_ranks(folder: Path) -> Ranks:
    """Of every case."""
    return {case.name: _ranked(folder, case) for case in sorted((folder / "cases").glob("*/"))}


def _ranked(folder: Path, case: Path) -> list[str]:
    about = document(case / "target.json")
    metric = about["target"]["metric"]
    now = bench_petshop.table(case / "metrics.csv")
    calm = bench_petshop.normal(folder, about["scenario"])
    found: dict[str, float] = {}
    for node in now.nodes:
        values, before = (_numbers(each.of(node, metric)) for each in (now, calm))
        if values and before:
            middle = median(before)
            usual = max(median(abs(each - middle) for each in before), _LEAST[metric])
            found[node] = max(abs(each - middle) for each in values) / usual
    return sorted(found, key=lambda node: -found[node])


def _numbers(values: list[float]) -> list[float]:
    return [value for value in values if isfinite(value)]
