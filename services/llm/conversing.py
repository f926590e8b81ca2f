"""Goes on with a chat: what a model says next, word by word, or that none has answered."""

import itertools
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from contracts.chat import MOST_CALLS
from contracts.conversing import Completion, Converse, WantedCall
from services.llm.assembling import ToolCall
from services.llm.models import Models, NoModel, Told, models_of
from services.llm.prompting_chat import VERSION, Conversation
from services.llm.service import service
from services.llm.streaming import Words, line
from services.llm.waiting import MARGIN, while_wanted
from services.runtime.logging import logger
from services.runtime.replies import Asked

__all__ = ["converse", "wanted"]

_CUT_OFF = "length"
_MOST_NAME, _MOST_ID = 200, 100

_SAY = logger("llm")


@service.answers(Converse)
async def converse(query: Converse, asked: Asked) -> Mapping[str, Any]:
    """Tell what a model says next in a chat as it says it, or that none has answered, and why."""
    clock = asked.outside.clock
    began = clock.monotonic()
    # It is by a part that whoever asks can say to wait no more.
    await asked.send(b"\n")
    models = models_of(asked.outside, asked.settings.llm)
    words = Words(asked.send)
    try:
        told = await while_wanted(asked, _told(query, models, words, asked.seconds - MARGIN))
    except NoModel as nothing:
        _SAY.info("not_conversed", reason=nothing.reason)
        await asked.send(line(none=nothing.reason))
        return {}
    made = _completion(query, told)
    made = made.model_copy(
        update={
            "latency_ms": (clock.monotonic() - began) * 1000,
            "first_token_ms": max(told.first_at - began, 0.0) * 1000,
        }
    )
    _tell_log(made)
    await asked.send(b'{"done":' + made.model_dump_json().encode() + b"}\n")
    return {}


async def _told(query: Converse, models: Models, words: Words, seconds: float) -> Told:
    asking = Conversation.of(query, models.key)
    async with words.telling():
        return await models.tell(asking, seconds, words, query.provider)


def _completion(query: Converse, told: Told) -> Completion:
    answer = told.answer
    taken = {call.id for each in query.said for call in each.calls}
    calls = wanted(answer.calls, taken) if told.prompt.tools else ()
    return Completion(
        text=told.text,
        calls=calls,
        provider=told.provider,
        model=told.model,
        prompt_version=VERSION,
        prompt_tokens=answer.prompt_tokens,
        completion_tokens=answer.completion_tokens,
        latency_ms=0,
        first_token_ms=0,
        shown_sha256=told.prompt.shown_sha256,
        cut=told.prompt.cut,
        ended_early=answer.finish == _CUT_OFF,
    )


def wanted(calls: Iterable[ToolCall], taken: Collection[str] = ()) -> tuple[WantedCall, ...]:
    """As many calls as one round may have, each with an id of its own, none of those ``taken``."""
    made: list[WantedCall] = []
    ids = set(taken)
    for call in list(calls)[:MOST_CALLS]:
        id_ = call.id
        if not id_ or id_ in ids or len(id_) > _MOST_ID:
            id_ = next(each for number in itertools.count(1) if (each := f"c{number}") not in ids)
        ids.add(id_)
        # Null stands for a field that is left out: strict schemas know no other way to say so.
        given = {key: each for key, each in (call.arguments or {}).items() if each is not None}
        arguments = None if call.arguments is None else given
        name, problem = call.name[:_MOST_NAME], call.problem
        made.append(WantedCall(id=id_, name=name, arguments=arguments, problem=problem))
    return tuple(made)


def _tell_log(made: Completion) -> None:
    _SAY.info(
        "conversed",
        provider=made.provider,
        model=made.model,
        calls=len(made.calls),
        prompt_tokens=made.prompt_tokens,
        completion_tokens=made.completion_tokens,
        latency_ms=round(made.latency_ms),
        first_token_ms=round(made.first_token_ms),
    )
