"""What follows from what a cluster's Alertmanager and Prometheus have, and do not have: pure.

Silence is no answer: from a question without an answer nothing follows. From one alert missing in
an answer nothing follows yet either: an Alertmanager keeps no alerts over its restart and learns
them anew, a twin may know them a little later, and what fired since may not have been known when we
asked. So an alert is gone if it was missing twice, in an Alertmanager that has been up for long,
and nothing was written about it since shortly before we asked.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from contracts.alerts import (
    Alert,
    AlertPending,
    AlertPendingEnded,
    AlertResolved,
    AlertSilenced,
    AlertState,
    AlertUnsilenced,
    Ending,
    MutingEvent,
    OpenAlert,
    PendingEvent,
    pending_id,
)
from services.alerts import domain
from services.alerts.answers import Had
from services.alerts.normalize import Observation

_SAME = timedelta(minutes=1)
"""Twins tell that one condition holds since a little earlier or later."""
_MOST_IDS = 200_000

Mutes = tuple[tuple[str, ...], tuple[str, ...]]
"""Silences, and the alerts that stand for it."""
NOT_MUTED: Mutes = ((), ())


@dataclass(frozen=True, slots=True)
class Margins:
    """How long to wait before something that is missing is believed to be over."""

    clocks: timedelta = timedelta(seconds=1)
    """How far the clocks of those who ask and of the log may be apart."""
    uptime: timedelta = timedelta(minutes=5)
    """An Alertmanager needs so long to be told of everything again."""
    settled: timedelta = timedelta(seconds=15)
    """What was written so shortly before we asked may not have been known there."""
    expiry: timedelta = timedelta(seconds=90)
    """How much later a repeat may show: it is told once a minute, and has a way to go."""
    start: timedelta = timedelta(minutes=3)
    """After an outage of ours every source needs so long to tell again what fires."""


def to_decide(had: Had, opened: Iterable[OpenAlert], old: datetime) -> list[str]:
    """Fingerprints of which the log has to be asked: not known to fire, or since before ``old``.

    What is old may have to be renewed. The rest goes on as it is known, at no cost.
    """
    known = {each.fingerprint for each in opened if _fires(each) and each.starts_at > old}
    return [name for name in had.shown if name not in known]


def missing(had: Had, opened: Iterable[OpenAlert]) -> list[OpenAlert]:
    """Those that fire here, or count as muted, of which it knows nothing.

    What expires by itself is left to that; only that it is muted has to end.
    """
    return [
        each
        for each in opened
        if _fires(each)
        and each.fingerprint not in had.shown
        and (each.expires_at is None or _mutes(each) != NOT_MUTED)
    ]


def concludes(had: Had, asked_at: datetime, margins: Margins) -> bool:
    """True if something follows from what is missing."""
    return had.since is not None and asked_at - had.since >= margins.uptime


def gone(
    head: domain.Head, missed: OpenAlert, ended_at: datetime, before: datetime
) -> AlertResolved | None:
    """The end of an occurrence that was missing, unless anything was written after ``before``."""
    if missed.expires_at is not None:
        return None
    return _ended(head, missed.id, ended_at, before, Ending.GONE)


def expired(head: domain.Head, told: OpenAlert, before: datetime) -> AlertResolved | None:
    """The end of an occurrence that was not told again, unless it has just been written about."""
    if told.expires_at is None:
        return None
    return _ended(head, told.id, told.expires_at, before, Ending.EXPIRED)


def _ended(
    head: domain.Head, alert_id: UUID, ended_at: datetime, before: datetime, ending: Ending
) -> AlertResolved | None:
    if head.alert.id != alert_id or head.alert.state is not AlertState.FIRING:
        return None
    return None if head.at > before else domain.resolved(head.alert, ended_at, ending)


def to_mute(had: Had, opened: Iterable[OpenAlert], old: datetime) -> dict[str, Mutes]:
    """What mutes each alert that may be known to be muted otherwise, or since before ``old``."""
    known = {each.fingerprint: each for each in opened if _fires(each)}
    found: dict[str, Mutes] = {}
    for name, shown in had.shown.items():
        now, before = shown.status.known, known.get(name)
        stale = now != NOT_MUTED and before is not None and before.starts_at <= old
        if stale or now != (NOT_MUTED if before is None else _mutes(before)):
            found[name] = now
    return found


@dataclass(frozen=True, slots=True)
class Muted:
    """Whether an alert is muted, as its last event left it."""

    event: MutingEvent
    at: datetime
    """When that event was written."""


def muting(
    last: Muted | None, alert: Alert, mutes: Mutes, *, before: datetime, renew_before: datetime
) -> MutingEvent | None:
    """What is to be written of an alert that these mute, None if that is known.

    Nor if anything was written about it after ``before``, which is when this was asked.
    """
    if last is not None and last.at > before:
        return None  # Whoever wrote it knew more than we do.
    silences, inhibitors = mutes
    event = AlertUnsilenced(alert=alert)
    if mutes != NOT_MUTED:
        event = AlertSilenced(alert=alert, silenced_by=silences, inhibited_by=inhibitors)
    match None if last is None else last.event:
        case AlertSilenced() as known:
            renewed = last is not None and last.at < renew_before
            same = (_sorted(known.silenced_by), _sorted(known.inhibited_by)) == mutes
            return None if same and not renewed else event
        case AlertUnsilenced() | None:
            return event if isinstance(event, AlertSilenced) else None


def to_pend(
    pending: Mapping[str, Observation], opened: Iterable[OpenAlert], before: Iterable[str] = ()
) -> list[str]:
    """Fingerprints of what is pending there and not so here, or here and not there.

    ``before``: what was pending there last; what fires now is not known as pending any more.
    """
    known = {each.fingerprint: each for each in opened if each.state is AlertState.PENDING}
    new = [name for name, told in pending.items() if not _as_known(told, known.get(name))]
    over = dict.fromkeys(name for name in (*known, *before) if name not in pending)
    return [*new, *over]


def _as_known(told: Observation, known: OpenAlert | None) -> bool:
    return known is not None and abs(told.starts_at - known.starts_at) <= _SAME


@dataclass(frozen=True, slots=True)
class Pended:
    """Whether an alert is pending, as its last event left it."""

    event: PendingEvent
    at: datetime
    """When that event was written."""


def pending(
    last: Pended | None, told: Observation | None, *, before: datetime
) -> PendingEvent | None:
    """What is to be written of an alert that is pending, or is not, if ``told`` is None.

    Nothing, if anything was written about it after ``before``, which is when this was asked.
    """
    if last is not None and last.at > before:
        return None
    known = last.event if last is not None and isinstance(last.event, AlertPending) else None
    if told is None:
        return None if known is None else AlertPendingEnded(alert=known.alert)
    if known is not None and abs(told.starts_at - known.alert.starts_at) <= _SAME:
        return None
    alert_id = pending_id(told.cluster_id, told.fingerprint)
    changes = {"id": alert_id, "state": AlertState.PENDING}
    return AlertPending(alert=domain.alert_of(told).model_copy(update=changes))


def _fires(known: OpenAlert) -> bool:
    return known.state is AlertState.FIRING


def _mutes(known: OpenAlert) -> Mutes:
    return _sorted(known.silenced_by), _sorted(known.inhibited_by)


def _sorted(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names)))


@dataclass
class Poll:
    """What this process remembers of its polls of one cluster."""

    of: UUID
    missing: dict[UUID, datetime] = field(default_factory=dict[UUID, datetime])
    """Since when occurrences are missing in its Alertmanager."""
    pending: frozenset[str] = frozenset()
    """Fingerprints of what was pending in its Prometheus last time."""
    failing: set[str] = field(default_factory=set[str])
    """What did not answer last time."""

    def missed(self, found: Iterable[OpenAlert], asked_at: datetime) -> dict[UUID, datetime]:
        """Those of these that were missing before as well, and since when; remembers these."""
        before, now = self.missing, [each.id for each in found]
        self.missing = {name: before.get(name, asked_at) for name in now}
        return {name: before[name] for name in now if name in before}


class Polls:
    """Those of one process; the longest unused are forgotten beyond the bound.

    What is forgotten costs one poll more.
    """

    def __init__(self, most_ids: int = _MOST_IDS) -> None:
        self._most = most_ids
        self._kept: OrderedDict[UUID, Poll] = OrderedDict()

    def of(self, cluster_id: UUID) -> Poll:
        """What is remembered of a cluster."""
        found = self._kept.setdefault(cluster_id, Poll(cluster_id))
        self._kept.move_to_end(cluster_id)
        while len(self._kept) > 1 and self._size() > self._most:
            self._kept.popitem(last=False)
        return found

    def forget(self, cluster_id: UUID) -> None:
        """The cluster is polled no more."""
        self._kept.pop(cluster_id, None)

    def _size(self) -> int:
        return sum(len(each.missing) + len(each.pending) + 1 for each in self._kept.values())


@dataclass
class Sweeps:
    """Since when this process has been looking for what expires, without a gap."""

    _since: datetime | None = None
    _last: datetime | None = None

    def ready(self, at: datetime, margins: Margins) -> bool:
        """True once every source has had its time to tell again what fires.

        After an outage of ours all that comes by the Prometheus door looks as if it had expired.
        """
        gap = self._last is None or at - self._last > margins.expiry
        self._since = at if gap or self._since is None else self._since
        self._last = at
        return at - self._since >= margins.start
