"""The rows of the anomalies projection, and an anomaly and a watch as people see them."""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from contracts.anomalies import Anomaly, Verdict, Watch
from contracts.envelope import Message, Timestamp
from services.runtime.projections.table import Table


class WatchRow(NamedTuple):
    """Something that is watched."""

    id: str
    told: dict[str, object]
    version: int
    changed_at: datetime
    changed_by: str


class AnomalyRow(NamedTuple):
    """An anomaly as its last event tells it."""

    id: UUID
    cluster_id: UUID
    watch_id: str | None
    metric_name: str
    labels: dict[str, str]
    namespace: str | None
    """Of the labels the one that many have in common, as far as an index holds it (`INDEXED`)."""
    detection_type: str
    severity: str
    confidence_score: float
    anomaly_type: str
    expected_value: float | None
    actual_value: float
    deviation_percent: float | None
    explanation: str
    evidence: tuple[dict[str, object], ...]
    detected_at: datetime
    ended_at: datetime | None


class FeedbackRow(NamedTuple):
    """What was said last of an anomaly. A row of its own, for it may be told at any time."""

    anomaly_id: UUID
    verdict: str
    comment: str
    given_by: str
    given_at: datetime


class BelongingRow(NamedTuple):
    """The incident that an anomaly belongs to, or belonged to when that ended in another one."""

    anomaly_id: UUID
    incident_id: UUID


class AbsorbedRow(NamedTuple):
    """An incident that has ended in another one, for ever."""

    incident_id: UUID
    into_id: UUID


class ClusterNameRow(NamedTuple):
    """How a cluster is called; kept after its deletion, for history."""

    cluster_id: UUID
    name: str


class WatchView(Watch):
    """Something that is watched, and since when in this way."""

    version: int
    changed_at: Timestamp
    changed_by: str


class AnomalyState(StrEnum):
    """Whether an anomaly lasts."""

    OPEN = "OPEN"
    ENDED = "ENDED"
    """It behaves as usual again, or what it does has become usual."""


class FeedbackView(Message):
    """What was said last of an anomaly."""

    verdict: Verdict
    comment: str
    given_by: str
    given_at: Timestamp


class AnomalyView(Anomaly):
    """An anomaly in REST: what was found, and what is known around it.

    `labels` are those of its series. `evidence` is the numbers that it rests on: what was measured
    of the series, between what it was nearly always before, and how rare it is (`surprise`, the
    negative decimal logarithm of how often it came). `incident_id` is the incident that it belongs
    to, null if to none; `feedback` the last that people said of it, null if nobody has.
    """

    cluster_name: str | None
    state: AnomalyState
    feedback: FeedbackView | None
    incident_id: UUID | None


SEVERITIES = ("HIGH", "MEDIUM", "LOW")
"""The worst first."""
RANK = "array_position('{HIGH,MEDIUM,LOW}'::text[], severity)"
"""Of an anomaly's severity, 1 for the worst; an index holds it as it stands here."""
LASTED = (
    "tstzrange(detected_at, case when ended_at < detected_at then detected_at else ended_at end,"
    " '[]')"
)
"""When it was; without an end while it lasts. An index holds it as it stands here."""
INDEXED = 128
"""Characters of a namespace that an index holds."""
_NEWEST = "detected_at desc, id desc"

WATCH = Table("watch", WatchRow, key=("id",), history=True)
ANOMALY = Table(
    "anomaly",
    AnomalyRow,
    key=("id",),
    indexes=(
        # What was told later than the time that is asked for, is of other clusters or less severe
        # is passed over without touching its rows.
        f"({_NEWEST}, seq, cluster_id)",
        f"(cluster_id, {_NEWEST}, severity)",
        f"(watch_id, {_NEWEST})",
        f"(metric_name, {_NEWEST})",
        f"({RANK}, {_NEWEST})",
        f"(anomaly_type, {_NEWEST}, severity)",
        f"(detection_type, {_NEWEST})",
        f"(namespace, {_NEWEST}, severity)",
        # What people have judged is found by ids, and put in order without touching the rows.
        "(id) include (detected_at, severity, cluster_id)",
        f"({_NEWEST}) where ended_at is null",
        f"using gist ({LASTED})",
        "using gin (labels jsonb_path_ops)",
    ),
    history=True,
)
FEEDBACK = Table("feedback", FeedbackRow, key=("anomaly_id",), indexes=("(verdict)",), history=True)
BELONGING = Table("belonging", BelongingRow, key=("anomaly_id",), history=True)
ABSORBED = Table("absorbed", AbsorbedRow, key=("incident_id",), history=True)
CLUSTER_NAME = Table("cluster_name", ClusterNameRow, key=("cluster_id",), history=True)
