"""Answers what something is in words: by a model if there is one, else by a template."""

from collections.abc import Mapping
from typing import Any, cast

import msgspec

from contracts.explaining import Explain, Explanation
from contracts.refusals import Code, Refused
from services.llm import telling
from services.llm.causes import first_cause, is_borne_out, may_be_guessed
from services.llm.conversing import converse
from services.llm.hiding import facts_without_secrets, text_without_secrets
from services.llm.models import NoModel, Told, models_of
from services.llm.prompting import VERSION, Asking
from services.llm.service import service
from services.llm.waiting import MARGIN, while_wanted
from services.runtime.ids import new_secret
from services.runtime.logging import logger
from services.runtime.replies import Asked

__all__ = ["converse", "service"]

TEMPLATE = "template-1"
"""In place of a prompt's version."""
_CUT_OFF = "length"

_SAY = logger("llm")


@service.answers(Explain)
async def explain(query: Explain, asked: Asked) -> Mapping[str, Any]:
    """Tell in words what facts say, by a model or, without one, by a template that says so."""
    facts = _facts(query)
    asking = _asking(facts, query)
    clock = asked.outside.clock
    began = clock.monotonic()
    # JSON may begin with a blank; it is by a part that whoever asks can say to wait no more.
    await asked.send(b" ")
    try:
        told = await _told(asking, asked)
    except NoModel as nothing:
        made = _by_template(query, facts, nothing.reason)
    else:
        made = _by_model(facts, told)
    made = made.model_copy(update={"latency_ms": (clock.monotonic() - began) * 1000})
    _SAY.info(
        "explained",
        about=query.about.value,
        provider=made.provider,
        model=made.model,
        prompt_tokens=made.prompt_tokens,
        completion_tokens=made.completion_tokens,
        latency_ms=round(made.latency_ms),
    )
    await asked.send(made.model_dump_json().encode())
    return {}


def _facts(query: Explain) -> dict[str, Any]:
    try:
        found: object = msgspec.json.decode(query.facts)
    except (msgspec.DecodeError, RecursionError):
        raise Refused(Code.VALIDATION_FAILED, "facts are no JSON") from None
    if not isinstance(found, dict):
        raise Refused(Code.VALIDATION_FAILED, "facts are no JSON object")
    return cast("dict[str, Any]", found)


def _asking(facts: Mapping[str, Any], query: Explain) -> Asking:
    question = text_without_secrets(query.question)
    return Asking(facts_without_secrets(facts), question, new_secret, query.cut)


async def _told(asking: Asking, asked: Asked) -> Told:
    models = models_of(asked.outside, asked.settings.llm)
    return await while_wanted(asked, models.tell(asking, asked.seconds - MARGIN))


def _by_model(facts: Mapping[str, Any], told: Told) -> Explanation:
    text = told.text
    if told.answer.finish == _CUT_OFF:
        text += "\n\n*The answer was too long, and ends here.*"
    return Explanation(
        text=text,
        model=told.model,
        provider=told.provider,
        prompt_version=VERSION,
        prompt_tokens=told.answer.prompt_tokens,
        completion_tokens=told.answer.completion_tokens,
        latency_ms=0,
        shown_sha256=told.prompt.shown_sha256,
        is_hypothesis=may_be_guessed(facts, text),
        cut=told.prompt.cut,
    )


def _by_template(query: Explain, facts: Mapping[str, Any], why: str) -> Explanation:
    text = telling.told(query.about, facts, is_question=bool(query.question.strip()), why=why)
    return Explanation(
        text=text,
        model=None,
        provider=None,
        prompt_version=TEMPLATE,
        prompt_tokens=0,
        completion_tokens=0,
        latency_ms=0,
        shown_sha256=None,
        # It names a cause that is not known as a hypothesis, and else none.
        is_hypothesis=bool(first_cause(facts)) and not is_borne_out(facts),
        cut=query.cut,
    )
