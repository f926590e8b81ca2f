"""`aiops bench petshop`: a call graph, and metrics of its nodes every five minutes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from math import isfinite, nan
from pathlib import Path
from typing import Any

from deploy.cli.bench_causes import Ranked, document, number, rows, write
from deploy.cli.output import fail
from services.rca.ranking import Flow, Graph, Measure, Ranking, flows, graph, rank

_INTERVAL = 300
_HEAD = 3
"""Rows that name the columns: node, metric, statistic."""
_WITHOUT_NORMAL = "low_traffic"
"""Its calm times stand in for those of scenarios that have none."""
_MEASURES: Mapping[str, tuple[Measure, float]] = {
    "latency": ("latency", 1.0),
    "availability": ("availability", 0.01),
}
"""What is measured, and what its unit is in ours."""


@dataclass(frozen=True, slots=True)
class Table:
    """Times, and values by node and metric."""

    times: list[float]
    values: Mapping[tuple[str, str], list[float]]

    def of(self, node: str, metric: str) -> list[float]:
        """Row by row; NaN where there is nothing."""
        return self.values.get((node, metric), [nan] * len(self.times))

    @property
    def nodes(self) -> list[str]:
        """All of them, by name."""
        return sorted({node for node, _ in self.values})


def rank_all(data: Path, out: Path) -> None:
    """Rank the nodes of every case below ``cases``; ``truth.json`` is not read."""
    write(out, cases(data))


def cases(data: Path) -> Ranked:
    """Each case by name, and what ranks its nodes."""
    calm = cache(partial(normal, data))
    calls = cache(partial(_calls, data))
    for folder in sorted((data / "cases").glob("*/")):
        target: Any = document(folder / "target.json")
        scenario = str(target["scenario"])
        case = table(folder / "metrics.csv")
        alarm: Any = target["target"]
        yield folder.name, _ranking(case, calm(scenario), calls(scenario), alarm)


def _ranking(case: Table, calm: Table, calls: Graph, alarm: Any) -> Callable[[], Ranking]:
    if alarm["metric"] not in _MEASURES:
        fail(f"an alarm of {alarm['metric']} is not known")
    measure, unit = _MEASURES[alarm["metric"]]
    before = [at for at, when in enumerate(case.times) if when <= alarm["timestamp"] - _INTERVAL]

    def found() -> Ranking:
        of = {
            node: _flow(node, alarm["metric"], unit, (case, calm, before))
            for node in case.nodes
            if any(isfinite(value) for value in case.of(node, alarm["metric"]))
        }
        return rank(flows(alarm["node"], measure, of, calls), case.nodes)

    return found


def _flow(node: str, metric: str, unit: float, of: tuple[Table, Table, list[int]]) -> Flow:
    case, calm, before = of
    now = [unit * value for value in case.of(node, metric)]
    return Flow(
        usual=[unit * value for value in calm.of(node, metric)],
        before=[now[at] for at in before],
        now=now,
        requests=case.of(node, "requests"),
        known=any(value > 0 for value in calm.of(node, "requests")),
    )


def normal(data: Path, scenario: str) -> Table:
    """Calm times of a scenario, of another one in their place, or none at all."""
    for name in (scenario, _WITHOUT_NORMAL):
        if (path := data / name / "normal.csv.gz").is_file():
            return table(path)
    return Table([], {})


def _calls(data: Path, scenario: str) -> Graph:
    head, *lines = rows(data / scenario / "graph.csv")
    return graph(
        (line[0], "calls", callee)
        for line in lines
        for callee, called in zip(head[1:], line[1:], strict=True)
        if number(called)
    )


def table(path: Path) -> Table:
    """Of each node's latency and availability the mean, of its requests the sum."""
    lines = list(rows(path))
    if len(lines) < _HEAD:
        fail(f"{path}: there are no three rows of names")
    nodes, metrics, statistics = lines[:_HEAD]
    body = [line for line in lines[_HEAD:] if isfinite(number(line[0]))]
    values = {
        (nodes[at], metrics[at]): [number(line[at]) for line in body]
        for at in range(1, len(nodes))
        if statistics[at] in ("Average", "Sum")
    }
    return Table([number(line[0]) for line in body], values)
