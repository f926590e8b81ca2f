"""What may be asked of anomalies. Answers are the JSON that REST passes on as it is."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from projections.anomalies.filtering import (
    NEWEST,
    SORTABLE,
    STATES,
    VERDICTS,
    AnomalyFilter,
)
from projections.anomalies.sources import Sources, sources
from services.runtime.database import Database
from services.runtime.principals import Scope
from services.runtime.queries import AsOf, Cursor, Page, Where, rfc3339

__all__ = ["COUNTED", "NEWEST", "SORTABLE", "STATES", "VERDICTS", "AnomalyFilter", "Found",
           "by_id", "listing"]  # fmt: skip

COUNTED = 1_000
"""As far as is counted: each may be a row on a page of its own."""
_VIEW = f"""json_build_object(
    'id', a.id, 'cluster_id', a.cluster_id, 'cluster_name', c.name, 'watch_id', a.watch_id,
    'metric_name', a.metric_name, 'labels', a.labels, 'detection_type', a.detection_type,
    'severity', a.severity, 'confidence_score', a.confidence_score,
    'anomaly_type', a.anomaly_type, 'expected_value', a.expected_value,
    'actual_value', a.actual_value, 'deviation_percent', a.deviation_percent,
    'explanation', a.explanation, 'evidence', a.evidence,
    'detected_at', {rfc3339("a.detected_at")}, 'ended_at', {rfc3339("a.ended_at")},
    'state', case when a.ended_at is null then 'OPEN' else 'ENDED' end,
    'feedback', case when f.verdict is not null then json_build_object('verdict', f.verdict,
        'comment', f.comment, 'given_by', f.given_by, 'given_at', {rfc3339("f.given_at")}) end,
    'incident_id', {{incident}})"""


def _view(read: Sources) -> str:
    """An anomaly ``a`` as people see it, with what `_around` joins."""
    return _VIEW.replace("{incident}", read.incident)


def _around(read: Sources) -> str:
    return (
        f"left join {read.cluster_name} c on c.cluster_id = a.cluster_id"
        f" left join {read.feedback} f on f.anomaly_id = a.id"
    )


@dataclass(frozen=True, slots=True)
class Found:
    """An anomaly as JSON, and its cluster."""

    body: bytes
    cluster_id: UUID


async def listing(
    database: Database, wanted: AnomalyFilter, page: Page, after: Cursor | None = None
) -> bytes:
    """``{next_cursor, items, total_at_least, total, page, page_size, total_pages}``.

    With a cursor, which goes with `NEWEST`, what follows it, as fast as the first page; else by the
    page's number.
    """
    read, (found, counts, parameters) = wanted.sources, _found(wanted, page, after)
    row = await database.fetch_one(
        f"with {found}, shown as materialized (select * from found a {wanted.order}"  # noqa: S608
        f" limit {page.size}), last as (select * from shown a order by a.detected_at, a.id limit 1)"
        f" select json_build_object('items', coalesce((select json_agg({_view(read)}"
        f" {wanted.order}) from shown a {_around(read)}), '[]'::json), 'total_at_least',"
        f" n >= {COUNTED}, {page.envelope('n')})::text, (select count(*) from found),"
        f" (select detected_at from last), (select id from last)"
        f" from (select count(*) as n from {counts}) as total",
        parameters,
    )
    if row is None:
        return b""
    body, count, detected_at, last = row
    leads_on = count > page.size and wanted.sort == NEWEST
    following = str(Cursor(detected_at, last)) if leads_on else None
    return b'{"next_cursor":' + msgspec.json.encode(following) + b"," + body[1:].encode()


def _found(wanted: AnomalyFilter, page: Page, after: Cursor | None) -> tuple[str, str, list[Any]]:
    """What is shown and one more, as ``found``; what is counted; and the parameters of both.

    By one look at the first rows where that tells both: a filter that leaves few has to look at
    all of them, and once is enough.
    """
    read = wanted.sources
    if after is None and page.offset + page.size < COUNTED:
        matched, parameters = wanted.first(f"a.id, {wanted.ordering}", COUNTED)
        found = (
            f"matched as materialized ({matched}), chosen as (select id from matched a"  # noqa: S608
            f" {wanted.order} limit {page.size + 1} offset {page.offset}),"
            f" found as materialized (select o.* from {read.anomaly} o"
            " where o.id = any(array(select id from chosen)))"
        )
        return found, "matched", parameters
    offset = page.offset if after is None else 0
    first, parameters = wanted.first("a.*", offset + page.size + 1, after)
    where = wanted.where()
    counts = f"(select from {read.anomaly} a{where.sql} limit {COUNTED}) as counted"
    found = f"found as materialized (select * from ({first}) as first offset {offset})"  # noqa: S608
    return found, counts, [*parameters, *where.parameters]


async def by_id(
    database: Database, anomaly_id: UUID, mine: Scope, as_of: AsOf | None = None
) -> Found | None:
    """One anomaly, if it is in the scope."""
    read, where = sources(as_of), Where()
    where.add("a.id = %s", anomaly_id)
    where.within("a.cluster_id", mine)
    row = await database.fetch_one(
        f"select {_view(read)}::text, a.cluster_id from {read.anomaly} a"  # noqa: S608
        f" {_around(read)}{where.sql}",
        where.parameters,
    )
    return None if row is None else Found(row[0].encode(), row[1])
