"""What is watched, by id. Answers are JSON."""

import msgspec

from projections.anomalies.view import WATCH
from services.runtime.database import Database
from services.runtime.principals import Scope
from services.runtime.queries import AsOf, Page, rfc3339

_VIEW = (
    "w.told || jsonb_build_object('version', w.version,"
    f" 'changed_at', {rfc3339('w.changed_at')}, 'changed_by', w.changed_by)"
)


async def listing(database: Database, page: Page, mine: Scope, as_of: AsOf | None = None) -> bytes:
    """``{items, total, page, page_size, total_pages}``: those that are seen."""
    row = await database.fetch_one(
        f"with found as materialized (select * from {_source(as_of)} w where {_seen(mine)})"  # noqa: S608
        f" select json_build_object('items', coalesce((select json_agg({_VIEW} order by w.id)"
        f" from (select * from found order by id limit {page.size} offset {page.offset}) w),"
        f" '[]'::json), {page.envelope('count(*)')})::text from found",
        _parameters(mine),
    )
    return b"" if row is None else row[0].encode()


async def by_id(
    database: Database, watch_id: str, mine: Scope, as_of: AsOf | None = None
) -> tuple[bytes, int] | None:
    """One as JSON, and its version."""
    row = await database.fetch_one(
        f"select ({_VIEW})::text, w.version from {_source(as_of)} w"  # noqa: S608
        f" where w.id = %s and {_seen(mine)}",
        [watch_id, *_parameters(mine)],
    )
    return None if row is None else (row[0].encode(), row[1])


def _source(as_of: AsOf | None) -> str:
    return WATCH.source("anomalies", None if as_of is None else as_of.sequence)


def _seen(mine: Scope) -> str:
    """Every cluster of it is seen; one for all clusters only by who may see everything."""
    if mine.whole:
        return "true"
    return "(w.told -> 'cluster_ids' <> '[]' and w.told -> 'cluster_ids' <@ %s::jsonb)"


def _parameters(mine: Scope) -> list[str]:
    if mine.whole:
        return []
    return [msgspec.json.encode(sorted(map(str, mine.clusters or ()))).decode()]
