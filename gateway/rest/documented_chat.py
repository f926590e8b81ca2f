"""Shapes of bodies and answers about chats."""

from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from contracts.chat import (
    MOST_CONTEXT,
    MOST_TITLE,
    ChatRole,
    RerunOf,
    ToolStatus,
    TurnEnd,
)
from contracts.claims import Claim
from contracts.envelope import Message, Timestamp
from contracts.personas import PersonaId
from gateway.rest.documented import Paged

Clusters = Annotated[tuple[UUID, ...], Field(max_length=MOST_CONTEXT)]
Text = Annotated[str, Field(min_length=1)]
Provider = Annotated[str, Field(min_length=1, max_length=50)]


class NewChatSession(Message):
    """How a chat begins."""

    title: Annotated[str, Field(max_length=MOST_TITLE)] = ""
    """Empty: made of the first question."""
    persona_id: PersonaId = "default"
    """Of whom it is asked, where a question does not say."""
    cluster_ids: Clusters = ()
    """What it is about; empty: all that whoever asks may see."""
    provider: Provider | None = None
    """The model that is asked, by its name in the settings; null: those there are, in order."""


class NewChatMessage(Message):
    """A question."""

    content: Text
    """16,000 characters at most."""
    persona_id: PersonaId | None = None
    """Null: the session's."""
    cluster_ids: Clusters | None = None
    """Null: the session's."""


class Rerun(Message):
    """How a question is asked again, on what its tools told then."""

    message_id: UUID | None = None
    """The question; null: the last one."""
    provider: Provider | None = None
    """Another model; null: those there are, in order."""
    persona_id: PersonaId | None = None
    """Another persona; null: the same."""


class ChatSessionView(Message):
    """A chat."""

    id: UUID
    user_id: str
    title: str
    persona_id: PersonaId
    cluster_ids: tuple[UUID, ...]
    provider: str | None
    message_count: int
    """Questions and answers."""
    created_at: Timestamp
    updated_at: Timestamp
    expires_at: Timestamp
    """When it is erased, unless more is asked."""
    is_answering: bool
    """A question is being answered."""
    rerun_of: RerunOf | None
    """The question that it asks again."""


class ChatSessionList(Paged):
    """A page of the sessions of whoever asks, the last used first."""

    items: list[ChatSessionView]


class ToolCallView(Message):
    """A tool that was called, and what came of it."""

    id: str
    tool: str
    arguments: dict[str, Any]
    status: ToolStatus | None
    """Null: it runs."""
    code: str | None
    """Of an error."""
    result: Any
    """A `ToolAnswer`; of an error its text."""
    latency_ms: float | None
    sequence: int | None
    """Of the event with its answer."""


class ChatStep(Message):
    """A call of a model, with the tools that it wanted."""

    round: int
    text: str
    calls: list[ToolCallView]
    provider: str | None
    """Null: no model was used."""
    model: str | None
    reason: str
    """Why no model was used."""
    prompt_version: str
    prompt_tokens: int
    completion_tokens: int
    latency_ms: float
    first_token_ms: float
    shown_sha256: str | None
    """Of all that the model was shown."""
    cut: bool
    """Not all had room in the model's window."""
    sequence: int


class TurnState(StrEnum):
    """How far an answer is."""

    RUNNING = "RUNNING"
    ENDED = "ENDED"
    CANCELLED = "CANCELLED"


class ChatMessageView(Message):
    """A question or an answer."""

    id: UUID
    turn_id: UUID
    """The question's id."""
    role: ChatRole
    content: str
    """Of an answer: Markdown without HTML, images and links."""
    persona_id: PersonaId
    cluster_ids: tuple[UUID, ...]
    created_at: Timestamp
    sequence: int
    """Of its event."""
    state: TurnState
    steps: list[ChatStep]
    """Of an answer, or of a question that has none (yet): what was done."""
    claims: list[Claim]
    """Of an answer: what each sentence rests on."""
    end: TurnEnd | None
    """Of an answer."""
    provider: str | None
    """Of an answer; null: no model was used."""
    model: str | None
    prompt_tokens: int
    completion_tokens: int
    latency_ms: float | None


class ChatMessageList(Message):
    """All of a session, the oldest first."""

    items: list[ChatMessageView]


class ChatModel(Message):
    """A model that can be asked."""

    name: str
    """Of the provider, in the settings."""
    model: str


class ChatModelList(Message):
    """Models in the order in which they are asked; empty: answers are made by fixed rules."""

    items: list[ChatModel]


class Compared(Message):
    """Two answers to the same question on the same evidence."""

    same_text: bool
    same_tools: bool
    """The same tools with the same arguments, in whatever order."""
    tools_only_before: list[str]
    tools_only_again: list[str]
    figures_only_before: list[str]
    """Numbers that stand in the first answer alone."""
    figures_only_again: list[str]
    hypotheses_before: int
    hypotheses_again: int
    unsupported_before: int
    """Sentences with figures that nothing told."""
    unsupported_again: int


class ChatComparison(Message):
    """A question that was asked again, next to what was answered before."""

    question: ChatMessageView
    before: ChatMessageView | None
    """The first answer; null: it was never given."""
    again: ChatMessageView | None
    """Null: it is still being answered."""
    compared: Compared | None
    """Null while one of them is missing."""
