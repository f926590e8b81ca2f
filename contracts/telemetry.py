"""What can be asked of a cluster's metrics, logs and traces, live: questions on the bus.

The parts of an answer are the backend's own JSON, checked and passed on as it is; what is said of
the whole (`Told`) ends it. Formats: the HTTP APIs of Prometheus, Loki and Tempo.
"""

from enum import StrEnum
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from contracts.clusters import Checked
from contracts.envelope import Event, Message, Query, Timestamp
from contracts.subjects import EntityKey

MOST_BYTES = 64 * 1024 * 1024
"""Of one cluster's answer; a question may ask for less."""
Text = Annotated[str, Field(min_length=1, max_length=65_536)]
Name = Annotated[str, Field(min_length=1, max_length=1_024)]


class Budget(Message):
    """How much of an answer is taken; one that is larger is refused with LIMIT_REACHED."""

    bytes: Annotated[int, Field(ge=1_024, le=MOST_BYTES)] = 16 * 1024 * 1024
    """Unpacked, of one cluster."""
    series: Annotated[int, Field(ge=1, le=1_000_000)] = 50_000
    """Series, streams or traces of one cluster."""


class Told(Message):
    """What is said of a cluster's answer as a whole."""

    kind: str
    """``matrix``, ``vector``, ``scalar``, ``string``, ``streams``; empty where there is but one."""
    count: int
    """Series, streams, traces or values that were sent."""
    warnings: tuple[str, ...] = ()
    """Of the backend: partial data of a Thanos, for example."""
    infos: tuple[str, ...] = ()
    """Of the backend, about the question; the answer is whole all the same."""
    took_ms: float
    """Of the backend, to the last byte."""


class _Asked(Query):
    budget: Budget = Budget()


class QueryMetrics(_Asked):
    """Evaluate PromQL: at ``time``, or from ``start`` to ``end`` in steps.

    The parts together are the JSON array ``data.result`` of Prometheus.
    """

    query: Text
    time: Timestamp | None = None
    """Now, if neither this nor a range is given."""
    start: Timestamp | None = None
    end: Timestamp | None = None
    step_seconds: Annotated[float, Field(gt=0)] | None = None
    lookback_seconds: Annotated[float, Field(gt=0)] | None = None
    """How old a sample may be that still counts; by default as the backend is set."""


class Described(StrEnum):
    """What there is to be known about metrics, logs or traces themselves."""

    SERIES = "SERIES"
    LABELS = "LABELS"
    LABEL_VALUES = "LABEL_VALUES"
    METADATA = "METADATA"
    RULES = "RULES"
    ALERTS = "ALERTS"


class CheckBackends(_Asked):
    """Whether each backend of a cluster is ready; asked where the hub does not reach them.

    The one part is a JSON array of `Check`.
    """


class DescribeMetrics(_Asked):
    """What series, labels, values, metadata, rules or alerts a cluster's Prometheus has.

    The parts together are the JSON ``data`` of Prometheus.
    """

    what: Described
    match: Annotated[tuple[Text, ...], Field(max_length=64)] = ()
    """Selectors; SERIES needs at least one."""
    label: Name | None = None
    """For LABEL_VALUES."""
    metric: Name | None = None
    """For METADATA: only this one."""
    start: Timestamp | None = None
    end: Timestamp | None = None
    limit: Annotated[int, Field(ge=1, le=1_000_000)] | None = None


class Direction(StrEnum):
    """Which log lines come first."""

    BACKWARD = "BACKWARD"
    FORWARD = "FORWARD"


class QueryLogs(_Asked):
    """Evaluate LogQL from ``start`` to ``end``, in steps where it makes metrics of logs.

    The parts together are the JSON array ``data.result`` of Loki.
    """

    query: Text
    start: Timestamp
    end: Timestamp
    limit: Annotated[int, Field(ge=1, le=5_000)] = 100
    direction: Direction = Direction.BACKWARD
    step_seconds: Annotated[float, Field(gt=0)] | None = None


class DescribeLogs(_Asked):
    """Which labels a Loki has, or which values one of them; parts as `DescribeMetrics`."""

    what: Described
    label: Name | None = None
    query: Text | None = None
    """Only of streams that this selects."""
    start: Timestamp | None = None
    end: Timestamp | None = None


class TailLogs(_Asked):
    """Follow log lines as they come, from ``start`` on; each part is an object of Loki's tail."""

    lasting: ClassVar[bool] = True

    query: Text
    start: Timestamp | None = None
    limit: Annotated[int, Field(ge=1, le=5_000)] = 100


class ReadAlerts(_Asked):
    """All alerts of a cluster's Alertmanager, muted ones too.

    The parts are an object of its API v2: ``alerts`` (an array), and ``status`` as it was right
    after them, of which are told ``uptime``, ``cluster.name``, ``cluster.status`` and
    ``versionInfo.version``.
    """


class ReadSilences(_Asked):
    """Silences of a cluster's Alertmanager; the parts are the array of its API v2."""


class PutSilence(_Asked):
    """Make a silence in a cluster's Alertmanager; the parts are ``{"silenceID": "…"}``.

    Asked twice with the same ``mark`` it makes one silence, even if that has been ended meanwhile:
    the mark stands in its comment. VALIDATION_FAILED, in its own words, if Alertmanager refuses it.
    """

    mark: UUID
    labels: dict[Name, str] = Field(min_length=1, max_length=64)
    """Each has to be equal."""
    ends_at: Timestamp
    created_by: Annotated[str, Field(max_length=256)]
    comment: Annotated[str, Field(max_length=1024)] = ""


class ExpireSilence(_Asked):
    """End a silence; no parts. SILENCE_NOT_FOUND if its Alertmanager does not have it."""

    silence_id: Annotated[str, Field(pattern=r"^[0-9a-fA-F-]{1,64}$")]


class SearchTraces(_Asked):
    """Find traces by TraceQL, or by tags and durations; the parts are Tempo's array ``traces``."""

    traceql: Text | None = None
    tags: dict[Name, Name] = Field(default_factory=dict)
    min_duration_ms: Annotated[int, Field(ge=0)] | None = None
    max_duration_ms: Annotated[int, Field(ge=0)] | None = None
    start: Timestamp | None = None
    end: Timestamp | None = None
    limit: Annotated[int, Field(ge=1, le=1_000)] = 20


class GetTrace(_Asked):
    """One whole trace; the parts are Tempo's object with its ``batches``, empty if it has none."""

    trace_id: Annotated[str, Field(pattern=r"^[0-9a-fA-F]{1,32}$")]


class DescribeTraces(_Asked):
    """Which values a trace attribute has, such as ``service.name``; the parts are a JSON array."""

    attribute: Name
    service: Name | None = None
    """Only of spans of this service."""
    start: Timestamp | None = None
    end: Timestamp | None = None


class FindRelated(_Asked):
    """What a cluster's Korrel8r relates to alerts of these labels; the parts are its ``Graph``.

    Its edges come with their rules, as far as it tells them. The budget's ``series`` are nodes.
    """

    labels: dict[Name, Name] = Field(min_length=1, max_length=16)
    """Each has to be equal."""
    depth: Annotated[int, Field(ge=1, le=4)] = 3
    """How many rules are followed one after the other."""
    start: Timestamp | None = None
    end: Timestamp | None = None
    """Only things of this time, where they have one."""
    limit: Annotated[int, Field(ge=1, le=1_000)] = 100
    """Things that each of its own queries may find."""


class _CircuitFact(Event):
    entity: ClassVar[str] = "backend_circuit"
    aggregate: ClassVar[bool] = False
    expires: ClassVar[bool] = True

    cluster_id: UUID
    backend: Checked
    reason: str
    """Why it is left alone, or that it answers again, in words."""

    @property
    def key(self) -> EntityKey:
        """The circuit of one backend of a cluster."""
        return circuit_key(self.cluster_id, self.backend)


class BackendCircuitOpened(_CircuitFact):
    """A cluster's backend has failed again and again, and is left alone for a while."""


class BackendCircuitClosed(_CircuitFact):
    """A backend that was left alone answers again."""


CircuitEvent = BackendCircuitOpened | BackendCircuitClosed


def circuit_key(cluster_id: UUID, backend: Checked) -> EntityKey:
    """The circuit of one backend of a cluster."""
    return EntityKey(str(cluster_id), "backend_circuit", f"{cluster_id}_{backend}")


class TraceReceived(Event):
    """A cluster has a new trace with an error in it; of many that are alike, some are told."""

    entity: ClassVar[str] = "trace"
    aggregate: ClassVar[bool] = False
    expires: ClassVar[bool] = True

    cluster_id: UUID
    trace_id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    root_service: str | None
    """Where the request came in; null, as its operation, if that is not known."""
    root_operation: str | None
    """Of the span that began it."""
    started_at: Timestamp
    duration_ms: Annotated[int, Field(ge=0)]
    """Of the whole trace."""
    span_count: Annotated[int, Field(ge=0)] | None = None
    """So far; null if Tempo does not tell."""
    error_count: Annotated[int, Field(ge=0)] | None = None
    """Spans with an error; null if Tempo does not tell."""
    similar: Annotated[int, Field(ge=0)] = 0
    """New traces of the same service and operation that are not told one by one.

    Counted with the newest of those that are.
    """

    @property
    def key(self) -> EntityKey:
        """The trace, as far as it is in this cluster."""
        return trace_key(self.cluster_id, self.trace_id)


def trace_key(cluster_id: UUID, trace_id: str) -> EntityKey:
    """A trace of a cluster; ``trace_id`` in full, in small letters."""
    return EntityKey(str(cluster_id), "trace", f"{cluster_id}_{trace_id}")
