"""Shapes of what is asked and answered about logs, for the OpenAPI document.

A test reads real answers through these models.
"""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from contracts.envelope import Message, Timestamp
from contracts.telemetry import Direction, Text
from gateway.federation.outcome import Status
from gateway.rest.documented_metrics import NO_FLAG, ClusterIds, ClusterMissing


class LogQuery(Message):
    """LogQL for some clusters, or for every one that has a Loki and is not OFFLINE."""

    query: Text
    cluster_ids: ClusterIds = ()
    start_time: Timestamp | None = None
    """An hour before the end, if it is left out."""
    end_time: Timestamp | None = None
    """Now, if it is left out."""
    limit: Annotated[int, Field(ge=1, le=5_000), NO_FLAG] = 100
    """Lines over all clusters."""
    direction: Direction = Direction.BACKWARD


class LogRangeQuery(LogQuery):
    """LogQL that may make metrics of lines, in steps."""

    step: Annotated[str, Field(pattern=r"^0*[1-9][0-9]{0,6}[smhdw]$")] = "1m"


class Whole(Message):
    """How whole an answer of several clusters is."""

    clusters_queried: int
    clusters_succeeded: int
    missing: list[ClusterMissing]
    warnings: list[str]
    """What the backends say of their answers, each with the name of its cluster."""
    total_query_time_ms: float


class LogLine(Message):
    """A log line."""

    cluster_id: UUID
    cluster_name: str
    timestamp: str = Field(json_schema_extra={"format": "date-time"})
    """RFC 3339 with nanoseconds."""
    stream: dict[str, str]
    message: str


class LogMetric(Message):
    """A series that LogQL made of lines."""

    metric: dict[str, str]
    values: list[tuple[float, str]]
    """Unix seconds and the value as text."""


class ClusterLogs(Message):
    """What came of asking one cluster; its lines are among the entries of all."""

    cluster_id: UUID
    cluster_name: str
    status: Status
    result_type: str | None
    """STREAMS, MATRIX or VECTOR."""
    data: list[LogMetric]
    code: str | None
    """Of the error."""
    error: str | None
    warnings: list[str]
    query_time_ms: float


class LogsAnswer(Whole):
    """Lines of all clusters in time order, and what each cluster has to say."""

    entries: list[LogLine]
    results: list[ClusterLogs]


class NamesAnswer(Whole):
    """Names or values that any of the clusters has, sorted."""

    data: list[str]
