import asyncio
import json
import traceback
from typing import Any

import pytest
from structlog.testing import capture_logs

from contracts.refusals import TryLater
from gateway.auth.identity import Identity
from gateway.auth.oidc.provider import OidcProvider
from tests.gateway.access.oidc.logins import ATTEMPT, BACK, JWKS, RSA, USERINFO, Login, saying
from tests.kit.issuers import DISCOVERY, SECRET, TOKEN
from tests.kit.runtime import until
from tests.runtime.outbound.origins import Talk, answer, says

pytestmark = pytest.mark.anyio

ADA = Identity("ada", frozenset({"platform", "night shift"}))


async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    del writer
    await asyncio.Event().wait()


async def endless(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while not writer.is_closing():
        writer.write(b" " * 65_536)
        await writer.drain()


async def hangs_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


BAD: dict[str, Talk] = {
    "silent": silent,
    "endless": endless,
    "hangs up": hangs_up,
    "500": saying({"error": SECRET}, "500 Oh"),
    "404": saying({"error": SECRET}, "404 No"),
    "redirects": says(answer(b"", "302 Away", f"Location: https://elsewhere.test/{SECRET[:6]}")),
    "a page": says(answer(f"<html>{SECRET}".encode())),
    "an empty object": saying({}),
    "a list": says(answer(b"[]")),
    "deep": says(answer(b"[" * 100_000)),
    "no text": says(answer(b"\xff\xfe")),
}


def patience(bad: str) -> float:
    """Seconds: an issuer that is well has time, and one that is silent is not waited for long."""
    return 2.0 if bad == "silent" else 5.0


async def trouble(provider: OidcProvider, token: str) -> TryLater:
    """What is told to whoever shows a token now; nothing of it is the issuer's."""
    with pytest.raises(TryLater) as caught:
        await provider.bearer(token)
    told = "".join(traceback.format_exception(caught.value))
    assert not any(each in told for each in (SECRET, token, "elsewhere")), told
    return caught.value


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("path", [DISCOVERY, JWKS])
async def test_an_issuer_that_cannot_be_understood_is_asked_later(
    login: Login, path: str, bad: str
) -> None:
    good = login.issuer.instead.get(path)
    login.issuer.instead[path] = BAD[bad]
    provider, token = login.provider(seconds=patience(bad)), login.issuer.sign({})
    await trouble(provider, token)
    if good is None:
        del login.issuer.instead[path]
    else:
        login.issuer.instead[path] = good
    login.clock.on(3)
    assert await provider.bearer(token) == ADA


@pytest.mark.parametrize(
    "bad", ["silent", "endless", "hangs up", "500", "a page", "an empty object"]
)
async def test_a_token_endpoint_that_cannot_be_understood_is_asked_later(
    login: Login, bad: str
) -> None:
    login.issuer.instead[TOKEN] = BAD[bad]
    provider = login.provider(seconds=patience(bad))
    back = login.issuer.log_in(await provider.address(ATTEMPT, BACK))
    with pytest.raises(TryLater):
        await provider.finish(ATTEMPT, back, BACK)


@pytest.mark.parametrize("bad", ["silent", "endless", "500"])
async def test_userinfo_that_does_not_answer_is_asked_later(login: Login, bad: str) -> None:
    login.issuer.instead[USERINFO] = BAD[bad]
    login.issuer.claims = {"groups": None}
    provider = login.provider(seconds=patience(bad))
    back = login.issuer.log_in(await provider.address(ATTEMPT, BACK))
    with pytest.raises(TryLater):
        await provider.finish(ATTEMPT, back, BACK)


async def test_an_issuer_that_is_down_is_asked_later_and_the_log_says_why(login: Login) -> None:
    provider = login.provider(issuer="https://127.0.0.1:9")
    with capture_logs() as lines, pytest.raises(TryLater, match="CONNECTION_REFUSED"):
        await provider.address(ATTEMPT, BACK)
    [line] = lines
    assert (line["event"], line["log_level"]) == ("issuer_failed", "warning")
    assert "127.0.0.1:9" in line["reason"]


async def test_a_certificate_of_an_unknown_authority_is_not_taken(login: Login) -> None:
    with pytest.raises(TryLater, match="TLS"):
        await login.provider(ca_file=None).address(ATTEMPT, BACK)


@pytest.mark.parametrize("issuer", ["https://elsewhere.test", "", "with a slash"])
async def test_a_configuration_of_another_issuer_is_not_taken(login: Login, issuer: str) -> None:
    other = f"{login.issuer.url}/" if issuer == "with a slash" else issuer
    login.issuer.document["issuer"] = other
    told = await trouble(login.provider(), login.issuer.sign({}))
    assert "calls itself by another URL" in told.reason


@pytest.mark.parametrize(
    "document",
    [
        {"jwks_uri": "http://elsewhere.test/keys"},
        {"token_endpoint": "file:///etc/passwd"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"userinfo_endpoint": "https://user:secret@elsewhere.test/"},
        {"jwks_uri": "https://elsewhere.test:port/"},
        {"jwks_uri": "https://elsewhere.test/\r\nX: y"},
        {"jwks_uri": ["https://elsewhere.test/keys"]},
        {"jwks_uri": None},
    ],
    ids=repr,
)
async def test_endpoints_that_secrets_may_not_be_sent_to_are_not_taken(
    login: Login, document: dict[str, Any]
) -> None:
    login.issuer.document |= document
    await trouble(login.provider(), login.issuer.sign({}))


async def test_a_huge_set_of_keys_is_not_taken(login: Login) -> None:
    key = RSA.as_dict(private=False)
    body = json.dumps({"keys": [key | {"x5c": ["A" * 3000]} for _ in range(100)]}).encode()
    assert len(body) > 256 * 1024
    login.issuer.instead[JWKS] = says(answer(body))
    assert "TOO_LARGE" in (await trouble(login.provider(), login.issuer.sign({}))).reason


async def test_of_many_keys_a_hundred_are_taken(login: Login) -> None:
    small = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    login.issuer.publish(*[small | {"kid": f"{number}"} for number in range(100)], RSA)
    assert await login.provider().bearer(login.issuer.sign({})) is None
    login.issuer.publish(*[small | {"kid": f"{number}"} for number in range(99)], RSA)
    assert await login.provider().bearer(login.issuer.sign({})) == ADA


async def test_many_who_come_at_once_wait_for_one_answer(login: Login) -> None:
    provider = login.provider()
    tokens = [login.issuer.sign({"jti": str(number)}) for number in range(50)]
    found = await asyncio.gather(*map(provider.bearer, tokens))
    assert found == [ADA] * 50
    assert len(login.issuer.origin.heads) == 2


async def test_nobody_waits_in_line_for_an_issuer_that_is_silent(login: Login) -> None:
    login.issuer.instead[DISCOVERY] = silent
    provider, token = login.provider(seconds=0.5), login.issuer.sign({})
    async with asyncio.timeout(30):
        found = await asyncio.gather(
            *(provider.bearer(token) for _ in range(200)), return_exceptions=True
        )
    assert {type(each) for each in found} == {TryLater}
    assert login.issuer.times(DISCOVERY) == 1
    login.clock.on(3)
    await trouble(provider, token)
    assert login.issuer.times(DISCOVERY) == 2


async def test_who_gives_up_waiting_leaves_the_others_in_peace(login: Login) -> None:
    asked = asyncio.Event()

    async def waits(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await silent(reader, writer)

    login.issuer.instead[DISCOVERY] = waits
    provider, token = login.provider(), login.issuer.sign({})
    first = asyncio.ensure_future(provider.bearer(token))
    await until(asked.is_set)
    second = asyncio.ensure_future(provider.bearer(token))
    del login.issuer.instead[DISCOVERY]
    first.cancel()
    assert await second == ADA
    assert first.cancelled()


async def test_known_keys_do_while_the_issuer_is_down(login: Login) -> None:
    provider = login.provider()
    assert await provider.bearer(login.issuer.sign({"jti": "1"})) == ADA
    login.issuer.instead |= {DISCOVERY: hangs_up, JWKS: hangs_up}
    login.clock.on(60)
    assert await provider.bearer(login.issuer.sign({"jti": "2"})) == ADA
    await trouble(provider, login.issuer.sign({}, {"kid": "new"}))
    assert await provider.bearer(login.issuer.sign({"jti": "3"})) == ADA
