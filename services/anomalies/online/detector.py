"""Follows the telemetry, and tells what behaves as it never did; and what it learns from people."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

from contracts.anomalies import AnomalyDetected, AnomalyEnded, AnomalyFeedbackGiven
from contracts.envelope import Recorded
from contracts.subjects import EntityKey
from services.anomalies.online.reading import (
    KINDS,
    PARTITIONS,
    PLACES,
    Rows,
    Said,
    feedback,
    read,
)
from services.anomalies.service import service
from services.runtime import metrics
from services.runtime.log import NOTHING, Head
from services.runtime.logging import logger
from services.runtime.store import Store

if TYPE_CHECKING:
    from services.anomalies.online.detection import Detection

VERSION = 2
"""Of snapshots, also of what `detection` and `detecting` make of the same rows."""
_REST = 10.0
"""Seconds between looks for silent series while nothing comes: a partition at rest costs little."""
_AT_ONCE = 200
"""Events told together."""
_MANY_ROWS = 20_000
"""Rows after which there is no waiting for more."""
_MANY_SERIES, _TURNS = 1_000, 3
"""With so many series rows are looked at every third second: a look costs much the same for one row
and for many."""
_SAY = logger("anomalies")
_THREAD = ThreadPoolExecutor(1, "detector")

Told = AnomalyDetected | AnomalyEnded


@dataclass
class Detector:
    """The detectors of one partition, and the way of what they find into the log."""

    detection: "Detection | None" = None
    """Made with the first row: it takes numpy, and many an installation has nothing to look at."""
    _turns: int = 0
    """Acts since rows were looked at last."""
    _comes: bool = False
    """Whether anything has come since the last act."""

    async def take(self, batch: Sequence[Rows | Said], store: Store) -> None:
        """Collect rows; they are looked at together, once a second or so many of them."""
        if self.detection is None:
            self.detection = await asyncio.to_thread(_fresh)
        self._comes = True
        self.detection.learning = store.settings.anomalies.learning_seconds
        for message in batch:
            self.detection.take(message)
        if self.detection.rows >= _MANY_ROWS:
            await _in_turn(self.detection.advance)

    async def act(self, now: datetime, store: Store) -> None:
        """Look at what has come, and tell what follows from it, each event once.

        What an earlier holder of this partition has told is found in the log, and passed over.
        """
        if self.detection is None:
            return
        self._turns += 1
        waits = self._comes and len(self.detection) >= _MANY_SERIES and self._turns < _TURNS
        if self.detection.rows and not waits:
            self._turns = 0
            await _in_turn(self.detection.advance)
        if not (self._comes or self.detection.rows):
            # Who is behind does not know yet what has come, and takes nobody for silent.
            self.detection.end_silent(now.timestamp())
        self._comes = False
        self._say_left_out(self.detection)
        waiting = self.detection.waiting
        while waiting:
            some = _next(waiting)
            await _tell(some, store)
            for _ in some:
                waiting.popleft()

    def snapshot(self) -> bytes:
        """The states of all series."""
        return b"" if self.detection is None else self.detection.dump()

    @staticmethod
    def _say_left_out(detection: "Detection") -> None:
        if not detection.left_out:
            return
        for reason, number in detection.left_out.items():
            metrics.ANOMALIES_LEFT_OUT.labels(reason).inc(number)
        _SAY.info("left_out", **{str(key): value for key, value in detection.left_out.items()})
        detection.left_out.clear()


@service.follows_telemetry(
    *KINDS, reads=read, version=VERSION, partitions=PARTITIONS, places=PLACES, rest=_REST
)
def detector(snapshot: bytes | None) -> Detector:
    """Find what behaves as it never did in what is measured, and tell when it begins and ends."""
    return Detector(_recalled(snapshot) if snapshot else None)


@service.on(AnomalyFeedbackGiven)
async def hear_feedback(event: Recorded, store: Store) -> None:
    """Have the detector of a series learn what somebody said of an anomaly of it."""
    if isinstance(event.event, AnomalyFeedbackGiven):
        subject, body = feedback(event.event, event.sequence)
        await store.log.bus.publish(subject, body, {"Nats-Msg-Id": str(event.event_id)})


async def _in_turn(work: Callable[[], None]) -> None:
    """Do it in the one thread for that: several would only take the cache from each other."""
    await asyncio.get_running_loop().run_in_executor(_THREAD, work)


def _fresh() -> "Detection":
    from services.anomalies.online.detection import Detection  # noqa: PLC0415

    return Detection()


def _recalled(snapshot: bytes) -> "Detection":
    from services.anomalies.online.detection import Detection  # noqa: PLC0415

    return Detection.load(snapshot)


def _next(waiting: Iterable[Told]) -> list[Told]:
    """The first events of different anomalies: how one ends is told once its begin is stored."""
    some: dict[EntityKey, Told] = {}
    for event in islice(waiting, _AT_ONCE):
        if event.key in some:
            break
        some[event.key] = event
    return list(some.values())


async def _tell(events: Sequence[Told], store: Store) -> None:
    """Store those that are not stored yet; Conflict if somebody else does at the same time."""
    last = await store.log.heads([event.key for event in events])
    new = [
        (event, Head(last[event.key].sequence) if event.key in last else NOTHING)
        for event in events
        if not _is_told(event, last.get(event.key))
    ]
    for answer in await store.log.append_each(new, store.context, store.at):
        if isinstance(answer, Exception):
            raise answer


def _is_told(event: Told, last: Recorded | None) -> bool:
    """Whatever is told of an anomaly comes after its begin, and nothing comes after its end."""
    if isinstance(event, AnomalyDetected):
        return last is not None
    return last is not None and isinstance(last.event, AnomalyEnded)
