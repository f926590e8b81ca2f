"""Makes one report: reads, sums up and writes it, and tells how far it is."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from contracts.reports import (
    ReportProgress,
    ReportRequested,
    ReportStatus,
    ReportType,
    progress_cluster,
)
from services.reports.data import ReportData, plain
from services.reports.gathering import capacity, detailed, executive, incident
from services.reports.gathering.found import Found
from services.reports.gathering.reading import Bounded, Reading, Reads
from services.reports.summing import summary
from services.reports.writing import Writer, writer
from services.runtime.asking import Asker
from services.runtime.store import Store

Gather = Callable[[Reading], Awaitable[Found]]
GATHERS: Mapping[ReportType, tuple[Gather, int]] = {
    ReportType.EXECUTIVE_SUMMARY: (executive.gather, len(executive.STEPS)),
    ReportType.DETAILED_ANALYSIS: (detailed.gather, len(detailed.STEPS)),
    ReportType.INCIDENT_REPORT: (incident.gather, len(incident.STEPS)),
    ReportType.CAPACITY_PLAN: (capacity.gather, len(capacity.STEPS)),
}
"""By type what reads it, and in how many steps."""
_MORE_STEPS = 4
"""Summing up, writing, storing, the end."""
_LEAST = 5.0


@dataclass(frozen=True, slots=True)
class Made:
    """A report that can be stored."""

    body: bytes
    gaps: int
    model: str | None


@dataclass
class Making:
    """One report on its way."""

    requested: ReportRequested
    store: Store
    reads: Reads
    asker: Asker
    until: float
    """By the event loop's time."""
    done: int = field(default=0, init=False)

    async def tell(self, step: str, status: ReportStatus = ReportStatus.RUNNING) -> None:
        """Say what is being done now."""
        asked, one = self.requested.asked, self.requested.report_id
        steps = GATHERS[asked.report_type][1] + _MORE_STEPS
        self.done = min(self.done + 1, steps)
        told = ReportProgress(report_id=one, status=status, step=step, done=self.done, of=steps)
        await self.store.measure("report", progress_cluster(asked.cluster_scope), told, of=str(one))

    async def make(self) -> Made:
        """Read, sum up and write; Refused if it cannot be made, TryLater if nobody answers."""
        if self.until <= asyncio.get_running_loop().time():
            raise TimeoutError  # Other workers have had all of its time.
        async with writer(self.requested.asked.format) as process:
            return await self._made(process)

    async def _made(self, process: Writer) -> Made:
        asked = self.requested.asked
        reading = Reading(Bounded(self.reads), asked, self.store.at, self.tell)
        found = await GATHERS[asked.report_type][0](reading)
        await self.tell("summing up")
        told = await summary(self.asker, asked, found)
        data = ReportData(
            report_id=self.requested.report_id,
            title=asked.title,
            report_type=asked.report_type,
            generated_at=self.store.at,
            generated_by=plain(self.requested.generated_by, 200),
            time_range=asked.time_range,
            is_of_all=not asked.cluster_scope,
            clusters=found.clusters,
            summary=told,
            sections=found.sections,
            gaps=tuple(reading.gaps),
            hub=self.store.settings.gateway.public_url.rstrip("/"),
        )
        await self.tell(f"writing {asked.format.value}")
        left = max(self.until - asyncio.get_running_loop().time(), _LEAST)
        body = await process.write(data, left)
        await self.tell("storing")
        return Made(body, len(reading.gaps), told.model)
