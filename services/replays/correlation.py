"""Correlation, run again: from what was known when the time began, with what happened in it."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from contracts.envelope import Recorded
from contracts.incidents import IncidentEvent
from contracts.replays import CorrelationChanges, ReplayAsked, ReplayResult
from services.incidents.correlating import Board, Settings
from services.incidents.correlating.inputs import INPUTS, RULES, TOLD
from services.incidents.correlating.membership import Membership
from services.incidents.correlating.reenactment import Moments, Reenactment, is_by_itself
from services.incidents.correlating.rehearsal import Rehearsal
from services.replays.comparing import Incidents
from services.replays.running import Run
from services.runtime.replay import Extent, Window
from services.runtime.settings_collecting import IncidentSettings

LEAD = timedelta(days=1)
"""So long before the time is read what was wrong; of incidents all is read that was told."""
_STRADDLING = timedelta(minutes=10)
"""What was told in the time was decided at most so long before it."""


async def correlate(run: Run) -> ReplayResult:
    """Incidents as they would have been. LIMIT_REACHED if too much happened in this time."""
    extent = await run.extent()
    moments = await _moments(run)
    asked = run.asked.model_copy(update={"end": run.end})
    course = Course(asked, run.settings.incidents, extent, moments)
    early = run.asked.start - LEAD
    async for page, _ in run.pages(Window(None, early), (*TOLD, *RULES)):
        await asyncio.to_thread(course.take, page)
    async for page, whole in run.pages(Window(early, run.end), (*INPUTS, *TOLD, *RULES)):
        extent = whole
        await asyncio.to_thread(course.take, page)
    compared = await asyncio.to_thread(course.end)
    return ReplayResult.model_validate(
        compared
        | {
            "events": run.events,
            "first_sequence": course.first,
            "last_sequence": max(course.last, course.first - 1),
            "whole_from": extent.whole_from,
        }
    )


async def _moments(run: Run) -> Moments:
    found = Moments()
    window = Window(run.asked.start - _STRADDLING, run.end)
    async for page, _ in run.pages(window, TOLD):
        for recorded in page:
            found.take(recorded)
    return found


class Course:
    """Takes the log: what came before as it is, then the time itself twice."""

    def __init__(
        self, asked: ReplayAsked, counts: IncidentSettings, extent: Extent, moments: Moments
    ) -> None:
        self._asked, self._set = asked, counts
        self._changes = asked.correlation or CorrelationChanges()
        self.first, self.last = moments.cut(max(extent.first, 1)), extent.last
        self._moments = [each for each in moments.found if each.seen >= self.first - 1]
        self._board = Board(self._settings(CorrelationChanges()))
        self._before = Membership()
        self._told: Membership | None = None
        self._again: Reenactment | Rehearsal | None = None
        self._same: Rehearsal | None = None

    def take(self, page: Sequence[Recorded]) -> None:
        """The next events of the log."""
        for recorded in page:
            if recorded.sequence < self.first:
                self._board.put(recorded)
                if isinstance(recorded.event, IncidentEvent):
                    self._before.note(recorded.event, recorded.time)
                continue
            again, told = self._begun()
            if isinstance(recorded.event, IncidentEvent):
                told.note(recorded.event, recorded.time)
            if is_by_itself(recorded):
                continue
            if self._same is not None:
                self._same.take(recorded)
            if not self._is_without(recorded):
                again.take(recorded)

    def _is_without(self, recorded: Recorded) -> bool:
        return self._changes.rules is not None and isinstance(recorded.event, RULES)

    def end(self) -> dict[str, object]:
        """That was all; the fields of the result."""
        again, told = self._begun()
        if isinstance(again, Reenactment):
            again.until(self.last + 1)
        else:
            again.stop(self._asked.end)
        if self._same is not None:
            self._same.stop(self._asked.end)
        same = None if self._same is None else self._same.known
        compared = Incidents(self._before, told, again.known, self._asked.cluster_ids, same)
        return compared.compared().fields()

    def _begun(self) -> tuple[Reenactment | Rehearsal, Membership]:
        if self._again is None or self._told is None:
            self._told = self._before.copy()
            self._again = self._fresh(self._before.copy())
        return self._again, self._told

    def _fresh(self, known: Membership) -> Reenactment | Rehearsal:
        if self._is_unchanged():
            return Reenactment(self._board, known, self._moments)
        as_set = Board.load(self._board.dump(), self._board.settings)
        self._same = Rehearsal(as_set, known.copy(), self._asked.start)
        self._board.settings = self._settings(self._changes)
        if self._changes.rules is not None:
            for rule in list(self._board.rules()):
                self._board.state.undefine(rule.id)
            for rule in self._changes.rules:
                self._board.state.define(rule)
        return Rehearsal(self._board, known, self._asked.start)

    def _is_unchanged(self) -> bool:
        without = self._settings(CorrelationChanges())
        return self._changes.rules is None and self._settings(self._changes) == without

    def _settings(self, changes: CorrelationChanges) -> Settings:
        told, counts = changes, self._set
        return Settings(
            settle=_or(told.settle_seconds, counts.settle_seconds),
            settle_critical=_or(told.settle_critical_seconds, counts.settle_critical_seconds),
            quiet=_or(told.quiet_seconds, counts.quiet_seconds),
        )


def _or(told: float | None, counts: float) -> float:
    return counts if told is None else told
