"""What-if: history run again with other settings, and compared with what happened."""

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, ClassVar, Self
from uuid import UUID

from pydantic import Field, ValidationInfo, field_validator

from contracts.anomalies import Sensitivity, Streaming
from contracts.envelope import Command, Event, Message, Timestamp
from contracts.incidents import MOST_CLUSTERS, NOT_SHOWN, CorrelationRule, Text
from contracts.subjects import NO_CLUSTER, EntityKey

LONGEST_REPLAY = timedelta(days=7)
MOST_DIFFERENCES = 200

Count = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(ge=0)]


class ReplayKind(StrEnum):
    """What is run again."""

    CORRELATION = "CORRELATION"
    """Which alerts, anomalies and states are one incident."""
    DETECTION = "DETECTION"
    """What in telemetry is an anomaly."""
    RCA = "RCA"
    """What is behind incidents."""


class CorrelationChanges(Message):
    """Other settings of correlation; null: as it is set now."""

    settle_seconds: Annotated[float, Field(ge=0, le=600)] | None = None
    """So long a warning waits for company before it opens an incident."""
    settle_critical_seconds: Annotated[float, Field(ge=0, le=600)] | None = None
    quiet_seconds: Annotated[float, Field(ge=1, le=86_400)] | None = None
    """An incident of which all has ended for so long is resolved."""
    rules: Annotated[tuple[CorrelationRule, ...], Field(max_length=100)] | None = None
    """These and no others; null: those that counted at each moment."""


class DetectionChanges(Message):
    """Other settings of the detectors; null: as each series was looked at."""

    sensitivity: Sensitivity | None = None
    detection_type: Streaming | None = None
    learning_seconds: Annotated[float, Field(ge=0, le=2_592_000)] | None = None
    """A series is only learnt for so long."""


class RcaChanges(Message):
    """Other settings of root cause analysis; null: as it is now."""

    known_from: Annotated[float, Field(ge=0, le=1)] | None = None
    """The score from which on a cause is known."""


class ReplayAsked(Message):
    """What is run again, and how."""

    kind: ReplayKind
    start: Timestamp
    """By the log's time."""
    end: Timestamp
    """What happened after the replay was asked for is not looked at, whenever this is."""
    cluster_ids: Annotated[tuple[UUID, ...], Field(max_length=MOST_CLUSTERS)] = ()
    """What is compared has to do with one of these; empty: with any."""
    correlation: CorrelationChanges | None = None
    detection: DetectionChanges | None = None
    rca: RcaChanges | None = None

    @field_validator("end")
    @classmethod
    def _is_later(cls, end: datetime, info: ValidationInfo) -> datetime:
        start = info.data.get("start")
        if start is not None and not timedelta(0) < end - start <= LONGEST_REPLAY:
            raise ValueError(f"must be after start, by {LONGEST_REPLAY.days} days at most")
        return end

    @field_validator("correlation", "detection", "rca")
    @classmethod
    def _is_of_its_kind(cls, changes: Message | None, info: ValidationInfo) -> Message | None:
        kind = info.data.get("kind")
        if changes is not None and kind is not None and kind.lower() != info.field_name:
            raise ValueError(f"goes without a kind that is not {str(info.field_name).upper()}")
        return changes


class DifferenceKind(StrEnum):
    """How the replay differs from what happened."""

    ADDED = "ADDED"
    """It would have been told; it was not."""
    LOST = "LOST"
    """It was told, and would not have been."""
    CHANGED = "CHANGED"
    """It would have been told as well, but otherwise."""


class ReplayDifference(Message):
    """An incident, an anomaly or an analysis that would have been otherwise."""

    kind: DifferenceKind
    id: UUID
    """Of what happened; of what is ADDED, that it would have had."""
    title: Text
    cluster_ids: Annotated[tuple[UUID, ...], Field(max_length=MOST_CLUSTERS)]
    at: Timestamp
    """When it was told, or would have been."""
    text: Text
    """What is otherwise."""


class ReplayResult(Message):
    """What would have been, next to what was."""

    told: Count
    """Incidents, anomalies or analyses that the log tells of in this time."""
    again: Count
    """The same, by the replay."""
    equal: Count
    """Of those told, the ones that the replay tells just so, or that differ by its rhythm alone."""
    is_equal: bool
    """Nothing is otherwise."""
    signals_told: Count = 0
    """Of CORRELATION: signals that belonged to incidents."""
    signals_again: Count = 0
    signals_added: Count = 0
    """Those that belonged to none, and would have belonged to one."""
    signals_lost: Count = 0
    signals_merged: Count = 0
    """Those that would have been together with some that they were not together with."""
    signals_parted: Count = 0
    """Those that would not have been together with some that they were together with."""
    seconds_to_tell: Seconds | None = None
    """From the begin of something until it was told: the median."""
    seconds_to_tell_again: Seconds | None = None
    differences: Annotated[tuple[ReplayDifference, ...], Field(max_length=MOST_DIFFERENCES)] = ()
    """The first ones in time."""
    left_out: Count = 0
    """Differences beyond those."""
    events: Count
    """That were read of the log."""
    rows: Count = 0
    """That were read of telemetry."""
    first_sequence: Count = 0
    last_sequence: Count = 0
    """The part of the log that was compared."""
    whole_from: Timestamp | None = None
    """What came before may be missing, as it has aged out; null: nothing is missing."""

    def only(self, clusters: Collection[UUID]) -> Self:
        """As somebody sees it who may see these clusters alone."""
        shown = tuple(each for each in self.differences if set(each.cluster_ids) <= set(clusters))
        left_out = self.left_out + len(self.differences) - len(shown)
        return self.model_copy(update={"differences": shown, "left_out": left_out})


class ReplayState(StrEnum):
    """How far it is."""

    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    """It came to nothing, or was cancelled."""


class _ReplayFact(Event):
    entity: ClassVar[str] = "replay"
    spans: ClassVar[bool] = True

    replay_id: UUID
    asked: ReplayAsked

    @property
    def key(self) -> EntityKey:
        """The replay; it may be about several clusters."""
        return replay_key(self.replay_id)

    @property
    def of_clusters(self) -> frozenset[UUID]:
        """The clusters that it was asked for."""
        return frozenset(self.asked.cluster_ids)

    def only(self, clusters: Collection[UUID]) -> Self:
        """Without other clusters, and without rules, which may name them."""
        shown = tuple(each for each in self.asked.cluster_ids if each in clusters)
        asked = self.asked.model_copy(update={"cluster_ids": shown, "correlation": None})
        return self.model_copy(update={"asked": asked, **self._only(clusters)})

    def _only(self, clusters: Collection[UUID]) -> dict[str, object]:
        return {}


class ReplayStarted(_ReplayFact):
    """A part of history is run again."""


class ReplayCompleted(_ReplayFact):
    """It was run again, and compared."""

    result: ReplayResult

    @property
    def of_clusters(self) -> frozenset[UUID]:
        """Those that it was asked for, and those of what differs: incidents may be of more."""
        different = (one for each in self.result.differences for one in each.cluster_ids)
        return frozenset((*self.asked.cluster_ids, *different))

    def _only(self, clusters: Collection[UUID]) -> dict[str, object]:
        return {"result": self.result.only(clusters)}


class ReplayFailed(_ReplayFact):
    """It was not run to the end."""

    code: Annotated[str, Field(min_length=1, max_length=50)]
    """``CANCELLED``, ``LIMIT_REACHED``, ``TIMED_OUT``, ``INTERNAL_ERROR``."""
    reason: Text

    def _only(self, clusters: Collection[UUID]) -> dict[str, object]:
        return {"reason": NOT_SHOWN}


ReplayEvent = ReplayStarted | ReplayCompleted | ReplayFailed


class StartReplay(Command):
    """Run a part of history again with other settings, and compare it with what happened."""

    area: ClassVar[str] = "replays"

    asked: ReplayAsked


class CancelReplay(Command):
    """Do not run a replay to its end."""

    area: ClassVar[str] = "replays"

    replay_id: UUID


def replay_key(replay_id: UUID) -> EntityKey:
    """The entity of a replay."""
    return EntityKey(NO_CLUSTER, "replay", str(replay_id))
