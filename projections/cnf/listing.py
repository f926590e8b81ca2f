"""One shape for all lists of network functions: rows out of the newest samples, worst first."""

from dataclasses import dataclass
from typing import Any

from contracts.cnf import CnfArea
from projections.cnf.filtering import CnfFilter
from projections.cnf.sources import Sources, sources
from projections.cnf.view import CnfPart
from services.runtime.database import Database
from services.runtime.queries import Page, rfc3339

_MOST_MISSING = 1_000
_OLD = "< %s::timestamptz - 3 * interval_seconds * interval '1 second'"
_COMMON = f"""'cluster_id', r.cluster_id, 'cluster_name', r.cluster_name,
    'last_updated', {rfc3339("r.at")}, 'stale', r.stale, 'source', r.source,
    'standing', r.standing, 'state_since', {rfc3339("r.state_since")}"""


@dataclass(frozen=True, slots=True)
class Kind:
    """What one kind of list is made of, as SQL over the rows ``r`` of its samples."""

    part: CnfPart
    area: CnfArea
    rows: str
    """Joins rows ``e`` out of the ``value`` of clusters ``l``."""
    columns: str
    """Of ``e``, and of the last event ``s`` about it, as rows have them."""
    fields: tuple[str, ...]
    """Columns that people see."""
    words: tuple[str, ...]
    """Columns that are searched."""
    name: str
    """Of ``e``, as `CnfStatusChanged` has it."""
    worst: str
    """The order of a list."""
    totals: str
    """Fields over all rows that match."""


async def listing(database: Database, kind: Kind, wanted: CnfFilter, page: Page) -> bytes:
    """``{items, missing, total, page, …}`` and the totals of the kind."""
    read = sources(wanted.mine, wanted.as_of)
    where = wanted.where(*kind.words)
    only, clusters = _only(wanted)
    fields = ", ".join(f"'{name}', r.{name}" for name in kind.fields)
    row = await database.fetch_one(
        f"with clusters as materialized (select *, at {_OLD} as stale, asked_at {_OLD} as silent"  # noqa: S608
        f" from ({read.clusters(kind.part)}) as found{only}),"
        f" told as (select l.cluster_id, l.cluster_name, l.at, l.stale, l.source,"
        f" s.state as standing, s.changed_at as state_since,"
        f" {kind.columns.replace('{offset}', read.offset)} from clusters l {kind.rows}"
        f" left join {read.state} s on s.cluster_id = l.cluster_id"
        f" and s.area = '{kind.area.value}' and s.name = {kind.name}),"
        f" matched as materialized (select r.* from told r{where.sql}),"
        # Of many rows the first few are found without sorting the others.
        f" shown as (select r.* from matched r order by {kind.worst}"
        f" offset {page.offset} limit {page.size})"
        f" select json_build_object('items', coalesce((select json_agg(json_build_object({_COMMON},"
        f" {fields}) order by {kind.worst}) from shown r), '[]'::json),"
        f" 'missing', {_missing(kind, read, asked=bool(clusters))}, {kind.totals},"
        f" {page.envelope('count(*)')})::text from matched r",
        [wanted.now, wanted.now, *clusters, *where.parameters, *clusters],
    )
    return b"" if row is None else row[0].encode()


def _only(wanted: CnfFilter) -> tuple[str, list[Any]]:
    if not wanted.cluster_id:
        return "", []
    return " where cluster_id = any(%s)", [list(wanted.cluster_id)]


def _missing(kind: Kind, read: Sources, *, asked: bool) -> str:
    """What the last samples could not tell, where there are none any more, or never were."""
    why = "there was no sample yet" if read.at is None else "no sample of that time is kept"
    never = (
        f"union all select c.cluster_id, c.name, '{why}', null"  # noqa: S608
        f" from {read.cluster_name} c where c.cluster_id = any(%s)"
        " and c.cluster_id not in (select cluster_id from clusters)"
    )
    return (
        "coalesce((select json_agg(json_build_object('cluster_id', cluster_id,"  # noqa: S608
        f" 'cluster_name', cluster_name, 'what', '{kind.part.value}', 'reason', reason,"
        f" 'last_updated', {rfc3339('at')}) order by cluster_name) from (select * from"
        " (select cluster_id, cluster_name, case when silent then"
        " 'there was no sample for three intervals' else missing end as reason, at from clusters"
        f" where silent or missing is not null {never if asked else ''}) as gaps"
        f" order by cluster_name limit {_MOST_MISSING}) as shown), '[]'::json)"
    )
