"""What a question can be about: its words, and the tools that tell of it. Data."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from contracts.personas import BUILT_IN


class Topic(StrEnum):
    """In the words of the answer."""

    FLEET = "the fleet as a whole"
    CLUSTERS = "clusters"
    CLUSTER = "a cluster's health"
    ALERTS = "alerts"
    INCIDENTS = "incidents"
    CAUSE = "root causes"
    GPUS = "GPUs"
    GPU_FIGURES = "GPUs in figures"
    GPU_PROCESSES = "processes on GPUs"
    WORKLOADS = "network functions"
    PTP = "PTP clocks"
    DPDK = "DPDK ports"
    SRIOV = "SR-IOV"
    METRICS = "metrics"
    LABELS = "names of metrics and labels"
    ANOMALIES = "anomalies"
    LOGS = "logs"
    TRACES = "traces"
    TRACE = "a trace"
    HISTORY = "what has happened"
    AS_OF = "the past"


@dataclass(frozen=True, slots=True)
class Told:
    """Which tools tell of a topic."""

    tools: tuple[str, ...]
    """The first that is allowed is asked."""
    instead: tuple[str, ...] = ()
    """Without any of these: all that are allowed, and it is said that they tell less."""
    words: frozenset[str] = frozenset()
    """One of them, and it is about this."""


def _told(tools: str, words: str = "", instead: str = "") -> Told:
    return Told(tuple(tools.split()), tuple(instead.split()), frozenset(words.split()))


TOPICS: Mapping[Topic, Told] = {
    Topic.FLEET: _told("get_fleet_summary", "fleet overview summary", "list_clusters"),
    Topic.CLUSTERS: _told("list_clusters", "cluster", "get_fleet_summary"),
    Topic.CLUSTER: _told("get_cluster_status", "", "list_clusters"),
    Topic.ALERTS: _told("list_alerts", "alert alarm firing pending paging pager", "list_incidents"),
    Topic.INCIDENTS: _told("list_incidents", "incident outage", "list_alerts"),
    Topic.CAUSE: _told("analyze_root_cause", "why cause rca", "list_incidents list_alerts"),
    Topic.GPUS: _told(
        "get_gpu_nodes",
        "gpu gpus nvidia cuda xid mig vram throttling throttled a100 h100 h200 l40s nvlink dcgm",
    ),
    Topic.GPU_FIGURES: _told("get_gpu_summary get_gpu_nodes"),
    Topic.GPU_PROCESSES: _told("get_gpu_processes", "", "get_gpu_nodes"),
    Topic.WORKLOADS: _told(
        "get_cnf_workloads",
        "cnf vdu vcu du cu upf amf smf ran 5g workload gnb gnodeb subscriber",
    ),
    Topic.PTP: _told(
        "get_ptp_status", "ptp clock offset grandmaster holdover freerun locked sync ptp4l phc2sys"
    ),
    Topic.DPDK: _told("get_dpdk_stats", "dpdk packet"),
    Topic.SRIOV: _told("get_sriov_status", "sriov sr-iov vf vfs virtual"),
    Topic.METRICS: _told("query_metrics", "metric promql prometheus graph chart plot curve"),
    Topic.LABELS: _told("get_metric_labels", "label"),
    Topic.ANOMALIES: _told(
        "detect_anomalies", "anomaly anomalous unusual strange weird abnormal outlier odd spike"
    ),
    Topic.LOGS: _told("query_logs", "log logql loki logged stderr stdout"),
    Topic.TRACES: _told("search_traces", "trace span latency tempo traceql"),
    Topic.TRACE: _told("get_trace", "", "search_traces"),
    Topic.HISTORY: _told(
        "get_event_history",
        "happened happen history event changed timeline audit",
        "list_incidents list_alerts",
    ),
    Topic.AS_OF: _told("get_state_as_of", "", "get_event_history"),
}

SUMMARY = ("get_fleet_summary", "list_incidents", "list_alerts")
"""Asked where nothing was understood."""
OTHERWISE = ("get_gpu_summary", "get_cnf_workloads", "get_ptp_status", "list_clusters")
"""Asked where none of the summary is allowed."""

_MEASURES = (
    "cpu load memory ram disk filesystem storage network bandwidth restart crashloop unready down"
    " target utilization utilisation usage"
)
_MORE = (
    "temp temperature hot hottest heat power watt idle wasted busy process pod node namespace"
    " error critical warning info resolved acknowledged open offline degraded online unknown"
    " unhealthy healthy health status production staging development lab edge hub spoke far-edge"
    " slow slowest service reason root severity silenced top highest capacity drop dropped"
    " timeout panic exception fatal failed crash crashing wrong broken issue problem failing"
    " model using holding help throughput many"
)
VOCABULARY: frozenset[str] = frozenset(
    [*_MEASURES.split(), *_MORE.split(), *(word for told in TOPICS.values() for word in told.words)]
)


def having(tools: Iterable[str]) -> list[str]:
    """Names of the built-in personas that may call one of the tools."""
    wanted = set(tools)
    return [each.name for each in BUILT_IN.values() if wanted & set(each.capabilities)]
