"""Anomalies: what behaves as it never did, how that is known, and what is watched."""

from enum import StrEnum
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import BeforeValidator, Field, FiniteFloat, StringConstraints
from pydantic_core import PydanticCustomError

from contracts.envelope import Command, Event, Message, Timestamp
from contracts.incidents import Comment
from contracts.subjects import NO_CLUSTER, EntityKey

MOST_SERIES = 10_000
"""Of one watch and cluster."""

Labels = Annotated[dict[str, str], Field(max_length=64)]


class DetectionType(StrEnum):
    """How an anomaly was found."""

    STATISTICAL = "STATISTICAL"
    """How far what is measured lies outside of its own past."""
    ML_BASED = "ML_BASED"
    """How little the last shape of the series is like those learnt from its past."""
    LLM_ASSISTED = "LLM_ASSISTED"
    """STATISTICAL at its most sensitive, and a model has confirmed it; on demand only."""


class AnomalyType(StrEnum):
    """What it looks like."""

    SPIKE = "SPIKE"
    DROP = "DROP"
    TREND_CHANGE = "TREND_CHANGE"
    """The level has moved, and stays."""
    PATTERN_BREAK = "PATTERN_BREAK"
    """The level is usual, but not in this order or at this time."""
    THRESHOLD_BREACH = "THRESHOLD_BREACH"
    """A bound that the watch names was crossed."""


class AnomalySeverity(StrEnum):
    """How far outside."""

    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"


class Sensitivity(StrEnum):
    """From how far outside on there is an anomaly."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
    EXTREME = "EXTREME"


class AnomalyEvidence(Message):
    """One of the numbers that an anomaly rests on."""

    feature: Annotated[str, Field(min_length=1, max_length=50)]
    """What was measured of the series: ``level``, ``step`` …"""
    value: float
    usual_low: float
    usual_high: float
    """Between these it was nearly always before."""
    surprise: Annotated[float, Field(ge=0)]
    """How rare that is, as the negative decimal logarithm of how often it came before."""


class Anomaly(Message):
    """A stretch of a series in which it behaves as it did not before."""

    id: UUID
    """UUID v5 of the series and of when it began."""
    cluster_id: UUID
    watch_id: str | None = None
    """The watch that the series is of; null for a GPU's, and for what was found on demand."""
    metric_name: Annotated[str, Field(min_length=1, max_length=200)]
    labels: Labels
    detection_type: DetectionType
    severity: AnomalySeverity
    confidence_score: Annotated[float, Field(ge=0, le=1)]
    anomaly_type: AnomalyType
    expected_value: float | None
    """The middle of what was usual."""
    actual_value: float
    deviation_percent: float | None
    """Of the expected value; null where that is zero or not known."""
    explanation: Annotated[str, Field(min_length=1, max_length=2000)]
    evidence: Annotated[tuple[AnomalyEvidence, ...], Field(max_length=10)] = ()
    detected_at: Timestamp
    """When it began, by the time of the samples."""
    ended_at: Timestamp | None = None


class _AnomalyFact(Event):
    entity: ClassVar[str] = "anomaly"
    aggregate: ClassVar[bool] = False
    expires: ClassVar[bool] = True

    anomaly: Anomaly

    @property
    def key(self) -> EntityKey:
        """The anomaly."""
        return anomaly_key(self.anomaly.cluster_id, self.anomaly.id)

    @property
    def namespace(self) -> str | None:
        """The ``namespace`` label of its series."""
        return self.anomaly.labels.get("namespace")


class AnomalyDetected(_AnomalyFact):
    """A series behaves as it did not before."""


class AnomalyEnded(_AnomalyFact):
    """It behaves as usual again, or what it does now has become usual."""

    duration_seconds: Annotated[float, Field(ge=0)]


class Verdict(StrEnum):
    """What people say of an anomaly that was told."""

    USEFUL = "USEFUL"
    NOISE = "NOISE"
    """Nothing was wrong: the detector learns to want more of this series."""


class AnomalyFeedbackGiven(Event):
    """Somebody has said whether it was right to tell an anomaly; the last word counts."""

    entity: ClassVar[str] = "anomaly_feedback"
    aggregate: ClassVar[bool] = False
    expires: ClassVar[bool] = True

    cluster_id: UUID
    anomaly_id: UUID
    watch_id: str | None = None
    metric_name: Annotated[str, Field(min_length=1, max_length=200)]
    labels: Labels
    verdict: Verdict
    comment: Annotated[str, Field(max_length=1000)] = ""

    @property
    def key(self) -> EntityKey:
        """What was said of one anomaly."""
        return EntityKey(str(self.cluster_id), "anomaly_feedback", str(self.anomaly_id))


AnomalyEvent = AnomalyDetected | AnomalyEnded | AnomalyFeedbackGiven

WatchId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,62}[a-z0-9]$")]


def _no_text(value: object) -> object:
    """Whatever a number is read of, also where it is read leniently."""
    if isinstance(value, bool | str):
        raise ValueError("must be a number")  # noqa: TRY004 - so that pydantic tells it
    return value


Bound = Annotated[FiniteFloat, BeforeValidator(_no_text)]


def _no_model(value: object) -> object:
    """Told in words: the type is one of ours, and means something elsewhere."""
    if value == DetectionType.LLM_ASSISTED:
        raise PydanticCustomError(
            "needs_no_model",
            "must be STATISTICAL or ML_BASED: LLM_ASSISTED is only for a search that somebody asks"
            " for (POST /api/v1/analysis/anomaly), as no model is asked about every value",
        )
    return value


Streaming = Annotated[
    Literal[DetectionType.STATISTICAL, DetectionType.ML_BASED], BeforeValidator(_no_model)
]
"""What looks at every value that comes; a model is only asked on demand."""


class Watch(Message):
    """A question that is asked again and again, and whose answers are looked at."""

    id: WatchId
    title: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
    query: Annotated[str, Field(min_length=1, max_length=4000, pattern=r"^[^\x00]*$")]
    """PromQL; each series of its answer is a series of the watch."""
    cluster_ids: Annotated[tuple[UUID, ...], Field(max_length=1000)] = ()
    """Empty: every cluster, also those to come."""
    every_seconds: Annotated[int, Field(ge=15, le=3600)] = 60
    sensitivity: Sensitivity = Sensitivity.MEDIUM
    detection_type: Streaming = DetectionType.STATISTICAL
    """ML_BASED sees more, and is wrong more often."""
    above: Bound | None = None
    """A value over it is told as a breach (`Breach`), and is an anomaly whatever was usual."""
    below: Bound | None = None


class _WatchFact(Event):
    entity: ClassVar[str] = "watch"

    watch: Watch

    @property
    def key(self) -> EntityKey:
        """The watch."""
        return watch_key(self.watch.id)


class WatchDefined(_WatchFact):
    """Something is watched from now on, or in another way."""


class WatchRemoved(_WatchFact):
    """It is not watched any more."""


WatchEvent = WatchDefined | WatchRemoved


class Breach(StrEnum):
    """Which bound of its watch a value has crossed."""

    ABOVE = "ABOVE"
    BELOW = "BELOW"


class WatchedSeries(Message):
    """One series of a watch at one moment."""

    labels: Labels
    """Those that tell it from the others; ``__name__`` only where the query is of several names."""
    value: FiniteFloat | None
    """Null for what is no number, or without end."""
    previous_value: FiniteFloat | None = None
    """At the evaluation before; null if the series was not in that, or the watch was another."""
    change_percent: FiniteFloat | None = None
    """Of the previous value; null where that is zero or not known."""
    threshold_breached: Breach | None = None


class MetricUpdate(Message):
    """Telemetry: what a watch has found in one cluster, all of its series together."""

    cluster_id: UUID
    watch_id: WatchId
    watch_version: Annotated[int, Field(ge=1)]
    """Of the definition by which it was asked: with another one the series may be others."""
    metric: Annotated[str, Field(min_length=1, max_length=200)]
    """The metric's name where the query is no more than that, else the query's text, cut."""
    sampled_at: Timestamp
    """The moment for which it was asked; the next one is `interval_seconds` later."""
    interval_seconds: Annotated[int, Field(ge=1)]
    sensitivity: Sensitivity = Sensitivity.MEDIUM
    """As the watch wants it: so whoever looks for anomalies in what is measured reads no more."""
    detection_type: Streaming = DetectionType.STATISTICAL
    above: Bound | None = None
    below: Bound | None = None
    series: Annotated[tuple[WatchedSeries, ...], Field(max_length=MOST_SERIES)] = ()
    """By their labels; no two have the same."""
    left_out: Annotated[int, Field(ge=0)] = 0
    """Series of the answer that are not watched: beyond `MOST_SERIES`, with the labels of another
    one, with too many or too long labels, or histograms."""
    part: Annotated[int, Field(ge=1)] = 1
    """An answer that is too large for one message comes in several, each with other series."""
    parts: Annotated[int, Field(ge=1)] = 1
    error: Annotated[str, Field(max_length=500)] | None = None
    """Why nothing is known, as its code and a text; told when it begins, not each time again."""


class DefineWatch(Command):
    """Watch something, or watch it in another way."""

    area: ClassVar[str] = "anomalies"

    watch: Watch
    expected_version: Annotated[int, Field(ge=0)] | None = None
    """0: only if there is none; null: whatever there is."""


class RemoveWatch(Command):
    """Watch something no more."""

    area: ClassVar[str] = "anomalies"

    watch_id: WatchId


class GiveAnomalyFeedback(Command):
    """Say whether it was right to tell an anomaly."""

    area: ClassVar[str] = "anomalies"

    cluster_id: UUID
    anomaly_id: UUID
    verdict: Verdict
    comment: Comment = ""


def anomaly_key(cluster_id: UUID, anomaly_id: UUID) -> EntityKey:
    """An anomaly of a cluster's series."""
    return EntityKey(str(cluster_id), "anomaly", str(anomaly_id))


def watch_key(watch_id: str) -> EntityKey:
    """Something that is watched."""
    return EntityKey(NO_CLUSTER, "watch", watch_id)
