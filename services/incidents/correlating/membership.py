"""Which signals belong to which incident, as events tell it one after the other: pure."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from contracts.incidents import (
    Incident,
    IncidentEvent,
    IncidentMerged,
    IncidentOpened,
    IncidentReopened,
    IncidentSplit,
    IncidentUpdated,
)


@dataclass
class Membership:
    """Incidents, and what belongs to them."""

    incidents: dict[UUID, Incident] = field(default_factory=dict[UUID, Incident])
    """As each was at last; what ended in another one is not among them."""
    members: dict[UUID, set[UUID]] = field(default_factory=dict[UUID, set[UUID]])
    """By incident: its signals."""
    told_at: dict[UUID, datetime] = field(default_factory=dict[UUID, datetime])
    """By incident: when it was opened, as it was decided."""

    def note(self, event: IncidentEvent, at: datetime) -> None:
        """What was told of an incident at this moment."""
        incident = event.incident
        mine = self.members.setdefault(incident.id, set())
        self.told_at.setdefault(incident.id, at)
        match event:
            case IncidentOpened():
                mine.update(signal.id for signal in event.added)
            case IncidentUpdated() | IncidentReopened():
                mine.update(joined.signal.id for joined in event.added)
            case IncidentSplit() if event.from_other:
                mine.update(event.moved)
                self.members.get(event.other_id, set()).difference_update(event.moved)
            case IncidentMerged() if incident.merged_into is not None:
                self.members.setdefault(incident.merged_into, set()).update(mine)
            case _:
                pass
        if incident.merged_into is None:
            self.incidents[incident.id] = incident
        else:
            self.incidents.pop(incident.id, None)
            self.members.pop(incident.id)

    def copy(self) -> "Membership":
        """One of its own that stands where this one does."""
        members = {one: set(signals) for one, signals in self.members.items()}
        return Membership(dict(self.incidents), members, dict(self.told_at))
