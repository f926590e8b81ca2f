"""Answers which anomalies there are in series that somebody names."""

import asyncio
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from contracts.analysis import DetectAnomalies, Judgement
from contracts.anomalies import DetectionType, Sensitivity
from contracts.refusals import Code, Refused
from services.anomalies.on_demand import asking, consulting, stored
from services.anomalies.on_demand.series import Selection, Span
from services.anomalies.on_demand.sources import Gathered
from services.anomalies.service import service
from services.runtime.clock import Clock
from services.runtime.promql import parsing
from services.runtime.replies import Asked, Gone

if TYPE_CHECKING:
    from services.anomalies.on_demand.looking import Look

_MOST_AT_ONCE = 2
"""Questions of one process: each takes a core, and some hundred MB at most."""
_SECONDS = 30.0
"""That looking takes at most."""
_SCORING_SECONDS = 10.0
_JUDGING_SECONDS = 60.0
"""That models are waited for at most."""
_MARGIN = 3.0
"""Seconds before the deadline, to tell what was found."""
_PIECE = 0.2
"""Seconds of work in a thread, which cannot be called off within."""
_MOST_SCORED = 50
"""Series whose scores are told."""


@dataclass
class _Places:
    """Questions that are in work."""

    taken: int = 0

    @contextmanager
    def one(self) -> Generator[None]:
        """Refused with OVERLOADED if there are too many."""
        if self.taken >= _MOST_AT_ONCE:
            text = "anomalies are looked for in too many series already; try again later"
            raise Refused(Code.OVERLOADED, text)
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1


_PLACES = _Places()


@service.answers(DetectAnomalies)
async def detect_anomalies(query: DetectAnomalies, asked: Asked) -> Mapping[str, Any]:
    """Look for anomalies in the series of a query, or of stored GPU telemetry.

    With LLM_ASSISTED a model says which of what was found is worth attention.
    """
    _require_sound(query, asked)
    until = asked.outside.clock.monotonic() + asked.seconds - _MARGIN
    with _PLACES.one():
        selection, gathered = await _collected(query, asked)
        look = await asyncio.to_thread(_look, query, selection)
        await _work(look.steps(), asked, min(until, asked.outside.clock.monotonic() + _SECONDS))
        gathered = replace(gathered, judgement=await _judged(query, look, asked, until))
        late = asked.outside.clock.monotonic() + _SCORING_SECONDS
        await _work(look.scores(_MOST_SCORED), asked, min(until, late))
        body = await asyncio.to_thread(_told, query, gathered, look, selection)
    await asked.send(body)
    return {"missing": len(gathered.missing)}


def _require_sound(query: DetectAnomalies, asked: Asked) -> None:
    if _needs_model(query) and not asked.settings.llm.ordered:
        text = "LLM_ASSISTED detection needs a model, and none is configured"
        raise Refused(Code.MODEL_NOT_AVAILABLE, text)
    if (query.metrics is None) == (query.gpus is None):
        raise Refused(Code.VALIDATION_FAILED, "one of these must be given: metrics, gpus")
    if not query.learn_from <= query.start <= query.end:
        text = "learn_from must not be after start, nor start after end"
        raise Refused(Code.VALIDATION_FAILED, text)
    if query.metrics is not None:
        parsing.require_instant(query.metrics.query)


def _needs_model(query: DetectAnomalies) -> bool:
    return query.detection_type is DetectionType.LLM_ASSISTED


async def _collected(query: DetectAnomalies, asked: Asked) -> tuple[Selection, Gathered]:
    if query.metrics is not None:
        return await asking.gather(query, query.metrics, asked)
    assert query.gpus is not None  # noqa: S101 - one of them is given
    return await stored.gather(query, query.gpus, asked)


def _look(query: DetectAnomalies, selection: Selection) -> "Look":
    # Only now: a worker that nobody asks has no use for the 30 MB of numpy.
    from services.anomalies.detecting import asked  # noqa: PLC0415
    from services.anomalies.on_demand.looking import Look  # noqa: PLC0415

    sensitivity, method = query.sensitivity, query.detection_type
    if _needs_model(query):
        # It is the model that leaves out what is harmless.
        sensitivity, method = Sensitivity.EXTREME, DetectionType.STATISTICAL
    how = asked(sensitivity, method, above=query.above, below=query.below)
    return Look(selection.chosen(), Span.of(query), how)


async def _judged(
    query: DetectAnomalies, look: "Look", asked: Asked, until: float
) -> Judgement | None:
    if not _needs_model(query):
        return None
    late = asked.outside.clock.monotonic() + _JUDGING_SECONDS
    return await consulting.judge(query, look.found, asked, min(until, late))


def _told(query: DetectAnomalies, gathered: Gathered, look: "Look", selection: Selection) -> bytes:
    from services.anomalies.on_demand.telling import told  # noqa: PLC0415

    return told(query, gathered, look.found, selection.left_out).model_dump_json().encode()


async def _work(steps: Iterator[None], asked: Asked, until: float) -> None:
    """Do it in a thread, until it is done, it is too late, or nobody waits for it any more."""
    clock = asked.outside.clock
    while clock.monotonic() < until and await asyncio.to_thread(_piece, steps, clock):
        if asked.reply.gone:
            raise Gone


def _piece(steps: Iterator[None], clock: Clock) -> bool:
    """Go on for a short while; False if it is done."""
    ends = clock.monotonic() + _PIECE
    return any(clock.monotonic() >= ends for _ in steps)
