"""A session as its events tell it, with what was said in it opened. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import msgspec
from pydantic import TypeAdapter

from contracts.acting import Acting
from contracts.chat import (
    ChatMessage,
    ChatRole,
    ChatSessionCreated,
    ChatSessionDeleted,
    ModelCalled,
    ToolAnswered,
    ToolCalled,
    ToolStatus,
    TurnCancelled,
)
from contracts.conversing import WantedCall
from contracts.envelope import Recorded
from contracts.personas import BUILT_IN, Persona
from contracts.tools import ToolAnswer
from services.chat.steps import Answered, Round, Turned
from services.runtime.chat_keys import Sealer
from services.runtime.log import NOTHING, Head

_NOBODY = Acting(name="nobody")
_CALLS: TypeAdapter[tuple[WantedCall, ...]] = TypeAdapter(tuple[WantedCall, ...])


@dataclass
class Step:
    """What was said once in a turn, and what came of the tools that were wanted."""

    event: ModelCalled
    turned: Turned
    called: dict[str, ToolCalled] = field(default_factory=dict[str, ToolCalled])
    answers: dict[str, Answered] = field(default_factory=dict[str, Answered])

    @property
    def missing(self) -> tuple[WantedCall, ...]:
        """Calls that have not been answered."""
        return tuple(each for each in self.turned.calls if each.id not in self.answers)

    @property
    def round(self) -> Round:
        """Without the events."""
        answers = (self.answers.get(each.id) for each in self.turned.calls)
        return Round(self.turned.calls, tuple(each for each in answers if each is not None))


@dataclass
class Turn:
    """A question, and what was done for its answer."""

    question: ChatMessage
    text: str
    asked_at: datetime
    steps: list[Step] = field(default_factory=list[Step])
    answer: ChatMessage | None = None
    answer_text: str = ""
    cancelled: bool = False

    @property
    def persona(self) -> Persona:
        """Whom it was asked of."""
        return self.question.persona or BUILT_IN["default"]

    @property
    def acting(self) -> Acting:
        """With whose rights tools are called."""
        return self.question.acting or _NOBODY

    @property
    def is_open(self) -> bool:
        """It is still to be answered."""
        return self.answer is None and not self.cancelled

    @property
    def rounds(self) -> tuple[Round, ...]:
        """Those in which tools were wanted."""
        return tuple(each.round for each in self.steps if each.turned.calls)


@dataclass
class Session:
    """A chat."""

    created: ChatSessionCreated
    expires_at: datetime
    head: Head = NOTHING
    events: int = 0
    turns: list[Turn] = field(default_factory=list[Turn])

    @property
    def open_turn(self) -> Turn | None:
        """The question that is being answered."""
        last = self.turns[-1] if self.turns else None
        return last if last is not None and last.is_open else None

    def turn(self, message_id: UUID) -> Turn | None:
        """That of a question."""
        return next((each for each in self.turns if each.question.message_id == message_id), None)


def created_of(events: Iterable[Recorded]) -> ChatSessionCreated | None:
    """How it began; None for no session and for one that is erased."""
    first: ChatSessionCreated | None = None
    for each in events:
        if isinstance(each.event, ChatSessionCreated):
            first = each.event
        elif isinstance(each.event, ChatSessionDeleted):
            return None
    return first


def session_of(events: list[Recorded], sealer: Sealer) -> Session | None:
    """All of it; None for no session and for one that is erased."""
    created = created_of(events)
    if created is None:
        return None
    found = Session(created, created.expires_at)
    for each in events:
        _take(found, each, sealer)
        found.head = Head(each.sequence, each.version or 0)
    found.events = len(events)
    return found


def _take(session: Session, recorded: Recorded, sealer: Sealer) -> None:
    event = recorded.event
    if isinstance(event, ChatMessage):
        _take_message(session, event, recorded.time, sealer)
        return
    if not session.turns:
        return
    turn = session.turns[-1]
    if isinstance(event, TurnCancelled):
        turn.cancelled = True
    elif isinstance(event, ModelCalled):
        turn.steps.append(Step(event, turned_of(event, sealer)))
    elif isinstance(event, ToolCalled) and turn.steps:
        turn.steps[-1].called[event.call_id] = event
    elif isinstance(event, ToolAnswered) and turn.steps:
        step = turn.steps[-1]
        called = step.called.get(event.call_id)
        arguments = {} if called is None else arguments_of(called, sealer)
        step.answers[event.call_id] = answered_of(event, arguments, sealer)


def _take_message(session: Session, event: ChatMessage, at: datetime, sealer: Sealer) -> None:
    text = sealer.open(event.content, "message", event.message_id)
    if event.role is ChatRole.USER:
        session.turns.append(Turn(event, text, at))
        session.expires_at = event.expires_at or session.expires_at
    elif session.turns:
        session.turns[-1].answer, session.turns[-1].answer_text = event, text


def turned_of(event: ModelCalled, sealer: Sealer) -> Turned:
    """What was said."""
    told = msgspec.json.decode(sealer.open(event.said, "said", _said_place(event)))
    return Turned(told["text"], _CALLS.validate_python(told["calls"]))


def said_of(turned: Turned, turn_id: UUID, number: int, sealer: Sealer) -> str:
    """The inverse of `turned_of`: sealed for the step of this number."""
    calls = _CALLS.dump_python(turned.calls, mode="json")
    told = msgspec.json.encode({"text": turned.text, "calls": calls}).decode()
    return sealer.seal(told, "said", f"{turn_id}/{number}")


def _said_place(event: ModelCalled) -> str:
    return f"{event.turn_id}/{event.round}"


def arguments_of(event: ToolCalled, sealer: Sealer) -> dict[str, object]:
    """Those of a call."""
    place = f"{event.turn_id}/{event.call_id}"
    return msgspec.json.decode(sealer.open(event.arguments, "arguments", place))


def answered_of(event: ToolAnswered, arguments: dict[str, object], sealer: Sealer) -> Answered:
    """What came of a call."""
    told = sealer.open(event.result, "result", f"{event.turn_id}/{event.call_id}")
    is_told = event.status is ToolStatus.SUCCESS
    return Answered(
        event.call_id,
        event.tool,
        arguments,
        event.status,
        event.code,
        ToolAnswer.model_validate_json(told) if is_told else None,
        "" if is_told else told,
    )
