"""Shapes of questions about metrics and of their answers, for the OpenAPI document.

A test reads real answers through these models.
"""

from typing import Annotated
from uuid import UUID

from pydantic import BeforeValidator, Field

from contracts.envelope import Message, Timestamp
from contracts.telemetry import Text
from gateway.federation.combine import Aggregation
from gateway.federation.outcome import Status

DURATION = r"^[0-9]{1,7}[smhdw]$"
ClusterIds = Annotated[tuple[UUID, ...], Field(max_length=10_000)]


def _no_flag(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("must be a number")  # noqa: TRY004 - pydantic wants this one
    return value


NO_FLAG = BeforeValidator(_no_flag)
"""Of a number, behind its bounds: JSON's true is none."""
Sample = tuple[float, str]
"""Unix seconds, and the value as text: it may be NaN, +Inf or -Inf."""


class MetricQuery(Message):
    """A PromQL question to the fleet."""

    query: Text
    cluster_ids: ClusterIds = ()
    """Empty: every cluster that has a Prometheus and is not OFFLINE."""
    start_time: Timestamp | None = None
    """Of a range; an hour before its end, if not given."""
    end_time: Timestamp | None = None
    """Of a range, or the time at which it is evaluated; now, if not given."""
    step: Annotated[str, Field(pattern=DURATION, examples=["1m"])] = "1m"
    """Of a range."""
    timeout: Annotated[int, Field(ge=1, le=300), NO_FLAG] = 30
    """Seconds after which whoever has not answered is named as missing."""
    aggregation: Aggregation = Aggregation.MERGE
    """MERGE: each cluster's series; else one value of all clusters for the same labels."""


class MetricSeries(Message):
    """One series."""

    metric: dict[str, str]
    values: tuple[Sample, ...] = ()
    histograms: tuple[tuple[float, dict[str, object]], ...] | None = None
    """Of native histograms, as Prometheus tells them."""


class MetricResult(Message):
    """What came of one cluster; without a cluster: what all of them were combined into."""

    cluster_id: UUID | None
    cluster_name: str | None
    status: Status
    result_type: str | None
    """MATRIX, VECTOR, SCALAR or STRING; null where there is no answer."""
    code: str | None
    """Of the error."""
    error: str | None
    warnings: list[str]
    query_time_ms: float
    cached: bool
    data: list[MetricSeries]


class ClusterMissing(Message):
    """A cluster that has not answered, and why."""

    cluster_id: UUID
    cluster_name: str
    code: str
    reason: str


class _Completeness(Message):
    clusters_queried: int
    clusters_succeeded: int
    missing: list[ClusterMissing]
    warnings: list[str]
    total_query_time_ms: float


class MetricAnswer(_Completeness):
    """What the fleet has answered to PromQL."""

    results: list[MetricResult]


class MetricNames(_Completeness):
    """Labels, or values of one, of any of the clusters."""

    data: list[str]


class MetricSeriesFound(_Completeness):
    """Series of the clusters; the label ``cluster`` says whose."""

    data: list[dict[str, str]]


class MetricMetadata(_Completeness):
    """Type, help and unit of metrics, by name; several where clusters differ."""

    data: dict[str, list[dict[str, str]]]
