"""Reads from the log what incidents are made of: of one its own events, not all there are."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from contracts.catalog import CATALOG
from contracts.envelope import Recorded
from contracts.incidents import IncidentEvent, IncidentMerged, IncidentSplit, incident_key
from contracts.refusals import Code, Refused
from services.rca.reading import INPUTS, Reading
from services.runtime.following import event_of
from services.runtime.log import EventLog
from services.runtime.replay import Replay, Window, event_filters

MOST_EVENTS = 20_000
"""Events of incidents that one analysis reads."""
_PAGE, _AT_ONCE = 500, 50


@dataclass(frozen=True, slots=True)
class Until:
    """How far is read."""

    end: datetime
    """By the log's time."""
    last: int | None = None
    """Events behind this position are not read; then the time says nothing."""

    def window(self, start: datetime | None) -> Window:
        """From a time on; None: from the beginning of the log."""
        return Window(start, None if self.last else self.end)

    def holds(self, sequence: int) -> bool:
        """True for what is read."""
        return self.last is None or sequence <= self.last


async def of_incident(log: EventLog, incident_id: UUID, until: Until) -> Reading:
    """The events of an incident, and of those from which signals came to it.

    LIMIT_REACHED if they are more than is read.
    """
    found: list[Recorded] = []
    known, left = {incident_id}, [incident_id]
    while left:
        keys = tuple(incident_key(each).filter for each in left[:_AT_ONCE])
        del left[:_AT_ONCE]
        async with Replay(log, until.window(None), keys) as replay:
            async for told in _events(replay, until, MOST_EVENTS - len(found)):
                found.append(told)
                other = _from_where(cast("IncidentEvent", told.event))
                if other is not None and other not in known:
                    known.add(other)
                    left.append(other)
    reading = Reading()
    for told in sorted(found, key=lambda each: each.sequence):
        reading.fold(told)
    return reading


def _from_where(event: IncidentEvent) -> UUID | None:
    """The incident from which signals came."""
    match event:
        case IncidentMerged() if event.incident.merged_into is None:
            return event.other_id
        case IncidentSplit() if event.from_other:
            return event.other_id
        case _:
            return None


async def of_time(
    log: EventLog, start: datetime, until: Until, cluster_id: UUID | None = None
) -> tuple[Reading, datetime | None]:
    """All incidents of a time, of one cluster or of all; and from when on nothing of it has aged
    out, None if nothing has. LIMIT_REACHED if it holds more than is read."""
    reading = Reading(cluster_id=cluster_id)
    async with Replay(log, until.window(start), event_filters(types=INPUTS)) as replay:
        async for told in _events(replay, until, MOST_EVENTS):
            reading.fold(told)
        return reading, replay.extent.whole_from


async def _events(replay: Replay, until: Until, most: int) -> AsyncIterator[Recorded]:
    read = 0
    while page := await replay.take(_PAGE):
        read += len(page)
        if read > most:
            text = f"more than {MOST_EVENTS:,} events of incidents happened in this time"
            raise Refused(Code.LIMIT_REACHED, text)
        for delivery in page:
            if not until.holds(delivery.sequence):
                return
            yield event_of(CATALOG, delivery)
