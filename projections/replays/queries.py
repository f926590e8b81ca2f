"""What may be asked of replays."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from contracts.replays import ReplayAsked, ReplayResult, ReplayState
from projections.replays.view import ReplaySummary, ReplayView
from services.runtime.database import Database
from services.runtime.principals import Scope
from services.runtime.queries import AsOf, Page, Where

_COLUMNS = (
    "r.id, r.asked::text, r.started_at, r.started_by, r.sequence, r.ended_at, r.ended_sequence,"
    " r.result::text, r.code, r.reason"
)
_Row = Sequence[Any]


async def listing(database: Database, page: Page, mine: Scope, as_of: AsOf | None = None) -> bytes:
    """``{items, total, page, page_size, total_pages}``, the newest first."""
    where = _seen(mine, as_of)
    count = await database.fetch_one(
        f"select count(*) as n, json_build_object({page.envelope('count(*)')})::text"  # noqa: S608 - our names
        f" from replays.replay r{where.sql}",
        where.parameters,
    )
    rows = await database.fetch_all(
        f"select {_COLUMNS} from replays.replay r{where.sql}"  # noqa: S608 - our names
        f" order by r.sequence desc limit {page.size} offset {page.offset}",
        where.parameters,
    )
    envelope = msgspec.json.decode("{}" if count is None else count[1])
    names = ReplaySummary.model_fields.keys()
    items = [_view(row, mine, as_of).model_dump(mode="json", include=set(names)) for row in rows]
    return msgspec.json.encode({"items": items, **envelope})


async def by_id(
    database: Database, replay_id: UUID, mine: Scope, as_of: AsOf | None = None
) -> bytes | None:
    """One replay, if it is about one of the scope's clusters; cut, if not about these alone."""
    where = _seen(mine, as_of)
    where.add("r.id = %s", replay_id)
    row = await database.fetch_one(
        f"select {_COLUMNS} from replays.replay r{where.sql}",  # noqa: S608 - our names
        where.parameters,
    )
    return None if row is None else _view(row, mine, as_of).model_dump_json().encode()


def _seen(mine: Scope, as_of: AsOf | None) -> Where:
    """One about all clusters is seen by who sees all of them."""
    where = Where()
    if mine.clusters is not None:
        where.add("r.cluster_ids ?| %s", sorted(map(str, mine.clusters)))
    if as_of is not None:
        where.add("r.sequence <= %s", as_of.sequence)
    return where


def _view(row: _Row, mine: Scope, as_of: AsOf | None) -> ReplayView:
    one, asked_text, started_at, started_by, sequence, ended_at, ended, text, code, reason = row
    if as_of is not None and ended is not None and ended > as_of.sequence:
        ended_at, text, code, reason = None, None, None, None
    asked = ReplayAsked.model_validate_json(asked_text)
    result = None if text is None else ReplayResult.model_validate_json(text)
    whole = result
    redacted = mine.clusters is not None and not set(asked.cluster_ids) <= mine.clusters
    if redacted:
        shown = tuple(each for each in asked.cluster_ids if mine.has(each))
        asked = asked.model_copy(update={"cluster_ids": shown, "correlation": None})
    if mine.clusters is not None and result is not None:
        # Incidents of these clusters may be of others, too.
        result = result.only(mine.clusters)
    return ReplayView(
        id=one,
        state=_state(result, code),
        asked=asked,
        started_at=started_at,
        started_by=started_by,
        sequence=sequence,
        ended_at=ended_at,
        is_equal=None if result is None else result.is_equal,
        differences=None if result is None else len(result.differences) + result.left_out,
        code=code,
        reason=reason,
        redacted=redacted or result != whole,
        result=result,
    )


def _state(result: ReplayResult | None, code: str | None) -> ReplayState:
    if result is not None:
        return ReplayState.COMPLETED
    return ReplayState.RUNNING if code is None else ReplayState.FAILED
