"""A small fleet, and what each tool tells of it: filtered and cut as the real ones do.

The expected figures of the recorded questions come from the rows of a `World`, never from an
answer: over a real hub its rows are read from REST instead (`read`), and the same questions hold.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from contracts.chat import ToolStatus
from contracts.conversing import WantedCall
from contracts.tools import TOOLS, ToolAnswer
from gateway.tools.cutting import fitted, lean
from services.chat.steps import Answered, Round
from tests.services.chat import rows, rows_measured as measured
from tests.services.chat.rows import EDGE, PROD, SHOP, Row, ago

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
NODE, CAUSE = "worker-3", "node/worker-3"
METRIC = "node_load1"
VALUES = {PROD: 3.25, SHOP: 17.5}
"""Of each series that is asked for, by cluster."""
LINES = ("payment 17 failed: upstream connect error", "payment 18 failed: deadline exceeded")
Get = Callable[[str, Mapping[str, Any]], Awaitable[Any]]
"""A read of the REST API: a path and its parameters."""


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
        return next(each for each in self.incidents if each["severity"] == "CRITICAL")

    def names(self) -> dict[str, str]:
        """What stands in the questions in braces."""
        ill = self.worst()["clusters"][0]
        well = next(each for each in self.clusters if each["status"]["state"] == "ONLINE")
        return {
            "well": well["name"],
            "well_id": well["id"],
            "ill": ill["name"],
            "ill_id": ill["id"],
            "node": self.worst()["where"][0].rpartition("/")[2],
            "gpu_node": self.gpu_nodes[0]["node_name"],
            "du_node": self.clocks[0]["node_name"],
            "incident": self.worst()["id"],
            "beginning": self.worst()["id"][:8],
            "trace": TRACE,
        }

    def answered(self, call: WantedCall) -> Answered:
        """What a tool says, as the runner of tools would have it said."""
        given = call.arguments or {}
        if call.name in self.errors:
            status, code, text = self.errors[call.name]
            return Answered(call.id, call.name, given, status, code, None, text)
        TOOLS[call.name].arguments.model_validate(given)
        data, main = _TOLD[call.name](self, given)
        told, cut = fitted(lean(data), main)
        shown, total = len(told.get(main) or ()) if main else 0, len(data.get(main) or ())
        offset = given.get("offset", 0)
        following = {**given, "offset": offset + shown} if shown < total else None
        answer = ToolAnswer(tool=call.name, data=told, cut=cut, next=following)
        return Answered(call.id, call.name, given, ToolStatus.SUCCESS, None, answer, "")

    def round(self, calls: Sequence[WantedCall]) -> Round:
        """All calls, and what came of them."""
        return Round(tuple(calls), tuple(self.answered(each) for each in calls))


def planted() -> World:
    """The fleet of `rows`."""
    node_down = rows.incident("KubeNodeNotReady and 7 more", "CRITICAL", SHOP, CAUSE, 8)
    slow = rows.incident("PtpClockOffset and 1 more", "WARNING", EDGE, "node/du-node-1", 2)
    opened: Row = {"incident": node_down, "added": []}
    hot = measured.gpu(2, temperature_celsius=91.0, raised=["TEMPERATURE"], xid=79,
                   last_xid={"xid": 79, "description": "off the bus", "at": ago(30)})  # fmt: skip
    idle = measured.gpu(
        1, utilization_gpu_percent=0.0, power_draw_watts=71.5, idle=True, wasted=True
    )
    return World(
        clusters=[
            rows.cluster(PROD, "ONLINE", 97),
            rows.cluster(SHOP, "DEGRADED", 61),
            rows.cluster(EDGE, "OFFLINE", 12, cluster_type="EDGE"),
        ],
        alerts=[
            rows.alert("KubeNodeNotReady", "CRITICAL", SHOP, 55, node=NODE),
            rows.alert("KubePodCrashLooping", "WARNING", SHOP, 50, namespace="shop", pod="cart-0"),
            rows.alert("KubePodNotReady", "WARNING", SHOP, 48, namespace="shop", pod="cart-1"),
            rows.alert("PtpClockOffset", "WARNING", EDGE, 30, node="du-node-1"),
            rows.alert("Watchdog", "INFO", PROD, 9_000),
        ],
        incidents=[node_down, slow],
        analyses={
            node_down["id"]: rows.analysis(node_down, CAUSE, 0.92, is_known=True),
            slow["id"]: rows.analysis(slow, "clock/du-node-1/ens1f0", 0.41, is_known=False),
        },
        gpu_nodes=[
            measured.gpu_node("gpu-worker-1", measured.gpu(0), idle),
            measured.gpu_node("gpu-worker-2", hot, measured.gpu(3, power_draw_watts=655.0)),
        ],
        processes=[
            measured.gpu_process("gpu-worker-1", 0, "llm-0", 61_003),
            measured.gpu_process("gpu-worker-2", 2, "embed-1", 20_480),
        ],
        workloads=[
            measured.workload("du-0", "VDU", "RUNNING", 0),
            measured.workload("upf-1", "UPF", "RUNNING", 2),
            measured.workload("amf-2", "AMF", "FAILED", 14, reason="CrashLoopBackOff"),
        ],
        clocks=[
            measured.clock("du-node-1", "ens1f0", "HOLDOVER", 1_480.0),
            measured.clock("du-node-2", "ens2f0", "LOCKED", -4.0),
        ],
        ports=[
            measured.port("upf-1", "0", 120_000.5, 37.5),
            measured.port("du-0", "1", 90_000.0, 0.0),
        ],
        functions=[
            measured.functions("du-node-1", "openshift.io/du_fronthaul", 8, 8),
            measured.functions("du-node-2", "openshift.io/du_fronthaul", 3, 16),
        ],
        traces=[
            rows.trace(TRACE, "checkout", 2_345.6, failed=True),
            rows.trace("a" * 32, "checkout", 120.0, failed=False),
        ],
        spans=[
            rows.span("checkout", 2_345.6, "OK"),
            rows.span("payments", 2_101.5, "ERROR"),
            rows.span("stock", 12.0, "OK"),
        ],
        events=[
            rows.event(4720, "INCIDENT_OPENED", SHOP, 54, opened),
            rows.event(4711, "ALERT_FIRED", SHOP, 55, {"alert": {"alertname": "KubeNodeNotReady"}}),
            rows.event(4699, "CLUSTER_STATUS_CHANGED", SHOP, 56,
                       {"old_state": "ONLINE", "new_state": "DEGRADED", "reason": "502"}),
        ],
    )  # fmt: skip


async def read(get: Get) -> World:
    """The world of a real hub: whatever can be read by REST of it, page by page."""

    async def every(path: str) -> list[Row]:
        found, page = list[Row](), 1
        while True:
            told = await get(path, {"page": page, "page_size": 100})
            found += told["items"]
            if page >= told["total_pages"]:
                return found
            page += 1

    return World(
        clusters=await every("/clusters"),
        alerts=await every("/alerts"),
        incidents=await every("/incidents"),
        gpu_nodes=await every("/gpu/nodes"),
        processes=await every("/gpu/processes"),
        workloads=await every("/cnf/workloads"),
        clocks=await every("/cnf/ptp/status"),
        ports=await every("/cnf/dpdk/stats"),
        functions=await every("/cnf/sriov/status"),
    )


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
    return {"data": [METRIC, "up", "kube_pod_info"], **_whole()}, "data"


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
    return {"items": kept}, "items"


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
