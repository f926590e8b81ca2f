"""Chats, with sensible values; part of `rca_builders`. What is sealed here is no real envelope."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from contracts.access import Role
from contracts.acting import Acting, ActingGrant
from contracts.chat import (
    AskQuestion,
    CancelTurn,
    ChatMessage,
    ChatRole,
    ChatSessionCreated,
    ChatSessionDeleted,
    CreateChatSession,
    DeleteChatSession,
    EndReason,
    ModelCalled,
    ToolAnswered,
    ToolCalled,
    ToolStatus,
    TurnCancelled,
    TurnEnd,
)
from contracts.envelope import Command, Event
from contracts.personas import BUILT_IN
from tests.kit.samples import CLUSTER_ID, START

SESSION_ID = UUID("cccccccc-cccc-5ccc-8ccc-cccccccccccc")
QUESTION_ID = UUID("cccccccc-cccc-5ccc-8ccc-cccccccccc01")
ANSWER_ID = UUID("cccccccc-cccc-5ccc-8ccc-cccccccccc02")
SEALED = "AQIDBAUGBwgJ"
ACTING = Acting(name="ada", grants=(ActingGrant(role=Role.VIEWER, cluster_ids=None),))


def created(**changes: Any) -> ChatSessionCreated:
    values: dict[str, Any] = {
        "session_id": SESSION_ID,
        "user": "ada",
        "title": None,
        "persona_id": "default",
        "cluster_ids": (CLUSTER_ID,),
        "expires_at": START + timedelta(hours=24),
    }
    return ChatSessionCreated.model_validate(values | changes)


def question(**changes: Any) -> ChatMessage:
    values: dict[str, Any] = {
        "session_id": SESSION_ID,
        "message_id": QUESTION_ID,
        "turn_id": QUESTION_ID,
        "role": ChatRole.USER,
        "number": 1,
        "content": SEALED,
        "persona": BUILT_IN["telco-5g"],
        "cluster_ids": (CLUSTER_ID,),
        "acting": ACTING,
        "title": SEALED,
        "expires_at": START + timedelta(hours=24),
    }
    return ChatMessage.model_validate(values | changes)


def answer(**changes: Any) -> ChatMessage:
    values: dict[str, Any] = {
        "session_id": SESSION_ID,
        "message_id": ANSWER_ID,
        "turn_id": QUESTION_ID,
        "role": ChatRole.ASSISTANT,
        "number": 2,
        "content": SEALED,
        "claims": SEALED,
        "end": TurnEnd.COMPLETE,
        "provider": "default",
        "model": "qwen3-8b",
        "prompt_tokens": 812,
        "completion_tokens": 64,
        "latency_ms": 1840.0,
    }
    return ChatMessage.model_validate(values | changes)


def model_called(**changes: Any) -> ModelCalled:
    values: dict[str, Any] = {
        "session_id": SESSION_ID,
        "turn_id": QUESTION_ID,
        "round": 1,
        "said": SEALED,
        "provider": "default",
        "model": "qwen3-8b",
        "prompt_version": "converse-1",
        "prompt_tokens": 812,
        "completion_tokens": 64,
        "latency_ms": 1200.0,
        "first_token_ms": 180.0,
        "shown_sha256": "ab" * 32,
    }
    return ModelCalled.model_validate(values | changes)


def tool_called(**changes: Any) -> ToolCalled:
    values: dict[str, Any] = {
        "session_id": SESSION_ID,
        "turn_id": QUESTION_ID,
        "call_id": "1-1",
        "tool": "list_alerts",
        "arguments": SEALED,
    }
    return ToolCalled.model_validate(values | changes)


def tool_answered(**changes: Any) -> ToolAnswered:
    values: dict[str, Any] = {
        "session_id": SESSION_ID,
        "turn_id": QUESTION_ID,
        "call_id": "1-1",
        "tool": "list_alerts",
        "status": ToolStatus.SUCCESS,
        "result": SEALED,
        "latency_ms": 21.0,
    }
    return ToolAnswered.model_validate(values | changes)


def cancelled() -> TurnCancelled:
    return TurnCancelled(session_id=SESSION_ID, turn_id=QUESTION_ID, number=1)


def deleted() -> ChatSessionDeleted:
    return ChatSessionDeleted(session_id=SESSION_ID, user="ada", reason=EndReason.DELETED)


EVENTS: Mapping[type[Event], Callable[[], Event]] = {
    ChatSessionCreated: created,
    ChatMessage: question,
    ModelCalled: model_called,
    ToolCalled: tool_called,
    ToolAnswered: tool_answered,
    TurnCancelled: cancelled,
    ChatSessionDeleted: deleted,
}
COMMANDS: Mapping[type[Command], Callable[[], Command]] = {
    CreateChatSession: lambda: CreateChatSession(
        session_id=SESSION_ID, user="ada", persona_id="default"
    ),
    AskQuestion: lambda: AskQuestion(
        session_id=SESSION_ID,
        user="ada",
        message_id=QUESTION_ID,
        content=SEALED,
        persona=BUILT_IN["default"],
        acting=ACTING,
    ),
    CancelTurn: lambda: CancelTurn(session_id=SESSION_ID, user="ada"),
    DeleteChatSession: lambda: DeleteChatSession(session_id=SESSION_ID, user="ada"),
}
