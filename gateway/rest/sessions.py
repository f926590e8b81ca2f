"""Browsers' logins over REST: told of, ended one by one."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, Router, delete, get
from litestar.params import FromPath, QueryParameter

from contracts.access import LoggedOut
from contracts.envelope import rfc3339
from contracts.refusals import Code, Refused
from gateway.auth.credentials import session_cookie
from gateway.auth.guards import principal_of, roles
from gateway.gate import Gate
from gateway.rest.documented_access import SessionList
from gateway.rest.shared import AnyRequest, PageNumber, PageSize, WithGate, errors, page_of, raw
from services.runtime.access import Session
from services.runtime.principals import Role
from services.runtime.sessions import KnownSession

Everybody = Annotated[
    bool, QueryParameter(description="Those of all users: for administrators of everything.")
]


@get("/", operation_id="listSessions", opt=roles(*Role), summary="Logins in browsers",
     responses=errors())  # fmt: skip
async def list_sessions(
    gate: WithGate,
    request: AnyRequest,
    everybody: Everybody = False,
    page: PageNumber = 1,
    page_size: PageSize = 50,
) -> Response[SessionList]:
    """The sessions of whoever asks, the newest first; a program with a token has none."""
    if everybody and not _rules(request):
        text = "only an administrator of all clusters may see those of others"
        raise Refused(Code.PERMISSION_DENIED, text)
    part, own = page_of(page, page_size), await _shown(gate, request)
    total, found = 0, list[KnownSession]()
    if everybody or own is not None:
        total, found = await gate.access.sessions(
            None if everybody else own, part.offset, part.size
        )
    answer = {
        "items": [_view(each, own) for each in found],
        "total": total,
        "page": page,
        "page_size": page_size,
        "total_pages": -(-total // page_size),
    }
    return raw(msgspec.json.encode(answer))


@delete("/{session_id:uuid}", operation_id="endSession", opt=roles(*Role), status_code=204,
        summary="End a login in a browser",
        responses=errors(Code.NOT_FOUND))  # fmt: skip
async def end_session(
    gate: WithGate, request: AnyRequest, session_id: FromPath[UUID]
) -> Response[None]:
    """One of one's own, or anybody's for administrators of everything.

    It is good for nothing from now on; for other instances within five seconds.
    """
    own, rules = await _shown(gate, request), _rules(request)
    ended = None
    if rules or own is not None:
        ended = await gate.access.end_session_by_id(session_id, None if rules else own)
    if ended is None:
        raise Refused(Code.NOT_FOUND, f"there is no session {session_id} that you may end")
    told = LoggedOut(session_id=ended.id, user=ended.actor, method=ended.method, reason="ended")
    gate.trail.note(told, by=principal_of(request).actor)
    return Response(None, status_code=204)


def _rules(request: AnyRequest) -> bool:
    """True for an administrator of everything."""
    return principal_of(request).scope({Role.ADMIN}).whole


async def _shown(gate: Gate, request: AnyRequest) -> Session | None:
    """The session that the request came in by; None if it has shown a token."""
    cookie = request.headers.get("cookie")
    if cookie is None or "authorization" in request.headers:
        return None
    secret = session_cookie(cookie.encode("latin-1"))
    return None if secret is None else await gate.access.session(secret)


def _view(known: KnownSession, own: Session | None) -> dict[str, Any]:
    session = known.session
    return {
        "id": session.id,
        "user": session.actor,
        "method": session.method,
        "groups": sorted(session.groups),
        "address": known.address,
        "created_at": rfc3339(known.created_at),
        "expires_at": rfc3339(known.expires_at),
        "last_used_at": _at(known.last_used_at),
        "current": own is not None and own.id == session.id,
    }


def _at(moment: datetime | None) -> str | None:
    return None if moment is None else rfc3339(moment)


sessions = Router("/auth/sessions", route_handlers=[list_sessions, end_session], tags=["Access"])
