"""Tools: what an assistant may ask the hub. One registry serves chat and MCP.

Each has the rights of whoever asks, and a time; none changes a cluster. Its arguments are a model,
from which its JSON Schema is made; ``stands_for`` is the operation of the REST API that it asks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, Field, model_validator

from contracts.alerts import AlertState, Severity
from contracts.anomalies import Sensitivity
from contracts.clusters import ClusterState, ClusterType, CnfType, Environment
from contracts.envelope import Message
from contracts.incidents import IncidentState

MOST_TOKENS = 4_000
"""Of one answer, unless the caller asks for another size."""
CHARACTERS_OF_TOKEN = 3
"""JSON full of ids and numbers has shorter tokens than prose, and no tokenizer is loaded for it.

Of other letters than Latin ones bytes count: one of them is about a token."""
_LONG = timedelta(seconds=45)
_USUAL = timedelta(seconds=15)

Clusters = Annotated[
    tuple[UUID, ...],
    Field(max_length=100, description="Ids of clusters; none: all that the user may see."),
]
Moment = Annotated[
    AwareDatetime | None, Field(description="RFC 3339 with a time zone, as 2026-01-31T12:00:00Z.")
]
Expression = Annotated[str, Field(min_length=1, max_length=4_000)]
Name = Annotated[str, Field(min_length=1, max_length=253)]


class Arguments(Message):
    """What every tool takes."""

    @model_validator(mode="after")
    def _without_zero(self) -> Self:
        """A database's text cannot hold it."""
        for name, value in self:
            if isinstance(value, str) and "\0" in value:
                raise ValueError(f"{name} must not hold U+0000")
        return self


class Listed(Arguments):
    """What tools take that list something."""

    offset: Annotated[
        int, Field(ge=0, le=100_000, description="How many to leave out: `next` of an answer says.")
    ] = 0


class ListClusters(Listed):
    """Filters of clusters."""

    name: Annotated[Name | None, Field(description="A part of it.")] = None
    environment: Environment | None = None
    cluster_type: ClusterType | None = None
    state: ClusterState | None = None


class OfCluster(Arguments):
    """One cluster."""

    cluster_id: UUID


class OfNothing(Arguments):
    """No arguments."""


class QueryMetrics(Listed):
    """PromQL over clusters, at one time or over a range."""

    query: Annotated[Expression, Field(description="PromQL.")]
    cluster_ids: Clusters = ()
    start_time: Moment = None
    end_time: Annotated[
        Moment, Field(description="With start_time: a range; alone: this time.")
    ] = None
    step: Annotated[str, Field(pattern=r"^[0-9]{1,6}[smhd]$")] = "1m"


class GetMetricLabels(Listed):
    """Names of labels, or the values of one."""

    label_name: Annotated[Name | None, Field(description="Absent: the names of all labels.")] = None
    cluster_ids: Clusters = ()


class SearchTraces(Listed):
    """Filters of traces."""

    cluster_ids: Clusters = ()
    service_name: Name | None = None
    operation_name: Name | None = None
    traceql: Annotated[Expression | None, Field(description="TraceQL, instead of names.")] = None
    min_duration_ms: Annotated[int | None, Field(ge=0, le=86_400_000)] = None
    start_time: Moment = None
    end_time: Moment = None
    limit: Annotated[int, Field(ge=1, le=100)] = 20


class GetTrace(Listed):
    """One trace."""

    trace_id: Annotated[str, Field(pattern=r"^[0-9a-fA-F]{1,32}$")]


class QueryLogs(Listed):
    """LogQL over clusters; the newest lines first."""

    query: Annotated[Expression, Field(description="LogQL that selects lines.")]
    cluster_ids: Clusters = ()
    start_time: Moment = None
    end_time: Moment = None
    limit: Annotated[int, Field(ge=1, le=1_000)] = 100


class ListAlerts(Listed):
    """Filters of alerts."""

    cluster_ids: Clusters = ()
    state: AlertState | None = None
    severity: Severity | None = None


class GetGpuNodes(Listed):
    """Filters of nodes with GPUs."""

    cluster_ids: Clusters = ()
    node_name: Name | None = None


class GetGpuProcesses(Listed):
    """Filters of processes on GPUs."""

    cluster_ids: Clusters = ()
    node_name: Name | None = None
    namespace: Name | None = None


class OfClusters(Arguments):
    """Of some clusters together."""

    cluster_ids: Clusters = ()


class GetCnfWorkloads(Listed):
    """Filters of network functions."""

    cluster_ids: Clusters = ()
    cnf_type: CnfType | None = None


class OfNodes(Listed):
    """Of nodes of some clusters."""

    cluster_ids: Clusters = ()
    node_name: Name | None = None


class GetDpdkStats(Listed):
    """Filters of DPDK ports."""

    cluster_id: UUID | None = None
    pod_name: Name | None = None


class DetectAnomalies(Listed):
    """PromQL whose series are searched for what is unusual."""

    query: Annotated[Expression, Field(description="PromQL.")]
    cluster_ids: Clusters = ()
    start_time: Moment
    end_time: Moment = None
    step: Annotated[str, Field(pattern=r"^\d{1,6}(s|m|h)$")] = "1m"
    sensitivity: Sensitivity = Sensitivity.MEDIUM


class AnalyzeRootCause(Arguments):
    """One of the four: what is to be explained."""

    incident_id: UUID | None = None
    alert_id: UUID | None = None
    anomaly_id: UUID | None = None
    cluster_id: Annotated[UUID | None, Field(description="With start_time and end_time.")] = None
    start_time: Moment = None
    end_time: Moment = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        given = (self.incident_id, self.alert_id, self.anomaly_id, self.cluster_id)
        if sum(each is not None for each in given) != 1:
            raise ValueError("give one of incident_id, alert_id, anomaly_id, cluster_id")
        return self


class ListIncidents(Listed):
    """Filters of incidents."""

    cluster_ids: Clusters = ()
    state: IncidentState | None = None
    severity: Severity | None = None


class GetEventHistory(Listed):
    """What the log tells of something in a time."""

    entity_type: Annotated[Name | None, Field(description="As cluster, alert, incident, gpu.")] = (
        None
    )
    entity_id: Annotated[str | None, Field(min_length=1, max_length=500)] = None
    cluster_id: UUID | None = None
    start_time: Moment = None
    end_time: Moment = None
    cursor: Annotated[
        str | None, Field(max_length=500, description="Where to go on: `next` of an answer says.")
    ] = None


class GetStateAsOf(Arguments):
    """A time in the past."""

    time: AwareDatetime


@dataclass(frozen=True, slots=True)
class Tool:
    """One thing that can be asked."""

    name: str
    text: str
    """What it tells, for the model that chooses."""
    arguments: type[Arguments]
    stands_for: str
    """Operation of the REST API."""
    patience: timedelta = _USUAL
    """So long it is waited for."""
    only_reads: bool = True
    """False: each call has something made anew, and leaves events in the log."""

    @property
    def schema(self) -> dict[str, Any]:
        """JSON Schema of the arguments."""
        return _schema(self.arguments)


@cache
def _schema(arguments: type[Arguments]) -> dict[str, Any]:
    """Made once: it takes a millisecond, and every call of a tool looks at it."""
    return arguments.model_json_schema()


class Cut(Message):
    """Something that was left out of an answer for its size."""

    path: str
    """Where, as ``items``, or ``items[].labels``: of one of them at least, the longest is told."""
    shown: int
    of: int
    unit: Literal["entries", "characters", "points"]


class ToolAnswer(Message):
    """What a tool has told."""

    tool: str
    data: Any
    """JSON, as the operation answers it, without what is empty."""
    cut: tuple[Cut, ...] = ()
    """Empty: nothing was left out."""
    next: Mapping[str, Any] | None = None
    """Arguments that give what follows; null: that was all, or it cannot be paged on."""


_EVERY = (
    Tool("list_clusters", "Clusters of the fleet with state, version and what they can do.",
         ListClusters, "listClusters"),
    Tool("get_cluster_status", "One cluster's health: its API, backends, and why it is not well.",
         OfCluster, "getClusterStatus"),
    Tool("get_fleet_summary", "The whole fleet in numbers: clusters by state, open alerts, GPUs.",
         OfNothing, "getFleetSummary"),
    Tool("query_metrics", "PromQL over all or some clusters: now, at a time, or over a range.",
         QueryMetrics, "queryMetricsRange", _LONG),
    Tool("get_metric_labels", "Names of the labels of metrics, or the values of one label.",
         GetMetricLabels, "listMetricLabels", _LONG),
    Tool("search_traces", "Traces by service, operation, duration or TraceQL; the newest first.",
         SearchTraces, "searchTraces", _LONG),
    Tool("get_trace", "The spans of one trace, over all clusters.", GetTrace, "listSpans", _LONG),
    Tool("query_logs", "Log lines by LogQL over clusters; the newest first.",
         QueryLogs, "queryLogsRange", _LONG),
    Tool("list_alerts", "Alerts with labels and since when; without a state FIRING and PENDING.",
         ListAlerts, "listAlerts"),
    Tool("get_gpu_nodes", "Nodes with GPUs: utilisation, memory, temperature, power, errors.",
         GetGpuNodes, "listGpuNodes"),
    Tool("get_gpu_processes", "Processes on GPUs, with the pods they belong to.",
         GetGpuProcesses, "listGpuProcesses"),
    Tool("get_gpu_summary", "GPUs in numbers: how many, how busy, how hot, what is remarkable.",
         OfClusters, "getGpuSummary"),
    Tool("get_cnf_workloads", "Network functions (DU, CU, UPF, AMF): their state and restarts.",
         GetCnfWorkloads, "listCnfWorkloads"),
    Tool("get_ptp_status", "PTP clocks: state, offset in nanoseconds.", OfNodes, "listPtpStatus"),
    Tool("get_dpdk_stats", "DPDK ports: packets, drops, rates.", GetDpdkStats, "listDpdkStats"),
    Tool("get_sriov_status", "SR-IOV: virtual functions in use and free.",
         OfNodes, "listSriovStatus"),
    Tool("detect_anomalies", "Searches the series of a PromQL query for what is unusual.",
         DetectAnomalies, "detectAnomalies", _LONG),
    Tool("analyze_root_cause",
         "Likely causes, ranked, with evidence: of an incident, alert, anomaly or cluster.",
         AnalyzeRootCause, "analyzeRootCause", _LONG, only_reads=False),
    Tool("list_incidents", "Incidents: alerts that belong together; without a state those open.",
         ListIncidents, "listIncidents"),
    Tool("get_event_history", "What the event log tells of an entity or cluster; the newest first.",
         GetEventHistory, "listEvents"),
    Tool("get_state_as_of", "The fleet as it was at a past time: clusters, incidents, alerts.",
         GetStateAsOf, "getFleetSummary"),
)  # fmt: skip

TOOLS: Mapping[str, Tool] = {each.name: each for each in _EVERY}
"""By name."""
