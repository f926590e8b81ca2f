"""Shapes of what is asked and answered about traces, for the OpenAPI document.

A test reads real answers through these models.
"""

from typing import Annotated
from uuid import UUID

from pydantic import Field, JsonValue

from contracts.envelope import Message, Timestamp
from contracts.telemetry import Name, Text
from gateway.federation.otlp import SpanStatus
from gateway.federation.traceql import ATTRIBUTE
from gateway.rest.documented_logs import Whole
from gateway.rest.documented_metrics import NO_FLAG, ClusterIds

TRACE_ID = r"^[0-9a-fA-F]{1,32}$"
Tag = Annotated[str, Field(pattern=ATTRIBUTE, max_length=1_024)]
Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
"""RFC 3339 with nanoseconds."""


class TraceQuery(Message):
    """Which traces are searched for, in some clusters or in every one that has a Tempo."""

    cluster_ids: ClusterIds = ()
    service_name: Name | None = None
    """``*`` stands for any text, ``?`` for one character."""
    operation_name: Name | None = None
    """As above."""
    trace_id: Annotated[str, Field(pattern=TRACE_ID)] | None = None
    """This one only; nothing else may be asked then."""
    traceql: Text | None = None
    """TraceQL instead of names, durations and tags."""
    min_duration_ms: Annotated[int, Field(ge=0, le=2**53), NO_FLAG] | None = None
    max_duration_ms: Annotated[int, Field(ge=0, le=2**53), NO_FLAG] | None = None
    """Of the whole trace."""
    tags: Annotated[dict[Tag, Annotated[str, Field(max_length=1_024)]], Field(max_length=32)] = (
        Field(default_factory=dict)
    )
    """Attributes of a span or its resource that must have these values."""
    start_time: Timestamp | None = None
    """An hour before the end, if it is left out."""
    end_time: Timestamp | None = None
    """Now, if it is left out."""
    limit: Annotated[int, Field(ge=1, le=100), NO_FLAG] = 20
    """Traces over all clusters."""


class TraceCluster(Message):
    """A cluster that has spans of a trace."""

    cluster_id: UUID
    cluster_name: str


class TraceFound(Message):
    """A trace without its spans; null is "not known"."""

    trace_id: str
    cluster_id: UUID
    """Where its root is."""
    cluster_name: str
    clusters: list[TraceCluster]
    root_service: str | None
    root_operation: str | None
    start_time: Moment
    duration_ms: float
    span_count: int | None
    service_count: int | None
    has_errors: bool | None


class TraceList(Whole):
    """Traces that were found, newest first."""

    traces: list[TraceFound]


class TraceLog(Message):
    """Something that happened in a span."""

    timestamp: Moment
    name: str
    fields: dict[str, JsonValue]


class TraceSpan(Message):
    """A piece of work of a trace."""

    span_id: str
    parent_span_id: str | None
    operation_name: str
    service_name: str
    cluster_id: UUID
    cluster_name: str
    start_time: Moment
    duration_ms: float
    status: SpanStatus
    tags: dict[str, JsonValue]
    logs: list[TraceLog]


class PathSegment(Message):
    """A stretch of the critical path that a span spent by itself."""

    span_id: str
    start_time: Moment
    duration_ms: float


class WholeTrace(Whole, TraceFound):
    """A trace with its spans in time order, and the spans its duration was spent in."""

    spans: list[TraceSpan]
    critical_path: list[PathSegment]
    """In time order, without gaps; together as long as the root span."""


class SpanList(Whole):
    """A page of the spans of a trace, in time order."""

    items: list[TraceSpan]
    total: int
    page: int
    page_size: int
    total_pages: int


class MapNode(Message):
    """A service."""

    name: str
    spans: int
    errors: int
    clusters: list[str]
    """Names of the clusters that it was seen in."""


class MapEdge(Message):
    """Calls of one service by another; durations are those of the called one's spans."""

    caller: str
    callee: str
    calls: int
    errors: int
    p50_ms: float
    p95_ms: float


class ServiceMapAnswer(Whole):
    """Which services call which, as the newest traces of the window show it."""

    nodes: list[MapNode]
    edges: list[MapEdge]
    traces_found: int
    traces_read: int
    """Some may be too large for a sample, or were not there in time."""
