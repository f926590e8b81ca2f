"""What all routes of chats share: whose session it is, and how what was said is read."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from contracts.chat import MOST_QUESTION, RerunOf, chat_key
from contracts.envelope import Recorded
from contracts.personas import Persona
from contracts.refusals import Code, Refused
from gateway.auth.guards import principal_of, reads_of
from gateway.gate import Gate
from gateway.rest.chat_transcript import messages_of
from gateway.rest.documented_chat import ChatMessageView, ChatSessionView
from gateway.rest.shared import AnyRequest, field_error
from projections.conversations import queries
from projections.conversations.view import KnownSession
from projections.personas import queries as personas
from services.runtime.chat_keys import ChatKeys, Sealer
from services.runtime.log import TooLong

_SHORT_TITLE = 60
_UNTITLED = "New chat"
_KEPT = frozenset("\n\t")


@dataclass(frozen=True, slots=True)
class Opened:
    """A session of whoever asks, and what opens it."""

    known: KnownSession
    sealer: Sealer


async def keys_of(gate: Gate) -> ChatKeys:
    """The keys of chats."""
    return await gate.runtime.outside.chat_keys()


async def opened(gate: Gate, request: AnyRequest, session_id: UUID) -> Opened:
    """A session; Refused if it is not there for whoever asks, or is over."""
    known = await queries.by_id(gate.database, session_id, principal_of(request).owner)
    sealer = None if known is None else await (await keys_of(gate)).find(session_id)
    if known is None or sealer is None:
        raise no_session()
    if known.expires_at <= gate.clock.now():
        raise Refused(Code.SESSION_EXPIRED, "this session is over; begin a new one")
    return Opened(known, sealer)


def no_session() -> Refused:
    """It is not there, or another's: which of the two is nobody's business."""
    return Refused(Code.SESSION_NOT_FOUND, "there is no such session")


async def events_of(gate: Gate, session_id: UUID) -> list[Recorded]:
    """All of a session."""
    try:
        return await gate.log.load(chat_key(session_id))
    except TooLong:
        raise Refused(Code.LIMIT_REACHED, "the session is too long to be read") from None


async def messages(gate: Gate, session: Opened) -> list[ChatMessageView]:
    """What was asked and answered."""
    events = await events_of(gate, session.known.id)
    return messages_of(events, session.sealer)


def session_view(known: KnownSession, sealer: Sealer) -> ChatSessionView:
    """As its user sees it."""
    title = _UNTITLED
    if known.title is not None:
        title = sealer.open(known.title, "title") or _UNTITLED
    again = None
    if known.rerun_session is not None and known.rerun_message is not None:
        again = RerunOf(session_id=known.rerun_session, message_id=known.rerun_message)
    return ChatSessionView(
        id=known.id,
        user_id=known.user_id,
        title=title,
        persona_id=known.persona_id,
        cluster_ids=known.cluster_ids,
        provider=known.provider,
        message_count=known.message_count,
        created_at=known.created_at,
        updated_at=known.updated_at,
        expires_at=known.expires_at,
        is_answering=known.is_answering,
        rerun_of=again,
    )


def question(text: str) -> str:
    """What was asked, without what nobody can see; Refused for nothing and for too much."""
    if len(text) > MOST_QUESTION:
        told = f"a question has at most {MOST_QUESTION:,} characters"
        raise Refused(Code.CONTEXT_TOO_LARGE, told)
    seen = "".join(each for each in text if each in _KEPT or unicodedata.category(each)[0] != "C")
    if not seen.strip():
        raise field_error("content", "must not be empty")
    return seen


def title_of(text: str) -> str:
    """What a session is called by its first question."""
    line = " ".join(text.split())
    return line if len(line) <= _SHORT_TITLE else f"{line[:_SHORT_TITLE].rstrip()}…"


async def persona(gate: Gate, persona_id: str) -> Persona:
    """A persona; Refused if there is none of this name."""
    found = await personas.persona(gate.database, persona_id)
    if found is None:
        raise Refused(Code.PERSONA_NOT_FOUND, f"there is no persona {persona_id}")
    return found


async def require_clusters(gate: Gate, request: AnyRequest, clusters: Sequence[UUID]) -> None:
    """Refused for one that whoever asks does not see, or that is not in the fleet any more."""
    mine = reads_of(request)
    for each in clusters:
        if not mine.has(each) or not await gate.directory.has_now(each):
            text = f"there is no cluster {each} (any more): leave it out"
            raise Refused(Code.CLUSTER_NOT_FOUND, text)


def require_provider(gate: Gate, provider: str | None) -> None:
    """Refused for a model that is not in the settings."""
    names = [each.name for each in gate.runtime.settings.llm.ordered]
    if provider is not None and provider not in names:
        raise field_error("provider", f"must be one of {', '.join(names) or 'none: there is none'}")
