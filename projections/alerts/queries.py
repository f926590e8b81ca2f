"""What may be asked of alerts. Answers are the JSON that REST passes on as it is."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from projections.alerts.filtering import NEWEST, OPEN, STATES, AlertFilter, fingerprint_is
from projections.alerts.sources import Sources, sources
from projections.alerts.view import INDEXED
from services.runtime.database import Database
from services.runtime.principals import Scope
from services.runtime.queries import AsOf, Cursor, Page, Where, rfc3339

__all__ = ["COUNTED", "OPEN", "STATES", "AlertFilter", "Candidate", "by_fingerprint", "by_id",
           "cluster_names", "listing"]  # fmt: skip

COUNTED = 10_000
"""As far as is counted what no tally has."""
_COUNTED_THEN = 1_000
"""The same as of a time, where no tally has anything: it shall cost no more than twice a read."""

# An index is read for each row of an answer, and no further than the fourth entry.
_FLAPPING = f"""(select count(*) = 4 from (select from {{occurrence}} o
    where left(o.fingerprint, {INDEXED}) = left(a.fingerprint, {INDEXED})
    and o.cluster_id = a.cluster_id and o.fingerprint = a.fingerprint and o.state <> 'PENDING'
    and o.starts_at <= t.until and o.starts_at > t.until - interval '15 minutes' limit 4) as began)
"""  # noqa: S608
_UNTIL = """cross join lateral (select case when a.state = 'RESOLVED' then a.starts_at
    else greatest(a.starts_at, %s::timestamptz) end as until) as t"""
_MUTED = "coalesce(jsonb_array_length(m.{}), 0) > 0"
_NONE = "'[]'::jsonb"
_VIEW = f"""json_build_object(
    'id', a.id, 'fingerprint', a.fingerprint, 'cluster_id', a.cluster_id, 'cluster_name', c.name,
    'alertname', a.alertname, 'severity', a.severity, 'state', a.state, 'labels', a.labels,
    'annotations', a.annotations, 'starts_at', {rfc3339("a.starts_at")},
    'ends_at', {rfc3339("a.ends_at")},
    'generator_url', a.generator_url, 'silenced', {_MUTED.format("silenced_by")},
    'silenced_by', coalesce(m.silenced_by, {_NONE}), 'inhibited', {_MUTED.format("inhibited_by")},
    'inhibited_by', coalesce(m.inhibited_by, {_NONE}), 'flapping', {{flapping}},
    'incident_id', {{incident}}, 'first_seen_at', {rfc3339("a.first_seen_at")},
    'last_seen_at', {rfc3339("a.last_seen_at")},
    'occurrences', a.occurrences, 'expires_at', {rfc3339("a.expires_at")}, 'ending', a.ending)"""


def _view(read: Sources) -> str:
    """An alert ``a`` as people see it, with what `_around` joins."""
    flapping = _FLAPPING.replace("{occurrence}", read.occurrence)
    return _VIEW.replace("{flapping}", flapping).replace("{incident}", read.incident)


def _around(read: Sources) -> str:
    """One parameter: the time at which it is so."""
    return (
        f"left join {read.cluster_name} c on c.cluster_id = a.cluster_id"
        f" left join {read.muted} {_UNTIL}"
    )


_OF_SEVERITY = "filter (where a.severity = '{}')"


@dataclass(frozen=True, slots=True)
class Candidate:
    """An alert that a reference may mean."""

    id: UUID
    cluster_id: UUID
    body: bytes


async def listing(
    database: Database,
    wanted: AlertFilter,
    page: Page,
    now: datetime | None,
    after: Cursor | None = None,
) -> bytes:
    """``{next_cursor, items, by_severity, total_at_least, total, page, …}``, newest first.

    With a cursor, what follows it, as fast as the first page; else by the page's number.
    ``now`` is the time at which it is so; None if the log does not tell it any more.
    """
    read, found = wanted.sources, _found(wanted, page, after)
    view = f"{_view(read)} {NEWEST}"
    row = await database.fetch_one(
        f"with {found.sql}, shown as materialized (select * from found a {NEWEST}"  # noqa: S608
        f" limit {page.size}), last as (select * from shown a order by a.starts_at, a.id limit 1)"
        f" select json_build_object('items', coalesce((select json_agg({view})"
        f" from shown a {_around(read)}), '[]'::json), 'by_severity', json_build_object('CRITICAL',"
        f" critical, 'WARNING', warning, 'INFO', info), 'total_at_least', at_least,"
        f" {page.envelope('n')})::text, (select count(*) from found),"
        f" (select starts_at from last), (select id from last) from ({found.counts}) as counted",
        [*found.parameters, now, *found.counts_parameters],
    )
    if row is None:
        return b""
    body, count, starts_at, last = row
    following = str(Cursor(starts_at, last)) if count > page.size else None
    return b'{"next_cursor":' + msgspec.json.encode(following) + b"," + body[1:].encode()


@dataclass(frozen=True, slots=True)
class _Found:
    """What is shown and one more, as ``found``, and the totals over the filtered set."""

    sql: str
    parameters: list[Any]
    counts: str
    counts_parameters: list[Any]


def _found(wanted: AlertFilter, page: Page, after: Cursor | None) -> _Found:
    """Counted from the tally where that can tell; else up to a limit, by the same look if it can.

    A filter that leaves few has to look at all rows: once is enough.
    """
    if not wanted.tallied and after is None and page.offset + page.size < _most(wanted):
        matched, parameters = wanted.newest("a.id, a.starts_at, a.severity", _most(wanted))
        return _Found(
            f"matched as materialized ({matched}), chosen as (select id from matched a"  # noqa: S608
            f" {NEWEST} limit {page.size + 1} offset {page.offset}),"
            f" found as materialized (select o.* from {wanted.source} o"
            " where o.id = any(array(select id from chosen)))",
            parameters,
            _totals("matched a", _most(wanted)),
            [],
        )
    offset = page.offset if after is None else 0
    newest, parameters = wanted.newest("a.*", offset + page.size + 1, after)
    return _Found(
        f"found as materialized (select * from ({newest}) as newest offset {offset})",  # noqa: S608
        parameters,
        *_counted(wanted),
    )


def _counted(wanted: AlertFilter) -> tuple[str, list[Any]]:
    if wanted.tallied:
        where = wanted.tally_where()
        return _totals(f"alerts.tally a{where.sql}", None), where.parameters
    where = wanted.where()
    rows = f"(select a.severity from {wanted.source} a{where.sql} limit {_most(wanted)}) a"  # noqa: S608
    return _totals(rows, _most(wanted)), where.parameters


def _most(wanted: AlertFilter) -> int:
    """As far as is counted what no tally has."""
    return COUNTED if wanted.as_of is None else min(COUNTED, _COUNTED_THEN)


def _totals(source: str, most: int | None) -> str:
    """Without a limit the source is the tally."""
    amount = "coalesce(sum(n) {}, 0)::bigint" if most is None else "count(*) {}"
    columns = ", ".join(
        f"{amount.format(_OF_SEVERITY.format(severity))} as {severity.lower()}"
        for severity in ("CRITICAL", "WARNING", "INFO")
    )
    at_least = "false" if most is None else f"count(*) = {most}"
    return f"select {amount.format('')} as n, {at_least} as at_least, {columns} from {source}"  # noqa: S608


async def by_id(
    database: Database,
    alert_id: UUID,
    mine: Scope,
    now: datetime | None,
    as_of: AsOf | None = None,
) -> bytes | None:
    """One occurrence, if it is in the scope."""
    read, where = sources(as_of), Where()
    where.add("a.id = %s", alert_id)
    where.within("a.cluster_id", mine)
    row = await database.fetch_one(
        f"select {_view(read)}::text from {read.occurrence} a {_around(read)}{where.sql}",  # noqa: S608
        [now, *where.parameters],
    )
    return None if row is None else row[0].encode()


async def by_fingerprint(
    database: Database,
    fingerprint: str,
    cluster_id: UUID | None,
    mine: Scope,
    now: datetime | None,
    as_of: AsOf | None = None,
) -> list[Candidate]:
    """The newest occurrence of a fingerprint in each cluster that knows it, at most 100."""
    read, where = sources(as_of), Where()
    where.within("a.cluster_id", mine)
    fingerprint_is(where, fingerprint)
    if cluster_id is not None:
        where.add("a.cluster_id = %s", cluster_id)
    rows = await database.fetch_all(
        f"select a.id, a.cluster_id, {_view(read)}::text from (select distinct on (a.cluster_id) *"  # noqa: S608
        f" from {read.occurrence} a{where.sql}"
        f" order by a.cluster_id, a.starts_at desc, a.id desc limit 100) as a {_around(read)}",
        [*where.parameters, now],
    )
    return [Candidate(row[0], row[1], row[2].encode()) for row in rows]


async def cluster_names(database: Database) -> list[tuple[UUID, str]]:
    """How every cluster is called or was called last."""
    rows = await database.fetch_all("select cluster_id, name from alerts.cluster_name")
    return [(row[0], row[1]) for row in rows]
