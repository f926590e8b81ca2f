"""Anomalies looked for on demand: over a query to clusters' metrics, or over stored telemetry."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from contracts.anomalies import Anomaly, Bound, DetectionType, Labels, Sensitivity
from contracts.envelope import Message, Query, Timestamp
from contracts.gpu import GpuId
from contracts.telemetry import Text

FEWEST_POINTS = 10
"""Rows of a series with which anything can be said of it."""
WARMING_POINTS = 150
"""Rows below which detectors hardly find anything: they do not know yet what is usual."""
MOST_ROWS = 11_000
"""Rows of one series that are looked at, as Prometheus answers at most; the latest ones."""
MOST_SCORES = 500
"""Points of the scores of one series."""


class GpuMeasure(StrEnum):
    """What of a GPU is looked at; names and units as in `Gpu`."""

    UTILIZATION_GPU_PERCENT = "utilization_gpu_percent"
    UTILIZATION_MEMORY_PERCENT = "utilization_memory_percent"
    MEMORY_USED_MB = "memory_used_mb"
    TEMPERATURE_CELSIUS = "temperature_celsius"
    MEMORY_TEMPERATURE_CELSIUS = "memory_temperature_celsius"
    POWER_DRAW_WATTS = "power_draw_watts"
    SM_CLOCK_MHZ = "sm_clock_mhz"
    FAN_SPEED_PERCENT = "fan_speed_percent"
    MEMORY_CLOCK_MHZ = "memory_clock_mhz"
    NVLINK_BYTES_PER_SECOND = "nvlink_bytes_per_second"
    NVLINK_ERRORS = "nvlink_errors"
    ECC_UNCORRECTED = "ecc_uncorrected"


class MetricsToSearch(Message):
    """A query to the Prometheus of some clusters."""

    query: Text
    """PromQL."""
    cluster_ids: Annotated[tuple[UUID, ...], Field(max_length=10_000)]
    """These and no others; none of them asks nobody."""
    step_seconds: Annotated[float, Field(gt=0)]
    seconds: Annotated[float, Field(gt=0, le=300)] = 30.0
    """How long clusters have for their answers."""


class GpusToSearch(Message):
    """GPU telemetry that is stored."""

    cluster_id: UUID
    node_name: Annotated[str, Field(min_length=1, max_length=253)] | None = None
    """Null: every node of the cluster."""
    gpu_uuid: GpuId | None = None
    """Null: every GPU."""
    metrics: Annotated[tuple[GpuMeasure, ...], Field(min_length=1, max_length=12)] = (
        GpuMeasure.UTILIZATION_GPU_PERCENT,
        GpuMeasure.MEMORY_USED_MB,
        GpuMeasure.TEMPERATURE_CELSIUS,
        GpuMeasure.POWER_DRAW_WATTS,
    )


class DetectAnomalies(Query):
    """Look for anomalies that begin in a time; the parts are the JSON of `AnomaliesFound`.

    Of the two sources just one is given.
    """

    metrics: MetricsToSearch | None = None
    gpus: GpusToSearch | None = None
    start: Timestamp
    end: Timestamp
    learn_from: Timestamp
    """What is between this and the start teaches what is usual; not after the start."""
    sensitivity: Sensitivity = Sensitivity.MEDIUM
    """Of LLM_ASSISTED it is told to the model: candidates are always those of EXTREME."""
    detection_type: DetectionType | None = None
    """Null: STATISTICAL and ML_BASED together."""
    above: Bound | None = None
    """A value over it is an anomaly, whatever was usual, and whatever a model would say."""
    below: Bound | None = None


class SearchedSeries(Message):
    """A series that was looked at, and what was found in it."""

    cluster_id: UUID
    metric_name: Annotated[str, Field(min_length=1, max_length=200)]
    """The query's text, cut, where its answer has no name."""
    labels: Labels
    counter: bool
    """By its name; its rate per second was looked at."""
    points: Annotated[int, Field(ge=0)]
    """Rows of the window."""
    past: Annotated[int, Field(ge=0)]
    """Rows before it, from which was learnt."""
    ignored: Annotated[int, Field(ge=0)]
    """Rows that do not count: no number, or not later than the one before."""
    cut: Annotated[int, Field(ge=0)]
    """The oldest rows, which were left out of a series that has too many."""
    first_at: Timestamp | None
    """Of its first row that counts."""
    looked_until: Timestamp | None = None
    """The last row for which there was time; null where that was the last one."""
    too_few: bool
    """It has less than 10 rows, and nothing was looked for."""
    warming: bool
    """It has less than 150 rows: nothing found does not say that there was nothing."""
    anomalies: tuple[Anomaly, ...] = ()
    """In order; `ended_at` is that of the last unusual row, null where it is not known yet that
    there was a last one: 50 rows have to follow it."""
    lasting_since: Timestamp | None = None
    """When an anomaly began that began before the window, and lasts into it; null with
    LLM_ASSISTED, as a model is only asked of what begins in the window."""
    scores: Annotated[tuple[tuple[float, float, float], ...], Field(max_length=MOST_SCORES)] = ()
    """Of a series with anomalies: Unix seconds, and from then on to the next one the highest onset
    score (0.5 is a detection) and episode score, 0 to 1. Empty where there was no time for them."""


class ClusterUnanswered(Message):
    """A cluster that has not answered, and why."""

    cluster_id: UUID
    cluster_name: str | None
    """Null for one that there is not any more."""
    code: str
    reason: str


class SearchLimit(StrEnum):
    """Why series were not looked at."""

    SERIES = "SERIES"
    """There are too many of them."""
    POINTS = "POINTS"
    """They have too many rows, or all of them together have."""
    TIME = "TIME"
    """It would have taken too long."""
    LABELS = "LABELS"
    """They have too many or too long labels, or the same as another one."""
    HISTOGRAMS = "HISTOGRAMS"
    """They are histograms."""


class SeriesLeftOut(Message):
    """Series that were not looked at."""

    limit: SearchLimit
    series: Annotated[int, Field(ge=1)]


class Judgement(Message):
    """What models have said of candidates: which of them are worth attention, and nothing else."""

    candidates: Annotated[int, Field(ge=0)]
    """That a model was asked about; those that it did not confirm are not told."""
    confirmed: Annotated[int, Field(ge=0)]
    not_asked: Annotated[int, Field(ge=0)] = 0
    """The weakest candidates, which were too many to ask about; they are not told either."""
    cut: bool = False
    """Whether some of what models were to be shown did not fit their windows: of what they have not
    seen nothing is confirmed."""
    models: tuple[str, ...] = ()
    """That have answered; none where there was no candidate."""
    prompt_version: Annotated[str, Field(max_length=100)]


class AnomaliesFound(Message):
    """What was looked at, and which anomalies begin in it; nothing found is an answer."""

    start: Timestamp
    end: Timestamp
    learn_from: Timestamp
    clusters_queried: int
    clusters_succeeded: int
    missing: tuple[ClusterUnanswered, ...] = ()
    warnings: tuple[str, ...] = ()
    """Of the clusters that did answer."""
    anomalies: Annotated[int, Field(ge=0)]
    """How many were found."""
    anomalies_left_out: Annotated[int, Field(ge=0)] = 0
    """Of them, the weakest, which are not among those of the series."""
    series: tuple[SearchedSeries, ...] = ()
    """Those with the surest anomalies first."""
    left_out: tuple[SeriesLeftOut, ...] = ()
    judgement: Judgement | None = None
    """Only of LLM_ASSISTED."""
    truncated: bool
    """Whether anything was left out: series, rows of them, anomalies, or candidates."""
