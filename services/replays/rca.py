"""Root cause analysis, run again: of the same parts of the log that were analysed in the time."""

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime

from contracts.rca import RcaCause, RcaComplete, RcaResult, RcaTrigger
from contracts.replays import DifferenceKind, RcaChanges, ReplayDifference, ReplayResult
from services.rca.history import causes_before
from services.rca.reading import BEFORE, INPUTS, Reading
from services.rca.reasoning import KNOWN
from services.rca.telling import Asked, result
from services.replays.comparing import Compared
from services.replays.running import Run
from services.runtime.replay import Window


@dataclass(frozen=True, slots=True)
class _Told:
    """An analysis as it was told."""

    result: RcaResult
    at: datetime


async def analyse(run: Run) -> ReplayResult:
    """Analyses that were told in the time, as they would be. LIMIT_REACHED if they are too many."""
    told: list[_Told] = []
    extent = await run.extent()
    whole_from = extent.whole_from
    async for page, _ in run.pages(Window(run.asked.start, run.end), (RcaComplete,)):
        told += [
            _Told(each.event.result, each.logged_at)
            for each in page
            if isinstance(each.event, RcaComplete) and _is_asked(run, each.event)
        ]
    changes = run.asked.rca or RcaChanges()
    known_from = KNOWN if changes.known_from is None else changes.known_from
    found = Compared(told=len(told), again=len(told))
    for one in told:
        again = await _again(run, one.result, known_from)
        text = _otherwise(one.result, again)
        if text:
            found.differences.append(_shown(one, text))
        else:
            found.equal += 1
    return ReplayResult.model_validate(
        found.fields()
        | {
            "events": run.events,
            "first_sequence": max(extent.first, 0),
            "last_sequence": max(extent.last, 0),
            "whole_from": whole_from,
        }
    )


def _is_asked(run: Run, event: RcaComplete) -> bool:
    return not run.asked.cluster_ids or bool(event.of_clusters & set(run.asked.cluster_ids))


async def _again(run: Run, told: RcaResult, known_from: float) -> RcaResult:
    """The same question, of the same part of the log, with what was found before it."""
    reading = await _read(run, told)
    if told.incident_id is not None:
        signals = reading.of(told.incident_id)
    else:
        signals = reading.during(told.trigger_id, told.window_start, told.window_end)
    asked = Asked(
        told.id, told.trigger, told.trigger_id, told.incident_id, told.cluster_ids,
        told.window_start, told.window_end, reading.first, reading.last, live=told.live,
    )  # fmt: skip
    before = told.window_start if told.incident_id is None else told.window_start + BEFORE
    earlier = await causes_before(run.log, before)
    return await asyncio.to_thread(result, asked, signals, known_from, earlier)


async def _read(run: Run, told: RcaResult) -> Reading:
    reading = Reading()
    early = BEFORE if told.trigger is RcaTrigger.WINDOW else BEFORE * 0
    async with aclosing(run.pages(Window(told.window_start - early), INPUTS)) as pages:
        async for page, _ in pages:
            for recorded in page:
                if recorded.sequence > told.last_sequence:
                    return reading
                reading.fold(recorded)
    return reading


def _otherwise(was: RcaResult, would: RcaResult) -> str:
    """What differs, the most important first; empty if nothing that is ranked does."""
    if was.is_known != would.is_known or _first(was) != _first(would):
        return f"{_named(would)} instead of {_named(was)}"
    ranked = [[(each.entity, each.kind, each.score) for each in one.causes] for one in (was, would)]
    return "" if ranked[0] == ranked[1] else "what comes after the first cause, or how sure it is"


def _first(found: RcaResult) -> object:
    return next(((each.entity, each.kind) for each in found.causes), None)


def _named(found: RcaResult) -> str:
    first = next(iter(found.causes), None)
    if first is None:
        return "nothing"
    return _cause(first) if found.is_known else f"unknown (perhaps {_cause(first)})"


def _cause(cause: RcaCause) -> str:
    return f"{cause.entity.place[:150]} ({cause.kind}, {cause.score:.0%})"


def _shown(told: _Told, text: str) -> ReplayDifference:
    return ReplayDifference(
        kind=DifferenceKind.CHANGED,
        id=told.result.id,
        title=told.result.explanation[:300],
        cluster_ids=told.result.cluster_ids,
        at=told.at,
        text=text[:500],
    )
