"""An event as people see it: in REST, on the WebSocket, in exports."""

from typing import Any
from uuid import UUID

from contracts.envelope import Message, Timestamp


class EventRecord(Message):
    """One event of the log with its envelope."""

    event_id: UUID
    event_type: str
    sequence: int | None
    """Position in the log; None for telemetry."""
    source: str
    cluster_id: UUID | None
    cluster_name: str | None
    timestamp: Timestamp
    """When it happened, by whoever told of it."""
    logged_at: Timestamp | None
    """When the log took it, by which `from`, `to` and `as_of` count; None for telemetry."""
    payload: dict[str, Any] | None
    """None once the event has aged out of the log."""
    correlation_id: UUID
    causation_id: UUID
    actor: str
    redacted: bool = False
    """True if it is also about clusters that are not shown to who asks: what is theirs is left
    out."""
