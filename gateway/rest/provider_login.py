"""Login at an identity provider: the browser goes there, and comes back with a code."""

from html import escape
from urllib.parse import quote

from litestar import Response, Router, get
from litestar.datastructures import Cookie
from litestar.response import Redirect

from contracts.access import LoggedIn
from contracts.refusals import Code, Refused, TryLater
from gateway.auth.attempts import AGE, Attempts
from gateway.auth.credentials import ATTEMPT_COOKIE
from gateway.auth.guards import PUBLIC
from gateway.auth.identity import Attempt, Identity, Provider
from gateway.gate import Gate
from gateway.rest.documented_access import LoginWays
from gateway.rest.login import session_cookie_of
from gateway.rest.shared import AnyRequest, Text, WithGate, errors, raw

_CALLBACK = "/auth/callback"
_LONGEST = 2_000
_PAGE = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Logging in</title>'
    '<meta http-equiv="refresh" content="0;url={0}"></head>'
    '<body><p><a href="{0}">Go on</a></p></body></html>'
)
_PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    "Cache-Control": "no-store",
}


@get("/ways", operation_id="getLoginWays", opt=PUBLIC, summary="How one logs in here",
     responses=errors())  # fmt: skip
async def login_ways(gate: WithGate) -> Response[LoginWays]:
    """Whether there is an identity provider to log in at; a one-time code is always good."""
    mode = gate.runtime.settings.gateway.auth
    return raw(LoginWays(mode=mode).model_dump_json().encode())


@get("/start", opt=PUBLIC, include_in_schema=False)
async def begin_login(
    gate: WithGate, request: AnyRequest, back: Text = None
) -> Redirect | Response[str]:
    """Send the browser to the identity provider; if that is away the login page says so."""
    provider = _provider(gate)
    attempts = Attempts(gate.database, gate.clock)
    begun = await attempts.begin(_path(back))
    try:
        address = await provider.address(begun.attempt, _redirect_uri(gate, request))
    except TryLater as later:
        return _failed(f"logins do not work now: {later.reason}", 502)
    cookie = Cookie(
        key=ATTEMPT_COOKIE,
        value=begun.browser,
        httponly=True,
        # Lax: the provider's page leads back here.
        samesite="lax",
        secure=request.url.scheme == "https",
        path=_CALLBACK,
        max_age=int(AGE.total_seconds()),
    )
    return Redirect(address, status_code=303, cookies=[cookie])


@get("/callback", opt=PUBLIC, include_in_schema=False)
async def finish_login(gate: WithGate, request: AnyRequest) -> Response[str]:
    """The browser is back: a session begins, or the login page says why not."""
    try:
        attempt, identity = await _come_back(gate, request)
    except Refused as refused:
        request.scope["state"]["not_known"] = refused
        return _failed(refused.message, 401)
    except TryLater as later:
        return _failed(f"try again: {later.reason}", 502)
    address = request.client.host if request.client else None
    method = _provider(gate).method
    session = await gate.access.begin_session(identity.user, method, identity.groups, address)
    gate.trail.note(
        LoggedIn(session_id=session.id, user=session.actor, method=session.method, address=address),
        by=session.actor_told,
    )
    # From a page of ours: a redirect out of the provider's would not carry a strict cookie.
    answer = _onward(attempt.back, 200)
    answer.cookies = [
        session_cookie_of(gate, request, session),
        Cookie(key=ATTEMPT_COOKIE, value="", max_age=0, path=_CALLBACK, httponly=True),
    ]
    return answer


async def _come_back(gate: Gate, request: AnyRequest) -> tuple[Attempt, Identity]:
    query = {name: request.query_params.get(name, "") for name in request.query_params}
    browser = request.cookies.get(ATTEMPT_COOKIE, "")
    taken = await Attempts(gate.database, gate.clock).take(query.get("state", ""), browser)
    if taken is None:
        text = "this login was not begun in this browser, or is too old: log in again"
        raise Refused(Code.AUTH_FAILED, text)
    return taken, await _provider(gate).finish(taken, query, _redirect_uri(gate, request))


def _provider(gate: Gate) -> Provider:
    if gate.provider is None:
        raise Refused(Code.NOT_FOUND, "there is no identity provider here: log in by a code")
    return gate.provider


def _redirect_uri(gate: Gate, request: AnyRequest) -> str:
    """Where the provider sends the browser: it knows this address of us and no other."""
    public = gate.runtime.settings.gateway.public_url
    return f"{public.rstrip('/') or str(request.base_url).rstrip('/')}{_CALLBACK}"


def _path(back: str | None) -> str:
    """A path of ours; anything that could lead elsewhere is the start."""
    text = back or "/"
    plain = text.isascii() and text.isprintable() and len(text) <= _LONGEST
    ours = text.startswith("/") and not text.startswith("//") and "\\" not in text
    return text if plain and ours else "/"


def _failed(text: str, status: int) -> Response[str]:
    return _onward(f"/login#failed={quote(text, safe='')}", status)


def _onward(path: str, status: int) -> Response[str]:
    return Response(
        _PAGE.format(escape(path, quote=True)),
        status_code=status,
        media_type="text/html",
        headers=dict(_PAGE_HEADERS),
    )


provider_login = Router(
    "/auth", route_handlers=[login_ways, begin_login, finish_login], tags=["Login"]
)
