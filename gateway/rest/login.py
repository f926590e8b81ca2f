"""Login by one-time code, logout, and who is asking."""

import msgspec
from litestar import Response, Router, get, post
from litestar.datastructures import Cookie
from litestar.params import JSONBody

from contracts.envelope import Message
from contracts.refusals import Code, Refused
from gateway.auth.credentials import SESSION_COOKIE, session_cookie
from gateway.auth.guards import PUBLIC, principal_of, roles
from gateway.rest.documented import Whoami
from gateway.rest.shared import AnyRequest, WithGate, errors, raw
from services.runtime.access import Role


class LoginCode(Message):
    """The one-time code of the ready line, or of `aiops login`."""

    code: str


@post("/login", operation_id="login", opt=PUBLIC, status_code=200, summary="Log in",
      responses=errors(Code.INVALID_JSON, Code.UNSUPPORTED_MEDIA_TYPE))  # fmt: skip
async def login(
    gate: WithGate, request: AnyRequest, data: JSONBody[LoginCode]
) -> Response[dict[str, str]]:
    """A one-time code becomes a session cookie."""
    secret = await gate.access.redeem(data.code)
    if secret is None:
        raise Refused(
            Code.AUTH_FAILED, "the code is not valid any more: `aiops login` gives a new one"
        )
    cookie = Cookie(
        key=SESSION_COOKIE,
        value=secret,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
        path="/",
        max_age=12 * 3600,
    )
    return Response({"status": "ok"}, cookies=[cookie])


@post("/logout", operation_id="logout", opt=PUBLIC, status_code=200, summary="Log out",
      responses=errors())  # fmt: skip
async def logout(gate: WithGate, request: AnyRequest) -> Response[dict[str, str]]:
    """The session ends."""
    header = request.headers.get("cookie")
    secret = session_cookie(header.encode("latin-1")) if header else None
    # A page of another origin is nobody here, and ends nobody's session.
    if secret is not None and request.scope["state"]["principal"] is not None:
        await gate.access.end_session(secret)
    gone = Cookie(key=SESSION_COOKIE, value="", max_age=0, path="/", httponly=True)
    return Response({"status": "ok"}, cookies=[gone])


@get("/me", operation_id="whoAmI", opt=roles(*Role), summary="Who is asking",
     responses=errors())  # fmt: skip
async def me(request: AnyRequest) -> Response[Whoami]:
    """Name, role and clusters of the token or session."""
    principal = principal_of(request)
    answer = {
        "user": principal.name,
        "role": principal.role.value,
        "clusters": [str(cluster) for cluster in principal.clusters],
    }
    return raw(msgspec.json.encode(answer))


auth = Router("/auth", route_handlers=[login, logout, me], tags=["Login"])
