"""Rows of a session: how it began, what was asked last, and where it stands."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.runtime.projections.table import Table


class SessionRow(NamedTuple):
    """How a session began."""

    id: UUID
    user_id: str
    title: str | None
    """Sealed, as whatever was said."""
    persona_id: str
    cluster_ids: tuple[UUID, ...]
    provider: str | None
    rerun_session: UUID | None
    rerun_message: UUID | None
    created_at: datetime
    expires_at: datetime


class AskedRow(NamedTuple):
    """The last question of a session."""

    id: UUID
    title: str | None
    """Sealed."""
    expires_at: datetime | None


class StandRow(NamedTuple):
    """Where a session stands."""

    id: UUID
    message_count: int
    is_answering: bool
    updated_at: datetime


class KnownSession(NamedTuple):
    """A session as its rows tell it."""

    id: UUID
    user_id: str
    title: str | None
    """Sealed."""
    persona_id: str
    cluster_ids: tuple[UUID, ...]
    provider: str | None
    rerun_session: UUID | None
    rerun_message: UUID | None
    created_at: datetime
    expires_at: datetime
    message_count: int
    is_answering: bool
    updated_at: datetime


SESSION = Table("session", SessionRow, key=("id",), indexes=("(user_id)",))
ASKED = Table("asked", AskedRow, key=("id",))
STAND = Table("stand", StandRow, key=("id",))
"""Three tables, so that no event has to know what others have told."""
