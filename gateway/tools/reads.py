"""How each tool asks the REST API, and what of the answer it lists."""

import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from math import inf, isfinite, isnan
from statistics import fmean
from typing import Any, cast, get_args

from contracts import tools
from contracts.catalog import EVENTS
from contracts.chat import ChatEvent
from contracts.refusals import Code, Refused
from contracts.tools import Cut
from gateway.tools.inner import Inner, Query

PAGE = 100
"""Entries that are asked for at once."""
_POINTS = 24
"""Of a series over a time: as many as tell its shape."""


@dataclass(frozen=True, slots=True)
class Found:
    """What was read."""

    data: dict[str, Any]
    main: str = ""
    """The list in it that can be paged on; empty: there is none."""
    first: int = 0
    """How many entries there are before those of it."""
    total: int | None = None
    """Of the list, with what was not read; null: what was read is all."""
    after: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Arguments that ask for what follows the list, besides the offset; empty: nothing does."""
    cut: tuple[Cut, ...] = ()
    """What was left out already."""
    pinned: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Arguments that are given on, so that what follows is of the same time."""
    whole: str = ""
    """A list within each entry of the main one of which nothing is left out: who asks for more
    entries gets them, and could not ask for the rest of one."""


_PENDING = "it is still being looked for: ask again in some seconds"
_PARAMETERS = {"cluster_ids": "cluster_id", "pod_name": "pod"}
"""Arguments that REST calls otherwise."""

Read = Callable[[Inner, Any], Awaitable[Found]]


def _paged(path: str, whole: str = "") -> Read:
    """A list that is read page by page, with the filters that are the tool's arguments."""

    async def read(inner: Inner, asked: tools.Listed) -> Found:
        given = asked.model_dump(exclude={"offset"})
        query = {_PARAMETERS.get(name, name): value for name, value in given.items()}
        return replace(await _pages(inner, path, query, asked.offset), whole=whole)

    return read


async def _pages(inner: Inner, path: str, query: Query, offset: int) -> Found:
    """One page of a list that is read page by page."""
    page = offset // PAGE + 1
    told = await inner.get(path, {**query, "page": page, "page_size": PAGE})
    total, read = told["total"], (page - 1) * PAGE + len(told["items"])
    # Where not all are counted, there may be more as long as pages are full.
    is_more = told.get("total_at_least", False) and len(told["items"]) == PAGE
    left = {name: told[name] for name in told if name not in _OF_PAGES}
    known = max(total, read + 1) if is_more else total
    return Found({"total": total, **left}, "items", (page - 1) * PAGE, known)


_OF_PAGES = frozenset({"page", "page_size", "total_pages", "next_cursor", "total"})


async def _cluster_status(inner: Inner, asked: tools.OfCluster) -> Found:
    path = f"/clusters/{asked.cluster_id}"
    return Found({"cluster": await inner.get(path), "health": await inner.get(f"{path}/status")})


async def _fleet_summary(inner: Inner, asked: tools.OfNothing) -> Found:
    return Found(await inner.get("/fleet/summary"))


def _now(inner: Inner) -> Mapping[str, Any]:
    """The end of a time that was asked for without one."""
    return {"end_time": inner.clock.now().isoformat()}


async def _metrics(inner: Inner, asked: tools.QueryMetrics) -> Found:
    now = _now(inner)
    body = {
        "query": asked.query,
        "cluster_ids": asked.cluster_ids,
        "end_time": asked.end_time,
    }
    if asked.start_time is None:
        told = await inner.post("/metrics/query", body)
    else:
        body |= {"start_time": asked.start_time, "step": asked.step}
        told = await inner.post("/metrics/query_range", body)
    every = [(cluster, each) for cluster in told["results"] for each in _results(cluster)]
    if len(told["results"]) > 1 and not _ORDERED.search(asked.query):
        # No cluster goes before the others: what is told before the rest has no room any more is
        # what is highest.
        every.sort(key=lambda each: -_level(each[1]))
    # Summed up are those that may have room: an answer may have ten thousand.
    series = [
        {**{key: of[key] for key in ("cluster_id", "cluster_name") if of.get(key)}, **_series(each)}
        for of, each in every[asked.offset : asked.offset + PAGE]
    ]
    rest = {name: told[name] for name in told if name != "results"}
    longest = max((each["summary"]["points"] for each in series if "summary" in each), default=0)
    data = {"total": len(every), "series": series, **rest}
    cut = _thinned(longest)
    return Found(data, "series", asked.offset, len(every), cut=cut, pinned=now)


_ORDERED = re.compile(r"\b(?:sort\w*|bottomk)\b")
"""An expression that says by itself which series come first."""


def _level(series: Mapping[str, Any]) -> float:
    """Of a series: its last value; below all others if that is no number."""
    points: list[Any] = series.get("values") or [series.get("value") or ()]
    try:
        found = float(points[-1][1])
    except (IndexError, TypeError, ValueError):
        return -inf
    return -inf if isnan(found) else found


def _results(cluster: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Of a cluster: its series; a scalar or string as one without labels."""
    told: Any = cluster.get("data") or []
    entries = cast("list[Any]", told if isinstance(told, list) else [told])
    if all(isinstance(each, dict) for each in entries):
        return entries
    return [{"value": entries}]


def _series(told: Mapping[str, Any]) -> dict[str, Any]:
    """Of a range its numbers, and so many points that its shape shows."""
    values = told.get("values")
    if not values:
        return dict(told)
    numbers = [float(value) for _, value in values]
    rest = {name: told[name] for name in told if name != "values"}
    return {**rest, "summary": _summary(numbers), "values": values[:: _every(len(values))]}


def _summary(numbers: list[float]) -> dict[str, Any]:
    """Of those that are finite: JSON has no others, and one of them would be all of a mean."""
    finite = [each for each in numbers if isfinite(each)]
    summary: dict[str, Any] = {"points": len(numbers)}
    if len(finite) < len(numbers):
        summary["not_finite"] = len(numbers) - len(finite)
    if finite:
        summary |= {"first": finite[0], "last": finite[-1], "min": min(finite), "max": max(finite)}
        with suppress(OverflowError):  # Together more than there are numbers for.
            summary["mean"] = fmean(finite)
    return summary


def _every(points: int) -> int:
    """Each of how many is shown."""
    return max(1, -(-points // _POINTS))


def _thinned(points: int) -> tuple[Cut, ...]:
    """What is said of it."""
    every = _every(points)
    if every == 1:
        return ()
    return (Cut(path="series[].values", shown=-(-points // every), of=points, unit="points"),)


async def _labels(inner: Inner, asked: tools.GetMetricLabels) -> Found:
    name = asked.label_name
    path = "/metrics/labels" if name is None else f"/metrics/label/{_segment(name)}/values"
    return _listed(await inner.get(path, {"cluster_id": asked.cluster_ids}), "data")


async def _traces(inner: Inner, asked: tools.SearchTraces) -> Found:
    body = asked.model_dump(mode="json", exclude={"offset"})
    return _listed(await inner.post("/traces/search", body), "traces", _now(inner))


async def _trace(inner: Inner, asked: tools.GetTrace) -> Found:
    return await _pages(inner, f"/traces/{asked.trace_id}/spans", {}, asked.offset)


async def _logs(inner: Inner, asked: tools.QueryLogs) -> Found:
    body = asked.model_dump(mode="json", exclude={"offset"})
    return _listed(await inner.post("/logs/query_range", body), "entries", _now(inner))


async def _gpu_summary(inner: Inner, asked: tools.OfClusters) -> Found:
    return Found(await inner.get("/gpu/summary", {"cluster_id": asked.cluster_ids}))


async def _anomalies(inner: Inner, asked: tools.DetectAnomalies) -> Found:
    body = asked.model_dump(mode="json", exclude={"offset"})
    return _listed(await inner.post("/analysis/anomaly", body), "series")


async def _root_cause(inner: Inner, asked: tools.AnalyzeRootCause) -> Found:
    body = asked.model_dump(mode="json", exclude={"start_time", "end_time"})
    body |= {"start": asked.start_time, "end": asked.end_time}
    try:
        made = await inner.post("/analysis/rca", body)
    except Refused as error:
        if error.code is not Code.PERMISSION_DENIED or asked.incident_id is None:
            raise
        refused = error
    else:
        # It takes long: what there is then is a command, and no analysis yet.
        return Found(made if "causes" in made else {"state": "PENDING", "text": _PENDING})
    # Who may only read is shown what has been found already.
    query = {"incident_id": asked.incident_id, "page_size": 1}
    newest = (await inner.get("/analysis/rca", query))["items"]
    if not newest:
        raise refused
    return Found(await inner.get(f"/analysis/rca/{newest[0]['id']}"))


_SEALED = frozenset(each.names.public for each in get_args(ChatEvent))
_OTHERS = tuple(each.names.public for each in EVENTS if each.names.public not in _SEALED)


async def _events(inner: Inner, asked: tools.GetEventHistory) -> Found:
    query = {
        # What was said in chats nobody can read, and who asks what happened has just asked that.
        "event_type": _OTHERS if asked.entity_type is None else None,
        "entity_type": asked.entity_type,
        "entity_id": asked.entity_id,
        "cluster_id": asked.cluster_id,
        "from": asked.start_time,
        "to": asked.end_time,
        "order": "desc",
        "limit": PAGE,
        "cursor": asked.cursor,
    }
    told = await inner.get("/events", query)
    for each in told["items"]:
        if each.get("event_type") in _SEALED:
            each["payload"] = None  # Nobody can read it, and it would fill the answer.
    following = told.pop("next_cursor", None)
    return Found(told, "items", after={"cursor": following} if following else {})


async def _as_of(inner: Inner, asked: tools.GetStateAsOf) -> Found:
    moment: Query = {"as_of": asked.time}
    few: Query = {**moment, "page_size": 20}
    incidents, alerts = await inner.get("/incidents", few), await inner.get("/alerts", few)
    return Found(
        {
            "time": asked.time.isoformat(),
            "fleet": await inner.get("/fleet/summary", moment),
            "incidents": {key: incidents[key] for key in ("total", "items")},
            "alerts": {key: alerts.get(key) for key in ("total", "by_severity", "items")},
        }
    )


def _listed(told: Any, name: str, pinned: Mapping[str, Any] | None = None) -> Found:
    """An answer that is whole: there is no more than its list."""
    data = cast("dict[str, Any]", told if isinstance(told, dict) else {name: told})
    return Found(data, name, 0, len(data.get(name) or ()), pinned=pinned or {})


def _segment(name: str) -> str:
    if not name.replace("_", "").isalnum() or not name.isascii():
        raise Refused(Code.VALIDATION_FAILED, "label_name must be a name as Prometheus has them")
    return name


READS: Mapping[str, Read] = {
    "list_clusters": _paged("/clusters"),
    "get_cluster_status": _cluster_status,
    "get_fleet_summary": _fleet_summary,
    "query_metrics": _metrics,
    "get_metric_labels": _labels,
    "search_traces": _traces,
    "get_trace": _trace,
    "query_logs": _logs,
    "list_alerts": _paged("/alerts"),
    "get_gpu_nodes": _paged("/gpu/nodes", whole="gpus"),
    "get_gpu_processes": _paged("/gpu/processes"),
    "get_gpu_summary": _gpu_summary,
    "get_cnf_workloads": _paged("/cnf/workloads"),
    "get_ptp_status": _paged("/cnf/ptp/status"),
    "get_dpdk_stats": _paged("/cnf/dpdk/stats"),
    "get_sriov_status": _paged("/cnf/sriov/status"),
    "detect_anomalies": _anomalies,
    "analyze_root_cause": _root_cause,
    "list_incidents": _paged("/incidents"),
    "get_event_history": _events,
    "get_state_as_of": _as_of,
}
"""By the tool's name."""
