"""Shapes of answers about incidents, which come ready from the database, and of what is sent."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from contracts.envelope import Message, Timestamp
from contracts.incidents import MOST_AT_ONCE, Comment
from gateway.rest.documented import Paged
from gateway.rest.documented_alerts import BySeverity
from projections.incidents.view import (
    CorrelationRuleView,
    IncidentReach,
    IncidentSeen,
    LastingName,
    SignalView,
    TimelineEntry,
)
from projections.rca.view import RcaInShort


class ByIncidentState(Message):
    """How many incidents there are in each state."""

    OPEN: int
    ACKNOWLEDGED: int
    RESOLVED: int


class IncidentView(IncidentSeen):
    """An incident in a list, with what `include` asks for; what it does not ask for is left out."""

    cause: RcaInShort | None = None
    """With `CAUSE`: its newest analysis; null where there is none that whoever asks may see, or
    none any more: 100 of each are kept."""
    reach: IncidentReach | None = None
    """With `REACH`."""
    known_at: Timestamp | None = None
    """With `REACH`: when the hub told of it first; `as_of` an earlier time it is not there."""


class IncidentList(Paged):
    """A page of incidents."""

    items: list[IncidentView]
    by_state: ByIncidentState
    """Counted with the filters on all but the state."""
    by_severity: BySeverity
    """Counted with the filters on all but the severity."""
    lasting_by_name: list[LastingName] | None = None
    """With `NAMES`: what lasts in all of the incidents, whatever page is asked for, the most
    frequent 300; as of a time, what lasted of 1,000 signals each in the first 20. Null where it is
    not asked for."""


class SignalList(Paged):
    """A page of an incident's signals."""

    items: list[SignalView]


class Timeline(Message):
    """A part of what happened to an incident, the newest first."""

    items: list[TimelineEntry]
    next_cursor: str | None


class CorrelationRuleList(Paged):
    """A page of rules, by their ids."""

    items: list[CorrelationRuleView]


class IncidentComment(Message):
    """What somebody has to say to what they do."""

    comment: Comment = ""


class IncidentMerge(IncidentComment):
    """Which incident ends in the one that is asked for."""

    other_id: UUID


class IncidentSplitOff(IncidentComment):
    """Which signals become an incident of their own."""

    signal_ids: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=MOST_AT_ONCE)]
