"""Anomalies that would have been found, next to those that were: pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from contracts.anomalies import Anomaly
from contracts.replays import DifferenceKind, ReplayAsked, ReplayDifference
from services.replays.comparing import Compared, middle

NEAR = timedelta(minutes=10)
"""So far apart one of a series and another one of it may begin to be the same."""


class Found(NamedTuple):
    """An anomaly as it was at last, and when it was found."""

    anomaly: Anomaly
    at: datetime


class Anomalies:
    """Compares those that begin in a time."""

    def __init__(
        self, told: Mapping[UUID, Found], again: Mapping[UUID, Found], asked: ReplayAsked
    ) -> None:
        self._asked = asked
        self._told, self._again = self._in_time(told), self._in_time(again)

    def compared(self) -> Compared:
        """All differences."""
        found = Compared(told=len(self._told), again=len(self._again))
        pairs = dict(self._pairs())
        for one, was in self._told.items():
            would = self._again.get(pairs.get(one, one))
            text = "it would not be found" if would is None else self._otherwise(was, would)
            kind = DifferenceKind.LOST if would is None else DifferenceKind.CHANGED
            if text:
                found.differences.append(_shown(was, kind, text))
            else:
                found.equal += 1
        paired = {*pairs.values(), *self._told}
        for one, would in self._again.items():
            if one not in paired:
                text = would.anomaly.explanation
                found.differences.append(_shown(would, DifferenceKind.ADDED, text))
        found.seconds = _seconds(self._told.values()), _seconds(self._again.values())
        return found

    def _in_time(self, found: Mapping[UUID, Found]) -> dict[UUID, Found]:
        asked = self._asked
        return {
            one: each
            for one, each in found.items()
            if asked.start <= each.anomaly.detected_at < asked.end
            and (not asked.cluster_ids or each.anomaly.cluster_id in asked.cluster_ids)
        }

    def _pairs(self) -> Iterable[tuple[UUID, UUID]]:
        """Those of one series that begin at nearly the same time, each once."""
        left: dict[tuple[object, ...], list[Found]] = {}
        for one, would in self._again.items():
            if one not in self._told:
                left.setdefault(_series(would.anomaly), []).append(would)
        for one, was in self._told.items():
            if one in self._again:
                continue
            near = [
                would
                for would in left.get(_series(was.anomaly), [])
                if abs(would.anomaly.detected_at - was.anomaly.detected_at) <= NEAR
            ]
            if near:
                best = min(near, key=lambda each: abs(each.at - was.at))
                left[_series(was.anomaly)].remove(best)
                yield one, best.anomaly.id

    def _otherwise(self, was: Found, would: Found) -> str:
        told: list[str] = []
        before, after = was.anomaly, would.anomaly
        shift = (after.detected_at - before.detected_at).total_seconds()
        if shift:
            told.append(f"begins {abs(shift):.0f} s {'later' if shift > 0 else 'earlier'}")
        told += [
            f"{getattr(after, name)} instead of {getattr(before, name)}"
            for name in ("anomaly_type", "severity", "detection_type")
            if getattr(before, name) != getattr(after, name)
        ]
        ends = [self._ended(each) for each in (before, after)]
        if ends[0] != ends[1]:
            told.append("ends at another time")
        return ", ".join(told)

    def _ended(self, anomaly: Anomaly) -> datetime | None:
        ended = anomaly.ended_at
        return ended if ended is not None and ended < self._asked.end else None


def _series(anomaly: Anomaly) -> tuple[object, ...]:
    labels = tuple(sorted(anomaly.labels.items()))
    return anomaly.cluster_id, anomaly.watch_id, anomaly.metric_name, labels


def _seconds(found: Iterable[Found]) -> float | None:
    return middle((each.at - each.anomaly.detected_at).total_seconds() for each in found)


def _shown(found: Found, kind: DifferenceKind, text: str) -> ReplayDifference:
    anomaly = found.anomaly
    words = [f"{name}={value}" for name, value in sorted(anomaly.labels.items())]
    title = f"{anomaly.metric_name[:200]} {anomaly.anomaly_type}"
    return ReplayDifference(
        kind=kind,
        id=anomaly.id,
        title=" ".join([title, *words])[:300],
        cluster_ids=(anomaly.cluster_id,),
        at=anomaly.detected_at,
        text=text[:500],
    )
