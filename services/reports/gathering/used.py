"""How much of the nodes of clusters is used over time, by their own metrics."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from math import isfinite
from typing import Any

from contracts.envelope import rfc3339
from contracts.refusals import Refused
from services.reports.gathering.fleet import Span
from services.reports.gathering.projecting import Line, line_through
from services.reports.gathering.reading import Json, Reading

QUERIES = (
    (
        "CPU",
        '100 * (1 - avg(rate(node_cpu_seconds_total{mode="idle"}[15m])))'
        " or 100 * sum(rate(container_cpu_usage_seconds_total[15m]))"
        ' / sum(kube_node_status_capacity{resource="cpu"})',
    ),
    (
        "memory",
        "100 * (1 - sum(node_memory_MemAvailable_bytes) / sum(node_memory_MemTotal_bytes))",
    ),
)
"""In percent of all nodes of a cluster, by metrics of node-exporter, which both OpenShift and
kube-prometheus have; CPU also by what containers use of the capacity of nodes."""
_POINTS = 60
_SHORTEST_STEP = 60
_PATIENCE, _LITTLE = 40, 2
"""Seconds. A report is not held up for clusters that were silent when last looked at; they are
asked all the same, as most answer within that time or say why they do not."""
Values = Sequence[tuple[datetime, float]]


@dataclass(frozen=True, slots=True)
class Used:
    """What is known of one resource, by cluster id."""

    name: str
    values: Mapping[str, Values]

    def line(self, cluster: str) -> Line | None:
        """Of a cluster; None where too little is known."""
        return line_through(self.values.get(cluster, ()))

    def last(self, cluster: str) -> float | None:
        """In percent."""
        values = self.values.get(cluster)
        return values[-1][1] if values else None


@dataclass(frozen=True, slots=True)
class Whom:
    """Which clusters are asked, and for how long each part of them is waited for."""

    about: frozenset[str]
    """Those of the report."""
    parts: Sequence[tuple[Sequence[str], int]]
    """Ids, and seconds; no id: all that have metrics and are not OFFLINE."""


def whom(reading: Reading, now: Sequence[Json], listed: Sequence[Json]) -> Whom:
    """``now``: the health of clusters when the report ends; ``listed``: as they really are now."""
    about = frozenset(each["id"] for each in now)
    scope = [str(each) for each in reading.asked.cluster_scope]
    silent = {each["id"] for each in listed if _is_silent(each)}
    if not silent or len(listed) < len(now):
        return Whom(about, [(scope, _PATIENCE)])
    asked = scope or [each["id"] for each in listed if each["endpoints"]["prometheus_url"]]
    parts = (
        ([each for each in asked if each not in silent], _PATIENCE),
        ([each for each in asked if each in silent], _LITTLE),
    )
    return Whom(about, [(ids, seconds) for ids, seconds in parts if ids])


def _is_silent(cluster: Json) -> bool:
    status: Json = cluster["status"]
    return status["state"] == "OFFLINE" or status["prometheus_healthy"] is False


@dataclass(frozen=True, slots=True)
class _Told:
    results: Sequence[Json] = ()
    missing: Sequence[Json] = ()
    refusal: str | None = None


async def used_by(reading: Reading, time: Span, asked: Whom) -> list[Used]:
    """Of each of the queries; what is not known of a cluster is a gap that says why."""
    async with reading.at_once() as begin:
        tasks = [begin(_each_told, time, ids, seconds) for ids, seconds in asked.parts]
    parts = [each.result() for each in tasks]
    return [
        _put_together(reading, name, [part[at] for part in parts], asked.about)
        for at, (name, _) in enumerate(QUERIES)
    ]


async def _each_told(
    reading: Reading, time: Span, ids: Sequence[str], seconds: int
) -> Sequence[_Told]:
    bodies = [_body(time, query, ids, seconds) for _, query in QUERIES]
    if seconds == _PATIENCE:
        # What is asked second finds the connections of the first: to open them is the most work.
        return [await _told(reading, each) for each in bodies]
    async with reading.at_once() as begin:
        tasks = [begin(_told, each) for each in bodies]
    return [each.result() for each in tasks]


def _put_together(
    reading: Reading, name: str, told: Sequence[_Told], about: Collection[str]
) -> Used:
    if all(each.refusal for each in told):
        for reason in dict.fromkeys(each.refusal for each in told if each.refusal):
            reading.gap(f"{name} of all clusters", reason)
        return Used(name, {})
    _tell_missing(reading, name, told)
    values: dict[str, Values] = {}
    for result in _by_name(one.results for one in told):
        found = _values(result)
        if found:
            values[result["cluster_id"]] = found
        elif result["cluster_id"] in about and result["status"] == "SUCCESS":
            reading.gap(f"{name} of {result['cluster_name']}", "it has no such metrics")
    return Used(name, values)


def _tell_missing(reading: Reading, name: str, told: Sequence[_Told]) -> None:
    for each in told:
        if each.refusal and not each.missing:
            reading.gap(f"{name} of a part of the clusters", each.refusal)
    for each in _by_name(one.missing for one in told):
        reading.gap(f"{name} of {each['cluster_name']}", each["reason"])


async def _told(reading: Reading, body: Mapping[str, object]) -> _Told:
    try:
        told = await reading.reads.post("/metrics/query_range", body)
    except Refused as refused:
        # Where none has answered, the refusal says it of each as an answer would.
        is_of_each = "results" in refused.details
        missing = refused.details["missing"] if is_of_each else ()
        return _Told(missing=missing, refusal=refused.message)
    return _Told(told["results"], told["missing"])


def _body(time: Span, query: str, ids: Sequence[str], seconds: int) -> dict[str, object]:
    step = max(int((time.end - time.start).total_seconds() // _POINTS), _SHORTEST_STEP)
    return {
        "query": query,
        "cluster_ids": ids or None,
        "start_time": rfc3339(time.start),
        "end_time": rfc3339(time.end),
        "step": f"{step}s",
        "timeout": seconds,
    }


def _by_name(told: Iterable[Sequence[Json]]) -> list[Json]:
    return sorted(chain.from_iterable(told), key=lambda each: each["cluster_name"])


def _values(result: Mapping[str, Any]) -> Values:
    if not result["data"]:
        return ()
    told = result["data"][0]["values"]
    pairs = ((datetime.fromtimestamp(at, UTC), float(value)) for at, value in told)
    return [(at, value) for at, value in pairs if isfinite(value)]
