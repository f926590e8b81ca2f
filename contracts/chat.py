"""Chat: sessions, what was asked, and every step of an answer; contents are sealed.

Whatever somebody or a model has said, asked of a tool or was told by one is sealed with a key of
its session, which lies in a durable table (`services.runtime.chat_keys`). Once the key is
destroyed nothing can read it, wherever a copy is.
"""

import re
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, ClassVar
from uuid import UUID

from pydantic import Field, StringConstraints

from contracts.acting import Acting
from contracts.envelope import Command, Event, EventNames, Message, Timestamp, public_name
from contracts.personas import Persona, PersonaId
from contracts.subjects import NO_CLUSTER, EntityKey

MOST_QUESTION = 16_000
"""Characters of a question."""
MOST_TITLE = 200
MOST_ROUNDS = 8
"""Rounds of tools in a turn."""
MOST_CALLS = 8
"""Tools of a round."""
MOST_CONTEXT = 100
"""Clusters that a chat can be about."""
MOST_EVENTS = 850
"""After which a session takes no further question: a load brings 1,024 events, and a turn makes
some 150 at most."""
IDLE, LONGEST_LIFE = timedelta(hours=24), timedelta(days=7)
"""A session ends so long after what was last asked, and so long after it began."""

Sealed = Annotated[str, StringConstraints(max_length=400_000, pattern=r"^[A-Za-z0-9_-]*={0,2}$")]
"""Text that nobody reads without the session's key: an envelope in URL-safe base64."""
Owner = Annotated[str, StringConstraints(min_length=1, max_length=400)]
"""A user, or ``token:<id>``: names of tokens may be given again."""
CallId = Annotated[str, StringConstraints(min_length=1, max_length=120)]
Clusters = Annotated[tuple[UUID, ...], Field(max_length=MOST_CONTEXT)]
Count = Annotated[int, Field(ge=0)]
Provider = Annotated[str, StringConstraints(max_length=50)]


class ChatRole(StrEnum):
    """Who says something."""

    USER = "USER"
    ASSISTANT = "ASSISTANT"


class TurnEnd(StrEnum):
    """How an answer came to its end."""

    COMPLETE = "COMPLETE"
    ROUNDS = "ROUNDS"
    """So many tools were called that it had to answer from what there was."""
    TIME = "TIME"
    """Its time was over."""
    FAILED = "FAILED"
    """Something of ours went wrong; it can be asked again."""


class ToolStatus(StrEnum):
    """What came of a call."""

    SUCCESS = "SUCCESS"
    ERROR = "ERROR"
    TIMEOUT = "TIMEOUT"


class RerunOf(Message):
    """A question of an earlier session that is asked again, on what its tools told then."""

    session_id: UUID
    message_id: UUID
    """The question."""


class _ChatEvent(Event):
    entity: ClassVar[str] = "chat"

    session_id: UUID

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Names with all words: two of them end in the same one."""
        super().__pydantic_init_subclass__(**kwargs)
        public = public_name(cls)
        token = re.sub(r"^chat_", "", public.lower())
        cls.names = EventNames(f"aiops.chat.{token}.v{cls.version}", token, public)

    @property
    def key(self) -> EntityKey:
        """The session."""
        return chat_key(self.session_id)


class ChatSessionCreated(_ChatEvent):
    """Somebody has begun a chat."""

    user: Owner
    """Whose session it is; nobody else sees what is in it."""
    title: Sealed | None
    """Null: made of the first question."""
    persona_id: PersonaId
    """Whom it is with."""
    cluster_ids: Clusters = ()
    """What it is about; empty: all that the user may see."""
    provider: Provider | None = None
    """The model that is asked; null: those there are, in their order."""
    rerun_of: RerunOf | None = None
    """Null for a chat of its own."""
    expires_at: Timestamp
    """When the session ends unless something is asked."""


class ChatMessage(_ChatEvent):
    """A question, which begins a turn, or the answer, which ends it."""

    message_id: UUID
    """Of the answer, where it is one."""
    turn_id: UUID
    """The question's own id."""
    role: ChatRole
    number: Annotated[int, Field(ge=1)]
    """Questions and answers of the session so far, with this one."""
    content: Sealed
    """The question, or the answer in Markdown."""
    persona: Persona | None = None
    """Of a question: whom it is asked of, as they were then."""
    cluster_ids: Clusters = ()
    """Of a question: what it is about."""
    acting: Acting | None = None
    """Of a question: with whose rights tools are called for it."""
    title: Sealed | None = None
    """Of a question: what the session is called."""
    expires_at: Timestamp | None = None
    """Of a question: when the session ends unless more is asked."""
    claims: Sealed | None = None
    """Of an answer: what each of its sentences rests on, as JSON."""
    end: TurnEnd | None = None
    """Of an answer."""
    provider: Provider | None = None
    """Null: no model was used."""
    model: str | None = None
    """As its provider calls it."""
    prompt_tokens: Count = 0
    """Of all calls of the turn."""
    completion_tokens: Count = 0
    """Of all calls of the turn: what the models said."""
    latency_ms: Annotated[float, Field(ge=0)] = 0
    """Of an answer: since the question was asked."""


class ModelCalled(_ChatEvent):
    """A model has said what comes next; without one the analyst did."""

    turn_id: UUID
    """The question's id."""
    round: Count
    """Of the turn, from 1 on."""
    said: Sealed
    """A `Turned` as JSON: its words, and the tools that it wants to be called."""
    provider: Provider | None
    """Null: no model was used."""
    model: str | None
    """As its provider calls it; null: no model was used."""
    reason: str = ""
    """Why no model was used."""
    prompt_version: str
    """Which words of ours it was asked with, or which rules have spoken: ``analyst-1``."""
    prompt_tokens: Count
    """As the model counts them; 0 without one."""
    completion_tokens: Count
    latency_ms: Annotated[float, Field(ge=0)]
    """Until it had said all."""
    first_token_ms: Annotated[float, Field(ge=0)] = 0
    """Until its first word; 0 without a model."""
    shown_sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None
    """Of all that the model was shown, with the session's key: the same for the same, and without
    the key it tells nothing. Null without a model."""
    cut: bool = False
    """Not all that was there fitted into what it was shown."""


class ToolCalled(_ChatEvent):
    """A tool is called."""

    turn_id: UUID
    call_id: CallId
    """Which call of its turn."""
    tool: Annotated[str, StringConstraints(max_length=200)]
    """``unknown`` for one that there is not, as its name is a model's words."""
    arguments: Sealed
    """A JSON object: with the clusters of the chat, where the model named none."""


class ToolAnswered(_ChatEvent):
    """What it has told."""

    turn_id: UUID
    call_id: CallId
    """Of the call that is answered."""
    tool: Annotated[str, StringConstraints(max_length=200)]
    status: ToolStatus
    code: str | None = None
    """Of an error, as REST tells it."""
    result: Sealed
    """JSON: a `contracts.tools.ToolAnswer`, or what went wrong."""
    latency_ms: Annotated[float, Field(ge=0)]
    """Since it was called."""


class TurnCancelled(_ChatEvent):
    """Somebody wants no answer any more."""

    turn_id: UUID
    """The question's id."""
    number: Annotated[int, Field(ge=1)]
    """Questions and answers of the session so far."""


class EndReason(StrEnum):
    """Why a session is no more."""

    DELETED = "DELETED"
    """Its user has said so."""
    EXPIRED = "EXPIRED"
    """Nothing was asked for a day, or seven days were over."""


class ChatSessionDeleted(_ChatEvent):
    """The session is no more, and nothing that was said in it can be read."""

    user: Owner
    """Whose session it was."""
    reason: EndReason


ChatEvent = (
    ChatSessionCreated
    | ChatMessage
    | ModelCalled
    | ToolCalled
    | ToolAnswered
    | TurnCancelled
    | ChatSessionDeleted
)


class CreateChatSession(Command):
    """Begin a chat."""

    area: ClassVar[str] = "chat"

    session_id: UUID
    user: Owner
    title: Sealed | None = None
    persona_id: PersonaId
    cluster_ids: Clusters = ()
    provider: Provider | None = None
    rerun_of: RerunOf | None = None


class AskQuestion(Command):
    """Ask something in a session; the answer follows."""

    area: ClassVar[str] = "chat"

    session_id: UUID
    user: Owner
    message_id: UUID
    content: Sealed
    title: Sealed | None = None
    """What a session that has no title yet is called from now on."""
    persona: Persona
    cluster_ids: Clusters = ()
    acting: Acting


class CancelTurn(Command):
    """No answer is wanted any more."""

    area: ClassVar[str] = "chat"

    session_id: UUID
    user: Owner


class DeleteChatSession(Command):
    """Erase a session with all that was said in it."""

    area: ClassVar[str] = "chat"

    session_id: UUID
    user: Owner


def chat_key(session_id: UUID) -> EntityKey:
    """The entity of a session."""
    return EntityKey(NO_CLUSTER, "chat", str(session_id))


def live_subject(session_id: UUID) -> str:
    """Where words of an answer go while they are said; nothing of it is stored."""
    return f"chat.{session_id}"


def place(session_id: UUID, kind: str, of: object) -> str:
    """What a sealed text is bound to: put anywhere else it does not open."""
    return f"chat/{session_id}/{kind}/{of}"
