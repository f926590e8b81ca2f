"""Login by one-time code, logout, and who is asking."""

from typing import Annotated

import msgspec
from litestar import Response, Router, get, post
from litestar.datastructures import Cookie
from litestar.params import JSONBody, QueryParameter

from contracts.access import LoggedIn, LoggedOut
from contracts.envelope import Message, rfc3339
from contracts.refusals import Code, Refused
from gateway.auth.credentials import SESSION_COOKIE, credentials, is_foreign, session_cookie
from gateway.auth.guards import KNOWN, PUBLIC, principal_of
from gateway.gate import Gate
from gateway.rest.documented import Whoami
from gateway.rest.shared import AnyRequest, WithGate, errors, raw
from services.runtime.principals import Principal, Scope
from services.runtime.sessions import Session

Everywhere = Annotated[
    bool, QueryParameter(description="All sessions of this user, in every browser.")
]


class LoginCode(Message):
    """The one-time code of the ready line, or of `aiops login`."""

    code: str


@post("/login", operation_id="login", opt=PUBLIC, status_code=200, summary="Log in",
      responses=errors(Code.INVALID_JSON, Code.UNSUPPORTED_MEDIA_TYPE))  # fmt: skip
async def login(
    gate: WithGate, request: AnyRequest, data: JSONBody[LoginCode]
) -> Response[dict[str, str]]:
    """A one-time code becomes a session cookie."""
    if is_foreign(dict(request.scope["headers"])):
        # Else a page of another site could have its visitors work as somebody else.
        raise Refused(Code.AUTH_FAILED, "not from a page of another site")
    address = request.client.host if request.client else None
    session = await gate.access.redeem(data.code, address)
    if session is None:
        request.scope["state"]["not_known"] = True
        raise Refused(
            Code.AUTH_FAILED, "the code is not valid any more: `aiops login` gives a new one"
        )
    gate.trail.note(
        LoggedIn(session_id=session.id, user=session.actor, method=session.method, address=address),
        by=session.actor_told,
    )
    cookie = session_cookie_of(gate, request, session)
    return Response({"status": "ok"}, cookies=[cookie])


def session_cookie_of(gate: Gate, request: AnyRequest, session: Session) -> Cookie:
    """What a browser shows from now on: no script and no other site gets at it."""
    return Cookie(
        key=SESSION_COOKIE,
        value=session.secret,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
        path="/",
        max_age=int(gate.access.session_age.total_seconds()),
    )


@post("/logout", operation_id="logout", opt=PUBLIC, status_code=200, summary="Log out",
      responses=errors())  # fmt: skip
async def logout(
    gate: WithGate, request: AnyRequest, everywhere: Everywhere = False
) -> Response[dict[str, str]]:
    """The session ends, or all that whoever asks has."""
    header = request.headers.get("cookie")
    secret = session_cookie(header.encode("latin-1")) if header else None
    principal: Principal | None = request.scope["state"]["principal"]
    # A page of another origin is nobody here, and ends nobody's session.
    if secret is not None and principal is not None:
        await _end(gate, secret, everywhere=everywhere)
    gone = Cookie(key=SESSION_COOKIE, value="", max_age=0, path="/", httponly=True)
    return Response({"status": "ok"}, cookies=[gone])


async def _end(gate: Gate, secret: str, *, everywhere: bool) -> None:
    """End a session, or all of who has it that began in the same way."""
    one = await gate.access.session(secret)
    if one is None:
        return
    if everywhere:
        ended = await gate.access.end_sessions(one.actor, one.method)
    else:
        last = await gate.access.end_session(secret)
        ended = [] if last is None else [last]
    for session in ended:
        reason = "everywhere" if everywhere else "logout"
        gate.trail.note(
            LoggedOut(
                session_id=session.id, user=session.actor, method=session.method, reason=reason
            ),
            by=session.actor_told,
        )


@get("/me", operation_id="whoAmI", opt=KNOWN, summary="Who is asking",
     responses=errors())  # fmt: skip
async def me(gate: WithGate, request: AnyRequest) -> Response[Whoami]:
    """Name, role and clusters of the token or session, and when it ends."""
    principal = principal_of(request)
    secret = credentials(dict(request.scope["headers"]), "GET")
    ends = None if secret is None else await gate.access.ends(secret)
    answer = {
        "user": principal.name,
        "role": principal.role,
        "clusters": principal.named,
        "everywhere": principal.reads.whole,
        "grants": [
            {"role": each.role, "clusters": _named(each.scope)} for each in principal.grants
        ],
        "expires_at": None if ends is None else rfc3339(ends),
    }
    return raw(msgspec.json.encode(answer))


def _named(scope: Scope) -> list[str] | None:
    return None if scope.clusters is None else sorted(map(str, scope.clusters))


auth = Router("/auth", route_handlers=[login, logout, me], tags=["Login"])
