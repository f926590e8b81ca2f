"""Sessions: begun, asked, cancelled, erased; what was asked is answered by `running`."""

from datetime import datetime
from uuid import UUID

from contracts.chat import (
    IDLE,
    LONGEST_LIFE,
    MOST_EVENTS,
    AskQuestion,
    CancelTurn,
    ChatMessage,
    ChatRole,
    ChatSessionCreated,
    ChatSessionDeleted,
    CreateChatSession,
    DeleteChatSession,
    EndReason,
    TurnCancelled,
    chat_key,
)
from contracts.envelope import Event, Recorded
from contracts.refusals import Code, Refused, TryLater
from services.chat import running
from services.chat.service import service
from services.chat.sweeping import KEYS, keep_sweeping, sweep
from services.runtime import schedules
from services.runtime.log import NOTHING, Head
from services.runtime.service import Due
from services.runtime.store import Accepted, Store

__all__ = ["running", "service"]

EXPIRY = "chat_expiry"
"""Kind of the schedules by which sessions end."""
_SKEW = 60.0
"""Seconds that clocks may differ by."""
_KEEP = 30 * 86_400
"""Seconds for which the end of a session is still to be done."""


@service.handles(CreateChatSession)
async def create_session(command: CreateChatSession, store: Store) -> Accepted:
    """Begin a chat, which nobody but who began it sees."""
    key = chat_key(command.session_id)
    expires_at = store.at + IDLE
    event = ChatSessionCreated(
        session_id=command.session_id,
        user=command.user,
        title=command.title,
        persona_id=command.persona_id,
        cluster_ids=command.cluster_ids,
        provider=command.provider,
        rerun_of=command.rerun_of,
        expires_at=expires_at,
    )

    async def attempt() -> Accepted:
        events = await store.log.load(key)
        if events:
            _require_mine(events, command.user)
            return _as_it_is(events)
        return await store.append([event], {key: NOTHING})

    accepted = await store.settle(attempt)
    await _schedule(store, command.session_id, expires_at)
    await keep_sweeping(store.log.bus, EXPIRY)
    return accepted


@service.handles(AskQuestion, one_at_a_time=lambda command: command.session_id)
async def ask_question(command: AskQuestion, store: Store) -> Accepted:
    """Take a question; its answer follows. One at a time in a session."""
    key = chat_key(command.session_id)

    async def attempt() -> Accepted:
        events = await store.log.load(key)
        created = _require_mine(events, command.user)
        known = _question(events, command.message_id)
        if known is not None:
            return Accepted(key.id, known.version, known.sequence)
        _require_room(events, store.at)
        expires_at = min(store.at + IDLE, _began_at(events) + LONGEST_LIFE)
        event = ChatMessage(
            session_id=created.session_id,
            message_id=command.message_id,
            turn_id=command.message_id,
            role=ChatRole.USER,
            number=_messages(events) + 1,
            content=command.content,
            persona=command.persona,
            cluster_ids=command.cluster_ids,
            acting=command.acting,
            title=_title(events) or command.title,
            expires_at=expires_at,
        )
        accepted = await store.append([event], {key: _head(events)})
        await _schedule(store, created.session_id, expires_at)
        return accepted

    return await store.settle(attempt)


@service.handles(CancelTurn)
async def cancel_turn(command: CancelTurn, store: Store) -> Accepted:
    """No answer is wanted any more; where none is on its way nothing changes."""
    key = chat_key(command.session_id)

    async def attempt() -> Accepted:
        events = await store.log.load(key)
        _require_mine(events, command.user)
        turn_id = _open_turn(events)
        if turn_id is None:
            return _as_it_is(events)
        number = _messages(events)
        event = TurnCancelled(session_id=command.session_id, turn_id=turn_id, number=number)
        return await store.append([event], {key: _head(events)})

    return await store.settle(attempt)


@service.handles(DeleteChatSession)
async def delete_session(command: DeleteChatSession, store: Store) -> Accepted:
    """Erase a session: its key is destroyed, and with it all that was said, wherever it is."""
    key = chat_key(command.session_id)
    events = await store.log.load(key)
    if not (events and isinstance(events[-1].event, ChatSessionDeleted)):
        _require_mine(events, command.user)
    return await _erase(store, command.session_id, EndReason.DELETED)


@service.when_due(EXPIRY, places=4)
async def expire(due: Due, store: Store) -> None:
    """A session nobody has asked anything for a day, or older than a week, is erased; and so are,
    once an hour, keys that no session needs."""
    if due.id == KEYS:
        await sweep(store)
        return
    session_id = UUID(due.id)
    events = await store.log.load(chat_key(session_id))
    if not events:
        return
    expires_at = _expires_at(events)
    left = (expires_at - store.outside.clock.now()).total_seconds()
    if left > _SKEW:  # Somebody has asked meanwhile.
        await _schedule(store, session_id, expires_at)
        return
    if left > 0:
        raise TryLater("the bus's clock is before ours", delay=left)
    await _erase(store, session_id, EndReason.EXPIRED)


async def _erase(store: Store, session_id: UUID, reason: EndReason) -> Accepted:
    """Done again it is finished, where a worker died on the way."""
    key = chat_key(session_id)

    async def attempt() -> Accepted:
        events = await store.log.load(key)
        last = events[-1]
        if isinstance(last.event, ChatSessionDeleted):
            return _as_it_is(events)
        if reason is EndReason.EXPIRED and _expires_at(events) > store.outside.clock.now():
            raise TryLater("somebody has asked meanwhile", delay=_SKEW)
        user = next(e.event.user for e in events if isinstance(e.event, ChatSessionCreated))
        event = ChatSessionDeleted(session_id=session_id, user=user, reason=reason)
        return await store.append([event], {key: _head(events)})

    accepted = await store.settle(attempt)
    await (await store.outside.chat_keys()).destroy(session_id)
    await schedules.cancel(store.log.bus, EXPIRY, str(session_id))
    return accepted


async def _schedule(store: Store, session_id: UUID, at: datetime) -> None:
    rule = f"@at {at.isoformat().replace('+00:00', 'Z')}"
    of = str(session_id)
    await schedules.put(store.log.bus, schedules.Schedule(EXPIRY, of, rule, keep=_KEEP))


def _require_mine(events: list[Recorded], user: str) -> ChatSessionCreated:
    """How it began; Refused for what is not there, for whoever asks."""
    first = next((e.event for e in events if isinstance(e.event, ChatSessionCreated)), None)
    is_over = bool(events) and isinstance(events[-1].event, ChatSessionDeleted)
    if first is None or is_over or first.user != user:
        raise Refused(Code.SESSION_NOT_FOUND, "there is no such session")
    return first


def _require_room(events: list[Recorded], now: datetime) -> None:
    if _expires_at(events) <= now:
        raise Refused(Code.SESSION_EXPIRED, "this session is over; begin a new one")
    if _open_turn(events) is not None:
        text = "a question of this session is being answered: wait for it, or cancel it"
        raise Refused(Code.TURN_IN_PROGRESS, text)
    if len(events) >= MOST_EVENTS:
        raise Refused(Code.LIMIT_REACHED, "this session is full; begin a new one")


def _open_turn(events: list[Recorded]) -> UUID | None:
    found: UUID | None = None
    for each in events:
        event: Event = each.event
        if isinstance(event, ChatMessage):
            found = event.turn_id if event.role is ChatRole.USER else None
        elif isinstance(event, TurnCancelled):
            found = None
    return found


def _question(events: list[Recorded], message_id: UUID) -> Recorded | None:
    for each in events:
        if isinstance(each.event, ChatMessage) and each.event.message_id == message_id:
            return each
    return None


def _messages(events: list[Recorded]) -> int:
    return sum(isinstance(each.event, ChatMessage) for each in events)


def _title(events: list[Recorded]) -> str | None:
    told = (getattr(each.event, "title", None) for each in events)
    return next((each for each in told if each is not None), None)


def _expires_at(events: list[Recorded]) -> datetime:
    told = (getattr(each.event, "expires_at", None) for each in events)
    found = [each for each in told if each is not None]
    return found[-1] if found else events[-1].time


def _began_at(events: list[Recorded]) -> datetime:
    return events[0].time


def _head(events: list[Recorded]) -> Head:
    return Head(events[-1].sequence, events[-1].version or 0)


def _as_it_is(events: list[Recorded]) -> Accepted:
    last = events[-1]
    return Accepted(last.event.key.id, last.version, last.sequence)
