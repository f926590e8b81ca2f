"""Reports that are made again and again: with the rights that somebody had when they said so."""

from datetime import timedelta
from uuid import UUID

from contracts.envelope import Recorded
from contracts.refusals import Code, Refused
from contracts.reports import (
    MOST_SCHEDULES,
    ReportEnd,
    ReportScheduled,
    ReportUnscheduled,
    ScheduleReport,
    UnscheduleReport,
    schedule_key,
)
from services.reports import domain
from services.reports.cron import rule
from services.reports.ending import SCHEDULE_END, end_at, ends_no_more
from services.reports.service import service
from services.runtime import schedules
from services.runtime.rights import require_clusters
from services.runtime.schedules import Schedule
from services.runtime.service import Due
from services.runtime.store import Accepted, Store

REPORT = "report"
"""The kind of schedule that makes one."""
_KEPT = 86_400
"""One that was due while no worker was there is made within a day."""


@service.handles(ScheduleReport)
async def schedule_report(command: ScheduleReport, store: Store) -> Accepted:
    """Have a report made again and again, in UTC, for half a year at most."""
    recurring = command.recurring
    require_clusters(store.scope, recurring.cluster_scope)
    rule(recurring.cron)
    if len(await schedules.scheduled_of(store.log.bus, REPORT)) >= MOST_SCHEDULES:
        text = f"there are {MOST_SCHEDULES} schedules, which is as many as there can be"
        raise Refused(Code.LIMIT_REACHED, text)
    made = domain.schedule(store.mint(), recurring, command.acting, store.context.actor, store.at)
    return await store.tell(made)


@service.handles(UnscheduleReport)
async def unschedule_report(command: UnscheduleReport, store: Store) -> Accepted:
    """It is made no more; REPORT_NOT_FOUND for no schedule."""
    key = schedule_key(command.schedule_id)

    async def attempt() -> Accepted:
        known = await store.load(key, domain.last_of_schedule)
        ended = domain.unschedule(known.state, command.schedule_id, ReportEnd.DELETED)
        require_clusters(store.scope, ended.recurring.cluster_scope)
        return await store.append([ended], {key: known.head})

    return await store.settle(attempt)


@service.on(ReportScheduled, from_start=True)
async def put_schedule(recorded: Recorded, store: Store) -> None:
    """The bus tells when it is due, and when it ends."""
    scheduled = recorded.event
    if not isinstance(scheduled, ReportScheduled) or not await _counts(scheduled, store):
        return
    of, bus = scheduled.schedule_id, store.log.bus
    await schedules.put(bus, Schedule(REPORT, str(of), rule(scheduled.recurring.cron), keep=_KEPT))
    await end_at(bus, SCHEDULE_END, of, scheduled.expires_at)


async def _counts(scheduled: ReportScheduled, store: Store) -> bool:
    last = await store.log.head(scheduled.key)
    return last is not None and isinstance(last.event, ReportScheduled)


@service.on(ReportUnscheduled)
async def cancel_schedule(recorded: Recorded, store: Store) -> None:
    """The bus tells it no more."""
    ended = recorded.event
    if isinstance(ended, ReportUnscheduled):
        await schedules.cancel(store.log.bus, REPORT, str(ended.schedule_id))
        await ends_no_more(store.log.bus, SCHEDULE_END, ended.schedule_id)


@service.when_due(REPORT, places=4)
async def request_report(due: Due, store: Store) -> None:
    """One is made now, about the days before."""
    known = await store.log.head(schedule_key(UUID(due.id)))
    scheduled = None if known is None else known.event
    if not isinstance(scheduled, ReportScheduled) or store.at >= scheduled.expires_at:
        return
    kept = timedelta(days=store.settings.reports.retention_days)
    at = store.at.replace(second=0, microsecond=0)
    await store.tell(domain.request_of(scheduled, store.mint(), at, kept))


@service.when_due(SCHEDULE_END, places=4)
async def expire_schedule(due: Due, store: Store) -> None:
    """Rights of so long ago count no more."""
    key = schedule_key(UUID(due.id))

    async def attempt() -> Accepted:
        known = await store.load(key, domain.last_of_schedule)
        if not isinstance(known.state, ReportScheduled):
            return Accepted(key.id)
        ended = domain.unschedule(known.state, UUID(due.id), ReportEnd.EXPIRED)
        return await store.append([ended], {key: known.head})

    await store.settle(attempt)
