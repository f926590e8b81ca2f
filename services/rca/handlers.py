"""Looks for a cause as soon as an incident opens, again as it grows, and when somebody asks."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from contracts.catalog import CATALOG
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
from services.rca.reading import BEFORE, INPUTS, Reading
from services.rca.service import service
from services.rca.telling import Asked, borne_out, cited, result
from services.runtime.following import event_of
from services.runtime.log import EventLog
from services.runtime.replay import Replay, Window, event_filters
from services.runtime.rights import require_clusters
from services.runtime.store import Accepted, Store

__all__ = ["service"]

MOST_EVENTS = 20_000
"""Events of incidents that one analysis reads."""
_PAGE = 500
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
    incident: UUID | None = None


@service.on(IncidentOpened)
@service.on(IncidentUpdated)
async def look_at_incident(recorded: Recorded, store: Store) -> None:
    """Find the cause of an incident when it opens, and each time that its signals have doubled."""
    event = recorded.event
    if not isinstance(event, IncidentOpened | IncidentUpdated) or not _has_grown(event):
        return
    subject = await _incident(store, event.incident, recorded.logged_at, last=recorded.sequence)
    try:
        reading = await _read(store.log, subject)
    except Refused:
        return  # In so large a storm nobody is served by a cause of a part; asking says so.
    rca_id = uuid5(_SPACE, f"{event.incident.id}/{recorded.sequence}")
    missing = event.incident.signals - len(reading.of(event.incident.id))
    await _tell(store, rca_id, subject, reading, missing=missing)


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
    reading = await _read(store.log, subject)
    return await _tell(store, store.mint(), subject, reading)


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
    return _Subject(RcaTrigger.INCIDENT, incident.id, opened - BEFORE, now, last, incident.id)


async def _known(store: Store, incident_id: UUID) -> Incident:
    told = await store.log.head(incident_key(incident_id))
    if told is None or not isinstance(told.event, IncidentEvent):
        raise Refused(Code.INCIDENT_NOT_FOUND, f"there is no incident {incident_id}")
    require_clusters(store.scope, told.event.incident.cluster_ids)
    return told.event.incident


async def _signal(store: Store, command: AnalyzeRootCause) -> _Subject:
    """The incident that an alert or an anomaly of the last day belongs to."""
    is_alert = command.alert_id is not None
    signal = command.alert_id or command.anomaly_id
    start = store.at - LONGEST_WINDOW
    lately = _Subject(RcaTrigger.WINDOW, store.mint(), start, store.at)
    reading = await _read(store.log, lately)
    incident_id = None if signal is None else reading.incident_of(signal)
    if signal is None or incident_id is None:
        code = Code.ALERT_NOT_FOUND if is_alert else Code.ANOMALY_NOT_FOUND
        raise Refused(code, f"{signal} belongs to no incident of the last day")
    whole = await _incident(store, await _known(store, incident_id), store.at)
    of = RcaTrigger.ALERT if is_alert else RcaTrigger.ANOMALY
    return _Subject(of, signal, whole.start, whole.end, None, incident_id)


async def _read(log: EventLog, subject: _Subject) -> Reading:
    """Incidents of a range of the log. LIMIT_REACHED if it holds more than is read."""
    reading, events = Reading(), 0
    # What was wrong in a time may have begun before it.
    early = BEFORE if subject.trigger is RcaTrigger.WINDOW else timedelta(0)
    window = Window(subject.start - early, None if subject.last else subject.end)
    async with Replay(log, window, event_filters(types=INPUTS)) as replay:
        while page := await replay.take(_PAGE):
            events += len(page)
            if events > MOST_EVENTS:
                text = f"more than {MOST_EVENTS:,} events of incidents happened in this time"
                raise Refused(Code.LIMIT_REACHED, text)
            for delivery in page:
                if subject.last is not None and delivery.sequence > subject.last:
                    return reading
                reading.fold(event_of(CATALOG, delivery))
    return reading


def _signals(subject: _Subject, reading: Reading) -> Sequence[Signal]:
    if subject.incident is not None:
        return reading.of(subject.incident)
    return reading.during(subject.id, subject.start, subject.end)


async def _tell(
    store: Store, rca_id: UUID, subject: _Subject, reading: Reading, *, missing: int = 0
) -> Accepted:
    signals = _signals(subject, reading)
    asked = Asked(
        rca_id,
        subject.trigger,
        subject.id,
        subject.incident,
        _clusters(subject, reading, signals),
        subject.start,
        subject.end,
        reading.first,
        reading.last,
        max(missing, 0),
    )
    found = await asyncio.to_thread(result, asked, signals)
    there = await store.log.at_each(sorted(cited(found)))
    return await store.tell(RcaComplete(result=borne_out(found, there)))


def _clusters(subject: _Subject, reading: Reading, signals: Sequence[Signal]) -> Collection[UUID]:
    """Of the whole incident, so that nobody sees more by this than by the incident."""
    if subject.incident is None:
        return (subject.id,)
    incident = reading.incidents.get(subject.incident)
    known = {each.cluster_id for each in signals}
    return known | set(() if incident is None else incident.cluster_ids)
