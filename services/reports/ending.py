"""When reports and their schedules end: kept and fired by the bus."""

from datetime import datetime
from uuid import UUID

from contracts.envelope import rfc3339
from services.runtime import schedules
from services.runtime.bus import Bus
from services.runtime.schedules import Schedule

REPORT_END, SCHEDULE_END = "report_end", "report_schedule_end"
"""Kinds of schedules."""
_KEPT = 30 * 86_400
"""An end is not forgotten because no worker was there."""


async def end_at(bus: Bus, kind: str, of: UUID, at: datetime) -> None:
    """It ends then; the same again changes nothing."""
    rule = f"@at {rfc3339(at.replace(microsecond=0))}"
    await schedules.put(bus, Schedule(kind, str(of), rule, keep=_KEPT))


async def ends_no_more(bus: Bus, kind: str, of: UUID) -> None:
    """It has ended."""
    await schedules.cancel(bus, kind, str(of))
