"""Runs a turn: step by step, each decided from the events so far, so that any worker goes on."""

import asyncio
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec

from contracts.catalog import UnknownEvent
from contracts.chat import (
    ChatMessage,
    ChatRole,
    ChatSessionDeleted,
    Event,
    ModelCalled,
    ToolAnswered,
    ToolCalled,
    ToolStatus,
    TurnCancelled,
    TurnEnd,
    chat_key,
)
from contracts.conversing import WantedCall
from contracts.envelope import Recorded
from contracts.refusals import TryLater
from contracts.tools import TOOLS
from services.chat.analyst import next_said
from services.chat.asking_tools import Tools
from services.chat.deciding import AskModel, CallTools, Finish, NextStep, next_step
from services.chat.frozen import Frozen
from services.chat.grounding import claims
from services.chat.live import Live
from services.chat.service import service
from services.chat.session import Session, Turn, said_of, session_of
from services.chat.steps import Answered, Turned
from services.chat.talking import Talk, converse, named_apart
from services.runtime.api import Api
from services.runtime.bus import BusUnavailable
from services.runtime.chat_keys import Sealer
from services.runtime.conversing import NoModel
from services.runtime.ids import derived_id
from services.runtime.log import Conflict, Head
from services.runtime.logging import logger
from services.runtime.store import Store

PLACES = 64
"""Turns in work at once in one process: they mostly wait."""
ANALYST = "analyst-1"
"""In place of a prompt's version, where no model was asked."""
_LOOK = 0.5
"""Seconds between looks whether an answer is still wanted."""
_GRACE = 15.0
"""Seconds for all that is not the models' own time."""
_MOST_CLAIMS = 200_000
"""Bytes of what an answer rests on."""
_UNKNOWN = "unknown"
"""A tool that there is not: its name is a model's words, which lie sealed."""
_TOO_LATE = "The time for this answer was over before anything was found. Ask again, or for less."
_FAILED = "Something went wrong on our side. Ask again; the log of the worker says more."

_SAY = logger("chat")


class _Unwanted(Exception):
    """Nobody wants the answer any more."""


@service.on(ChatMessage, places=PLACES)
async def run_turn(recorded: Recorded, store: Store) -> None:
    """Answer a question; from where another worker left off, if one died on the way."""
    question = recorded.event
    if not isinstance(question, ChatMessage) or question.role is not ChatRole.USER:
        return
    sealer = await (await store.outside.chat_keys()).find(question.session_id)
    if sealer is not None:
        await _Running(store, question, sealer).run()


@dataclass
class _Running:
    store: Store
    question: ChatMessage
    sealer: Sealer
    head: Head = field(default_factory=Head)
    live: Live = field(init=False)
    _seen: Recorded | None = None
    _appending: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self.live = Live(self.store.log.bus, self.question.session_id, self.question.turn_id)

    @property
    def _turn_id(self) -> UUID:
        return self.question.turn_id

    @property
    def _longest(self) -> timedelta:
        return timedelta(seconds=self.store.settings.chat.turn_seconds)

    async def run(self) -> None:
        """Until the turn is over."""
        while True:
            session = await self._load()
            turn = session and session.turn(self.question.message_id)
            if session is None or turn is None:
                return
            now = self.store.outside.clock.now()
            step = next_step(turn, now, self._longest)
            if step is None:
                return
            try:
                await self._watched(self._do(step, session, turn))
            except Conflict:
                continue  # Somebody else went on, or has cancelled it.
            except _Unwanted:
                await self.live.say("end")
                return
            except (BusUnavailable, TryLater, UnknownEvent):
                raise
            except Exception:  # noqa: BLE001 - whoever waits is told, and can ask again
                _SAY.exception("turn_failed", session=str(self.question.session_id))
                with suppress(Conflict):  # Then it goes on as it is.
                    await self._finish(Finish(_FAILED, TurnEnd.FAILED), turn)

    async def _load(self) -> Session | None:
        events = await self.store.log.load(chat_key(self.question.session_id))
        found = session_of(events, self.sealer)
        if found is not None:
            self.head = found.head
        return found

    async def _watched(self, work: Coroutine[Any, Any, None]) -> None:
        """Work that ends as soon as nobody wants the answer."""
        task = asyncio.ensure_future(work)
        try:
            while not task.done():
                await asyncio.wait({task}, timeout=_LOOK)
                if not task.done():
                    await self._require_wanted()
            await task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _require_wanted(self) -> None:
        try:
            last = await self.store.log.head(chat_key(self.question.session_id), self._seen)
        except BusUnavailable:
            return
        self._seen = last
        event = None if last is None else last.event
        is_over = event is None or isinstance(event, TurnCancelled | ChatSessionDeleted)
        # Cancelled, and asked something else at once.
        if is_over or getattr(event, "turn_id", None) != self._turn_id:
            raise _Unwanted

    async def _do(self, step: NextStep, session: Session, turn: Turn) -> None:
        if isinstance(step, AskModel):
            await self._ask(step, session, turn)
        elif isinstance(step, CallTools):
            await self._call(step, session, turn)
        else:
            await self._finish(step, turn)

    async def _ask(self, step: AskModel, session: Session, turn: Turn) -> None:
        number = len(turn.steps) + 1
        await self.live.begin(number)
        clock = self.store.outside.clock
        began = clock.monotonic()
        models = self.store.settings.llm.ordered
        longest = sum(each.call_seconds for each in models) + _GRACE
        talk = Talk(self.store.log.bus, clock, longest, self.store.context.traceparent)
        before, _ = await self._before(session, turn)
        asked = converse(before, turn, session, with_tools=step.with_tools)
        try:
            told = await talk.next(asked, self.live, max(self._left(turn), 1.0))
        except NoModel as nothing:
            turned = self._by_rules(turn, nothing.reason, with_tools=step.with_tools)
            event = self._without_model(turned, number, nothing.reason, clock.monotonic() - began)
            await self.live.anew()
            await self.live.words(turned.text)
        else:
            turned = Turned(told.text, named_apart(told.calls if step.with_tools else (), number))
            event = ModelCalled(
                session_id=self.question.session_id,
                turn_id=self._turn_id,
                round=number,
                said=said_of(turned, self._turn_id, number, self.sealer),
                provider=told.provider,
                model=told.model,
                prompt_version=told.prompt_version,
                prompt_tokens=told.prompt_tokens,
                completion_tokens=told.completion_tokens,
                latency_ms=(clock.monotonic() - began) * 1000,
                first_token_ms=told.first_token_ms,
                shown_sha256=self.sealer.fingerprint(told.shown_sha256),
                cut=told.cut,
            )
        await self._append(event)

    def _left(self, turn: Turn) -> float:
        """Seconds of the turn."""
        now = self.store.outside.clock.now()
        return (turn.asked_at + self._longest - now).total_seconds()

    def _by_rules(self, turn: Turn, why: str, *, with_tools: bool) -> Turned:
        capabilities = turn.persona.capabilities if with_tools else ()
        turned = next_said(
            turn.text, capabilities, turn.question.cluster_ids, turn.rounds, turn.asked_at, why
        )
        calls = turned.calls if with_tools else ()
        text = turned.text or ("" if calls else _TOO_LATE)
        return Turned(text, named_apart(calls, len(turn.steps) + 1))

    def _without_model(self, turned: Turned, number: int, why: str, seconds: float) -> ModelCalled:
        return ModelCalled(
            session_id=self.question.session_id,
            turn_id=self._turn_id,
            round=number,
            said=said_of(turned, self._turn_id, number, self.sealer),
            provider=None,
            model=None,
            reason=why[:500],
            prompt_version=ANALYST,
            prompt_tokens=0,
            completion_tokens=0,
            latency_ms=seconds * 1000,
            shown_sha256=None,
        )

    async def _before(self, session: Session, turn: Turn) -> tuple[list[Turn], Frozen | None]:
        """The turns before this one; and the evidence that it may see, if it is asked again."""
        at = session.turns.index(turn)
        again = session.created.rerun_of
        if again is None or at > 0:
            return session.turns[:at], None
        sealer = await (await self.store.outside.chat_keys()).find(again.session_id)
        if sealer is None:
            return [], Frozen(())
        events = await self.store.log.load(chat_key(again.session_id))
        first = session_of(events, sealer)
        origin = None if first is None else first.turn(again.message_id)
        if first is None or origin is None or first.created.user != session.created.user:
            return [], Frozen(())
        return first.turns[: first.turns.index(origin)], Frozen.of(origin)

    async def _call(self, step: CallTools, session: Session, turn: Turn) -> None:
        last = turn.steps[-1]
        made = {each.id: self._arguments(each) for each in step.calls}
        fresh = [each for each in step.calls if each.id not in last.called]
        if fresh:
            await self._append(*(self._called(each, made[each.id]) for each in fresh))
        for each in step.calls:
            told = {"call_id": each.id, "tool": each.name, "arguments": made[each.id]}
            await self.live.say("call", round=len(turn.steps), **told)
        _, frozen = await self._before(session, turn)
        api = Api(
            self.store.log.bus,
            self.store.outside.clock,
            turn.acting,
            self.store.context.traceparent,
        )
        tools = Tools(api, turn.persona.capabilities, self._turn_id, frozen)
        places = asyncio.Semaphore(self.store.settings.chat.tools_at_once)
        seconds = max(self._left(turn), 1.0)
        running = [
            asyncio.ensure_future(self._one(tools, each, made[each.id], places, seconds))
            for each in step.calls
        ]
        try:
            await asyncio.gather(*running)
        finally:
            for each in running:
                each.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    def _arguments(self, call: WantedCall) -> Mapping[str, Any]:
        """Those of a call, with the clusters of the chat where it names none."""
        told, known = dict(call.arguments or {}), TOOLS.get(call.name)
        fields = known.arguments.model_fields if known is not None else {}
        clusters = [str(each) for each in self.question.cluster_ids]
        if clusters and "cluster_ids" in fields and not told.get("cluster_ids"):
            told["cluster_ids"] = clusters
        return told

    def _called(self, call: WantedCall, arguments: Mapping[str, Any]) -> ToolCalled:
        told = msgspec.json.encode(arguments).decode()
        return ToolCalled(
            session_id=self.question.session_id,
            turn_id=self._turn_id,
            call_id=call.id,
            tool=call.name if call.name in TOOLS else _UNKNOWN,
            arguments=self.sealer.seal(told, "arguments", f"{self._turn_id}/{call.id}"),
        )

    async def _one(
        self,
        tools: Tools,
        call: WantedCall,
        arguments: Mapping[str, Any],
        places: asyncio.Semaphore,
        seconds: float,
    ) -> None:
        clock = self.store.outside.clock
        async with places:
            began = clock.monotonic()
            told = await tools.run(call, arguments, seconds)
            latency = (clock.monotonic() - began) * 1000
        await self._append(self._answered(told, latency))
        result = told.text if told.answer is None else told.answer.model_dump(mode="json")
        await self.live.say(
            "result",
            call_id=call.id,
            tool=call.name,
            status=told.status.value,
            code=told.code,
            result=result,
            latency_ms=latency,
        )

    def _answered(self, told: Answered, latency_ms: float) -> ToolAnswered:
        text = told.text if told.answer is None else told.answer.model_dump_json()
        return ToolAnswered(
            session_id=self.question.session_id,
            turn_id=self._turn_id,
            call_id=told.call_id,
            tool=told.tool if told.tool in TOOLS else _UNKNOWN,
            status=ToolStatus(told.status),
            code=told.code,
            result=self.sealer.seal(text, "result", f"{self._turn_id}/{told.call_id}"),
            latency_ms=latency_ms,
        )

    async def _finish(self, step: Finish, turn: Turn) -> None:
        text = step.text
        if not text:
            told = self._by_rules(turn, "the time for this answer was over", with_tools=False)
            text = told.text
        written = "[]" if step.end is TurnEnd.FAILED else await self._claims(text, turn)
        message_id = derived_id(self._turn_id, "answer")
        spoken = [each.event for each in turn.steps if each.event.provider is not None]
        now = self.store.outside.clock.now()
        await self._append(
            ChatMessage(
                session_id=self.question.session_id,
                message_id=message_id,
                turn_id=self._turn_id,
                role=ChatRole.ASSISTANT,
                number=turn.question.number + 1,
                content=self.sealer.seal(text, "message", message_id),
                claims=self.sealer.seal(written, "claims", message_id),
                end=step.end,
                provider=turn.steps[-1].event.provider if turn.steps else None,
                model=turn.steps[-1].event.model if turn.steps else None,
                prompt_tokens=sum(each.prompt_tokens for each in spoken),
                completion_tokens=sum(each.completion_tokens for each in spoken),
                latency_ms=max((now - turn.asked_at).total_seconds() * 1000, 0),
            )
        )
        await self.live.say("end", end=step.end.value)

    async def _claims(self, text: str, turn: Turn) -> str:
        """What an answer rests on, as JSON; an answer is one without it as well."""
        why = turn.steps[-1].event.reason if turn.steps else ""
        try:
            found = await asyncio.to_thread(claims, text, turn.rounds, turn.text, why)
        except Exception:  # noqa: BLE001 - an answer that is there must not be lost by it
            _SAY.exception("claims_failed", session=str(self.question.session_id))
            return "[]"
        told = [each.model_dump(mode="json", exclude_defaults=True) for each in found]
        while len(written := msgspec.json.encode(told)) > _MOST_CLAIMS:
            told = told[: len(told) * 3 // 4]
        return written.decode()

    async def _append(self, *events: Event) -> None:
        """Store what was done; Conflict if anybody else has gone on meanwhile."""
        store = self.store
        async with self._appending:
            # Another for each step, so that none is taken for a repeat of one before it.
            own = derived_id(self._turn_id, "step", self.head.version)
            context = replace(store.context, command_id=own)
            key = chat_key(self.question.session_id)
            now = store.outside.clock.now()
            done = await store.log.append(events, {key: self.head}, context, now)
            self.head = Head(done.sequence, done.version or 0)
