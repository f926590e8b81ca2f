"""Asks a model what comes next in a turn, and tells its words on as they come."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from contracts.chat import MOST_CALLS
from contracts.conversing import (
    MOST_SHOWN,
    Completion,
    Converse,
    Speaker,
    Utterance,
    WantedCall,
)
from contracts.envelope import rfc3339
from contracts.refusals import Refused
from services.chat.live import Live
from services.chat.session import Session, Turn
from services.chat.steps import Answered
from services.runtime.asking import Asker, Unanswered
from services.runtime.bus import Bus, TooLarge
from services.runtime.clock import Clock
from services.runtime.conversing import NoModel, conversed

_PAUSE = 0.5
_MOST_SAID = 1_000
_MOST_ARGUMENTS = 16_000
"""Bytes of those of one call."""
_LEAST = 1.0
"""Seconds below which nobody is asked."""
_TRIES = 6
"""Times that whoever speaks with models is looked for: it may be starting."""


@dataclass(frozen=True, slots=True)
class Talk:
    """The way to the models."""

    bus: Bus
    clock: Clock
    longest: float
    """Seconds that all models together may take for one step."""
    traceparent: str | None = None

    async def next(self, asked: Converse, live: Live, seconds: float) -> Completion:
        """What a model says next; NoModel if none does."""
        reason, until = "", self.clock.monotonic() + seconds
        for _ in range(_TRIES):
            left = until - self.clock.monotonic()
            if left < _LEAST:
                break
            try:
                return await conversed(
                    Asker(self.bus, self.clock),
                    asked,
                    # Whoever speaks with it may die: another try has to have time.
                    seconds=min(left, self.longest),
                    hearing=live,
                    traceparent=self.traceparent,
                )
            except Unanswered as nothing:
                reason = nothing.message
            except Refused as refused:
                raise NoModel(refused.message) from None
            except TooLarge:
                raise NoModel("what was said so far is too long for the bus") from None
            await live.anew()
            await asyncio.sleep(_PAUSE)
        raise NoModel(f"none could be asked: {reason}")


def converse(before: Sequence[Turn], turn: Turn, session: Session, *, with_tools: bool) -> Converse:
    """What a model is shown for the next step of a turn."""
    persona = turn.persona
    return Converse(
        instructions=persona.system_prompt,
        context=_context(turn.asked_at, turn.question.cluster_ids),
        said=_fitting(before, turn),
        tools=persona.capabilities if with_tools else (),
        provider=session.created.provider,
    )


def _context(at: datetime, clusters: Sequence[UUID]) -> str:
    told = f"It is {rfc3339(at)}."
    if clusters:
        named = ", ".join(map(str, clusters))
        told += f" The chat is about the clusters with these ids, and no others: {named}."
    return told


def _fitting(before: Sequence[Turn], turn: Turn) -> tuple[Utterance, ...]:
    """As many of the turns before as the bus takes, the newest; this one whole."""
    kept, room = [*_of_this(turn)], MOST_SHOWN - sum(map(_size, _of_this(turn)))
    for each in reversed(before):
        told = [*_of_before(each)]
        room -= sum(map(_size, told))
        if room < 0 or len(kept) + len(told) > _MOST_SAID:
            break
        kept = [*told, *kept]
    return tuple(kept)


def _size(told: Utterance) -> int:
    return len(told.model_dump_json().encode())


def _of_before(turn: Turn) -> Iterator[Utterance]:
    if turn.answer is not None:
        yield Utterance(speaker=Speaker.USER, text=turn.text)
        yield Utterance(speaker=Speaker.ASSISTANT, text=turn.answer_text)


def _of_this(turn: Turn) -> Iterator[Utterance]:
    yield Utterance(speaker=Speaker.USER, text=turn.text)
    for step in turn.steps:
        told = step.turned
        yield Utterance(speaker=Speaker.ASSISTANT, text=told.text, calls=told.calls)
        for answer in step.round.answers:
            yield _answer(answer)


def _answer(told: Answered) -> Utterance:
    if told.answer is not None:
        text = told.answer.model_dump_json(exclude_defaults=True)
    else:
        error = {"status": told.status.value, "code": told.code, "message": told.text}
        text = msgspec.json.encode({"error": error}).decode()
    return Utterance(speaker=Speaker.TOOL, text=text, call_id=told.call_id, tool=told.tool)


def named_apart(calls: Sequence[WantedCall], number: int) -> tuple[WantedCall, ...]:
    """Calls with ids of their own in the turn: models begin with the same ones in each round."""
    return tuple(
        _bounded(each).model_copy(update={"id": f"{number}-{at}"})
        for at, each in enumerate(calls[:MOST_CALLS], start=1)
    )


def _bounded(call: WantedCall) -> WantedCall:
    if len(msgspec.json.encode(call.arguments)) <= _MOST_ARGUMENTS:
        return call
    return call.model_copy(update={"arguments": None, "problem": "its arguments are too long"})
