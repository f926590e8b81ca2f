"""Compares an answer with the one that the same question had before. Pure."""

import re
from collections.abc import Sequence
from uuid import UUID

import msgspec

from contracts.chat import ChatRole
from gateway.rest.chat_transcript import answer_to, question_of
from gateway.rest.documented_chat import ChatComparison, ChatMessageView, Compared

_NUMBER = re.compile(r"(?<![\w.-])\d[\d,]*(?:\.\d+)?%?")
_MOST = 50


def comparison(
    before: Sequence[ChatMessageView], message_id: UUID, again: Sequence[ChatMessageView]
) -> ChatComparison | None:
    """None if the question is not there."""
    question = question_of(before, message_id)
    if question is None:
        return None
    first = answer_to(before, message_id)
    asked = next((each for each in again if each.role is ChatRole.USER), None)
    second = None if asked is None else answer_to(again, asked.turn_id)
    both = None if first is None or second is None else _compared(first, second)
    return ChatComparison(question=question, before=first, again=second, compared=both)


def _compared(first: ChatMessageView, second: ChatMessageView) -> Compared:
    tools, again = _tools(first), _tools(second)
    figures, more = _figures(first), _figures(second)
    return Compared(
        same_text=first.content.split() == second.content.split(),
        same_tools=tools == again,
        tools_only_before=sorted(tools - again)[:_MOST],
        tools_only_again=sorted(again - tools)[:_MOST],
        figures_only_before=sorted(figures - more)[:_MOST],
        figures_only_again=sorted(more - figures)[:_MOST],
        hypotheses_before=sum(each.is_hypothesis for each in first.claims),
        hypotheses_again=sum(each.is_hypothesis for each in second.claims),
        unsupported_before=sum(each.is_unsupported for each in first.claims),
        unsupported_again=sum(each.is_unsupported for each in second.claims),
    )


def _tools(message: ChatMessageView) -> set[str]:
    return {
        f"{call.tool}({_written(call.arguments)})" for step in message.steps for call in step.calls
    }


def _written(arguments: dict[str, object]) -> str:
    return msgspec.json.encode(arguments, order="deterministic").decode()


def _figures(message: ChatMessageView) -> set[str]:
    return {each.replace(",", "") for each in _NUMBER.findall(message.content)}
