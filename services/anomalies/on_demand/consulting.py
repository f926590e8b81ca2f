"""Asks a model about candidates for anomalies, and keeps of them what it confirms."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from contracts.analysis import DetectAnomalies, Judgement
from contracts.anomalies import Anomaly
from contracts.conversing import Completion, Converse
from contracts.refusals import Code, Refused
from services.anomalies.on_demand.verdicts import (
    VERSION,
    Batch,
    Candidates,
    Malformed,
    Verdict,
    candidates,
    confirmed,
    is_candidate,
    read,
)
from services.runtime.asking import Asker, Unanswered
from services.runtime.conversing import NoModel, conversed
from services.runtime.logging import logger
from services.runtime.replies import Asked, Gone

if TYPE_CHECKING:
    from services.anomalies.on_demand.looking import Looked

_TRIES = 2
_LEAST = 3.0
"""Seconds below which no question is begun."""
_LOOK = 0.5
_UNANSWERED = {
    Code.CLUSTER_UNREACHABLE: "no worker that speaks with models is running",
    Code.QUERY_TIMEOUT: "no model has answered in time about what was found",
}

_SAY = logger("anomalies")

_Heard = tuple[dict[str, Verdict], list[Completion]]


async def judge(
    query: DetectAnomalies, found: Sequence["Looked"], asked: Asked, until: float
) -> Judgement:
    """Of what was found, keep what models confirm; MODEL_NOT_AVAILABLE if they do not answer.

    Gone as soon as nobody waits for it, which ends the work of models, too.
    """
    # JSON may begin with a blank; it is by a part that whoever asks can say to wait no more.
    await asked.send(b" ")
    made = await asyncio.to_thread(candidates, query, found)
    work = asyncio.ensure_future(_all(made.batches, asked, until))
    try:
        while not work.done():
            await asyncio.wait({work}, timeout=_LOOK)
            if asked.reply.gone:
                raise Gone
        heard = work.result()
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
    kept = dict[UUID, Verdict]()
    for batch, (verdicts, _) in zip(made.batches, heard, strict=True):
        kept |= {batch.candidates[name].id: verdict for name, verdict in verdicts.items()}
    for each in found:
        each.anomalies = [*_confirmed(each.anomalies, kept)]
        each.lasting_since = None
    return _judgement(made, heard, len(kept))


async def _all(batches: Sequence[Batch], asked: Asked, until: float) -> list[_Heard]:
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_heard(each, asked, until)) for each in batches]
    except ExceptionGroup as failed:
        # If one has failed the others were called off: the first says why.
        raise failed.exceptions[0] from None
    return [each.result() for each in tasks]


async def _heard(batch: Batch, asked: Asked, until: float) -> _Heard:
    """What a model confirms; asked once more where its answer cannot be read."""
    told, problem = list[Completion](), ""
    for _ in range(_TRIES):
        told.append(await _ask(batch.question(problem), asked, until))
        try:
            return _read(told[-1], batch), told
        except Malformed as malformed:
            problem = malformed.problem
            _SAY.warning("verdicts_unreadable", model=told[-1].model, problem=problem)
    text = f"the model {told[-1].model} has not answered as it was to: {problem}"
    raise Refused(Code.MODEL_NOT_AVAILABLE, text)


def _read(told: Completion, batch: Batch) -> dict[str, Verdict]:
    if told.ended_early:
        raise Malformed("it was too long")
    return read(told.text, batch.candidates)


async def _ask(question: Converse, asked: Asked, until: float) -> Completion:
    clock = asked.outside.clock
    seconds = until - clock.monotonic()
    if seconds < _LEAST:
        raise Refused(Code.MODEL_NOT_AVAILABLE, "there was no time left to ask a model")
    asker = Asker(asked.log.bus, clock)
    try:
        return await conversed(asker, question, seconds=seconds)
    except NoModel as nothing:
        text = f"no model could be asked about what was found: {nothing.reason}"
    except Unanswered as nothing:
        if nothing.code is Code.BUS_UNAVAILABLE:
            raise Refused(nothing.code, nothing.message) from None
        text = _UNANSWERED.get(nothing.code, nothing.message)
    except Refused as refused:
        text = f"no model could be asked about what was found: {refused.message}"
    raise Refused(Code.MODEL_NOT_AVAILABLE, text)


def _confirmed(found: Iterable[Anomaly], kept: Mapping[UUID, Verdict]) -> Iterator[Anomaly]:
    for each in found:
        if each.id in kept:
            yield confirmed(each, kept[each.id])
        elif not is_candidate(each):
            yield each


def _judgement(made: Candidates, heard: Sequence[_Heard], number: int) -> Judgement:
    told = [each for _, answers in heard for each in answers]
    versions = dict.fromkeys([VERSION, *(each.prompt_version for each in told)])
    judgement = Judgement(
        candidates=sum(len(each.candidates) for each in made.batches),
        confirmed=number,
        not_asked=made.not_asked,
        cut=any(answers[-1].cut for _, answers in heard),
        models=tuple(dict.fromkeys(answers[-1].model for _, answers in heard)),
        prompt_version=" ".join(versions),
    )
    _SAY.info(
        "candidates_judged",
        **judgement.model_dump(),
        calls=len(told),
        prompt_tokens=sum(each.prompt_tokens for each in told),
        completion_tokens=sum(each.completion_tokens for each in told),
        latency_ms=round(max((each.latency_ms for each in told), default=0)),
    )
    return judgement
