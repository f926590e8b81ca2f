"""Makes reports when they are asked for, and removes them."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from contracts.catalog import UnknownEvent
from contracts.envelope import Recorded
from contracts.refusals import Code, Poisoned, Refused, TryLater
from contracts.reports import (
    DeleteReport,
    GenerateReport,
    ReportDeleted,
    ReportEnd,
    ReportEvent,
    ReportRequested,
    ReportStarted,
    ReportStatus,
    report_key,
)
from services.reports import domain, handlers_schedules
from services.reports.ending import REPORT_END, end_at, ends_no_more
from services.reports.making import Made, Making
from services.reports.service import service
from services.runtime import objects
from services.runtime.api import Api
from services.runtime.asking import Asker
from services.runtime.bus import BusUnavailable
from services.runtime.ids import derived_id
from services.runtime.leases import lease
from services.runtime.log import Head
from services.runtime.logging import logger
from services.runtime.rights import require_clusters
from services.runtime.service import Due
from services.runtime.store import Accepted, Store

__all__ = ["handlers_schedules", "service"]

_AT_ONCE = 2
"""In one process; others wait for their turn."""
_A_DAY = 86_400

_SAY = logger("reports")


@service.handles(GenerateReport)
async def generate_report(command: GenerateReport, store: Store) -> Accepted:
    """Have a report made; it is made after this was answered."""
    require_clusters(store.scope, command.asked.cluster_scope)
    if command.asked.time_range.start >= store.at:
        raise Refused(Code.VALIDATION_FAILED, "start is in the future: nothing has happened then")
    kept = timedelta(days=store.settings.reports.retention_days)
    requested = ReportRequested(
        report_id=store.mint(),
        asked=command.asked,
        generated_by=store.context.actor,
        requested_at=store.at,
        expires_at=store.at + kept,
        acting=command.acting,
    )
    return await store.tell(requested)


@service.handles(DeleteReport)
async def delete_report(command: DeleteReport, store: Store) -> Accepted:
    """A report goes, with what can be read of it. REPORT_NOT_FOUND for no report."""
    key = report_key(command.report_id)

    async def attempt() -> Accepted:
        known = await store.load(key, domain.last)
        deleted = domain.delete(known.state, command.report_id, ReportEnd.DELETED)
        require_clusters(store.scope, deleted.asked.cluster_scope)
        return await store.append([deleted], {key: known.head})

    return await store.settle(attempt)


@service.on(ReportRequested, places=_AT_ONCE)
async def make_report(recorded: Recorded, store: Store) -> None:
    """Make it and tell what came of it; from the start, where a worker died on the way."""
    requested = recorded.event
    if not isinstance(requested, ReportRequested):
        return
    await end_at(store.log.bus, REPORT_END, requested.report_id, requested.expires_at)
    # One at a time: who comes after a worker that seemed dead waits until it is.
    async with lease(store.log.bus, f"report/{requested.report_id}"):
        began = await _begun(requested, store)
        if began is not None:
            await _make(requested, store, began)


async def _make(requested: ReportRequested, store: Store, began: datetime) -> None:
    making = _making(requested, store, began)
    try:
        async with asyncio.timeout_at(making.until):
            made = await making.make()
        await _keep(making, made)
    except (TryLater, BusUnavailable, UnknownEvent):
        raise
    except Exception as error:  # noqa: BLE001 - whoever waits is told; it would be the same again
        code, reason = _why(requested, error, store)
        await _end(requested, store, lambda state: domain.failed(state, code, reason))
        await making.tell("failed", ReportStatus.FAILED)


def _making(requested: ReportRequested, store: Store, began: datetime) -> Making:
    bus, clock = store.log.bus, store.outside.clock
    if requested.acting is None:
        raise Poisoned("it is not known with whose rights it reads")
    api = Api(bus, clock, requested.acting, store.context.traceparent)
    # Its time goes on while no worker has it: one that kills every worker ends as too late.
    spent = max((clock.now() - began).total_seconds(), 0.0)
    until = asyncio.get_running_loop().time() + store.settings.reports.seconds - spent
    return Making(requested, store, api, Asker(bus, clock), until)


def _why(requested: ReportRequested, error: Exception, store: Store) -> tuple[str, str]:
    if isinstance(error, Refused):
        return error.code.name, error.message
    if isinstance(error, TimeoutError):
        seconds = store.settings.reports.seconds
        text = f"it was not ready {seconds:.0f} s after it was begun: ask for less, or again"
        return Code.QUERY_TIMEOUT.name, text
    _SAY.error("report_failed", report=str(requested.report_id), exc_info=error)
    text = f"{type(error).__name__}; the log of the worker says more"
    return Code.INTERNAL_ERROR.name, text


async def _keep(making: Making, made: Made) -> None:
    """Under its own id: one that is made twice, as a worker died, is stored once."""
    requested, store = making.requested, making.store
    bucket = objects.reports(store.log.bus)
    left = (requested.expires_at - store.outside.clock.now()).total_seconds()
    # A day longer than the report, whose end removes it.
    seconds = max(int(left), 0) + _A_DAY
    stored = await bucket.put(requested.report_id, made.body, seconds=seconds)

    def generated(state: ReportEvent) -> ReportEvent:
        return domain.generated(state, stored.size, stored.sha256, made.gaps, made.model)

    if await _end(requested, store, generated):
        await making.tell("ready", ReportStatus.READY)
        return
    last = await store.log.head(requested.key)
    if last is None or isinstance(last.event, ReportDeleted):  # Not told ready by another try.
        await bucket.remove(requested.report_id)


async def _begun(requested: ReportRequested, store: Store) -> datetime | None:
    """It is told that it is being made: since when, by whichever worker; None if it is over, or
    deleted. Not since it was asked for, as others may have had to be made before it."""
    is_pending = await _told(
        requested,
        store,
        lambda state: None if isinstance(state, ReportStarted) else domain.started(state),
    )
    last = await store.log.head(requested.key) if is_pending else None
    return last.logged_at if last is not None and isinstance(last.event, ReportStarted) else None


async def _end(
    requested: ReportRequested, store: Store, event: Callable[[ReportEvent], ReportEvent]
) -> bool:
    # Another message than that of its start, by which a repeat would find itself done.
    own = derived_id(store.context.command_id, "end")
    ending = replace(store, context=replace(store.context, command_id=own))
    return await _told(requested, ending, event)


async def _told(
    requested: ReportRequested, store: Store, event: Callable[[ReportEvent], ReportEvent | None]
) -> bool:
    """Append what follows from its last event; False where it is not to be made any more."""
    is_pending = True

    async def attempt() -> Accepted:
        nonlocal is_pending
        last = await store.log.head(requested.key)
        state = None if last is None else last.event
        is_pending = domain.is_pending(state)
        if last is None or not is_pending:
            return Accepted(requested.key.id)
        following = event(cast("ReportEvent", state))
        if following is None:
            return Accepted(requested.key.id)
        return await store.append(
            [following], {requested.key: Head(last.sequence, last.version or 1)}
        )

    await store.settle(attempt)
    return is_pending


@service.on(ReportDeleted)
async def remove_report(recorded: Recorded, store: Store) -> None:
    """What can be read of it goes with it."""
    deleted = recorded.event
    if isinstance(deleted, ReportDeleted):
        await objects.reports(store.log.bus).remove(deleted.report_id)
        await ends_no_more(store.log.bus, REPORT_END, deleted.report_id)


@service.when_due(REPORT_END, places=4)
async def expire_report(due: Due, store: Store) -> None:
    """Its time is over."""
    key = report_key(UUID(due.id))

    async def attempt() -> Accepted:
        known = await store.load(key, domain.last)
        if known.state is None or isinstance(known.state, ReportDeleted):
            return Accepted(key.id)
        deleted = domain.delete(known.state, UUID(due.id), ReportEnd.EXPIRED)
        return await store.append([deleted], {key: known.head})

    await store.settle(attempt)
