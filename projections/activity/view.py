"""The row of the activity projection."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.runtime.projections.table import Table


class ActivityRow(NamedTuple):
    """One event: its envelope and position."""

    sequence: int
    event_id: UUID
    event_type: str
    logged_at: datetime
    time: datetime
    cluster_id: UUID | None
    entity_type: str
    entity_id: str
    version: int | None
    source: str
    actor: str
    correlation_id: UUID
    causation_id: UUID
    command_id: UUID
    spans: tuple[str, ...] | None = None
    """The clusters of what is of none, but about several."""


EVENT = Table(
    "event",
    ActivityRow,
    key=("sequence",),
    indexes=(
        "(event_id)",
        "(causation_id)",
        "(correlation_id, sequence)",
        "(cluster_id, sequence) where cluster_id is not null",
        "(event_type, sequence)",
        "(entity_type, entity_id, sequence)",
        "using brin (logged_at)",
        "(sequence) where spans is not null",
    ),
)
