"""Shapes of answers about root cause analyses, and of what is sent."""

from uuid import UUID

from contracts.envelope import Message, Timestamp
from gateway.rest.documented import Paged
from projections.rca.view import RcaSummary


class RcaList(Paged):
    """A page of analyses, the newest first."""

    items: list[RcaSummary]


class RcaSearch(Message):
    """What the cause is looked for of: one of the four ids."""

    incident_id: UUID | None = None
    alert_id: UUID | None = None
    """The occurrence of an alert."""
    anomaly_id: UUID | None = None
    cluster_id: UUID | None = None
    """With `start` and `end`: all that was wrong there in that time."""
    start: Timestamp | None = None
    end: Timestamp | None = None
    """A day after the start at most."""
