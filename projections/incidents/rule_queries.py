"""Rules of correlation, by id. Answers are JSON."""

from contracts.incidents import CorrelationRule
from projections.incidents.sources import MINE, Sources, mine_of, sources
from services.runtime.database import Database
from services.runtime.principals import Scope
from services.runtime.queries import AsOf, Page, rfc3339

_IDS = "(r.told -> 'cluster_ids')"


async def listing(database: Database, page: Page, mine: Scope, as_of: AsOf | None = None) -> bytes:
    """``{items, total, page, page_size, total_pages}``: those of any cluster, or of one seen."""
    read = sources(mine, as_of)
    row = await database.fetch_one(
        f"with {MINE}, found as materialized (select * from {read.rule} r where {_seen(read)})"  # noqa: S608
        f" select json_build_object('items', coalesce((select json_agg({_view(read)} order by r.id)"
        f" from (select * from found order by id limit {page.size} offset {page.offset}) r),"
        f" '[]'::json), {page.envelope('count(*)')})::text from found",
        mine_of(mine),
    )
    return b"" if row is None else row[0].encode()


async def by_id(
    database: Database, rule_id: str, mine: Scope, as_of: AsOf | None = None
) -> tuple[bytes, int] | None:
    """One rule as JSON, and its version."""
    read = sources(mine, as_of)
    row = await database.fetch_one(
        f"with {MINE} select ({_view(read)})::text, r.version from {read.rule} r"  # noqa: S608
        f" where r.id = %s and {_seen(read)}",
        [*mine_of(mine), rule_id],
    )
    return None if row is None else (row[0].encode(), row[1])


def _seen(read: Sources) -> str:
    return f"({_IDS} = '[]' or {read.sees(_IDS)})"


def _view(read: Sources) -> str:
    ids = (
        f"select coalesce(jsonb_agg(k.id order by k.place), '[]') from"  # noqa: S608
        f" jsonb_array_elements_text({_IDS}) with ordinality as k(id, place)"
        f" where {read.seen('k.id::uuid')}"
    )
    return (
        f"r.told || jsonb_build_object('cluster_ids', ({ids}), 'version', r.version,"
        f" 'changed_at', {rfc3339('r.changed_at')}, 'changed_by', r.changed_by,"
        f" 'redacted', {read.redacts(_IDS)})"
    )


async def all_of_them(database: Database) -> tuple[CorrelationRule, ...]:
    """The rules that count, whoever asks."""
    rows = await database.fetch_all("select r.told from incidents.rule r order by r.id")
    return tuple(CorrelationRule.model_validate(row[0]) for row in rows)
