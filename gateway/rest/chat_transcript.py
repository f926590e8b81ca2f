"""A session as people read it, made of its events: what was asked, done, and answered. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from pydantic import TypeAdapter

from contracts.chat import (
    ChatMessage,
    ChatRole,
    ChatSessionDeleted,
    ModelCalled,
    ToolAnswered,
    ToolCalled,
    ToolStatus,
    TurnCancelled,
)
from contracts.claims import Claim
from contracts.envelope import Recorded
from gateway.rest.documented_chat import ChatMessageView, ChatStep, ToolCallView, TurnState
from services.runtime.chat_keys import Sealer

_CLAIMS: TypeAdapter[list[Claim]] = TypeAdapter(list[Claim])


@dataclass
class _Turn:
    question: Recorded
    asked: ChatMessage
    steps: list[ChatStep] = field(default_factory=list[ChatStep])
    state: TurnState = TurnState.RUNNING
    answer: Recorded | None = None


def messages_of(events: Sequence[Recorded], sealer: Sealer) -> list[ChatMessageView]:
    """Questions and answers, the oldest first; steps stand with the answer, if there is one."""
    found: list[ChatMessageView] = []
    for turn in _turns(events, sealer):
        has_answer = turn.answer is not None
        found.append(_question(turn, sealer, [] if has_answer else turn.steps))
        if turn.answer is not None:
            found.append(_answer(turn, turn.answer, sealer))
    return found


def answer_to(messages: Sequence[ChatMessageView], turn_id: object) -> ChatMessageView | None:
    """The answer to a question."""
    for each in messages:
        if each.turn_id == turn_id and each.role is ChatRole.ASSISTANT:
            return each
    return None


def question_of(messages: Sequence[ChatMessageView], turn_id: object) -> ChatMessageView | None:
    """The question of a turn."""
    for each in messages:
        if each.turn_id == turn_id and each.role is ChatRole.USER:
            return each
    return None


def _turns(events: Sequence[Recorded], sealer: Sealer) -> list[_Turn]:
    turns: list[_Turn] = []
    for each in events:
        event = each.event
        if isinstance(event, ChatMessage) and event.role is ChatRole.USER:
            turns.append(_Turn(each, event))
        elif turns:
            _take(turns[-1], each, sealer)
    return turns


def _take(turn: _Turn, recorded: Recorded, sealer: Sealer) -> None:
    event = recorded.event
    if isinstance(event, ChatMessage):
        turn.answer, turn.state = recorded, TurnState.ENDED
    elif isinstance(event, TurnCancelled | ChatSessionDeleted) and turn.answer is None:
        turn.state = TurnState.CANCELLED
    elif isinstance(event, ModelCalled):
        turn.steps.append(_step(event, recorded.sequence, sealer))
    elif isinstance(event, ToolCalled) and turn.steps:
        turn.steps[-1].calls.append(_call(event, sealer))
    elif isinstance(event, ToolAnswered) and turn.steps:
        calls = turn.steps[-1].calls
        for at, one in enumerate(calls):
            if one.id == event.call_id:
                calls[at] = _answered(one, event, recorded.sequence, sealer)


def _step(event: ModelCalled, sequence: int, sealer: Sealer) -> ChatStep:
    said = msgspec.json.decode(sealer.open(event.said, "said", f"{event.turn_id}/{event.round}"))
    return ChatStep(
        round=event.round,
        text=said["text"],
        calls=[],
        provider=event.provider,
        model=event.model,
        reason=event.reason,
        prompt_version=event.prompt_version,
        prompt_tokens=event.prompt_tokens,
        completion_tokens=event.completion_tokens,
        latency_ms=event.latency_ms,
        first_token_ms=event.first_token_ms,
        shown_sha256=event.shown_sha256,
        cut=event.cut,
        sequence=sequence,
    )


def _call(event: ToolCalled, sealer: Sealer) -> ToolCallView:
    told = sealer.open(event.arguments, "arguments", f"{event.turn_id}/{event.call_id}")
    return ToolCallView(
        id=event.call_id,
        tool=event.tool,
        arguments=msgspec.json.decode(told),
        status=None,
        code=None,
        result=None,
        latency_ms=None,
        sequence=None,
    )


def _answered(
    call: ToolCallView, event: ToolAnswered, sequence: int, sealer: Sealer
) -> ToolCallView:
    told = sealer.open(event.result, "result", f"{event.turn_id}/{event.call_id}")
    is_told = event.status is ToolStatus.SUCCESS
    result: Any = msgspec.json.decode(told) if is_told else told
    changes = {
        "status": event.status,
        "code": event.code,
        "result": result,
        "latency_ms": event.latency_ms,
        "sequence": sequence,
    }
    return call.model_copy(update=changes)


def _question(turn: _Turn, sealer: Sealer, steps: list[ChatStep]) -> ChatMessageView:
    return _message(turn, turn.question, turn.asked, sealer).model_copy(update={"steps": steps})


def _answer(turn: _Turn, recorded: Recorded, sealer: Sealer) -> ChatMessageView:
    event = recorded.event
    if not isinstance(event, ChatMessage):
        raise TypeError("an answer is a message")
    claims: list[Claim] = []
    if event.claims is not None:
        claims = _CLAIMS.validate_json(sealer.open(event.claims, "claims", event.message_id))
    changes: dict[str, Any] = {
        "steps": turn.steps,
        "claims": claims,
        "end": event.end,
        "provider": event.provider,
        "model": event.model,
        "prompt_tokens": event.prompt_tokens,
        "completion_tokens": event.completion_tokens,
        "latency_ms": event.latency_ms,
    }
    return _message(turn, recorded, event, sealer).model_copy(update=changes)


def _message(
    turn: _Turn, recorded: Recorded, event: ChatMessage, sealer: Sealer
) -> ChatMessageView:
    return ChatMessageView(
        id=event.message_id,
        turn_id=event.turn_id,
        role=event.role,
        content=sealer.open(event.content, "message", event.message_id),
        persona_id="default" if turn.asked.persona is None else turn.asked.persona.id,
        cluster_ids=turn.asked.cluster_ids,
        created_at=recorded.logged_at,
        sequence=recorded.sequence,
        state=turn.state,
        steps=[],
        claims=[],
        end=None,
        provider=None,
        model=None,
        prompt_tokens=0,
        completion_tokens=0,
        latency_ms=None,
    )
