"""A small fleet, and what each tool tells of it: filtered and cut as the real ones do.

The expected figures of the recorded questions come from the rows of a `World`, never from an
answer: over a real hub its rows are read from REST instead (`live`), and the same questions hold.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from contracts.chat import ToolStatus
from contracts.conversing import WantedCall
from contracts.tools import TOOLS, ToolAnswer
from gateway.tools.cutting import fitted, lean
from gateway.tools.reads import PAGE
from services.chat.steps import Answered, Round
from tests.services.chat import rows, rows_measured as measured
from tests.services.chat.rows import EDGE, NOW, PROD, SHOP, Row

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
NODE, CAUSE = "worker-3", "node/worker-3"
METRICS = ("node_load1", "up", "kube_pod_info")
VALUES = {PROD: 3.25, SHOP: 17.5}
"""Of each series that is asked for, by cluster."""
WORDS = {"service": "checkout", "app": "payments", "cnf": "AMF", "slow_ms": "2000",
         "counter": "amf_registrations_total"}  # fmt: skip
LINES = ("payment 17 failed: upstream connect error", "payment 18 failed: deadline exceeded")


@dataclass
class World:
    """Rows as REST tells them."""

    clusters: list[Row] = field(default_factory=list[Row])
    alerts: list[Row] = field(default_factory=list[Row])
    incidents: list[Row] = field(default_factory=list[Row])
    analyses: dict[str, Row] = field(default_factory=dict[str, Row])
    """By incident."""
    gpu_nodes: list[Row] = field(default_factory=list[Row])
    processes: list[Row] = field(default_factory=list[Row])
    workloads: list[Row] = field(default_factory=list[Row])
    clocks: list[Row] = field(default_factory=list[Row])
    ports: list[Row] = field(default_factory=list[Row])
    functions: list[Row] = field(default_factory=list[Row])
    traces: list[Row] = field(default_factory=list[Row])
    spans: list[Row] = field(default_factory=list[Row])
    events: list[Row] = field(default_factory=list[Row])
    anomalies: list[Row] = field(default_factory=list[Row])
    """Series that were searched."""
    values: list[tuple[str, float]] = field(default_factory=lambda: [*VALUES.items()])
    """Of what is measured, by cluster: the highest first."""
    lines: Sequence[str] = LINES
    metrics: Sequence[str] = METRICS
    """Names of those that there are."""
    past: Row = field(default_factory=dict[str, Any])
    """Of a moment: ``time`` as it is said, how many ``clusters`` and ``alerts`` there were."""
    summary: Row = field(default_factory=dict[str, Any])
    """Of the fleet in numbers."""
    trace: str = TRACE
    """One that has failed."""
    words: Mapping[str, str] = field(default_factory=lambda: WORDS)
    """More that stands in questions in braces."""
    named: Mapping[str, str] = field(default_factory=dict[str, str])
    """What stands there whatever becomes of the rows; empty: by the rows."""
    now: datetime = NOW
    """When it is asked."""
    lasting: timedelta = timedelta(0)
    """How long a turn may take."""
    errors: dict[str, tuple[ToolStatus, str, str]] = field(
        default_factory=dict[str, tuple[ToolStatus, str, str]]
    )
    """Tools that fail: status, code, text."""

    @property
    def gpus(self) -> list[Row]:
        """All of them."""
        return [one for node in self.gpu_nodes for one in node["gpus"]]

    def worst(self) -> Row:
        """The incident that is looked into where none is named."""
        if "incident" in self.named:
            return next(each for each in self.incidents if each["id"] == self.named["incident"])
        bad = [each for each in self.incidents if each["severity"] == "CRITICAL"]
        of = Counter(each["cluster_ids"][0] for each in bad)
        told = {each["labels"].get("node") for each in self.alerts}
        return next(
            each for each in bad if of[each["cluster_ids"][0]] == 1 and _node_of(each) in told
        )

    def names(self) -> dict[str, str]:
        """What stands in the questions in braces."""
        return {**(self.named or self._named()), **self.words}

    def _named(self) -> dict[str, str]:
        ill = self.worst()["clusters"][0]
        well = next(each for each in self.clusters if self._is_well(each))
        return {
            "well": well["name"],
            "well_id": well["id"],
            "ill": ill["name"],
            "ill_id": ill["id"],
            "node": _node_of(self.worst()),
            "gpu_node": self.gpu_nodes[0]["node_name"],
            "du_node": self.clocks[0]["node_name"],
            "vf_node": self.functions[0]["node_name"],
            "incident": self.worst()["id"],
            "beginning": self.worst()["id"][:8],
            "trace": self.trace,
        }

    def _is_well(self, cluster: Row) -> bool:
        """It is, and has GPUs."""
        with_gpus = {each["cluster_id"] for each in self.gpu_nodes}
        return cluster["status"]["state"] == "ONLINE" and cluster["id"] in with_gpus

    def answered(self, call: WantedCall) -> Answered:
        """What a tool says, as the runner of tools would have it said."""
        given = call.arguments or {}
        if call.name in self.errors:
            status, code, text = self.errors[call.name]
            return Answered(call.id, call.name, given, status, code, None, text)
        TOOLS[call.name].arguments.model_validate(given)
        data, main = _TOLD[call.name](self, given)
        whole = "gpus" if call.name == "get_gpu_nodes" else ""
        told, cut = fitted(lean(data), main, whole=whole)
        shown, total = len(told.get(main) or ()) if main else 0, len(data.get(main) or ())
        offset = given.get("offset", 0)
        following = {**given, "offset": offset + shown} if shown < total else None
        if following is None and call.name == "get_event_history":
            following = _next_page(self, given)
        answer = ToolAnswer(tool=call.name, data=told, cut=cut, next=following)
        return Answered(call.id, call.name, given, ToolStatus.SUCCESS, None, answer, "")

    def round(self, calls: Sequence[WantedCall]) -> Round:
        """All calls, and what came of them."""
        return Round(tuple(calls), tuple(self.answered(each) for each in calls))


def _node_of(incident: Row) -> str:
    """The node that it is of; empty if there is none."""
    nodes = [each for each in incident["where"] if each.startswith("node/")]
    return nodes[0].rpartition("/")[2] if nodes else ""


Made = tuple[Row, str]


def _page(found: list[Row], given: Mapping[str, Any], **more: Any) -> Made:
    shown = found[given.get("offset", 0) :]
    return {"total": len(found), **more, "items": shown}, "items"


def _kept(found: list[Row], given: Mapping[str, Any], *names: str) -> list[Row]:
    """Filtered as REST filters: by clusters, and by fields of the same name."""
    clusters = given.get("cluster_ids") or ([given["cluster_id"]] if "cluster_id" in given else [])
    for name in names:
        if given.get(name) is not None:
            found = [each for each in found if each.get(name) == given[name]]
    return [each for each in found if not clusters or each["cluster_id"] in clusters]


def _count(found: list[Row], name: str) -> dict[str, int]:
    return dict(Counter(str(each[name] or "UNKNOWN") for each in found))


def _clusters(world: World, given: Mapping[str, Any]) -> Made:
    state, kind = given.get("state"), given.get("cluster_type")
    found = [each for each in world.clusters if state in (None, each["status"]["state"])]
    found = [each for each in found if given.get("name", "") in each["name"]]
    return _page([each for each in found if kind in (None, each["cluster_type"])], given)


def _status(world: World, given: Mapping[str, Any]) -> Made:
    row = next(each for each in world.clusters if each["id"] == given["cluster_id"])
    return {"cluster": row, "health": rows.health(row)}, ""


def _alerts(world: World, given: Mapping[str, Any]) -> Made:
    found = _kept(world.alerts, given, "state", "severity")
    by = dict.fromkeys(("CRITICAL", "WARNING", "INFO"), 0) | _count(found, "severity")
    return _page(found, given, by_severity=by, total_at_least=False)


def _incidents(world: World, given: Mapping[str, Any]) -> Made:
    wanted = set(given.get("cluster_ids") or ())
    found = [each for each in world.incidents if not wanted or wanted & set(each["cluster_ids"])]
    found = _kept(
        found, {k: v for k, v in given.items() if k != "cluster_ids"}, "state", "severity"
    )
    return _page(
        found, given, by_state=_count(found, "state"), by_severity=_count(found, "severity")
    )


def _cause(world: World, given: Mapping[str, Any]) -> Made:
    return world.analyses.get(given.get("incident_id", ""), {"state": "PENDING", "text": "…"}), ""


def _nodes(world: World, given: Mapping[str, Any]) -> Made:
    return _page(_kept(world.gpu_nodes, given, "node_name"), given)


def _processes(world: World, given: Mapping[str, Any]) -> Made:
    return _page(_kept(world.processes, given, "node_name", "namespace"), given)


def _workloads(world: World, given: Mapping[str, Any]) -> Made:
    found = _kept(world.workloads, given, "cnf_type")
    by_type, by_state = _count(found, "cnf_type"), _count(found, "state")
    return _page(found, given, by_type=by_type, by_state=by_state, missing=[])


def _clocks(world: World, given: Mapping[str, Any]) -> Made:
    found = _kept(world.clocks, given, "node_name")
    unknown = {**rows.of(PROD), "what": "ptp", "reason": "no PTP operator", "last_updated": None}
    return _page(found, given, by_state=_count(found, "clock_state"), missing=[unknown])


def _ports(world: World, given: Mapping[str, Any]) -> Made:
    found = _kept(world.ports, given)
    sums = ("rx_packets_per_second", "tx_packets_per_second", "rx_dropped_per_second")
    totals = {name: sum(each[name] for each in found) for name in sums}
    totals["dropping"] = sum(each["dropping"] for each in found)
    return _page(found, given, totals=totals, missing=[])


def _functions(world: World, given: Mapping[str, Any]) -> Made:
    found = _kept(world.functions, given, "node_name")
    totals = {name: sum(each[name] for each in found)
              for name in ("total_vfs", "allocatable_vfs", "used_vfs", "exhausted")}  # fmt: skip
    return _page(found, given, totals=totals, missing=[])


def _whole(missing: Sequence[Row] = ()) -> Row:
    return {"clusters_queried": 2 + len(missing), "clusters_succeeded": 2, "missing": list(missing),
            "warnings": [], "total_query_time_ms": 12.5}  # fmt: skip


def _gone() -> Row:
    return {**rows.of(EDGE), "code": "CLUSTER_UNREACHABLE", "reason": "no answer in time"}


def _metrics(world: World, given: Mapping[str, Any]) -> Made:
    wanted = given.get("cluster_ids") or [rows.ident(each) for each in VALUES]
    series = list[Row]()
    for name, value in VALUES.items():
        if rows.ident(name) in wanted:
            told: Row = {
                **rows.of(name),
                "metric": {"node": NODE},
                "values": [[1_773_146_700, str(value)]],
            }
            told["summary"] = {
                "points": 61,
                "first": 1.5,
                "last": value,
                "min": 1.25,
                "max": value + 1,
                "mean": 2.75,
            }
            series.append(told)
    return {"total": len(series), "series": series, **_whole([_gone()])}, "series"


def _labels(world: World, given: Mapping[str, Any]) -> Made:
    return {"data": [*world.metrics], **_whole()}, "data"


def _traces(world: World, given: Mapping[str, Any]) -> Made:
    least = given.get("min_duration_ms", 0)
    found = [each for each in world.traces if each["duration_ms"] >= least]
    if "error" in given.get("traceql", ""):
        found = [each for each in found if each["has_errors"]]
    return {"traces": found, **_whole()}, "traces"


def _trace(world: World, given: Mapping[str, Any]) -> Made:
    made, main = _page(world.spans if given["trace_id"] == TRACE else [], given)
    return {**made, **_whole()}, main


def _logs(world: World, given: Mapping[str, Any]) -> Made:
    stream = {"namespace": "payments", "pod": "payments-0"}
    found = [
        {
            **rows.of(SHOP),
            "timestamp": "2026-03-10T12:44:00.123456789Z",
            "stream": stream,
            "message": each,
        }
        for each in LINES
        if "namespace=" in given["query"].replace('"', "").replace("~", "")
    ]
    return {"entries": found, "results": [], **_whole([_gone()])}, "entries"


def _anomalies(world: World, given: Mapping[str, Any]) -> Made:
    end = given.get("end_time", given["start_time"])
    return rows.searched(given["query"], given["start_time"], end), "series"


def _events(world: World, given: Mapping[str, Any]) -> Made:
    found = world.events
    if given.get("entity_type") == "incident":
        found = [each for each in found if each["event_type"].startswith("INCIDENT")]
    kept = [each for each in found if given.get("cluster_id") in (None, each["cluster_id"])]
    first = int(given.get("cursor") or 0)
    return {"items": kept[first : first + PAGE][given.get("offset", 0) :]}, "items"


def _next_page(world: World, given: Mapping[str, Any]) -> Row | None:
    following = int(given.get("cursor") or 0) + PAGE
    after = {**given, "cursor": str(following), "offset": 0}
    return after if _events(world, after)[0]["items"] else None


def _as_of(world: World, given: Mapping[str, Any]) -> Made:
    alerts, _ = _alerts(world, {})
    incidents, _ = _incidents(world, {})
    return {"time": given["time"], "fleet": rows.fleet(world.clusters, len(world.gpus)),
            "incidents": incidents, "alerts": alerts}, ""  # fmt: skip


_TOLD: Mapping[str, Callable[[World, Mapping[str, Any]], Made]] = {
    "list_clusters": _clusters,
    "get_cluster_status": _status,
    "get_fleet_summary": lambda world, _: (rows.fleet(world.clusters, len(world.gpus)), ""),
    "query_metrics": _metrics,
    "get_metric_labels": _labels,
    "search_traces": _traces,
    "get_trace": _trace,
    "query_logs": _logs,
    "list_alerts": _alerts,
    "get_gpu_nodes": _nodes,
    "get_gpu_processes": _processes,
    "get_gpu_summary": lambda world, _: (measured.gpu_summary(world.gpu_nodes), ""),
    "get_cnf_workloads": _workloads,
    "get_ptp_status": _clocks,
    "get_dpdk_stats": _ports,
    "get_sriov_status": _functions,
    "detect_anomalies": _anomalies,
    "analyze_root_cause": _cause,
    "list_incidents": _incidents,
    "get_event_history": _events,
    "get_state_as_of": _as_of,
}
