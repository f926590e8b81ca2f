"""Detection, run again: over the telemetry that is still there, and told of the time alone."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from contracts.anomalies import Anomaly, AnomalyDetected, AnomalyEnded
from contracts.refusals import Code, Refused
from contracts.replays import DetectionChanges, ReplayResult
from services.anomalies.online.detection import Detection
from services.anomalies.online.reading import KINDS, PARTITIONS, PLACES, Rows, Wanted, read
from services.replays.comparing_anomalies import Anomalies, Found
from services.replays.running import Run
from services.runtime import streams
from services.runtime.following import partition_of
from services.runtime.pull import Delivery
from services.runtime.replay import Replay, Window

MOST_ROWS = 10_000_000
"""That one replay reads: two minutes' work."""
_AFTER = timedelta(minutes=5)
"""So long after the time it is read what was found in it."""
_PAGE, _MANY_ROWS = 1000, 20_000
_MOST_NAMED = 64
"""Clusters that are read by themselves."""
_NO_EVENT = "evt.-.none.none.none"


async def detect(run: Run) -> ReplayResult:
    """Anomalies that begin in the time, as they would have been found.

    Series are learnt from all telemetry that is still there before it. LIMIT_REACHED if that is
    too much.
    """
    told, whole_from = await _told(run)
    again = _Again(run)
    oldest = await _oldest(run)
    async with _telemetry(run) as replay:
        while page := await replay.take(_PAGE):
            await run.require_wanted()
            await asyncio.to_thread(again.take, page)
    await asyncio.to_thread(again.end)
    compared = Anomalies(
        told, again.found, run.asked.model_copy(update={"end": run.end})
    ).compared()
    gone = max((each for each in (oldest, whole_from) if each is not None), default=None)
    return ReplayResult.model_validate(
        compared.fields() | {"events": run.events, "rows": again.rows, "whole_from": gone}
    )


async def _told(run: Run) -> tuple[dict[UUID, Found], datetime | None]:
    """What the log tells, by anomaly, and since when it tells all."""
    found: dict[UUID, Found] = {}
    whole_from: datetime | None = None
    window = Window(run.asked.start, run.end + _AFTER)
    async for page, extent in run.pages(window, (AnomalyDetected, AnomalyEnded)):
        whole_from = extent.whole_from
        for recorded in page:
            if isinstance(recorded.event, AnomalyDetected | AnomalyEnded):
                note(found, recorded.event.anomaly, recorded.logged_at)
    return found, whole_from


def note(found: dict[UUID, Found], anomaly: Anomaly, at: datetime) -> None:
    """What was told of an anomaly: as it is now, and when it was found."""
    before = found.get(anomaly.id)
    found[anomaly.id] = Found(anomaly, at if before is None else before.at)


async def _oldest(run: Run) -> datetime | None:
    """When the telemetry begins that is still there; None if all of it is."""
    info = await run.log.bus.api(f"STREAM.INFO.{streams.TELEMETRY}")
    state = info["state"]
    if int(state["first_seq"]) <= 1:
        return None
    return datetime.fromisoformat(state["first_ts"][:19] + "+00:00")


def _telemetry(run: Run) -> Replay:
    window = Window(None, run.end + _AFTER)
    clusters = run.asked.cluster_ids
    # Of many all is read, and what is not asked for is not compared.
    places = [str(each) for each in clusters] if 0 < len(clusters) <= _MOST_NAMED else ["*"]
    subjects = tuple(f"tel.{kind}.{place}.>" for kind in KINDS for place in places)
    return Replay(run.log, window, (_NO_EVENT,), subjects)


@dataclass
class _Again:
    """The detectors of all partitions, with other settings."""

    run: Run
    found: dict[UUID, Found] = field(default_factory=dict[UUID, Found])
    rows: int = 0

    def __post_init__(self) -> None:
        self._changes = self.run.asked.detection or DetectionChanges()
        learning = self._changes.learning_seconds
        if learning is None:
            learning = self.run.settings.anomalies.learning_seconds
        self._detections = [
            Detection(learning=learning, found_at=dict[UUID, float]()) for _ in range(PARTITIONS)
        ]

    def take(self, page: Sequence[Delivery]) -> None:
        """The next messages of telemetry; what cannot be read is passed over, as it was."""
        for delivery in page:
            try:
                message = read(delivery)
            except ValueError:
                continue
            number = partition_of(delivery.subject.encode(), PLACES, PARTITIONS)
            detection = self._detections[number]
            if isinstance(message, Rows):
                self._count(len(message.rows))
                message = message._replace(wanted=self._wanted(message.wanted))
            detection.take(message)
            if detection.rows >= _MANY_ROWS:
                self._advance(detection)

    def end(self) -> None:
        """That was all."""
        for detection in self._detections:
            self._advance(detection)

    def _count(self, rows: int) -> None:
        self.rows += rows
        if self.rows > MOST_ROWS:
            text = f"it takes more than {MOST_ROWS:,} rows of telemetry; name fewer clusters"
            raise Refused(Code.LIMIT_REACHED, text)

    def _wanted(self, told: Wanted) -> Wanted:
        changes: dict[str, Any] = {}
        if self._changes.sensitivity is not None:
            changes["sensitivity"] = self._changes.sensitivity
        if self._changes.detection_type is not None:
            changes["method"] = self._changes.detection_type
        return told._replace(**changes) if changes else told

    def _advance(self, detection: Detection) -> None:
        detection.advance()
        times = detection.found_at or {}
        while detection.waiting:
            anomaly = detection.waiting.popleft().anomaly
            at = times.get(anomaly.id)
            moment = anomaly.detected_at if at is None else datetime.fromtimestamp(at, UTC)
            note(self.found, anomaly, moment)
