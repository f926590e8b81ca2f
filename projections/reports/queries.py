"""What may be asked of reports and of their schedules. Answers are JSON as REST passes it on."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from projections.reports.view import REPORT, SCHEDULE, ReportView, ScheduleView
from services.runtime.database import Database
from services.runtime.principals import Scope
from services.runtime.queries import AsOf, Page, Where

_SCHEMA = "reports"
_REPORT = (
    "r.id, r.title, r.report_type, r.format, r.status, r.cluster_scope::text, r.start_at, r.end_at,"
    " r.incident_id, r.schedule_id, r.generated_by, r.created_at, r.changed_at, r.expires_at,"
    " r.size_bytes, r.sha256, r.gaps, r.model, r.code, r.reason"
)
_SCHEDULE = (
    "r.id, r.title, r.report_type, r.format, r.cluster_scope::text, r.cron, r.period_days,"
    " r.scheduled_by, r.created_at, r.expires_at"
)
_Row = Sequence[Any]


@dataclass(frozen=True, slots=True)
class ReportFilter:
    """Which reports are wanted; what is empty does not restrict."""

    mine: Scope
    report_type: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    cluster_id: tuple[UUID, ...] = ()
    schedule_id: tuple[UUID, ...] = ()
    as_of: AsOf | None = None


async def listing(database: Database, wanted: ReportFilter, page: Page) -> bytes:
    """``{items, total, page, page_size, total_pages}``, the newest first."""
    where = _seen(wanted.mine)
    where.one_of("r.report_type", wanted.report_type)
    where.one_of("r.status", wanted.status)
    where.one_of("r.schedule_id", wanted.schedule_id)
    if wanted.cluster_id:
        # One of the whole fleet is about each of its clusters.
        condition = "(r.cluster_scope ?| %s or r.cluster_scope = '[]')"
        where.add(condition, sorted(map(str, wanted.cluster_id)))
    source = REPORT.source(_SCHEMA, _sequence(wanted.as_of))
    rows, envelope = await _page(database, (_REPORT, source), where, page)
    items = [_report(row).model_dump(mode="json") for row in rows]
    return msgspec.json.encode({"items": items, **envelope})


async def by_id(
    database: Database, report_id: UUID, mine: Scope, as_of: AsOf | None = None
) -> ReportView | None:
    """One report, if all that it is about is in the scope."""
    source = REPORT.source(_SCHEMA, _sequence(as_of))
    row = await _one(database, (_REPORT, source), report_id, mine)
    return None if row is None else _report(row)


async def schedules(
    database: Database, page: Page, mine: Scope, as_of: AsOf | None = None
) -> bytes:
    """A page of schedules, the newest first."""
    source = SCHEDULE.source(_SCHEMA, _sequence(as_of))
    rows, envelope = await _page(database, (_SCHEDULE, source), _seen(mine), page)
    items = [_schedule(row).model_dump(mode="json") for row in rows]
    return msgspec.json.encode({"items": items, **envelope})


async def schedule_by_id(database: Database, schedule_id: UUID, mine: Scope) -> ScheduleView | None:
    """One schedule, if all that its reports are about is in the scope."""
    source = SCHEDULE.source(_SCHEMA)
    row = await _one(database, (_SCHEDULE, source), schedule_id, mine)
    return None if row is None else _schedule(row)


def _sequence(as_of: AsOf | None) -> int | None:
    return None if as_of is None else as_of.sequence


def _seen(mine: Scope) -> Where:
    """Who may read all that it is about; the whole fleet, who may read everything."""
    where = Where()
    if mine.clusters is not None:
        where.add("r.cluster_scope <> '[]'")
        where.add("r.cluster_scope <@ %s::jsonb", json.dumps(sorted(map(str, mine.clusters))))
    return where


async def _page(
    database: Database, what: tuple[str, str], where: Where, page: Page
) -> tuple[list[_Row], dict[str, Any]]:
    columns, source = what
    count = await database.fetch_one(
        f"select count(*) as n, json_build_object({page.envelope('count(*)')})::text"  # noqa: S608 - our names
        f" from {source} r{where.sql}",
        where.parameters,
    )
    rows = await database.fetch_all(
        f"select {columns} from {source} r{where.sql}"  # noqa: S608 - our names
        f" order by r.created_at desc, r.id limit {page.size} offset {page.offset}",
        where.parameters,
    )
    return [*rows], msgspec.json.decode("{}" if count is None else count[1])


async def _one(database: Database, what: tuple[str, str], one: UUID, mine: Scope) -> _Row | None:
    columns, source = what
    where = _seen(mine)
    where.add("r.id = %s", one)
    return await database.fetch_one(
        f"select {columns} from {source} r{where.sql}",  # noqa: S608 - our names
        where.parameters,
    )


def _report(row: _Row) -> ReportView:
    names = [name for name in ReportView.model_fields if name != "time_range"]
    told = [*row]
    start, end = told.pop(6), told.pop(6)
    told[5] = json.loads(told[5])
    fields = dict(zip(names, told, strict=True))
    return ReportView.model_validate(fields | {"time_range": {"start": start, "end": end}})


def _schedule(row: _Row) -> ScheduleView:
    told = [*row]
    told[4] = json.loads(told[4])
    return ScheduleView.model_validate(dict(zip(ScheduleView.model_fields, told, strict=True)))
