"""Which alerts are open, told a part at a time."""

from collections.abc import AsyncIterator
from datetime import datetime
from uuid import UUID

from contracts.alerts import OpenAlerts
from projections.alerts.sources import sources
from services.runtime.database import Database
from services.runtime.queries import Where, rfc3339

_PART = 5_000
_TOLD = f"""json_build_object(
    'id', a.id, 'cluster_id', a.cluster_id, 'fingerprint', a.fingerprint, 'state', a.state,
    'starts_at', {rfc3339("a.starts_at")}, 'expires_at', {rfc3339("a.expires_at")},
    'silenced_by', coalesce(m.silenced_by, '[]'), 'inhibited_by', coalesce(m.inhibited_by, '[]'))"""


async def telling(database: Database, query: OpenAlerts) -> AsyncIterator[tuple[int, bytes]]:
    """How many, and as JSON without the brackets of the array; nothing is held in between."""
    left, last = query.limit, None
    while left:
        wanted = min(_PART, left)
        row = await database.fetch_one(*_statement(query, last, wanted))
        count = 0 if row is None else row[0]
        if row is None or not count:
            return
        yield count, row[1].encode()
        left, last = left - count, (row[2], row[3])
        if count < wanted:
            return


def _statement(
    query: OpenAlerts, last: tuple[datetime, UUID] | None, limit: int
) -> tuple[str, list[object]]:
    where = Where()
    if query.cluster_id is not None:
        where.add("cluster_id = %s", query.cluster_id)
    if query.expired_before is not None:
        where.add("expires_at < %s", query.expired_before)
    if last is not None:
        where.add("(starts_at, id) < (%s, %s)", *last)
    sql = (
        f"select count(*), string_agg({_TOLD}::text, ',' order by a.starts_at desc, a.id desc),"  # noqa: S608
        f" (array_agg(a.starts_at order by a.starts_at, a.id))[1],"
        f" (array_agg(a.id order by a.starts_at, a.id))[1]"
        f" from (select * from alerts.open{where.sql}"
        f" order by starts_at desc, id desc limit {limit}) as a"
        f" left join {sources().muted}"
    )
    return sql, where.parameters
