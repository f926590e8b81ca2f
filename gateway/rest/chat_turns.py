"""A turn as it goes on: what its worker tells, and what the log says of it in the end."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec

from contracts.chat import (
    ChatMessage,
    ChatRole,
    ModelCalled,
    ToolAnswered,
    ToolCalled,
    chat_key,
    live_subject,
)
from contracts.refusals import Refused
from gateway.gate import Gate
from gateway.rest.chat_shared import Opened, messages
from gateway.rest.chat_transcript import answer_to, question_of
from gateway.rest.documented_chat import ChatMessageView, ChatStep, TurnState
from services.runtime.bus import BusUnavailable

MEDIA_TYPE = "text/event-stream"
_MOST_WAITING = 2_000
"""Messages of a turn that a slow client has not taken; then the log says what has become of it."""
_LOOK = 2.0
"""Seconds of silence after which the log is asked: what tells of a turn may have been lost."""
_HEARTBEAT = 15.0
_NAMES = {"start": "message_start", "text": "content_delta", "call": "tool_use"}


@dataclass
class Watch:
    """What is told of a session while it is watched."""

    waiting: deque[bytes] = field(default_factory=deque[bytes])
    news: asyncio.Event = field(default_factory=asyncio.Event)
    missed: bool = False
    """More was told than was taken."""

    def hear(self, subject: str, told: bytes) -> None:
        """Something was told."""
        del subject
        if len(self.waiting) >= _MOST_WAITING:
            self.waiting.clear()
            self.missed = True
        self.waiting.append(told)
        self.news.set()

    async def next(self, seconds: float) -> Mapping[str, Any] | None:
        """What was told next, None for nothing in this time."""
        if not self.waiting:
            self.news.clear()
            try:
                async with asyncio.timeout(seconds):
                    await self.news.wait()
            except TimeoutError:
                return None
        return msgspec.json.decode(self.waiting.popleft())


@asynccontextmanager
async def watched(gate: Gate, session_id: UUID) -> AsyncGenerator[Watch]:
    """Listen to a session, from before anything is asked."""
    watch = Watch()
    end = await gate.runtime.bus.hear(live_subject(session_id), watch.hear)
    try:
        yield watch
    finally:
        await end()


@dataclass(frozen=True, slots=True)
class Following:
    """One turn that is followed to its end."""

    gate: Gate
    session: Opened
    turn_id: UUID
    seconds: float

    async def frames(self, watch: Watch) -> AsyncGenerator[tuple[str, Mapping[str, Any]]]:
        """Names and data of what happens, the last of which says how it ended; ("", {}) where
        nothing happens for a while."""
        loop = asyncio.get_running_loop()
        until, beat = loop.time() + self.seconds, loop.time()
        while loop.time() < until:
            told = await watch.next(_LOOK)
            if told is None or told["kind"] == "end" or watch.missed:
                watch.missed = False
                last = await self._ended()
                if last is not None:
                    yield last
                    return
            if told is None:
                if loop.time() - beat > _HEARTBEAT:
                    beat = loop.time()
                    yield "", {}
            elif told["turn_id"] == str(self.turn_id) and told["kind"] != "end":
                yield self._frame(told)
        yield "error", {"code": "QUERY_TIMEOUT", "message": "there is no answer in time"}

    def _frame(self, told: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
        kind = told["kind"]
        more = {name: each for name, each in told.items() if name != "kind"}
        if kind == "start":
            more["message_id"] = told["turn_id"]
        if kind == "text":
            more.setdefault("reset", False)
        return _NAMES.get(kind, "tool_result"), more

    async def _ended(self) -> tuple[str, Mapping[str, Any]] | None:
        """How the log says that it ended, None while it goes on, or the bus is away."""
        try:
            if await self._goes_on():
                return None
            found = await messages(self.gate, self.session)
        except BusUnavailable:
            return None
        answer = answer_to(found, self.turn_id)
        if answer is not None:
            return "message_complete", {"message": answer.model_dump(mode="json")}
        question = question_of(found, self.turn_id)
        if question is None or question.state is TurnState.CANCELLED:
            return "cancelled", {"turn_id": str(self.turn_id)}
        return None

    async def _goes_on(self) -> bool:
        """Told by its last event alone: a session is long, and many may be watched."""
        last = await self.gate.log.head(chat_key(self.session.known.id))
        event = None if last is None else last.event
        is_of_it = getattr(event, "turn_id", None) == self.turn_id
        is_question = isinstance(event, ChatMessage) and event.role is ChatRole.USER
        return is_of_it and (
            is_question or isinstance(event, ModelCalled | ToolCalled | ToolAnswered)
        )

    async def answer(self, watch: Watch) -> ChatMessageView | None:
        """The answer, once it is there; None for a turn that was cancelled or lasts too long."""
        async for name, told in self.frames(watch):
            if name == "message_complete":
                return ChatMessageView.model_validate(told["message"])
            if name in {"cancelled", "error"}:
                break
        return None


def sse(name: str, told: Mapping[str, Any]) -> bytes:
    """As a server-sent event; a comment for what has no name."""
    if not name:
        return b": nothing new\n\n"
    return b"event: " + name.encode() + b"\ndata: " + msgspec.json.encode(told) + b"\n\n"


async def _begun_with(
    gate: Gate, session: Opened, turn_id: UUID
) -> list[tuple[str, dict[str, Any]]]:
    try:
        return _so_far(await messages(gate, session), turn_id)
    except BusUnavailable:
        return []  # The end tells all of it.


def _so_far(found: list[ChatMessageView], turn_id: UUID) -> list[tuple[str, dict[str, Any]]]:
    """What has happened in a turn that is being answered, for who comes later."""
    question = question_of(found, turn_id)
    told: list[tuple[str, dict[str, Any]]] = []
    for step in [] if question is None else question.steps:
        told += _of_step(step, turn_id)
    return told


def _of_step(step: ChatStep, turn_id: UUID) -> list[tuple[str, dict[str, Any]]]:
    turn = str(turn_id)
    start = {"turn_id": turn, "message_id": turn, "round": step.round}
    told: list[tuple[str, dict[str, Any]]] = [("message_start", start)]
    for call in step.calls:
        one = call.model_dump(mode="json")
        of = {"turn_id": turn, "call_id": call.id, "tool": call.tool}
        told.append(("tool_use", {**of, "arguments": call.arguments, "round": step.round}))
        if call.status is not None:
            names = ("status", "code", "result", "latency_ms")
            told.append(("tool_result", {**of, **{name: one[name] for name in names}}))
    return told


async def stream(
    gate: Gate,
    session: Opened,
    seconds: float,
    begin: Callable[[], Awaitable[UUID | None]],
) -> AsyncGenerator[bytes]:
    """The events of a turn: that which ``begin`` begins, or one that goes on already.

    What is refused before anything was sent is an error answer; later it is an event.
    """
    async with watched(gate, session.known.id) as watch:
        turn_id = await begin()
        yield b": begun\n\n"
        if turn_id is None:
            return
        try:
            for name, told in await _begun_with(gate, session, turn_id):
                yield sse(name, told)
            following = Following(gate, session, turn_id, seconds)
            async for name, told in following.frames(watch):
                yield sse(name, told)
        except Refused as refused:
            yield sse("error", {"code": refused.code.name, "message": refused.message})
