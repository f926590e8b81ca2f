"""The chapters of `planting` in which tokens, sessions and login codes are shown."""

import base64
from dataclasses import dataclass, field

import httpx

from gateway.auth.credentials import SESSION_COOKIE
from tests.kit.gateway import API, ORIGIN, Json, Platform
from tests.kit.leaks import Planted


@dataclass
class Heard:
    """Everything that was answered, and what must be in none of it."""

    platform: Platform
    planted: Planted = field(default_factory=Planted, kw_only=True)
    answers: list[tuple[str, bytes]] = field(default_factory=list[tuple[str, bytes]], kw_only=True)
    shown_once: list[str] = field(default_factory=list[str], kw_only=True)
    """Tokens and sessions that are good at the end, each told by one answer that is not heard."""

    async def hear(self, response: httpx.Response) -> None:
        """Keep an answer, with its headers."""
        whole = repr(response.headers.raw).encode() + await response.aread()
        self.answers.append((f"{response.request.method} {response.request.url.path}", whole))

    def heard(self, headers: dict[str, str]) -> httpx.AsyncClient:
        """Somebody without a token whose answers are kept."""
        client = self.platform.client(headers=headers)
        hooks = client.event_hooks
        client.event_hooks = hooks | {"response": [*hooks["response"], self.hear]}
        return client


async def tokens(story: Heard) -> None:
    """API tokens are made, used well and badly, and revoked."""
    http, path = story.platform.http, f"{API}/tokens"
    for name in ("kept", "revoked"):
        body = {"name": f"planted {name}", "role": "viewer"}
        async with story.platform.client(story.platform.admin) as unheard:
            made = (await unheard.post(path, json=body)).json()
        secret: str = made["token"]
        story.planted.plant(f"token {name}", secret)
        await _shown(story, f"Bearer {secret}")
        basic = base64.b64encode(f"any:{secret}".encode()).decode()
        await _shown(story, f"Basic {basic}")
        await _shown(story, f"Basic {secret}")
        for wrong in (body | {"token": secret}, body | {"role": secret}, {"name": [secret]}):
            assert (await http.post(path, json=wrong)).status_code == 422
        for where in (f"/clusters?token={secret}", f"/nothing/{secret}"):
            assert (await http.get(f"{API}{where}")).status_code in {400, 404}
        if name == "kept":
            story.shown_once.append(secret)
        else:
            assert (await http.delete(f"{path}/{made['id']}")).status_code == 204
            await _shown(story, f"Bearer {secret}")
    await http.get(path)


async def _shown(story: Heard, authorization: str, **more: str) -> None:
    """Read, and try to write, as whoever shows this."""
    for method, path in (("GET", "/auth/me"), ("POST", f"{API}/clusters"), ("GET", "/metrics")):
        headers = {"authorization": authorization, **more}
        await story.platform.http.request(method, path, headers=headers, json={"name": "x"})


async def logins(story: Heard) -> None:
    """Codes become sessions once; one session is ended, one goes on."""
    access, origin = story.platform.gate.access, {"origin": ORIGIN}
    for name in ("ended", "kept"):
        code = await access.mint_login_code()
        story.planted.plant(f"code {name}", code)
        for wrong in ({"code": [code]}, {"code": code, "more": code}, {"cod": code}):
            assert (await _logged_in(story, wrong)).status_code == 422
        async with story.platform.client() as unheard:
            answer = await unheard.post("/auth/login", json={"code": code}, headers=origin)
        secret = answer.cookies[SESSION_COOKIE]
        story.planted.plant(f"session {name}", secret)
        assert (await _logged_in(story, {"code": code})).status_code == 401
        await _shown(story, f"Bearer {secret}")
        for cookie in (secret, f"{secret}x", f'"{secret}'):
            sent = {"cookie": f"{SESSION_COOKIE}={cookie}"}
            async with story.heard(origin | sent) as browser:
                await browser.get("/auth/me")
                await browser.post(f"{API}/clusters", json={})
                await browser.get("/auth/sessions")
        if name == "ended":
            async with story.heard(origin | {"cookie": f"{SESSION_COOKIE}={secret}"}) as browser:
                assert (await browser.post("/auth/logout")).status_code == 200
        else:
            story.shown_once.append(secret)


async def _logged_in(story: Heard, body: Json) -> httpx.Response:
    async with story.heard({"origin": ORIGIN}) as browser:
        return await browser.post("/auth/login", json=body)
