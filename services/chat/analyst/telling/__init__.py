"""What each tool has told, in words: a function for each, from its data to lines of Markdown."""

from collections.abc import Callable, Mapping

from services.chat.analyst.reading import Json
from services.chat.analyst.telling import (
    alerts,
    clusters,
    cnf,
    events,
    gpu,
    incidents,
    logs,
    metrics,
)
from services.chat.analyst.telling.said import View

TELLERS: Mapping[str, Callable[[Json, View], list[str]]] = {
    "list_clusters": clusters.clusters,
    "get_cluster_status": clusters.status,
    "get_fleet_summary": clusters.fleet,
    "query_metrics": metrics.series,
    "get_metric_labels": metrics.names,
    "search_traces": logs.traces,
    "get_trace": logs.spans,
    "query_logs": logs.lines,
    "list_alerts": alerts.alerts,
    "get_gpu_nodes": gpu.nodes,
    "get_gpu_processes": gpu.processes,
    "get_gpu_summary": gpu.figures,
    "get_cnf_workloads": cnf.workloads,
    "get_ptp_status": cnf.clocks,
    "get_dpdk_stats": cnf.ports,
    "get_sriov_status": cnf.functions,
    "detect_anomalies": metrics.anomalies,
    "analyze_root_cause": incidents.cause,
    "list_incidents": incidents.incidents,
    "get_event_history": events.history,
    "get_state_as_of": events.as_of,
}
"""By the tool's name."""

__all__ = ["TELLERS", "View"]
