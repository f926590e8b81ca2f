"""Folds chats into rows of their sessions."""

from contracts.chat import (
    ChatMessage,
    ChatRole,
    ChatSessionCreated,
    ChatSessionDeleted,
    TurnCancelled,
)
from projections.conversations.view import ASKED, SESSION, STAND, AskedRow, SessionRow, StandRow
from services.runtime.projections.projection import Position, Projection, Rows

projection = Projection("conversations", version=1, tables=(SESSION, ASKED, STAND))


@projection.on(ChatSessionCreated)
def created(event: ChatSessionCreated, at: Position, rows: Rows) -> None:
    """It has begun."""
    again = event.rerun_of
    rows.put(
        SESSION,
        SessionRow(
            id=event.session_id,
            user_id=event.user,
            title=event.title,
            persona_id=event.persona_id,
            cluster_ids=event.cluster_ids,
            provider=event.provider,
            rerun_session=None if again is None else again.session_id,
            rerun_message=None if again is None else again.message_id,
            created_at=at.logged_at,
            expires_at=event.expires_at,
        ),
    )


@projection.on(ChatMessage)
def said(event: ChatMessage, at: Position, rows: Rows) -> None:
    """Something was asked, or answered."""
    is_question = event.role is ChatRole.USER
    if is_question:
        rows.put(ASKED, AskedRow(event.session_id, event.title, event.expires_at))
    rows.put(STAND, StandRow(event.session_id, event.number, is_question, at.logged_at))


@projection.on(TurnCancelled)
def cancelled(event: TurnCancelled, at: Position, rows: Rows) -> None:
    """The last question gets no answer."""
    answering = False
    rows.put(STAND, StandRow(event.session_id, event.number, answering, at.logged_at))


@projection.on(ChatSessionDeleted)
def deleted(event: ChatSessionDeleted, at: Position, rows: Rows) -> None:
    """Nothing is left of it."""
    del at
    for table in (SESSION, ASKED, STAND):
        rows.delete(table, (event.session_id,))
