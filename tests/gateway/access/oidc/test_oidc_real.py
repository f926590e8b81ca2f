"""Against a provider that others have written: npm's `oidc-provider`."""

import base64
import hashlib
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from contracts.refusals import Refused, TryLater
from gateway.auth.identity import Attempt, Identity
from gateway.auth.oidc.provider import OidcProvider, oidc_provider
from services.runtime.clock import SystemClock
from services.runtime.ids import new_secret
from services.runtime.outbound.clients import Outbound
from services.runtime.settings_oidc import OidcSettings
from tests.kit.oidc_provider.serving import AUDIENCE, SECRET, RealIssuer, real_issuer
from tests.runtime.outbound.origins import outbound

pytestmark = pytest.mark.anyio

BACK = "http://localhost:8080/auth/callback"
ELSEWHERE = "http://localhost:9999/tool"
PEOPLE = {
    "ada": Identity("ada", frozenset({"platform"})),
    "bob": Identity("bob", frozenset()),
}


@pytest.fixture(scope="module")
async def issuer() -> AsyncGenerator[RealIssuer]:
    """A running provider."""
    async with real_issuer(BACK, ELSEWHERE) as running:
        yield running


@pytest.fixture
async def maker() -> AsyncGenerator[Outbound]:
    """Makes clients."""
    async with outbound() as made:
        yield made


def provider(issuer: RealIssuer, maker: Outbound, **settings: Any) -> OidcProvider:
    known = {
        "issuer": issuer.url,
        "client_id": "hub",
        "client_secret": SECRET,
        "audience": AUDIENCE,
    }
    return oidc_provider(OidcSettings.model_validate(known | settings), maker, SystemClock())


def attempt() -> Attempt:
    return Attempt(new_secret(), new_secret(), new_secret(), "/")


@pytest.mark.parametrize("name", PEOPLE)
@pytest.mark.parametrize(
    "client",
    [{}, {"client_id": "hub-public", "client_secret": ""}, {"client_id": "hub-es256"}],
    ids=["secret", "public", "es256"],
)
async def test_people_log_in_with_their_names_and_groups(
    issuer: RealIssuer, maker: Outbound, client: dict[str, str], name: str
) -> None:
    door, begun = provider(issuer, maker, **client), attempt()
    back = await issuer.log_in(await door.address(begun, BACK), name)
    assert back["iss"] == issuer.url
    assert await door.finish(begun, back, BACK) == PEOPLE[name]


async def test_groups_may_stand_in_the_id_token(maker: Outbound) -> None:
    async with real_issuer(BACK, slim=False) as issuer:
        door, begun = provider(issuer, maker), attempt()
        back = await issuer.log_in(await door.address(begun, BACK), "ada")
        assert await door.finish(begun, back, BACK) == PEOPLE["ada"]


async def test_a_code_is_good_once_and_for_its_login_alone(
    issuer: RealIssuer, maker: Outbound
) -> None:
    door, begun = provider(issuer, maker), attempt()
    back = await issuer.log_in(await door.address(begun, BACK), "ada")
    ended = "has ended or was used before"
    with pytest.raises(Refused, match=ended):
        await door.finish(replace(begun, verifier=new_secret()), back, BACK)
    with pytest.raises(Refused, match=ended):
        await door.finish(begun, back, ELSEWHERE)
    assert await door.finish(begun, back, BACK) == PEOPLE["ada"]
    with pytest.raises(Refused, match=ended):
        await door.finish(begun, back, BACK)


async def test_a_login_of_another_browser_is_refused(issuer: RealIssuer, maker: Outbound) -> None:
    door, begun = provider(issuer, maker), attempt()
    back = await issuer.log_in(await door.address(begun, BACK), "ada")
    with pytest.raises(Refused, match="not the login that was begun here"):
        await door.finish(attempt(), back, BACK)
    with pytest.raises(Refused, match="of another login"):
        await door.finish(replace(begun, nonce=new_secret()), back, BACK)


async def test_a_wrong_secret_is_told_to_the_administrator(
    issuer: RealIssuer, maker: Outbound
) -> None:
    door, begun = provider(issuer, maker, client_secret="wrong"), attempt()
    back = await issuer.log_in(await door.address(begun, BACK), "ada")
    with pytest.raises(Refused, match="does not take this platform as a client"):
        await door.finish(begun, back, BACK)


@pytest.mark.parametrize("name", PEOPLE)
async def test_a_token_that_a_tool_got_for_us_is_taken_and_no_other(
    issuer: RealIssuer, maker: Outbound, name: str
) -> None:
    token = await tools_token(issuer, name)
    assert await provider(issuer, maker).bearer(token) == PEOPLE[name]
    assert await provider(issuer, maker, audience="https://else.test").bearer(token) is None
    body, _, _ = token.rpartition(".")
    assert await provider(issuer, maker).bearer(f"{body}.{'A' * 342}") is None


async def test_an_issuer_that_has_gone_vouches_for_nobody_new(maker: Outbound) -> None:
    async with real_issuer(BACK, ELSEWHERE) as issuer:
        token = await tools_token(issuer, "ada")
        door = provider(issuer, maker)
        assert await door.bearer(token) == PEOPLE["ada"]
    with pytest.raises(TryLater):
        await provider(issuer, maker).bearer(token)


async def tools_token(issuer: RealIssuer, name: str) -> str:
    """What a tool that somebody logs in with gets, for our audience."""
    verifier = new_secret()
    digest = hashlib.sha256(verifier.encode()).digest()
    asked = {
        "response_type": "code",
        "client_id": "hub-public",
        "redirect_uri": ELSEWHERE,
        "scope": "openid",
        "resource": AUDIENCE,
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    back = await issuer.log_in(f"{issuer.url}/auth?{urlencode(asked)}", name)
    form = {
        "grant_type": "authorization_code",
        "code": back["code"],
        "client_id": "hub-public",
        "redirect_uri": ELSEWHERE,
        "code_verifier": verifier,
        "resource": AUDIENCE,
    }
    async with httpx.AsyncClient(trust_env=False) as tool:
        answer = await tool.post(f"{issuer.url}/token", data=form)
    return str(answer.json()["access_token"])
