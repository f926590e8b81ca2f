"""Chat over REST: sessions of whoever asks, questions, and answers as they are made."""

from typing import Any
from uuid import UUID

from litestar import Response, Router, delete, get, post
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, JSONBody

from contracts.chat import (
    AskQuestion,
    CancelTurn,
    ChatRole,
    CreateChatSession,
    DeleteChatSession,
    RerunOf,
)
from contracts.outcomes import Outcome
from contracts.personas import Persona
from contracts.refusals import Code, Refused
from gateway.auth.guards import READERS, giving, principal_of
from gateway.gate import Gate
from gateway.rest import chat_comparing as comparing
from gateway.rest.chat_shared import (
    Opened,
    keys_of,
    messages,
    no_session,
    opened,
    persona,
    question,
    require_clusters,
    require_provider,
    session_view,
    title_of,
)
from gateway.rest.chat_transcript import question_of
from gateway.rest.chat_turns import MEDIA_TYPE, Following, stream, watched
from gateway.rest.documented_chat import (
    ChatComparison,
    ChatMessageList,
    ChatMessageView,
    ChatModel,
    ChatModelList,
    ChatSessionList,
    ChatSessionView,
    NewChatMessage,
    NewChatSession,
    Rerun,
)
from gateway.rest.outpour import Outpour, begun
from gateway.rest.shared import (
    AnyRequest,
    PageNumber,
    PageSize,
    WithGate,
    errors,
    field_error,
    page_of,
    raw,
)
from gateway.rest.writes import Pending, command_id_of, write
from projections.conversations import queries
from services.runtime.ids import derived_id
from services.runtime.principals import acting_of

_PROJECTION = "conversations"
_GRACE = 30.0
"""Seconds beyond the time of a turn: its worker may have died, and another goes on."""
_TAKEN = {
    202: ResponseSpec(
        Outcome, generate_examples=False, description="Taken, but not yet visible: see Location."
    )
}
_CODES = (
    Code.INVALID_JSON,
    Code.SESSION_NOT_FOUND,
    Code.SESSION_EXPIRED,
    Code.PERSONA_NOT_FOUND,
    Code.CLUSTER_NOT_FOUND,
    Code.CONTEXT_TOO_LARGE,
    Code.TURN_IN_PROGRESS,
    Code.LIMIT_REACHED,
    Code.BODY_TOO_LARGE,
    Code.UNSUPPORTED_MEDIA_TYPE,
    Code.BUS_UNAVAILABLE,
    Code.QUERY_TIMEOUT,
)
_GONE = (Code.SESSION_NOT_FOUND, Code.SESSION_EXPIRED)
_READ = (*_GONE, Code.LIMIT_REACHED, Code.BUS_UNAVAILABLE)
_ANSWERS = _TAKEN | errors(*_CODES)
_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}


@post("/sessions", operation_id="createChatSession", status_code=201,
      opt=giving(CreateChatSession), summary="Begin a chat", responses=_ANSWERS)  # fmt: skip
async def create_session(
    gate: WithGate, request: AnyRequest, data: JSONBody[NewChatSession]
) -> Response[ChatSessionView]:
    """Nobody but who begins it ever sees it; it is erased a day after it was last asked."""
    await persona(gate, data.persona_id)
    await require_clusters(gate, request, data.cluster_ids)
    require_provider(gate, data.provider)
    command_id = await command_id_of(gate, request)
    session_id = derived_id(command_id, "chat")
    sealer = await (await keys_of(gate)).make(session_id)
    command = CreateChatSession(
        session_id=session_id,
        user=principal_of(request).owner,
        title=sealer.seal(data.title, "title") if data.title.strip() else None,
        persona_id=data.persona_id,
        cluster_ids=data.cluster_ids,
        provider=data.provider,
    )
    done = await write(gate, request, command, _PROJECTION, command_id=command_id)
    if isinstance(done, Pending):
        return done.response()
    return await _show(gate, request, session_id, status=201)


@get("/sessions", operation_id="listChatSessions", opt=READERS, summary="My chats",
     responses=errors())  # fmt: skip
async def list_sessions(
    gate: WithGate, request: AnyRequest, page: PageNumber = 1, page_size: PageSize = 20
) -> Response[ChatSessionList]:
    """The last used first."""
    wanted = page_of(page, page_size)
    found, total = await queries.listing(gate.database, principal_of(request).owner, wanted)
    sealers = await (await keys_of(gate)).find_each([each.id for each in found])
    # One without a key is being erased, or a restore has left its events alone: nobody can read it.
    told = ChatSessionList(
        items=[session_view(each, sealers[each.id]) for each in found if each.id in sealers],
        total=total,
        page=page,
        page_size=page_size,
        total_pages=-(-total // page_size),
    )
    return raw(told.model_dump_json().encode())


@get("/sessions/{session_id:uuid}", operation_id="getChatSession", opt=READERS,
     summary="One chat", responses=errors(*_GONE))  # fmt: skip
async def get_session(
    gate: WithGate, request: AnyRequest, session_id: FromPath[UUID]
) -> Response[ChatSessionView]:
    """Without what was said."""
    return await _show(gate, request, session_id, status=200)


@delete("/sessions/{session_id:uuid}", operation_id="deleteChatSession", status_code=204,
        opt=giving(DeleteChatSession), summary="Erase a chat", responses=_ANSWERS)  # fmt: skip
async def delete_session(
    gate: WithGate, request: AnyRequest, session_id: FromPath[UUID]
) -> Response[None]:
    """Its key is destroyed: what was said in it cannot be read any more, wherever a copy is."""
    if await queries.by_id(gate.database, session_id, principal_of(request).owner) is None:
        raise no_session()
    command = DeleteChatSession(session_id=session_id, user=principal_of(request).owner)
    done = await write(gate, request, command, _PROJECTION)
    return done.response() if isinstance(done, Pending) else Response(None, status_code=204)


@get("/sessions/{session_id:uuid}/messages", operation_id="listChatMessages", opt=READERS,
     summary="What was said", responses=errors(*_READ))  # fmt: skip
async def list_messages(
    gate: WithGate, request: AnyRequest, session_id: FromPath[UUID]
) -> Response[ChatMessageList]:
    """The oldest first; an answer with every step that led to it, and what its claims rest on."""
    found = await messages(gate, await opened(gate, request, session_id))
    return raw(ChatMessageList(items=found).model_dump_json().encode())


@post("/sessions/{session_id:uuid}/messages", operation_id="sendChatMessage", status_code=200,
      opt=giving(AskQuestion), summary="Ask, and wait for the answer",
      responses=_ANSWERS)  # fmt: skip
async def send_message(
    gate: WithGate,
    request: AnyRequest,
    session_id: FromPath[UUID],
    data: JSONBody[NewChatMessage],
) -> Response[ChatMessageView]:
    """The answer, once it is whole; 504 if it takes too long, or was cancelled meanwhile."""
    session = await opened(gate, request, session_id)
    async with watched(gate, session_id) as watch:
        turn_id = await _ask(gate, request, session, data)
        following = Following(gate, session, turn_id, _seconds(gate))
        answer = await following.answer(watch)
    if answer is None:
        raise Refused(Code.QUERY_TIMEOUT, "there is no answer: it was cancelled, or took too long")
    return raw(answer.model_dump_json().encode())


@post("/sessions/{session_id:uuid}/stream", operation_id="streamChatMessage", status_code=200,
      opt=giving(AskQuestion), media_type=MEDIA_TYPE, summary="Ask, and see the answer being made",
      responses=errors(*_CODES))  # fmt: skip
async def stream_message(
    gate: WithGate,
    request: AnyRequest,
    session_id: FromPath[UUID],
    data: JSONBody[NewChatMessage],
) -> Outpour:
    """Server-sent events: `message_start`, `tool_use`, `tool_result`, `content_delta`, and at the
    end `message_complete`, `cancelled` or `error`.

    A `content_delta` says in `at` how many characters come before it; with `reset` it takes the
    place of all of them.
    """
    session = await opened(gate, request, session_id)

    async def begin() -> UUID:
        return await _ask(gate, request, session, data)

    return await _outpour(gate, stream(gate, session, _seconds(gate), begin))


@get("/sessions/{session_id:uuid}/stream", operation_id="watchChat", opt=READERS,
     media_type=MEDIA_TYPE, summary="See an answer being made",
     responses=errors(*_READ))  # fmt: skip
async def watch_chat(gate: WithGate, request: AnyRequest, session_id: FromPath[UUID]) -> Outpour:
    """The same events of the answer that is being made; nothing if none is."""
    session = await opened(gate, request, session_id)

    async def begin() -> UUID | None:
        found = await messages(gate, session)
        last = found[-1] if found else None
        return last.turn_id if last is not None and last.state.value == "RUNNING" else None

    return await _outpour(gate, stream(gate, session, _seconds(gate), begin))


@post("/sessions/{session_id:uuid}/cancel", operation_id="cancelChatTurn", status_code=200,
      opt=giving(CancelTurn), summary="Stop an answer", responses=_ANSWERS)  # fmt: skip
async def cancel_turn(
    gate: WithGate, request: AnyRequest, session_id: FromPath[UUID]
) -> Response[ChatSessionView]:
    """Nothing changes where none is being made."""
    await opened(gate, request, session_id)
    command = CancelTurn(session_id=session_id, user=principal_of(request).owner)
    done = await write(gate, request, command, _PROJECTION)
    if isinstance(done, Pending):
        return done.response()
    return await _show(gate, request, session_id, status=200)


@post("/sessions/{session_id:uuid}/rerun", operation_id="rerunChat", status_code=201,
      opt=giving(AskQuestion), summary="Ask again on the same evidence",
      responses=_ANSWERS)  # fmt: skip
async def rerun(
    gate: WithGate, request: AnyRequest, session_id: FromPath[UUID], data: JSONBody[Rerun]
) -> Response[ChatSessionView]:
    """A question is asked again in a session of its own, of another model or persona; its tools
    tell what they told then, and nothing else."""
    session = await opened(gate, request, session_id)
    require_provider(gate, data.provider)
    found = await messages(gate, session)
    asked = [each for each in found if each.role is ChatRole.USER]
    wanted = data.message_id or (asked[-1].id if asked else None)
    one = question_of(found, wanted)
    if one is None:
        raise field_error("message_id", "is not a question of this session")
    speaks = await persona(gate, data.persona_id or one.persona_id)
    command_id = await command_id_of(gate, request)
    again_id = derived_id(command_id, "again")
    sealer = await (await keys_of(gate)).make(again_id)
    create = CreateChatSession(
        session_id=again_id,
        user=principal_of(request).owner,
        title=sealer.seal(title_of(f"Again: {one.content}"), "title"),
        persona_id=data.persona_id or one.persona_id,
        cluster_ids=one.cluster_ids,
        provider=data.provider,
        rerun_of=RerunOf(session_id=session_id, message_id=one.id),
    )
    done = await write(gate, request, create, _PROJECTION, command_id=command_id)
    if isinstance(done, Pending):
        return done.response()
    fresh, asking = await opened(gate, request, again_id), derived_id(command_id, "asked")
    await _give(gate, request, fresh, (one.content, speaks, one.cluster_ids), asking)
    return await _show(gate, request, again_id, status=201)


@get("/sessions/{session_id:uuid}/comparison", operation_id="compareChat", opt=READERS,
     summary="Two answers to one question", responses=errors(*_READ))  # fmt: skip
async def compare(
    gate: WithGate, request: AnyRequest, session_id: FromPath[UUID]
) -> Response[ChatComparison]:
    """Of a session that asks again: what was answered before, what now, and how they differ."""
    again = await opened(gate, request, session_id)
    if again.known.rerun_session is None or again.known.rerun_message is None:
        raise Refused(Code.VALIDATION_FAILED, "this session asks nothing again")
    origin = await opened(gate, request, again.known.rerun_session)
    told = comparing.comparison(
        await messages(gate, origin), again.known.rerun_message, await messages(gate, again)
    )
    if told is None:
        raise no_session()
    return raw(told.model_dump_json().encode())


@get("/models", operation_id="listChatModels", opt=READERS, summary="Models that can be asked",
     responses=errors())  # fmt: skip
async def list_models(gate: WithGate) -> Response[ChatModelList]:
    """In the order in which they are asked; none where answers are made by fixed rules alone."""
    told = [
        ChatModel(name=each.name, model=each.model) for each in gate.runtime.settings.llm.ordered
    ]
    return raw(ChatModelList(items=told).model_dump_json().encode())


async def _show(gate: Gate, request: AnyRequest, session_id: UUID, *, status: int) -> Response[Any]:
    session = await opened(gate, request, session_id)
    view = session_view(session.known, session.sealer)
    headers = {"Location": f"/api/v1/chat/sessions/{session_id}"} if status == 201 else {}
    return raw(view.model_dump_json().encode(), status=status, headers=headers)


async def _ask(gate: Gate, request: AnyRequest, session: Opened, data: NewChatMessage) -> UUID:
    """The turn that a question begins."""
    text = question(data.content)
    speaks = await persona(gate, data.persona_id or session.known.persona_id)
    given = data.cluster_ids
    clusters = session.known.cluster_ids if given is None else given
    await require_clusters(gate, request, clusters)
    command_id = await command_id_of(gate, request)
    return await _give(gate, request, session, (text, speaks, clusters), command_id)


async def _give(
    gate: Gate,
    request: AnyRequest,
    session: Opened,
    asked: tuple[str, Persona, tuple[UUID, ...]],
    command_id: UUID,
) -> UUID:
    text, speaks, clusters = asked
    message_id = derived_id(command_id, "question")
    sealer = session.sealer
    command = AskQuestion(
        session_id=session.known.id,
        user=principal_of(request).owner,
        message_id=message_id,
        content=sealer.seal(text, "message", message_id),
        title=None if session.known.title else sealer.seal(title_of(text), "title"),
        persona=speaks,
        cluster_ids=clusters,
        acting=acting_of(principal_of(request)),
    )
    done = await write(gate, request, command, None, command_id=command_id)
    if isinstance(done, Pending):
        text = "the question was not taken in time; read the session to see whether it was"
        raise Refused(Code.QUERY_TIMEOUT, text)
    return message_id


def _seconds(gate: Gate) -> float:
    return gate.runtime.settings.chat.turn_seconds + _GRACE


async def _outpour(gate: Gate, chunks: Any) -> Outpour:
    patience = gate.runtime.settings.gateway.slow_client_seconds
    return Outpour(await begun(chunks), media_type=MEDIA_TYPE, patience=patience, headers=_HEADERS)


chat = Router(
    "/chat",
    route_handlers=[
        create_session,
        list_sessions,
        get_session,
        delete_session,
        list_messages,
        send_message,
        stream_message,
        watch_chat,
        cancel_turn,
        rerun,
        compare,
        list_models,
    ],
    tags=["Intelligence"],
)
