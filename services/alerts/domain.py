"""When an alert's occurrences begin and end, decided report by report: pure.

The head of an alert is its last event, which carries its whole state. A report has a start s and,
if it says resolved, an end e.

- *No head*: firing is FIRED; resolved is RESOLVED, a closed occurrence.
- *Head FIRING since S*: firing is a repeat, whatever its s, and after half the retention FIRED
  again (renewed). Resolved is RESOLVED; with e < S it is older and ignored.
- *Head RESOLVED at E*: a report with s <= E is late and ignored. With s > E it is of another
  occurrence: FIRED, or RESOLVED for one whose firing was missed.

Sources repeat, delay and reorder, and twins (a pair of Prometheus or Alertmanager) tell the same
with other times. **Whatever is reported in whatever order**, starts grow from occurrence to
occurrence, an id is FIRED at most once (but for renewals) and RESOLVED at most once, and nothing
is FIRED inside an open occurrence.

Now let the times be the source's own, every start told of one occurrence be no later than every
end told of it, and all of them lie before those of the next. Then **in any order and repetition**:

- once an end of the last occurrence was reported, the head is RESOLVED at an end told of it, and no
  report of any of these occurrences writes an event any more;
- an end that comes before its beginning closes the occurrence; the beginning changes nothing;
- while the last occurrence fires, and a report of it came after the late ends of those before it,
  the head is FIRING, and no report of any of these occurrences ends it but its own.

What does **not** hold, and why it is borne:

- *Order decides ids and times.* Id and start are those of the first report, the end is the first
  one told. A twin that resolves later does not move it.
- *A start inside an open occurrence is taken for a twin's.* If the end of one occurrence comes
  after the start of the next, that start was a repeat and the late end closes both. The next report
  of what fires opens it again: sources repeat what fires.
- *A source that resumes, with its old start, what was declared ended* cannot be told from a late
  report, and is ignored until it ends and begins anew.
- *A report without times* is dated by its receipt, so that a delay changes what it says.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import zip_longest
from typing import assert_never
from uuid import UUID, uuid5

from contracts.alerts import Alert, AlertEvent, AlertFired, AlertRepeat, AlertResolved, AlertState
from contracts.envelope import rfc3339
from services.alerts.normalize import Observation

# Part of every published alert id: it never changes.
_OCCURRENCES = UUID("0b7c5c0e-52c5-5f5b-9d5e-6a1f0f6f7a31")


@dataclass(frozen=True, slots=True)
class Head:
    """An alert as its last event left it."""

    alert: Alert
    at: datetime
    """When that event was written: from then on it ages."""


class Reason(StrEnum):
    """Why a report changes nothing."""

    OLDER = "OLDER"
    """It ended before the open occurrence began."""
    CLOSED = "CLOSED"
    """It belongs to an occurrence that is closed."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """The open occurrence was reported again."""

    alert_id: UUID


@dataclass(frozen=True, slots=True)
class Ignored:
    """The report is late."""

    reason: Reason


Decision = AlertFired | AlertResolved | Repeat | Ignored


def occurrence_id(cluster_id: UUID, fingerprint: str, starts_at: datetime) -> UUID:
    """The id of the occurrence that a report with this start begins."""
    return uuid5(_OCCURRENCES, f"{cluster_id}/{fingerprint}/{rfc3339(starts_at)}")


def decide(
    head: Head | None, observation: Observation, *, at: datetime, retention: timedelta
) -> Decision:
    """What a report means for an alert; ``retention`` is how long its events are kept."""
    if head is None:
        return _begin(observation)
    match head.alert.state:
        case AlertState.FIRING:
            return _while_firing(head, observation, stale=at - head.at > retention / 2)
        case AlertState.RESOLVED:
            return _after_resolved(head.alert, observation)
        case AlertState.PENDING:
            return _begin(observation)
        case _:
            assert_never(head.alert.state)


def _while_firing(head: Head, observation: Observation, *, stale: bool) -> Decision:
    alert, ends_at = head.alert, observation.ends_at
    if ends_at is None:
        return AlertFired(alert=alert, renewed=True) if stale else Repeat(alert.id)
    return Ignored(Reason.OLDER) if ends_at < alert.starts_at else _resolved(alert, ends_at)


def _after_resolved(closed: Alert, observation: Observation) -> Decision:
    closed_at = closed.ends_at or closed.starts_at
    if observation.end_only or observation.starts_at <= closed_at:
        return Ignored(Reason.CLOSED)
    return _begin(observation)


def _begin(observation: Observation) -> AlertEvent:
    alert = _alert(observation)
    if observation.ends_at is None:
        return AlertFired(alert=alert)
    return _resolved(alert, observation.ends_at)


def _resolved(alert: Alert, ends_at: datetime) -> AlertResolved:
    closed = alert.model_copy(update={"state": AlertState.RESOLVED, "ends_at": ends_at})
    duration = (ends_at - alert.starts_at).total_seconds()
    return AlertResolved(alert=closed, duration_seconds=duration)


def _alert(told: Observation) -> Alert:
    return Alert(
        id=occurrence_id(told.cluster_id, told.fingerprint, told.starts_at),
        fingerprint=told.fingerprint,
        cluster_id=told.cluster_id,
        alertname=told.alertname,
        severity=told.severity,
        state=AlertState.FIRING,
        labels=told.labels,
        annotations=told.annotations,
        starts_at=told.starts_at,
        generator_url=told.generator_url,
        first_seen_at=told.received_at,
    )


@dataclass(frozen=True, slots=True)
class Fold:
    """What several reports about one alert come to.

    Its events are appended one after the other, each after the one before was acknowledged. If
    the head had moved, the rest of them is void: load the head and fold the same reports again.
    """

    events: tuple[AlertEvent, ...]
    repeats: tuple[AlertRepeat, ...]
    ignored: int


def fold(
    head: Head | None, observations: Sequence[Observation], *, at: datetime, retention: timedelta
) -> Fold:
    """Decide on reports about one alert in their order, each on what the ones before it left."""
    events: list[AlertEvent] = []
    repeats: Counter[UUID] = Counter()
    ignored = 0
    for observation in observations:
        decision = decide(head, observation, at=at, retention=retention)
        match decision:
            case AlertFired() | AlertResolved():
                events.append(decision)
                head = Head(decision.alert, at)
            case Repeat(alert_id):
                repeats[alert_id] += 1
            case Ignored():
                ignored += 1
            case _:
                assert_never(decision)
    return Fold(tuple(events), tuple(_told(repeats, observations)), ignored)


def _told(repeats: Counter[UUID], observations: Sequence[Observation]) -> Iterator[AlertRepeat]:
    for alert_id, count in repeats.items():
        yield AlertRepeat(
            alert_id=alert_id,
            fingerprint=observations[0].fingerprint,
            count=count,
            last_seen_at=max(observation.received_at for observation in observations),
        )


def by_fingerprint(observations: Iterable[Observation]) -> dict[str, list[Observation]]:
    """The observations of one cluster, by alert; each alert's in their order."""
    grouped: dict[str, list[Observation]] = {}
    for observation in observations:
        grouped.setdefault(observation.fingerprint, []).append(observation)
    return grouped


def decide_batch(
    heads: Mapping[str, Head],
    observations: Iterable[Observation],
    *,
    at: datetime,
    retention: timedelta,
) -> dict[str, Fold]:
    """Decide on one cluster's reports; heads and answers are by fingerprint."""
    return {
        name: fold(heads.get(name), told, at=at, retention=retention)
        for name, told in by_fingerprint(observations).items()
    }


def rounds(folds: Iterable[Fold]) -> Iterator[tuple[AlertEvent, ...]]:
    """The events in rounds of at most one an alert: a round may be pipelined."""
    for events in zip_longest(*(fold.events for fold in folds)):
        yield tuple(event for event in events if event is not None)
