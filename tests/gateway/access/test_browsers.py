"""What a page of another site cannot do with somebody's browser, on a real port."""

import re
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from gateway.auth.credentials import SESSION_COOKIE
from tests.gateway.access.described import serving
from tests.gateway.access.limited import session_of
from tests.gateway.access.routes import ROUTES, path, sent
from tests.gateway.access.world import World
from tests.kit.gateway import API, Platform, refused
from tests.kit.live import Client
from tests.kit.pages import browser, build_ui

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

Headers = Mapping[str, str]
FOREIGN = (
    "https://evil.example.com",
    "null",
    "http://localhost.evil.example",
    "file://",
    "http://",
)
SOCKETS = ("/ws", f"{API}/logs/tail")
REBOUND = (
    "evil.example.com",
    "localhost.evil.example.com",
    "127.0.0.1.nip.io",
    "localhost.",
    "0.0.0.0",
    "[::ffff:127.0.0.1]",
    "localhost@evil.example.com",
    "",
)
CHANGING = [each for each in ROUTES if not each.startswith("GET ")]
PAGES = ("/", "/login", "/docs", "/asyncapi", "/clusters", "/settings", "/nothing-here")
PRIVATE = (f"{API}/clusters", f"{API}/tokens", "/auth/me", "/metrics", f"{API}/nothing", "/auth/x")


@pytest.fixture(scope="module")
async def url(platform: Platform) -> AsyncGenerator[str]:
    """The gateway on a port."""
    async with serving(platform) as address:
        yield address


@pytest.fixture(scope="module")
async def session(platform: Platform) -> str:
    """The secret of an administrator's session."""
    return await session_of(platform)


def _browser(url: str, session: str, **headers: str) -> httpx.AsyncClient:
    told = {"cookie": f"{SESSION_COOKIE}={session}", **headers}
    return httpx.AsyncClient(base_url=url, headers=told, timeout=30)


def _socket(url: str, path: str, headers: Headers, origin: str | None = None) -> Any:
    where = f"{url.replace('http', 'ws')}{path}"
    told: Any = origin
    return connect(where, additional_headers=headers, origin=told, compression=None)


async def _role(socket: ClientConnection) -> str | None:
    """Whose socket it is, or None if it was closed for that it is nobody's."""
    frame = await Client(socket).next()
    return frame.get("role")


@pytest.mark.parametrize("origin", [*FOREIGN, None])
async def test_a_cookie_changes_nothing_without_our_origin(
    platform: Platform, world: World, url: str, session: str, origin: str | None
) -> None:
    headers = {} if origin is None else {"origin": origin}
    before = await platform.last_sequence()
    async with _browser(url, session, **headers) as http:
        for route in CHANGING:
            method, _, _ = route.partition(" ")
            request = dict(sent(route, world.mine))
            request.pop("headers", None)
            answer = await http.request(method, path(route, world.mine), **request)
            if not route.endswith("/auth/logout"):
                assert answer.status_code == 401, (route, answer.text)
    await platform.settle()
    assert await platform.last_sequence() == before
    async with _browser(url, session) as http:
        assert (await http.get("/auth/me")).status_code == 200, "nobody was logged out"


async def test_the_same_requests_are_heard_from_a_page_of_ours(
    world: World, url: str, session: str
) -> None:
    async with _browser(url, session, origin=url) as http:
        for route in CHANGING:
            method, _, _ = route.partition(" ")
            if "/auth/" not in route:
                answer = await http.request(
                    method, path(route, world.foreign), **sent(route, world.foreign)
                )
                assert answer.status_code not in {401, 403}, (route, answer.text)


@pytest.mark.parametrize("origin", FOREIGN)
async def test_a_page_of_another_site_reads_nothing_with_the_cookie(
    url: str, session: str, origin: str
) -> None:
    async with _browser(url, session, origin=origin) as http:
        for where in (f"{API}/clusters", f"{API}/events/export", "/auth/me", "/metrics"):
            answer = await http.get(where)
            refused(answer, "AUTH_FAILED")
            assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("door", SOCKETS)
@pytest.mark.parametrize(
    ("origin", "role"),
    [(None, "admin"), ("", "admin"), *((each, None) for each in FOREIGN if "://" in each)],
)
async def test_a_cookie_opens_a_socket_only_for_our_pages(
    url: str, session: str, door: str, origin: str | None, role: str | None
) -> None:
    cookie = {"cookie": f"{SESSION_COOKIE}={session}"}
    async with _socket(url, door, cookie, url if origin == "" else origin) as socket:
        assert await _role(socket) == role


@pytest.mark.parametrize("door", SOCKETS)
async def test_a_page_without_an_origin_is_not_ours(url: str, session: str, door: str) -> None:
    cookie = {"cookie": f"{SESSION_COOKIE}={session}"}
    async with _socket(url, door, cookie, "null") as socket:
        assert await _role(socket) is None


@pytest.mark.parametrize("host", REBOUND)
async def test_a_name_that_was_led_here_is_served_nothing(
    url: str, session: str, host: str
) -> None:
    async with _browser(url, session, host=host) as http:
        for where in ("/", "/login", "/docs", "/health", f"{API}/clusters", "/openapi.json"):
            refused(await http.get(where), "BAD_REQUEST")
        refused(await http.post("/auth/login", json={"code": "x"}), "BAD_REQUEST")
    for door in SOCKETS:
        with pytest.raises(InvalidStatus) as told:
            async with _socket(url, door, {"host": host}):
                pass
        assert told.value.response.status_code in {400, 403}


@pytest.mark.parametrize(
    ("address", "secure"), [("https://localhost", True), ("http://localhost", False)]
)
async def test_a_session_goes_nowhere_but_here(
    platform: Platform, address: str, *, secure: bool
) -> None:
    code = await platform.gate.access.mint_login_code()
    async with platform.client(base_url=address) as http:
        answer = await http.post("/auth/login", json={"code": code}, headers={"origin": address})
    (cookie,) = answer.headers.get_list("set-cookie")
    words = {word.strip().lower() for word in cookie.split(";")[1:]}
    assert {"httponly", "samesite=strict", "path=/"} <= words
    assert ("secure" in words) is secure
    assert not any(word.startswith("domain") for word in words)
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("built", [True, False])
async def test_every_page_comes_with_all_that_keeps_it_to_itself(
    platform: Platform, tmp_path: Path, *, built: bool
) -> None:
    if built:
        build_ui(tmp_path / "dist")
    async with browser(platform, tmp_path / "dist") as http:
        for page in PAGES:
            answer = await http.get(page)
            assert answer.headers["content-type"].startswith("text/html"), page
            _is_kept_to_itself(page, answer)
            assert answer.headers["cache-control"] == "no-store", page


def _is_kept_to_itself(page: str, answer: httpx.Response) -> None:
    told = answer.headers
    assert told["x-content-type-options"] == "nosniff", page
    assert told["x-frame-options"] == "DENY", page
    assert told["referrer-policy"] == "same-origin", page
    assert told["cross-origin-opener-policy"] == "same-origin", page
    assert told["cross-origin-resource-policy"] == "same-origin", page
    assert "server" not in told
    (policy,) = told.get_list("content-security-policy")
    rules = dict(each.strip().split(" ", 1) for each in policy.split(";"))
    scripts = rules.get("script-src", rules["default-src"])
    assert scripts == "'self'", "neither inline scripts nor eval, nor any from elsewhere"
    assert rules["default-src"] in {"'none'", "'self'"}
    assert rules["frame-ancestors"] == rules["base-uri"] == "'none'"
    assert rules["form-action"] in {"'self'", "'none'"}
    assert not re.search(r"\*|https?:|unsafe-eval|strict-dynamic", policy), page
    assert not re.search(r"<script(?![^>]*\bsrc=)", answer.text), "no inline script"


async def test_answers_for_one_user_are_kept_by_no_cache(url: str, session: str) -> None:
    async with _browser(url, session, origin=url) as http:
        for where in PRIVATE:
            answer = await http.get(where)
            assert answer.headers.get_list("cache-control") == ["no-store"], where
            assert answer.headers["x-content-type-options"] == "nosniff"
        made = await http.post(f"{API}/tokens", json={"name": "t", "role": "viewer"})
        assert made.status_code == 201, made.text
        assert made.headers.get_list("cache-control") == ["no-store"]


async def test_what_is_for_everybody_may_be_kept(url: str) -> None:
    async with httpx.AsyncClient(base_url=url) as http:
        assert (await http.get("/assets/page.css")).headers["cache-control"].startswith("public")
        assert "cache-control" not in (await http.get("/health")).headers


async def test_options_tell_every_method_of_an_address(platform: Platform) -> None:
    cluster = f"{API}/clusters/00000000-0000-0000-0000-000000000001"
    for where, methods in (
        (f"{API}/clusters", "GET, OPTIONS, POST"),
        (cluster, "DELETE, GET, OPTIONS, PATCH, PUT"),
        ("/health", "GET, OPTIONS"),
    ):
        answer = await platform.http.options(where)
        assert answer.headers.get_list("allow") == [methods]
