"""Which tools are called with which arguments. Pure."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from contracts.envelope import rfc3339
from contracts.rca import LONGEST_WINDOW
from services.chat.analyst.asking import Asked, Thing
from services.chat.analyst.expressions import MEASURES, Language, measures, traceql
from services.chat.analyst.knowing import Known, Scope
from services.chat.analyst.log_lines import Meant, logql
from services.chat.analyst.times import step
from services.chat.analyst.topics import OTHERWISE, SUMMARY, TOPICS, Topic

Wanted = tuple[str, dict[str, Any]]
"""A tool, and its arguments."""

_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
_SEARCHED = timedelta(hours=3)
"""Where anomalies are looked for: detectors have to learn first what is usual."""
_LABEL = re.compile(r"\blabel\s+(?:called |named |of )?[\"']?([a-z_][a-z0-9_]*)\b")
_NO_LABEL = ("of", "in", "on", "for", "value", "values", "name", "names")
_MOST_CLUSTERS = 3
"""Whose status is asked for one by one."""


@dataclass(frozen=True, slots=True)
class Asking:
    """All that calls are made of."""

    asked: Asked
    scope: Scope
    known: Known
    now: datetime

    @property
    def clusters(self) -> tuple[UUID, ...]:
        """Those that the question names; else those of the chat."""
        named = (*self.known.ids_of(Thing.CLUSTER), *self.known.resolved().values())
        return tuple(dict.fromkeys(named)) or self.scope.clusters

    @property
    def of_clusters(self) -> dict[str, Any]:
        """As an argument."""
        some = [str(each) for each in self.clusters[:100]]
        return {"cluster_ids": some} if some else {}

    @property
    def of_cluster(self) -> dict[str, Any]:
        """The same, where a tool takes one."""
        return {"cluster_id": str(self.clusters[0])} if len(self.clusters) == 1 else {}

    def span(self, usual: timedelta) -> dict[str, Any]:
        """The time that is asked about, or as long back as is usual."""
        start, end = self.asked.when.span(self.now, usual)
        return {"start_time": rfc3339(start), "end_time": rfc3339(max(end, start))}

    def span_if_named(self) -> dict[str, Any]:
        """Nothing where no time is named."""
        return self.span(_HOUR) if self.asked.when.is_past else {}


def of_topic(topic: Topic, asking: Asking) -> list[Wanted]:
    """What is called for a topic, of what may be."""
    told, allowed = TOPICS[topic], asking.scope.tools
    first = [each for each in told.tools if each in allowed][:1]
    names = first or [each for each in told.instead if each in allowed]
    if topic is Topic.CAUSE and first:
        return _for_cause(asking)
    calls = [(name, made) for name in names for made in _MAKERS[name](asking)]
    if topic is Topic.METRICS and not calls and "get_metric_labels" in allowed:
        calls = [("get_metric_labels", made) for made in _labels(asking)]
    return [*calls, *_besides(topic, asking)]


def summary(asking: Asking) -> list[Wanted]:
    """What tells most where nothing was understood."""
    allowed = asking.scope.tools
    names = [each for each in SUMMARY if each in allowed]
    names = names or [each for each in OTHERWISE if each in allowed][:2]
    return [(name, made) for name in names for made in _MAKERS[name](asking)]


def _besides(topic: Topic, asking: Asking) -> list[Wanted]:
    """What belongs to it."""
    names = ()
    if topic is Topic.CLUSTER:
        names = ("list_incidents", "list_alerts")
    elif topic is Topic.CLUSTERS and asking.asked.has("unhealthy", "healthy", "health", "many"):
        names = ("get_fleet_summary",)
    return [
        (name, made)
        for name in names
        if name in asking.scope.tools
        for made in _MAKERS[name](asking)
    ]


def _for_cause(asking: Asking) -> list[Wanted]:
    """The analysis, where it is known of what; else what there is to be analysed."""
    kinds = {Thing.INCIDENT: "incident_id", Thing.ALERT: "alert_id", Thing.ANOMALY: "anomaly_id",
             Thing.UNKNOWN: "incident_id"}  # fmt: skip
    given = [(kinds[kind], str(id_)) for kind, id_ in asking.asked.ids if kind in kinds]
    if given:
        return [("analyze_root_cause", dict([each])) for each in given[:2]]
    if asking.of_cluster and asking.asked.when.is_past:
        return [("analyze_root_cause", of_window(asking))]
    calls = [
        (name, made)
        for name in ("list_incidents", "list_alerts")
        if name in asking.scope.tools
        for made in _MAKERS[name](asking)
    ]
    if asking.asked.when.is_past and "get_event_history" in asking.scope.tools:
        entity = {"entity_type": "incident", **asking.of_cluster, **asking.span(_DAY)}
        calls.append(("get_event_history", entity))
    return calls


def of_window(asking: Asking) -> dict[str, Any]:
    """Of all that was wrong with a cluster in a time."""
    start, end = asking.asked.when.span(asking.now, _HOUR)
    start = max(start, end - LONGEST_WINDOW)
    return {**asking.of_cluster, "start_time": rfc3339(start), "end_time": rfc3339(end)}


def _filters(**filters: object) -> dict[str, Any]:
    return {name: str(value) for name, value in filters.items() if value is not None}


def _clusters(asking: Asking) -> Iterable[dict[str, Any]]:
    asked = asking.asked
    kinds = _filters(environment=asked.environment, cluster_type=asked.cluster_type)
    if asked.has("unhealthy", "wrong", "broken", "problem", "issue", "failing", "down"):
        return [{**kinds, "state": state} for state in ("OFFLINE", "DEGRADED")]
    return [{**kinds, **_filters(state=asked.cluster_state)}]


def _status(asking: Asking) -> Iterable[dict[str, Any]]:
    return [{"cluster_id": str(each)} for each in asking.clusters[:_MOST_CLUSTERS]]


def _nothing(_: Asking) -> Iterable[dict[str, Any]]:
    return [{}]


_DRAWN = ("plot", "chart", "graph", "curve")
"""What is to be seen over a time, whether one is named or not."""


def _metrics(asking: Asking) -> Iterable[dict[str, Any]]:
    when, found = asking.asked.when, _queries(asking)
    time: dict[str, Any] = {}
    if when.start is not None or (when.at is None and asking.asked.has(*_DRAWN)):
        start, end = when.span(asking.now, _HOUR)
        time = {**asking.span(_HOUR), "step": step(start, end)}
    elif when.at is not None:
        time = {"end_time": rfc3339(when.at)}
    return [{"query": each, **asking.of_clusters, **time} for each in found]


def _queries(asking: Asking) -> list[str]:
    asked = asking.asked
    given = [text for language, text in asked.expressions if language is Language.PROMQL]
    if given:
        return given
    known = asked.words.known
    of_gpus = bool(known & TOPICS[Topic.GPUS].words)
    of_clocks = bool(known & (TOPICS[Topic.PTP].words - {"locked"}))
    return [each.query for each in measures(known, of_gpus=of_gpus, of_clocks=of_clocks)]


def _labels(asking: Asking) -> Iterable[dict[str, Any]]:
    found = [each for each in _LABEL.findall(asking.asked.words.text) if each not in _NO_LABEL]
    by_name = Topic.LABELS not in asking.asked.topics
    name = "__name__" if by_name else next(iter(found), None)
    return [{**_filters(label_name=name), **asking.of_clusters}]


def _anomalies(asking: Asking) -> Iterable[dict[str, Any]]:
    start, end = asking.asked.when.span(asking.now, _SEARCHED)
    every = step(start, end).replace("1d", "24h")
    queries = _queries(asking) or [MEASURES["cpu"].query]
    time = {"start_time": rfc3339(start), "end_time": rfc3339(end), "step": every}
    return [{"query": each, **asking.of_clusters, **time} for each in queries[:2]]


def _traces(asking: Asking) -> Iterable[dict[str, Any]]:
    asked = asking.asked
    time = {**asking.of_clusters, **asking.span_if_named()}
    given = [text for language, text in asked.expressions if language is Language.TRACEQL]
    if given:
        return [{"traceql": each, **time} for each in given]
    service = next(iter(_subjects(asking)), None)
    failed = asked.has("error", "failed", "failing")
    query = traceql(service, failed=failed, least_ms=asked.least_ms)
    if query is not None:
        return [{"traceql": query, **time}]
    least = {} if asked.least_ms is None else {"min_duration_ms": asked.least_ms}
    return [{**_filters(service_name=service), **least, **time}]


def _subjects(asking: Asking) -> list[str]:
    clusters = asking.known.resolved()
    return [each for each in asking.asked.subjects if each not in clusters]


def _trace(asking: Asking) -> Iterable[dict[str, Any]]:
    return [{"trace_id": each} for each in asking.asked.trace_ids[:2]]


def log_ways(asking: Asking) -> list[dict[str, Any]]:
    """Ways to ask for the lines that are meant, one after the other until some are found."""
    asked = asking.asked
    given = [text for language, text in asked.expressions if language is Language.LOGQL]
    ways = given[:1] or logql(_whose_lines(asking), asked.texts, asked.words.known)
    return [{"query": each, **asking.of_clusters, **asking.span_if_named()} for each in ways]


def _whose_lines(asking: Asking) -> Meant:
    asked, subjects = asking.asked, _subjects(asking)
    inside = [each for each in subjects if each in asked.inside]
    things = [each for each in subjects if each not in inside]
    pod = asked.named.get("pod")
    return Meant(things, inside, of_pods=pod is not None and things == [pod])


def _alerts(asking: Asking) -> Iterable[dict[str, Any]]:
    asked = asking.asked
    state = _filters(state=asked.alert_state, severity=asked.severity)
    return [{**asking.of_clusters, **state}]


def _incidents(asking: Asking) -> Iterable[dict[str, Any]]:
    asked = asking.asked
    state = _filters(state=asked.incident_state, severity=asked.severity)
    return [{**asking.of_clusters, **state}]


def _gpus(asking: Asking) -> Iterable[dict[str, Any]]:
    return [{**asking.of_clusters, **_filters(node_name=asking.known.node())}]


def _processes(asking: Asking) -> Iterable[dict[str, Any]]:
    namespace = asking.asked.named.get("namespace")
    return [{**part, **_filters(namespace=namespace)} for part in _gpus(asking)]


def _of_clusters(asking: Asking) -> Iterable[dict[str, Any]]:
    return [asking.of_clusters]


def _workloads(asking: Asking) -> Iterable[dict[str, Any]]:
    return [{**asking.of_clusters, **_filters(cnf_type=asking.asked.cnf_type)}]


def _ports(asking: Asking) -> Iterable[dict[str, Any]]:
    return [{**asking.of_cluster, **_filters(pod_name=asking.asked.named.get("pod"))}]


def _history(asking: Asking) -> Iterable[dict[str, Any]]:
    time = asking.span(_DAY)
    for kind in (Thing.INCIDENT, Thing.ANOMALY):
        for id_ in asking.known.ids_of(kind)[:1]:
            return [{"entity_type": str(kind), "entity_id": str(id_)}]
    return [{"entity_type": "incident", **asking.of_cluster, **time}, {**asking.of_cluster, **time}]


def _as_of(asking: Asking) -> Iterable[dict[str, Any]]:
    start, _ = asking.asked.when.span(asking.now, _HOUR)
    return [{"time": rfc3339(asking.asked.when.at or start)}]


_MAKERS: Mapping[str, Callable[[Asking], Iterable[dict[str, Any]]]] = {
    "list_clusters": _clusters,
    "get_cluster_status": _status,
    "get_fleet_summary": _nothing,
    "query_metrics": _metrics,
    "get_metric_labels": _labels,
    "search_traces": _traces,
    "get_trace": _trace,
    "query_logs": lambda asking: log_ways(asking)[:1],
    "list_alerts": _alerts,
    "get_gpu_nodes": _gpus,
    "get_gpu_processes": _processes,
    "get_gpu_summary": _of_clusters,
    "get_cnf_workloads": _workloads,
    "get_ptp_status": _gpus,
    "get_dpdk_stats": _ports,
    "get_sriov_status": _gpus,
    "detect_anomalies": _anomalies,
    "list_incidents": _incidents,
    "get_event_history": _history,
    "get_state_as_of": _as_of,
}
"""Arguments of each call of a tool."""
