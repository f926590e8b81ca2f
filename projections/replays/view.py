"""The row of a replay, and a replay as people see it."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from contracts.envelope import Message, Timestamp
from contracts.replays import ReplayAsked, ReplayResult, ReplayState
from services.runtime.projections.table import Table


class ReplayRow(NamedTuple):
    """A replay, and how it ended."""

    id: UUID
    cluster_ids: tuple[UUID, ...]
    """Those that it was asked for; none: all."""
    asked: dict[str, object]
    """A `ReplayAsked`."""
    started_at: datetime
    """By the log."""
    started_by: str
    sequence: int
    """Of the event that started it."""
    ended_at: datetime | None
    ended_sequence: int | None
    result: dict[str, object] | None
    """A `ReplayResult`."""
    code: str | None
    """Why it came to nothing."""
    reason: str | None


class ReplaySummary(Message):
    """A replay in a list."""

    id: UUID
    state: ReplayState
    asked: ReplayAsked
    started_at: Timestamp
    started_by: str
    sequence: int
    """Of the event that started it."""
    ended_at: Timestamp | None
    is_equal: bool | None
    """Nothing would have been otherwise; null as long as that is not known."""
    differences: int | None
    code: str | None
    """Of what has failed: ``CANCELLED``, ``LIMIT_REACHED``, ``TIMED_OUT``, ``INTERNAL_ERROR``."""
    reason: str | None
    redacted: bool
    """It is about other clusters as well, which are not shown."""


class ReplayView(ReplaySummary):
    """A replay with what would have been otherwise."""

    result: ReplayResult | None


REPLAY = Table(
    "replay",
    ReplayRow,
    key=("id",),
    indexes=("(sequence desc)", "using gin (cluster_ids)"),
    # Told by the first event of it alone.
    kept=frozenset({"started_at", "started_by", "sequence"}),
)
