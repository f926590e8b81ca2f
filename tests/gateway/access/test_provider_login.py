"""People log in at a real OpenID provider: there and back, and whatever may go wrong on the way."""

import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from html import unescape
from urllib.parse import unquote

import httpx
import pytest

from contracts.refusals import TryLater
from gateway.app import build
from gateway.auth.identity import Attempt, Identity
from gateway.auth.oidc.provider import oidc_provider
from gateway.gate import Gate
from gateway.middleware import Front
from services.runtime.settings_access import AccessSettings
from services.runtime.settings_oidc import OidcSettings
from tests.kit.gateway import API, ORIGIN, Platform, refused
from tests.kit.oidc_provider.serving import AUDIENCE, SECRET, RealIssuer, real_issuer
from tests.kit.runtime import eventually

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

CALLBACK = f"{ORIGIN}/auth/callback"


@dataclass
class Door:
    """A gateway whose users log in elsewhere, and where that is."""

    platform: Platform
    gate: Gate
    issuer: RealIssuer

    def browser(self, **options: object) -> httpx.AsyncClient:
        """A new browser, in which nobody has logged in."""
        transport = httpx.ASGITransport(Front(build(self.gate), self.gate))  # pyright: ignore[reportArgumentType]
        return httpx.AsyncClient(transport=transport, base_url=ORIGIN, timeout=30, **options)  # pyright: ignore[reportArgumentType]

    async def begun(self, browser: httpx.AsyncClient, back: str | None = None) -> str:
        """The provider's address that a browser is sent to."""
        answer = await browser.get("/auth/start", params={} if back is None else {"back": back})
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    async def returned(
        self, browser: httpx.AsyncClient, name: str, back: str | None = None
    ) -> Mapping[str, str]:
        """The query that the provider sends it back with, once somebody has logged in there."""
        return await self.issuer.log_in(await self.begun(browser, back), name)

    async def log_in(self, browser: httpx.AsyncClient, name: str, back: str | None = None) -> str:
        """All of it; gives where the browser is led."""
        query = await self.returned(browser, name, back)
        answer = await browser.get("/auth/callback", params=dict(query))
        assert answer.status_code == 200, answer.text
        return onward(answer)


def onward(answer: httpx.Response) -> str:
    """Where the page leads."""
    found = re.search(r'content="0;url=([^"]*)"', answer.text)
    assert found, answer.text
    return unescape(found[1])


@pytest.fixture(scope="module")
async def door(platform: Platform) -> AsyncGenerator[Door]:
    """Users of the group platform are administrators, others have nothing."""
    async with real_issuer(CALLBACK) as issuer:
        settings = OidcSettings.model_validate(
            {
                "issuer": issuer.url,
                "client_id": "hub",
                "client_secret": SECRET,
                "audience": AUDIENCE,
            }
        )
        gate = platform.gate
        provider = oidc_provider(settings, gate.runtime.outside.outbound, gate.clock)
        bound = AccessSettings.model_validate(
            {"bindings": [{"group": "platform", "role": "admin"}]}
        )
        bindings = replace(gate.bindings, settings=bound)
        await bindings.read()
        access = replace(gate.access, granted=bindings.grants)
        yield Door(
            platform, replace(gate, provider=provider, access=access, bindings=bindings), issuer
        )


async def test_who_logs_in_there_is_known_here(door: Door) -> None:
    async with door.browser() as browser:
        assert (await browser.get("/auth/me")).status_code == 401
        assert (
            await door.log_in(browser, "ada", "/alerts?severity=CRITICAL")
            == "/alerts?severity=CRITICAL"
        )
        me = (await browser.get("/auth/me")).json()
        assert (me["user"], me["role"], me["everywhere"]) == ("ada", "admin", True)
        assert me["grants"] == [{"role": "admin", "clusters": None}]
        (own,) = (await browser.get("/auth/sessions")).json()["items"]
        assert (own["user"], own["method"], own["groups"]) == ("ada", "oidc", ["platform"])


async def test_who_has_no_role_is_let_in_and_may_nothing(door: Door) -> None:
    async with door.browser() as browser:
        await door.log_in(browser, "bob")
        assert (await browser.get("/auth/me")).json()["role"] is None
        refused(await browser.get(f"{API}/clusters"), "PERMISSION_DENIED")


async def test_the_session_is_a_strict_cookie_and_the_way_back_a_lax_one(door: Door) -> None:
    async with door.browser() as browser:
        begun = await browser.get("/auth/start")
        cookie = begun.headers["set-cookie"].lower()
        assert all(word in cookie for word in ("httponly", "samesite=lax", "path=/auth/callback"))
        query = await door.issuer.log_in(begun.headers["location"], "ada")
        answer = await browser.get("/auth/callback", params=query)
        session, gone = sorted(answer.headers.get_list("set-cookie"), key=len, reverse=True)
        assert all(word in session.lower() for word in ("httponly", "samesite=strict", "path=/"))
        assert "max-age=0" in gone.lower()
        assert query["code"] not in answer.text
        assert answer.headers["cache-control"] == "no-store"


async def test_a_login_is_good_once(door: Door) -> None:
    async with door.browser() as browser:
        query = await door.returned(browser, "ada")
        assert (await browser.get("/auth/callback", params=dict(query))).status_code == 200
        again = await browser.get("/auth/callback", params=dict(query))
        assert again.status_code == 401
        assert onward(again).startswith("/login#failed=")


async def test_a_login_that_another_browser_has_begun_is_none(door: Door) -> None:
    """Else somebody could be logged in as whoever has sent them the link."""
    async with door.browser() as one, door.browser() as other:
        query = await door.returned(one, "ada")
        assert (await other.get("/auth/callback", params=dict(query))).status_code == 401
        assert (await other.get("/auth/me")).status_code == 401
        # It is gone for the first one, too.
        assert (await one.get("/auth/callback", params=dict(query))).status_code == 401


@pytest.mark.parametrize("query", [
    {}, {"state": "", "code": "c"}, {"state": "never-begun", "code": "c"}, {"code": "c"},
    {"error": "access_denied", "state": "x"}, {"state": "x" * 50_000},
])  # fmt: skip
async def test_what_was_not_begun_here_is_refused(door: Door, query: dict[str, str]) -> None:
    async with door.browser() as browser:
        await door.begun(browser)
        answer = await browser.get("/auth/callback", params=query)
        assert answer.status_code == 401
        assert "log in again" in unquote(onward(answer))


async def test_a_code_that_is_none_is_refused_without_being_told(door: Door) -> None:
    async with door.browser() as browser:
        query = dict(await door.returned(browser, "ada")) | {"code": "planted-code"}
        answer = await browser.get("/auth/callback", params=query)
        assert answer.status_code == 401
        assert "planted-code" not in answer.text


@pytest.mark.parametrize("back", [
    "//evil.example.com", "https://evil.example.com/", "/\\evil.example.com", "javascript:alert(1)",
    "", "/ü", "/a\r\nX: 1", "/" + "a" * 3_000,
])  # fmt: skip
async def test_nobody_is_led_elsewhere(door: Door, back: str) -> None:
    async with door.browser() as browser:
        assert await door.log_in(browser, "ada", back) == "/"


async def test_what_is_in_the_way_back_is_no_markup(door: Door) -> None:
    async with door.browser() as browser:
        query = await door.returned(browser, "ada", '/x"><script>alert(1)</script>')
        answer = await browser.get("/auth/callback", params=dict(query))
        assert "<script" not in answer.text
        assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_logins_and_who_acts_are_told(door: Door) -> None:
    async with door.browser(headers={"origin": ORIGIN}) as browser:
        await door.log_in(browser, "ada")
        made = await browser.post(f"{API}/tokens", json={"name": "by-ada", "role": "viewer"})
        assert made.status_code == 201, made.text
        await door.gate.trail.tell(float("inf"))

        async def told() -> set[tuple[str, str]]:
            found = (await browser.get(f"{API}/audit")).json()["items"]
            seen = {(each["event_type"], each["actor"]) for each in found}
            return seen if {each for each, _ in seen} >= {"LOGGED_IN", "TOKEN_CREATED"} else set()

        assert ("TOKEN_CREATED", "oidc:ada") in await eventually(told)
        audit = (await browser.get(f"{API}/audit", params={"event_type": "LOGGED_IN"})).json()
        assert audit["items"][0]["payload"]["method"] == "oidc"
        assert made.json()["created_by"] == "oidc:ada"


class _Away:
    """A provider that cannot be asked."""

    def __init__(self, real: object) -> None:
        self.method = getattr(real, "method")  # noqa: B009

    async def address(self, attempt: Attempt, redirect_uri: str) -> str:
        raise TryLater("the issuer does not answer")

    async def finish(
        self, attempt: Attempt, query: Mapping[str, str], redirect_uri: str
    ) -> Identity:
        raise TryLater("the issuer does not answer")

    async def bearer(self, token: str) -> Identity | None:
        raise TryLater("the issuer does not answer")


@asynccontextmanager
async def away(door: Door) -> AsyncGenerator[Door]:
    yield replace(door, gate=replace(door.gate, provider=_Away(door.gate.provider)))


async def test_a_provider_that_is_away_shuts_nobody_out_who_is_in(door: Door) -> None:
    async with door.browser() as browser, away(door) as shut, shut.browser() as later:
        query = await door.returned(browser, "ada")
        await door.log_in(browser, "ada")
        later.cookies = browser.cookies
        assert (await later.get("/auth/me")).json()["user"] == "ada"
        shut_out = await later.get("/auth/start")
        assert shut_out.status_code == 502
        assert "does not answer" in unquote(onward(shut_out))
        bearer = {"authorization": "Bearer a.b.c"}
        assert (await later.get("/auth/me", headers=bearer)).status_code == 503
        # A token of our own needs no provider.
        own = {"authorization": f"Bearer {door.platform.admin}"}
        assert (await later.get("/auth/me", headers=own)).json()["user"] == "ada"
        assert query["state"]


async def test_without_a_provider_there_is_nowhere_to_go(platform: Platform) -> None:
    refused(await platform.client().get("/auth/start"), "NOT_FOUND")
    assert (await platform.client().get("/auth/ways")).json() == {"mode": "token"}
