"""What became of a command."""

from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from contracts.envelope import Message


class Outcome(Message):
    """The one answer to a command, kept for 24 hours under its id."""

    command_id: UUID
    outcome: Literal["accepted", "refused", "failed", "pending"]
    id: str | None = None
    """The entity that the command acted on."""
    version: int | None = None
    """The aggregate's version after it."""
    sequence: int | None = None
    """The log position of its last event; None if nothing changed."""
    code: str | None = None
    message: str | None = None
    details: dict[str, Any] = Field(default_factory=dict)
