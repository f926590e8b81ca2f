"""Who is let in, for how long, and that no secret is ever told again."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from gateway.auth.credentials import SESSION_COOKIE
from services.runtime.access import TokenRequest
from services.runtime.clock import SystemClock
from services.runtime.principals import Role
from tests.kit.gateway import API, Platform, alert, refused, registration, webhook

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

OURS = {"origin": "http://localhost"}
FOREIGN = {"origin": "https://evil.example.com"}


class _Later(SystemClock):
    def __init__(self, by: timedelta) -> None:
        self._by = by

    def now(self) -> datetime:
        return super().now() + self._by

    def monotonic(self) -> float:
        return super().monotonic() + self._by.total_seconds()


@asynccontextmanager
async def _logged_in(platform: Platform) -> AsyncGenerator[httpx.AsyncClient]:
    code = await platform.gate.access.mint_login_code()
    async with platform.client() as browser:
        assert (await browser.post("/auth/login", json={"code": code})).status_code == 200
        yield browser


async def test_a_session_writes_only_from_our_own_pages(platform: Platform) -> None:
    async with _logged_in(platform) as browser:
        for headers, status in ((OURS, 201), (FOREIGN, 401), ({"origin": "null"}, 401), ({}, 401)):
            body = registration()
            answer = await browser.post(f"{API}/clusters", json=body, headers=headers)
            assert answer.status_code == status, headers
        assert (await browser.get(f"{API}/clusters")).status_code == 200


async def test_a_session_is_a_cookie_that_scripts_and_other_sites_do_not_get(
    platform: Platform,
) -> None:
    async with platform.client() as browser:
        code = await platform.gate.access.mint_login_code()
        answer = await browser.post("/auth/login", json={"code": code})
        cookie = answer.headers["set-cookie"].lower()
        assert all(word in cookie for word in ("httponly", "samesite=strict", "path=/"))
        assert code not in cookie


async def test_a_session_that_has_ended_keeps_nobody_from_logging_in(platform: Platform) -> None:
    async with platform.client() as browser:
        browser.cookies.set(SESSION_COOKIE, "of-yesterday")
        for page in ("/", "/login", "/docs", "/health", "/openapi.json"):
            assert (await browser.get(page)).status_code == 200, page
        refused(await browser.get("/auth/me"), "AUTH_FAILED")
        code = await platform.gate.access.mint_login_code()
        answer = await browser.post("/auth/login", json={"code": code}, headers=OURS)
        assert answer.status_code == 200


async def test_logging_out_ends_the_session_itself(platform: Platform) -> None:
    async with _logged_in(platform) as browser, platform.client() as thief:
        session = browser.cookies[SESSION_COOKIE]
        thief.cookies.set(SESSION_COOKIE, session)
        await browser.post("/auth/logout", headers=FOREIGN)
        assert (await thief.get("/auth/me")).status_code == 200, "not by a foreign page"
        browser.cookies.set(SESSION_COOKIE, session)
        answer = await browser.post("/auth/logout", headers=OURS)
        assert "max-age=0" in answer.headers["set-cookie"].lower()
        refused(await thief.get("/auth/me"), "AUTH_FAILED")


async def test_a_revoked_token_is_worthless_at_once(platform: Platform) -> None:
    token = await platform.token(Role.ADMIN)
    async with platform.client(token) as client:
        assert (await client.get("/auth/me")).json()["role"] == "admin"
        await platform.gate.access.revoke(token)
        refused(await client.get("/auth/me"), "AUTH_FAILED")


@pytest.mark.parametrize("what", ["token", "session", "code"])
async def test_everything_expires(platform: Platform, what: str) -> None:
    access = platform.gate.access
    request = TokenRequest("brief", Role.ADMIN, age=timedelta(hours=1))
    token = (await access.mint_token(request))[1]
    code = await access.mint_login_code()
    async with _logged_in(platform) as browser, platform.client(token) as client:
        clock = access.clock
        access.clock = _Later(timedelta(hours=13))
        try:
            if what == "token":
                refused(await client.get("/auth/me"), "AUTH_FAILED")
            elif what == "session":
                refused(await browser.get("/auth/me"), "AUTH_FAILED")
            else:
                answer = await browser.post("/auth/login", json={"code": code})
                refused(answer, "AUTH_FAILED")
        finally:
            access.clock = clock


@pytest.mark.parametrize("header", ["Basic abc", "Bearer", "Bearer ", "bearer x", "", "Token x"])
async def test_a_header_that_is_no_token_is_401(platform: Platform, header: str) -> None:
    async with platform.client(headers={"authorization": header}) as client:
        answer = await client.get(f"{API}/clusters")
        refused(answer, "AUTH_FAILED")
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_only_probes_pages_and_the_document_need_no_login(platform: Platform) -> None:
    async with platform.client() as anybody:
        for path in ("/health", "/ready", "/", "/login", "/docs", "/openapi.json"):
            assert (await anybody.get(path)).status_code == 200, path
        for path in ("/health/detailed", "/metrics", "/_openapi", f"{API}/events", "/auth/me"):
            refused(await anybody.get(path), "AUTH_FAILED")


async def test_an_ingest_token_writes_nothing_but_alerts(platform: Platform) -> None:
    cluster = await platform.register()
    path = f"{API}/clusters/{cluster['id']}"
    async with platform.client(await platform.token(Role.INGEST)) as client:
        answers = [
            await client.post(f"{API}/clusters", json=registration()),
            await client.patch(path, json={"region": "x"}),
            await client.put(path, json=registration()),
            await client.delete(path),
            await client.get("/metrics"),
            await client.get("/health/detailed"),
        ]
        for answer in answers:
            refused(answer, "PERMISSION_DENIED")
    assert await platform.list(f"/clusters/{cluster['id']}") == cluster


async def test_the_one_who_asked_stands_in_the_log(platform: Platform) -> None:
    minted = await platform.gate.access.mint_token(TokenRequest("grace", Role.ADMIN))
    async with platform.client(minted[1]) as client:
        cluster = (await client.post(f"{API}/clusters", json=registration())).json()
    await platform.settle()
    query = {"cluster_id": cluster["id"], "event_type": "CLUSTER_REGISTERED"}
    (event,) = (await platform.list("/events", **query))["items"]
    assert event["actor"] == "grace"


async def test_a_trace_goes_from_the_request_into_the_answer(platform: Platform) -> None:
    trace = "a" * 32
    headers = {"traceparent": f"00-{trace}-{'b' * 16}-01"}
    answer = await platform.http.get(f"{API}/clusters/by-name/nobody", headers=headers)
    assert answer.headers["x-trace-id"] == trace
    assert refused(answer, "CLUSTER_NOT_FOUND")["trace_id"] == trace


@pytest.mark.parametrize("host", ["evil.example.com", "localhost.evil.com", "", "127.0.0.1.nip.io"])
async def test_a_name_that_is_not_ours_is_not_served(platform: Platform, host: str) -> None:
    refused(await platform.http.get("/health", headers={"host": host}), "BAD_REQUEST")
    for good in ("LOCALHOST:1", "127.0.0.1", "[::1]:8080"):
        assert (await platform.http.get("/health", headers={"host": good})).is_success


async def test_a_secret_is_never_repeated(
    platform: Platform, capfd: pytest.CaptureFixture[str]
) -> None:
    secret = "s3cr3t-planted"
    cluster = (await platform.register())["id"]
    alerts = f"{API}/alerts/webhook/{cluster}"
    bodies: list[Any] = [
        registration(api_server_url=f"https://admin:{secret}@api.example.com"),
        registration(api_server_url=f"https://api.example.com/#{secret}"),
        registration(cluster_type=secret),
        registration(labels={"a": f"!{secret}"}),
        registration(password=secret),
    ]
    answers = [await platform.http.post(f"{API}/clusters", json=body) for body in bodies]
    answers += [
        await platform.http.get(f"{API}/clusters", headers={"authorization": f"Bearer {secret}"}),
        await platform.http.get(f"{API}/clusters?token={secret}&page=x"),
        await platform.http.post("/auth/login", json={"code": secret}),
        await platform.http.post("/auth/login", json={"code": [secret]}),
        await platform.http.post(alerts, content=f'{{"alerts": "{secret}"'),
        await platform.http.post(f"{API}/nothing/{secret}", json={"a": secret}),
    ]
    assert all(answer.status_code >= 400 for answer in answers)
    assert secret not in "".join(answer.text for answer in answers)
    good = await platform.http.post(alerts, json=webhook(alert(1)))
    assert good.status_code == 202
    await platform.settle()
    said = capfd.readouterr()
    assert "request" in said.out + said.err
    for told in (secret, platform.admin):
        assert told not in said.out + said.err
    events = await platform.http.get(f"{API}/events", params={"limit": 1000})
    assert platform.admin not in events.text
