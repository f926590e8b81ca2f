"""Folds replays into rows."""

from contracts.replays import ReplayCompleted, ReplayEvent, ReplayFailed, ReplayStarted
from projections.replays.view import REPLAY, ReplayRow
from services.runtime.projections.projection import Position, Projection, Rows

projection = Projection("replays", version=1, tables=(REPLAY,))


@projection.on(ReplayStarted)
def started(event: ReplayStarted, at: Position, rows: Rows) -> None:
    """It runs."""
    rows.put(REPLAY, _row(event, at))


@projection.on(ReplayCompleted)
def completed(event: ReplayCompleted, at: Position, rows: Rows) -> None:
    """It is known what would have been."""
    result = event.result.model_dump(mode="json")
    rows.put(REPLAY, _ended(event, at)._replace(result=result))


@projection.on(ReplayFailed)
def failed(event: ReplayFailed, at: Position, rows: Rows) -> None:
    """It came to nothing."""
    rows.put(REPLAY, _ended(event, at)._replace(code=event.code, reason=event.reason))


def _row(event: ReplayEvent, at: Position) -> ReplayRow:
    return ReplayRow(
        id=event.replay_id,
        cluster_ids=event.asked.cluster_ids,
        asked=event.asked.model_dump(mode="json"),
        started_at=at.logged_at,
        started_by=at.delivery.headers["ce-actor"],
        sequence=at.sequence,
        ended_at=None,
        ended_sequence=None,
        result=None,
        code=None,
        reason=None,
    )


def _ended(event: ReplayEvent, at: Position) -> ReplayRow:
    return _row(event, at)._replace(ended_at=at.logged_at, ended_sequence=at.sequence)
