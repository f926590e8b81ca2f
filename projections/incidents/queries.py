"""What may be asked of incidents. Answers are the JSON that REST passes on as it is."""

from dataclasses import dataclass
from uuid import UUID

from projections.incidents.filtering import OPEN, SORTABLE, WORST, IncidentFilter
from projections.incidents.reach_queries import names, reach
from projections.incidents.sources import MINE, Sources, each, mine_of, sources
from projections.incidents.timeline_queries import entries
from services.runtime.database import Database
from services.runtime.principals import Scope
from services.runtime.queries import AsOf, Page, Where, rfc3339

__all__ = ["OPEN", "SORTABLE", "STATES", "Found", "IncidentFilter", "by_id", "listing"]

STATES = (*OPEN, "RESOLVED")
_SEVERITIES = ("CRITICAL", "WARNING", "INFO")
_MOST_ALERTS = 1_000
_ENTRIES = 20
_COUNTED_THEN = 1_000
"""As far as is counted as of a time, of which there is no tally."""
_VIEW = f"""
    'id', i.id, 'title', case when r.redacted then coalesce(r.title, '') else i.title end,
    'state', i.state, 'severity', i.severity, 'cluster_ids', n.ids, 'clusters', n.named,
    'where', case when r.redacted then '[]'::jsonb else i.place end,
    'signals', case when r.redacted then r.signals else i.signals end,
    'lasting', case when r.redacted then r.lasting else i.lasting end,
    'opened_at', {rfc3339("i.opened_at")}, 'last_signal_at', {rfc3339("i.last_signal_at")},
    'acknowledged_by', i.acknowledged_by, 'acknowledged_at', {rfc3339("i.acknowledged_at")},
    'resolved_by', i.resolved_by, 'resolved_at', {rfc3339("i.resolved_at")},
    'merged_into', i.merged_into, 'version', i.version, 'changed_at', {rfc3339("i.changed_at")},
    'redacted', r.redacted"""


def _around(read: Sources) -> str:
    """Joins of an incident ``i``: its clusters, and what is seen of one that is not seen whole."""
    more = "' and ' || (sum(y.signals) - 1) || ' more'"
    return f""" cross join lateral ({read.named("i.cluster_ids")}) n
        cross join lateral (select f.redacted, p.* from
        (select {read.redacts("i.cluster_ids")} as redacted) f left join lateral (
            select coalesce(sum(y.signals), 0)::int8 as signals,
                coalesce(sum(y.lasting), 0)::int8 as lasting,
                (array_agg(y.name order by {WORST.format("y.severity")}, y.signals desc, y.name))[1]
                    || case when sum(y.signals) > 1 then {more} else '' end as title
            from {_counted(read)} y) p on f.redacted) r"""  # noqa: S608 - our own names


def _counted(read: Sources) -> str:
    """Numbers of signals that are seen by severity and name: of the tally, which knows of now."""
    if read.at is None:
        return (
            f"(select t.severity, t.name, t.signals, t.lasting from {read.whole('i.id')}"  # noqa: S608
            f" cross join lateral {each('incidents.tally', 'incident_id = w.id')} t"
            f" where {read.seen('t.cluster_id')})"
        )
    return (
        f"(select k.severity, k.name, count(*) as signals, count(*) filter (where k.lasts)"  # noqa: S608
        f" as lasting from (select s.severity, left(s.name, 128) as name, o.signal_id is null"
        f" as lasts from {read.members('i.id')}{read.signal_of}{read.ended_of}"
        f" where {read.seen('s.cluster_id')} limit {_COUNTED_THEN}) k group by 1, 2)"
    )


@dataclass(frozen=True, slots=True)
class Found:
    """An incident as JSON, and its version."""

    body: bytes
    version: int


async def listing(database: Database, wanted: IncidentFilter, page: Page) -> bytes:
    """``{items, by_state, by_severity, total, page, page_size, total_pages}``.

    Both counts are made with the filters of all others: what else could be chosen.
    """
    read, where = wanted.sources, wanted.where()
    state, severity, order = wanted.of_state(), wanted.of_severity(), wanted.order
    view = f"{_VIEW}, {reach(read)}" if wanted.with_reach else _VIEW
    both = Where()
    for one in (state, severity):
        both.conditions += one.conditions
        both.parameters += one.parameters
    named = [*both.parameters] if wanted.with_names else []
    lasting = names(read, f"base i{both.sql}", order) if wanted.with_names else "null"
    row = await database.fetch_one(
        f"with {MINE}, base as materialized"  # noqa: S608 - our own names
        f" (select i.* from {read.incident} i{where.sql}),"
        f" shown as materialized (select * from base i{both.sql} order by {order}"
        f" limit {page.size} offset {page.offset})"
        f" select json_build_object('items', coalesce((select json_agg(json_build_object({view})"
        f" order by {order}) from shown i{_around(read)}), '[]'::json),"
        f" 'by_state', (select {_counts('state', STATES)} from base i{severity.sql}),"
        f" 'by_severity', (select {_counts('severity', _SEVERITIES)} from base i{state.sql}),"
        f" 'lasting_by_name', {lasting},"
        f" {page.envelope('n')})::text from"
        f" (select count(*) as n from base i{both.sql}) as counted",
        [
            *mine_of(wanted.mine),
            *where.parameters,
            *both.parameters,
            *severity.parameters,
            *state.parameters,
            *named,
            *both.parameters,
        ],
    )
    return b"" if row is None else row[0].encode()


def _counts(column: str, values: tuple[str, ...]) -> str:
    counts = (f"'{value}', count(*) filter (where i.{column} = '{value}')" for value in values)
    return f"json_build_object({', '.join(counts)})"


async def by_id(
    database: Database, incident_id: UUID, mine: Scope, as_of: AsOf | None = None
) -> Found | None:
    """One incident with the newest of its timeline, if one of its clusters is in the scope."""
    read = sources(mine, as_of)
    alerts = (
        f"select m.signal_id, m.seq from (select m.signal_id, m.seq from {read.members('i.id')}"  # noqa: S608
        f" order by m.seq desc, m.signal_id offset 0) m{read.signal_of}"
        f" where s.kind = 'ALERT' and {read.seen('s.cluster_id')}"
        f" order by m.seq desc, m.signal_id limit {_MOST_ALERTS}"
    )
    timeline = entries(read, "i.id", None, _ENTRIES)
    row = await database.fetch_one(
        f"with {MINE} select json_build_object({_VIEW},"  # noqa: S608 - our own names
        f" 'alert_ids', coalesce((select json_agg(a.signal_id order by a.seq desc, a.signal_id)"
        f" from ({alerts}) a), '[]'::json), 'timeline', {timeline})::text, i.version"
        f" from {read.incident} i{_around(read)}"
        f" where i.id = %s and {read.sees('i.cluster_ids')}",
        [*mine_of(mine), incident_id],
    )
    return None if row is None else Found(row[0].encode(), row[1])
