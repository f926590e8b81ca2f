"""What may be asked of analyses. Answers are the JSON that REST passes on as it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from contracts.rca import RcaResult
from projections.rca.view import ABSORBED, RcaView
from services.runtime.database import Database
from services.runtime.principals import Scope
from services.runtime.queries import AsOf, Page, Where, rfc3339

SCHEMA = "rca"
_ANALYSIS = f"{SCHEMA}.analysis"
MINE = "mine as materialized (select %s::jsonb as ids, %s::text[] as listed)"
"""The clusters that are seen: what a query for a part of them begins with."""
REDACTED = "not a.cluster_ids <@ (select ids from mine)"
_SEEN_IDS = """(select coalesce(json_agg(k.id order by k.place), '[]')
    from jsonb_array_elements_text(a.cluster_ids) with ordinality as k(id, place)
    where k.id = any(array(select unnest(listed) from mine)))"""
_VIEW = f"""json_build_object(
    'id', a.id, 'trigger', a.trigger, 'trigger_id', a.trigger_id, 'incident_id', a.incident_id,
    'cluster_ids', {{ids}}, 'window_start', {rfc3339("a.window_start")},
    'window_end', {rfc3339("a.window_end")}, 'is_known', a.is_known,
    'cause', case when a.cause_place is not null and not ({{redacted}}) then json_build_object(
        'entity', json_build_object('cluster_id', a.cause_cluster, 'place', a.cause_place),
        'kind', a.cause_kind, 'score', a.cause_score) end,
    'analysed_at', {rfc3339("a.analysed_at")}, 'sequence', a.sequence, 'redacted', {{redacted}})"""


@dataclass(frozen=True, slots=True)
class AnalysisFilter:
    """Which analyses are asked for; empty fields do not restrict."""

    mine: Scope
    """Whose analyses are seen."""
    incident_id: Sequence[UUID] = ()
    cluster_id: Sequence[UUID] = ()
    as_of: AsOf | None = None
    """After which event; None for now. Those that have gone since are gone for then, too."""

    @property
    def view(self) -> str:
        """An analysis ``a`` in a list."""
        whole = self.mine.whole
        ids = "a.cluster_ids" if whole else _SEEN_IDS
        return _VIEW.format(ids=ids, redacted="false" if whole else REDACTED)

    def where(self) -> Where:
        """Conditions on an analysis ``a``."""
        where = seen(self.mine, self.as_of)
        if self.incident_id:
            these = whole("select unnest(%s::uuid[])", self.as_of)
            where.add(f"a.about in ({these})", list(self.incident_id))
            where.add("a.incident_id is not null")
        if self.cluster_id:
            # One that is not seen is in no analysis.
            wanted = self.mine.narrow(self.cluster_id)
            where.add("a.cluster_ids ?| %s", [str(cluster) for cluster in wanted])
        return where


async def listing(database: Database, wanted: AnalysisFilter, page: Page) -> bytes:
    """``{items, total, page, page_size, total_pages}``, the newest first."""
    where = wanted.where()
    row = await database.fetch_one(
        f"with {MINE}, shown as (select * from {_ANALYSIS} a{where.sql}"  # noqa: S608 - our names
        f" order by a.sequence desc limit {page.size} offset {page.offset})"
        f" select json_build_object('items', coalesce((select json_agg({wanted.view}"
        f" order by a.sequence desc) from shown a), '[]'::json), {page.envelope('n')})::text"
        f" from (select count(*) as n from {_ANALYSIS} a{where.sql}) as counted",
        [*mine_of(wanted.mine), *where.parameters, *where.parameters],
    )
    return b"" if row is None else row[0].encode()


async def by_id(
    database: Database, rca_id: UUID, mine: Scope, as_of: AsOf | None = None
) -> bytes | None:
    """One analysis, if one of its clusters is in the scope; cut, if not all of them are."""
    where = seen(mine, as_of)
    where.add("a.id = %s", rca_id)
    row = await database.fetch_one(
        f"select a.told::text, a.analysed_at, a.sequence from {_ANALYSIS} a{where.sql}",  # noqa: S608
        where.parameters,
    )
    if row is None:
        return None
    told = RcaResult.model_validate_json(row[0])
    redacted = not all(mine.has(each) for each in told.cluster_ids)
    shown = told.only(mine.clusters or ()) if redacted else told
    more = {"analysed_at": row[1], "sequence": row[2], "redacted": redacted}
    return RcaView.model_validate(shown.model_dump() | more).model_dump_json().encode()


def whole(incidents: str, as_of: AsOf | None) -> str:
    """These incidents, and all that have ended in them, as SQL for their ids."""
    absorbed = ABSORBED.source(SCHEMA, None if as_of is None else as_of.sequence)
    return (
        f"with recursive whole (id) as ({incidents} union"  # noqa: S608 - our own names
        f" select x.incident_id from {absorbed} x join whole on x.into_id = whole.id)"
        " select id from whole"
    )


def seen(mine: Scope, as_of: AsOf | None) -> Where:
    """Conditions on an analysis ``a``: there by then, and one of its clusters is in the scope."""
    where = Where()
    if mine.clusters is not None:
        where.add("a.cluster_ids ?| %s", sorted(map(str, mine.clusters)))
    if as_of is not None:
        where.add("a.sequence <= %s", as_of.sequence)
    return where


def mine_of(mine: Scope) -> list[Any]:
    """The parameters of `MINE`; of the whole nothing looks at them."""
    ids = sorted(map(str, mine.clusters or ()))
    return [msgspec.json.encode(ids).decode(), ids]
