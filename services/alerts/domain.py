"""When an alert's occurrences begin and end, decided report by report: pure.

The head of an alert is its last event, which carries its whole state. A report has a start s and,
if it says resolved, an end e.

- *No head*: firing is FIRED; resolved is RESOLVED, a closed occurrence.
- *Head FIRING since S*: firing is a repeat, whatever its s, and after half the retention FIRED
  again (renewed). Resolved is RESOLVED; with e < S it is older and ignored.
- *Head RESOLVED at E*: with s > E a report is of another occurrence: FIRED, or RESOLVED for one
  whose firing was missed. With s <= E it is late and ignored, but for what follows.

An end may also be ours, where the source tells none. It is EXPIRED if an alert of which its source
only says until when it answers for it was not told again until then, and GONE if an Alertmanager
that is asked does not know it (`services.alerts.polled`). Then:

- *RESOLVED by us*: any firing report that came after that was logged shows that we were wrong, or
  that the source is back: FIRED, a new occurrence, whatever its s.
- *RESOLVED by report*: of those with s <= E, only what is current, asked for after that was logged,
  is FIRED: the source resumes, with its old start, what it had declared ended.
- The start of such an occurrence is the receipt, and after E in any case.

Sources repeat, delay and reorder, and twins (a pair of Prometheus or Alertmanager) tell the same
with other times. **Whatever is reported, asked or inferred in whatever order**, starts grow from
occurrence to occurrence, an id is FIRED at most once (but for renewals) and RESOLVED at most once,
and nothing is FIRED inside an open occurrence.

Now let all of it be reported and nothing asked, let the times be the source's own, every start told
of one occurrence be no later than every end told of it, and all of them lie before those of the
next. Then **in any order and repetition**:

- once an end of the last occurrence was reported, the head is RESOLVED at an end told of it, and no
  report of any of these occurrences writes an event any more;
- an end that comes before its beginning closes the occurrence; the beginning changes nothing;
- while the last occurrence fires, and a report of it came after the late ends of those before it,
  the head is FIRING, and no report of any of these occurrences ends it but its own.

And **whatever came before**, skewed clocks too, what is current settles it: asked after the head
was logged, what fires is FIRING from then on; what does not, and is found gone twice, is RESOLVED.

What does **not** hold, and why it is borne:

- *Order decides ids and times.* Id and start are those of the first report, the end is the first
  one told. A twin that resolves later does not move it.
- *A start inside an open occurrence is taken for a twin's.* If the end of one occurrence comes
  after the start of the next, that start was a repeat and the late end closes both. The next report
  of what fires opens it again: sources repeat what fires.
- *What is told to fire, with its old start, after it was declared ended* cannot be told from a late
  report, and waits until it is asked for; where nobody asks, until it ends and begins anew.
- *A late firing report after an end of ours* opens an occurrence that is none, until that ends, as
  the one before it did.
- *A report without times* is dated by its receipt, so that a delay changes what it says.
- *Where nothing is stated, an end is compared with our clock.* A source whose clock is behind by
  more than its forecast seems to resolve what it says fires.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import zip_longest
from typing import assert_never
from uuid import UUID, uuid5

from contracts.alerts import (
    OCCURRENCES,
    Alert,
    AlertEvent,
    AlertFired,
    AlertRepeat,
    AlertResolved,
    AlertState,
    Ending,
)
from contracts.envelope import rfc3339
from services.alerts.normalize import Observation

_CLOCKS = timedelta(seconds=1)
"""How far the clocks of those who receive and of the log may be apart."""
_AFTER = timedelta(milliseconds=1)
"""From an end to the start of what follows, if that is not told."""


@dataclass(frozen=True, slots=True)
class Head:
    """An alert as its last event left it."""

    alert: Alert
    at: datetime
    """When that event was written: from then on it ages."""
    ending: Ending = Ending.REPORTED
    """How the end is known, if it has ended."""


def head_of(event: AlertEvent, at: datetime) -> Head:
    """The head that an event leaves; ``at``: when it was written."""
    match event:
        case AlertFired():
            return Head(event.alert, at)
        case AlertResolved():
            return Head(event.alert, at, event.ending)
        case _:
            assert_never(event)


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
    expires_at: datetime | None = None
    """By this report; None if it does not say."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """The report is late."""

    reason: Reason


Decision = AlertFired | AlertResolved | Repeat | Ignored


def occurrence_id(cluster_id: UUID, fingerprint: str, starts_at: datetime) -> UUID:
    """The id of the occurrence that a report with this start begins."""
    return uuid5(OCCURRENCES, f"{cluster_id}/{fingerprint}/{rfc3339(starts_at)}")


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
            return _after_resolved(head, observation)
        case AlertState.PENDING:
            return _begin(observation)
        case _:
            assert_never(head.alert.state)


def _while_firing(head: Head, observation: Observation, *, stale: bool) -> Decision:
    alert, ends_at = head.alert, observation.ends_at
    if ends_at is None:
        expires_at = observation.expires_at
        if stale:
            return AlertFired(alert=alert, renewed=True, expires_at=expires_at)
        return Repeat(alert.id, expires_at)
    return Ignored(Reason.OLDER) if ends_at < alert.starts_at else resolved(alert, ends_at)


def _after_resolved(head: Head, observation: Observation) -> Decision:
    closed_at = head.alert.ends_at or head.alert.starts_at
    if observation.starts_at > closed_at and not observation.end_only:
        return _begin(observation)
    if _reopens(head, observation):
        starts_at = max(observation.received_at, closed_at + _AFTER)
        return _begin(replace(observation, starts_at=starts_at))
    return Ignored(Reason.CLOSED)


def _reopens(head: Head, observation: Observation) -> bool:
    """True if it fires again, or all the time, though its start is before the end that we know."""
    believed = observation.current or head.ending is not Ending.REPORTED
    return observation.firing and believed and observation.received_at > head.at + _CLOCKS


def _begin(observation: Observation) -> AlertEvent:
    alert = alert_of(observation)
    if observation.ends_at is None:
        return AlertFired(alert=alert, expires_at=observation.expires_at)
    return resolved(alert, observation.ends_at)


def resolved(alert: Alert, ends_at: datetime, ending: Ending = Ending.REPORTED) -> AlertResolved:
    """The end of an open occurrence; not before its start."""
    ends_at = max(ends_at, alert.starts_at)
    closed = alert.model_copy(update={"state": AlertState.RESOLVED, "ends_at": ends_at})
    duration = (ends_at - alert.starts_at).total_seconds()
    return AlertResolved(alert=closed, duration_seconds=duration, ending=ending)


def alert_of(told: Observation) -> Alert:
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
    repeats: list[Repeat] = []
    ignored = 0
    for observation in observations:
        decision = decide(head, observation, at=at, retention=retention)
        match decision:
            case AlertFired() | AlertResolved():
                events.append(decision)
                head = head_of(decision, at)
            case Repeat():
                repeats.append(decision)
            case Ignored():
                ignored += 1
            case _:
                assert_never(decision)
    return Fold(tuple(events), tuple(_told(repeats, observations)), ignored)


def _told(repeats: Iterable[Repeat], observations: Sequence[Observation]) -> Iterator[AlertRepeat]:
    of_one: dict[UUID, list[Repeat]] = {}
    for repeat in repeats:
        of_one.setdefault(repeat.alert_id, []).append(repeat)
    for alert_id, same in of_one.items():
        expiries = [repeat.expires_at for repeat in same if repeat.expires_at is not None]
        yield AlertRepeat(
            alert_id=alert_id,
            fingerprint=observations[0].fingerprint,
            count=len(same),
            last_seen_at=max(observation.received_at for observation in observations),
            expires_at=max(expiries, default=None),
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
