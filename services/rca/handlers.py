"""Looks for a cause as soon as an incident opens, again as it grows, and when somebody asks."""

import asyncio
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from contracts.envelope import Recorded
from contracts.incidents import (
    Incident,
    IncidentEvent,
    IncidentOpened,
    IncidentUpdated,
    Signal,
    incident_key,
)
from contracts.rca import LONGEST_WINDOW, AnalyzeRootCause, RcaComplete, RcaTrigger
from contracts.refusals import Code, Refused
from services.rca.history import causes_before
from services.rca.live.focus import focuses
from services.rca.live.looking import look
from services.rca.log_reading import Until, of_incident, of_time
from services.rca.reading import BEFORE
from services.rca.service import service
from services.rca.telling import Asked, borne_out, cited, result
from services.runtime.context import log_time
from services.runtime.log import EventLog
from services.runtime.rights import require_clusters
from services.runtime.store import Accepted, Store

__all__ = ["service"]

_AFTER = timedelta(minutes=10)
"""So long after its last signal an incident is looked at live."""
_SPACE = UUID("2f0f5a4e-6c39-5d7c-9a55-3b1c8a7e4d21")
"""Namespace of the ids of analyses: a part of every published id, so it never changes."""


@dataclass(frozen=True, slots=True)
class _Subject:
    """What is analysed."""

    trigger: RcaTrigger
    id: UUID
    start: datetime
    end: datetime
    last: int | None = None
    """Events behind this position are not looked at."""
    incident: Incident | None = None
    """The incident that it is about, as it is known to be."""

    @property
    def begins(self) -> datetime:
        """What analyses found before counts as history."""
        return self.start if self.incident is None else self.start + BEFORE


@service.on(IncidentOpened)
@service.on(IncidentUpdated)
async def look_at_incident(recorded: Recorded, store: Store) -> None:
    """Find the cause of an incident when it opens, and each time that its signals have doubled."""
    event = recorded.event
    if not isinstance(event, IncidentOpened | IncidentUpdated) or not _has_grown(event):
        return
    subject = await _incident(store, event.incident, recorded.logged_at, last=recorded.sequence)
    rca_id = uuid5(_SPACE, f"{event.incident.id}/{recorded.sequence}")
    # In so large a storm nobody is served by a cause of a part; asking says so.
    with suppress(Refused):
        await _tell(store, rca_id, subject)


@service.handles(AnalyzeRootCause)
async def analyze(command: AnalyzeRootCause, store: Store) -> Accepted:
    """Somebody wants to know the cause of an incident, an alert, an anomaly, or a bad time."""
    if command.window is not None:
        cluster_id, start, end = command.window
        require_clusters(store.scope, (cluster_id,))
        subject = _Subject(RcaTrigger.WINDOW, cluster_id, start, end)
    elif command.incident_id is not None:
        incident = await _known(store, command.incident_id)
        subject = await _incident(store, incident, store.at)
    else:
        subject = await _signal(store, command)
    return await _tell(store, store.mint(), subject)


def _has_grown(event: IncidentOpened | IncidentUpdated) -> bool:
    """True where another power of two is reached: a storm is not looked at for each alert."""
    before = event.incident.signals - len(event.added)
    return event.incident.signals.bit_length() > before.bit_length()


async def _incident(
    store: Store, incident: Incident, now: datetime, last: int | None = None
) -> _Subject:
    """Since it was opened, and what came shortly before, by the log's time."""
    told = await store.log.load_part(incident_key(incident.id), 1, 1)
    opened = told[0].logged_at if told else now
    return _Subject(RcaTrigger.INCIDENT, incident.id, opened - BEFORE, now, last, incident)


async def _known(store: Store, incident_id: UUID) -> Incident:
    """The incident, or the one that it went into."""
    while True:
        told = await store.log.head(incident_key(incident_id))
        if told is None or not isinstance(told.event, IncidentEvent):
            raise Refused(Code.INCIDENT_NOT_FOUND, f"there is no incident {incident_id}")
        require_clusters(store.scope, told.event.incident.cluster_ids)
        if told.event.incident.merged_into is None:
            return told.event.incident
        incident_id = told.event.incident.merged_into


async def _signal(store: Store, command: AnalyzeRootCause) -> _Subject:
    """The incident that an alert or an anomaly of the last day belongs to."""
    is_alert = command.alert_id is not None
    signal = command.alert_id or command.anomaly_id
    start = store.at - LONGEST_WINDOW
    reading, _ = await of_time(store.log, start, Until(store.at))
    incident_id = None if signal is None else reading.incident_of(signal)
    if signal is None or incident_id is None:
        code = Code.ALERT_NOT_FOUND if is_alert else Code.ANOMALY_NOT_FOUND
        raise Refused(code, f"{signal} belongs to no incident of the last day")
    whole = await _incident(store, await _known(store, incident_id), store.at)
    of = RcaTrigger.ALERT if is_alert else RcaTrigger.ANOMALY
    return replace(whole, trigger=of, id=signal)


@dataclass(frozen=True, slots=True)
class _Read:
    """What of the log an analysis is about: no more is kept while it goes on."""

    signals: Sequence[Signal]
    incident: Incident | None
    """As it was at the end of what was read."""
    first: int
    last: int
    whole_from: datetime | None = None


async def _read(log: EventLog, subject: _Subject) -> _Read:
    until = Until(subject.end, subject.last)
    if subject.incident is None:
        # What was wrong in a time may have begun before it.
        start = subject.start - BEFORE
        reading, whole_from = await of_time(log, start, until, subject.id)
        signals = reading.during(subject.id, subject.start, subject.end)
        return _Read(signals, None, reading.first, reading.last, whole_from)
    reading = await of_incident(log, subject.incident.id, until)
    incident = reading.incidents.get(subject.incident.id, subject.incident)
    return _Read(reading.of(incident.id), incident, reading.first, reading.last)


async def _tell(store: Store, rca_id: UUID, subject: _Subject) -> Accepted:
    read = await _read(store.log, subject)
    signals, incident = read.signals, read.incident
    asked = Asked(
        rca_id,
        subject.trigger,
        subject.id,
        None if incident is None else incident.id,
        _clusters(subject, read),
        subject.start,
        subject.end,
        read.first,
        read.last,
        0 if incident is None else max(incident.signals - len(signals), 0),
        read.whole_from,
    )
    # Neither needs the other, and backends may take their whole time.
    live, earlier = await asyncio.gather(
        look(store, focuses(signals, subject.start, _seen_until(subject))),
        causes_before(store.log, subject.begins),
    )
    asked = replace(asked, live=live)
    found = await asyncio.to_thread(result, asked, signals, earlier=earlier)
    there = await store.log.at_each(sorted(cited(found)))
    logged = {sequence: log_time(stored.time) for sequence, stored in there.items()}
    return await store.tell(RcaComplete(result=borne_out(found, logged, signals)))


def _seen_until(subject: _Subject) -> datetime:
    """Of an incident of long ago what was so then."""
    if subject.incident is None:
        return subject.end
    return min(subject.end, subject.incident.last_signal_at + _AFTER)


def _clusters(subject: _Subject, read: _Read) -> Collection[UUID]:
    """Of the whole incident, so that nobody sees more by this than by the incident."""
    if read.incident is None:
        return (subject.id,)
    return {*(each.cluster_id for each in read.signals), *read.incident.cluster_ids}
