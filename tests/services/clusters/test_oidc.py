import asyncio
import json
import traceback
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.clusters.oidc import Grant, OidcClient, OidcFailure, grant
from services.runtime.outbound.clients import Outbound
from tests.kit.issuers import AUTHORITY, DISCOVERY, SECRET, TOKEN, Issuer, issuing, jwt
from tests.runtime.outbound.origins import Recorded, Talk, answer, names, outbound, says

pytestmark = pytest.mark.anyio

AT = datetime(2026, 1, 31, 12, tzinfo=UTC)
REFRESH = "refresh-0"
PAGE = answer(f"<html>{SECRET} {REFRESH}</html>".encode(), "200 OK", "Content-Type: text/html")
NO_SECRETS = (SECRET, REFRESH, "told-by-the-issuer")


async def ask(client: OidcClient, *, seconds: float = 5.0, maker: Outbound | None = None) -> Grant:
    if maker is not None:
        return await grant(maker, client, AT, seconds)
    async with outbound() as own:
        return await grant(own, client, AT, seconds)


async def failure(client: OidcClient, *, seconds: float = 5.0, **made: Any) -> OidcFailure:
    async with outbound(**made) as maker:
        with pytest.raises(OidcFailure) as caught:
            await ask(client, seconds=seconds, maker=maker)
    told = "".join(traceback.format_exception(caught.value)) + caught.value.advice
    assert not any(secret in told for secret in NO_SECRETS), told
    return caught.value


@asynccontextmanager
async def an_issuer(*, tls: bool = True, **known: Any) -> AsyncGenerator[Issuer]:
    async with issuing(Issuer(AT, **known), tls=tls) as issuer:
        yield issuer


async def failure_with(instead: dict[str, Talk], *, seconds: float = 5.0) -> OidcFailure:
    async with an_issuer(instead=instead) as issuer:
        return await failure(issuer.client(), seconds=seconds)


async def hang(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    del writer
    await asyncio.Event().wait()


async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.01)


def told(value: Any, status: str = "200 OK") -> Talk:
    return says(answer(json.dumps(value).encode(), status, "Content-Type: application/json"))


async def test_client_credentials_bring_an_id_token_and_no_refresh_token() -> None:
    async with an_issuer() as issuer:
        found = await ask(issuer.client(scopes=("openid", "groups")))
    assert found.token.count(".") == 2
    assert (found.expires_at, found.refresh_token) == (AT + timedelta(minutes=5), None)
    assert issuer.asked[0].form == {"grant_type": "client_credentials", "scope": "openid groups"}


async def test_secrets_are_in_no_repr() -> None:
    async with an_issuer() as issuer:
        client = issuer.client(refresh_token=REFRESH)
        found = await ask(client)
    assert not any(secret in f"{client}{found}" for secret in (SECRET, "refresh-", found.token))


async def test_a_refresh_token_that_is_rotated_brings_the_next_one() -> None:
    async with an_issuer() as issuer:
        first = await ask(issuer.client(refresh_token=REFRESH))
        second = await ask(issuer.client(refresh_token=first.refresh_token))
        assert [first.refresh_token, second.refresh_token] == ["refresh-1", "refresh-2"]
        assert issuer.asked[1].form == {"grant_type": "refresh_token", "refresh_token": "refresh-1"}
        used = await failure(issuer.client(refresh_token=REFRESH))
    assert (used.refused, used.message) == (
        True,
        f"the token endpoint of 127.0.0.1:{issuer.origin.port} answered 400: invalid_grant",
    )


async def test_a_refresh_token_that_is_not_rotated_is_kept() -> None:
    async with an_issuer(rotates=False) as issuer:
        assert (await ask(issuer.client(refresh_token=REFRESH))).refresh_token == REFRESH


async def test_a_public_client_says_its_id_alone() -> None:
    async with an_issuer(secret=None) as issuer:
        await ask(issuer.client(refresh_token=REFRESH))
    assert issuer.asked[0].authorization is None
    assert issuer.asked[0].form["client_id"] == "hub:1"
    assert "client_secret" not in issuer.asked[0].form


@pytest.mark.parametrize(
    ("methods", "basic"),
    [
        (None, True),
        ([], True),
        (["private_key_jwt", "client_secret_post", "client_secret_basic"], True),
        (["client_secret_post"], False),
    ],
)
async def test_a_client_shows_its_secret_as_the_issuer_wants_it(
    methods: list[str] | None, basic: bool
) -> None:
    document = {"token_endpoint_auth_methods_supported": methods}
    async with an_issuer(document=document) as issuer:
        await ask(issuer.client())
    assert (issuer.asked[0].authorization is not None) is basic
    assert (issuer.asked[0].form.get("client_secret") == SECRET) is not basic


async def test_without_an_id_token_the_access_token_serves() -> None:
    async with an_issuer(gives=frozenset({"access_token", "expires_in"})) as issuer:
        found = await ask(issuer.client())
    assert (found.token, found.expires_at) == ("opaque-access", AT + timedelta(minutes=10))


async def test_a_token_need_not_say_when_it_ends() -> None:
    async with an_issuer(gives=frozenset({"access_token"})) as issuer:
        assert (await ask(issuer.client())).expires_at is None


@pytest.mark.parametrize("seconds", [True, "600", -1, 1e12, None, [600]])
async def test_a_time_that_makes_no_sense_is_not_believed(seconds: Any) -> None:
    given = {"access_token": "opaque", "token_type": "bearer", "expires_in": seconds}
    async with an_issuer(instead={TOKEN: told(given)}) as issuer:
        assert await ask(issuer.client()) == Grant("opaque", None, None)


async def test_an_access_token_that_is_a_jwt_says_itself_when_it_ends() -> None:
    ends = AT + timedelta(minutes=1)
    given = {"access_token": jwt({"exp": ends.timestamp()}), "expires_in": 600}
    async with an_issuer(instead={TOKEN: told(given)}) as issuer:
        assert (await ask(issuer.client())).expires_at == ends


@pytest.mark.parametrize("path", ["", "/", "/realms/edge", "/realms/edge/"])
async def test_an_issuer_may_have_a_path(path: str) -> None:
    async with an_issuer() as issuer:
        issuer.path = path.removesuffix("/")
        url = issuer.origin.url() + path
        issuer.document["issuer"] = url
        assert await ask(issuer.client(issuer_url=url))
    assert issuer.origin.heads[0].split()[1] == f"{issuer.path}{DISCOVERY}"


async def test_a_token_endpoint_may_be_on_another_host_and_have_a_query() -> None:
    async with an_issuer() as issuer, an_issuer() as other:
        issuer.document["token_endpoint"] = f"{other.url}{TOKEN}?policy=edge"
        assert await ask(issuer.client())
    assert other.origin.heads[0].startswith("POST /token?policy=edge ")
    assert len(issuer.origin.heads) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://sso.example.com",
        "ftp://sso.example.com",
        "https://user:told-by-the-issuer@sso.example.com",
        "https://sso.example.com?x=1",
        "https://sso.example.com#x",
        "https://",
        "sso.example.com",
        "https://sso.example.com:port",
        "",
    ],
)
async def test_an_issuer_is_an_https_url(url: str) -> None:
    network = Recorded()
    found = await failure(OidcClient(url, "hub", SECRET), network=network)
    assert (found.refused, network.connects) == (True, [])


async def test_on_loopback_an_issuer_needs_no_tls() -> None:
    async with an_issuer(tls=False) as issuer:
        assert await ask(issuer.client(ca_pem=None))


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://sso.example.com/token",
        "//sso.example.com/token",
        "/token",
        "https://user:told-by-the-issuer@127.0.0.1/token",
        "https://127.0.0.1/token#told-by-the-issuer",
        "told-by-the-issuer",
        "",
    ],
)
async def test_a_token_endpoint_is_an_https_url(endpoint: str) -> None:
    async with an_issuer(document={"token_endpoint": endpoint}) as issuer:
        found = await failure(issuer.client())
    assert (found.refused, issuer.asked) == (True, [])


async def test_an_issuer_elsewhere_cannot_send_secrets_to_our_own_host_without_tls() -> None:
    network = Recorded()
    async with an_issuer(document={"token_endpoint": "http://127.0.0.1:8222/token"}) as issuer:
        url = issuer.document["issuer"] = issuer.origin.url("sso.test")
        resolve = names(sso="10.0.0.1")
        found = await failure(issuer.client(issuer_url=url), resolve=resolve, network=network)
    assert (found.refused, network.connects) == (True, ["10.0.0.1"])


@pytest.mark.parametrize(
    "named", ["https://127.0.0.1/told-by-the-issuer", "told-by-the-issuer", "", "{url}/"]
)
async def test_an_issuer_that_calls_itself_by_another_url_is_asked_for_nothing(named: str) -> None:
    async with an_issuer() as issuer:
        issuer.document["issuer"] = named.format(url=issuer.url)
        found = await failure(issuer.client())
    assert (found.refused, issuer.asked) == (True, [])


@pytest.mark.parametrize("path", [DISCOVERY, TOKEN])
@pytest.mark.parametrize(
    ("status", "refused"),
    [
        ("400 Bad Request", True),
        ("401 Unauthorized", True),
        ("403 Forbidden", True),
        ("404 Not Found", True),
        ("408 Request Timeout", False),
        ("429 Too Many Requests", False),
        ("500 Internal Server Error", False),
        ("502 Bad Gateway", False),
        ("503 Service Unavailable", False),
        ("302 Found", False),
    ],
)
async def test_the_status_says_whether_it_may_be_tried_later(
    path: str, status: str, refused: bool
) -> None:
    location = "Location: https://127.0.0.1:1/told-by-the-issuer"
    found = await failure_with({path: says(answer(SECRET.encode(), status, location))})
    assert (found.refused, status[:3] in found.message) == (refused, True)


@pytest.mark.parametrize(
    ("code", "status", "refused"),
    [
        ("invalid_request", "400 Bad Request", True),
        ("invalid_client", "401 Unauthorized", True),
        ("invalid_grant", "400 Bad Request", True),
        ("unauthorized_client", "400 Bad Request", True),
        ("unsupported_grant_type", "400 Bad Request", True),
        ("invalid_scope", "400 Bad Request", True),
        ("invalid_grant", "200 OK", True),
        ("temporarily_unavailable", "400 Bad Request", False),
        ("server_error", "500 Internal Server Error", False),
    ],
)
async def test_the_codes_of_the_standard_are_told(code: str, status: str, refused: bool) -> None:
    body = {"error": code, "error_description": f"{SECRET} told-by-the-issuer"}
    found = await failure_with({TOKEN: told(body, status)})
    assert (found.refused, found.message.endswith(f": {code}")) == (refused, True)


async def test_no_other_code_is_repeated() -> None:
    found = await failure_with({TOKEN: told({"error": "told-by-the-issuer"}, "400 Bad Request")})
    assert found.refused
    assert found.message.endswith("answered 400")


@pytest.mark.parametrize("path", [DISCOVERY, TOKEN])
@pytest.mark.parametrize(
    "talk",
    [
        says(PAGE),
        says(answer(b"")),
        says(answer(b"[" * 100_000)),
        says(answer(b'{"issuer":' * 20_000)),
        says(answer(b"\xff\xfe")),
        told([]),
        told({"issuer": 1, "id_token": 1}),
        says(b"not HTTP at all\r\n\r\n"),
    ],
)
async def test_an_answer_that_is_none_may_be_a_proxy_s_and_be_better_later(
    path: str, talk: Talk
) -> None:
    assert not (await failure_with({path: talk})).refused


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"id_token": "", "access_token": None},
        {"access_token": "two words"},
        {"id_token": "a\r\nX-Evil: 1"},
        {"access_token": "x" * 70_000},
    ],
)
async def test_what_cannot_be_a_token_is_none(given: dict[str, Any]) -> None:
    assert not (await failure_with({TOKEN: told(given)})).refused


async def test_tokens_that_are_not_for_bearers_are_of_no_use() -> None:
    given = {"access_token": "bound", "token_type": "DPoP"}
    assert (await failure_with({TOKEN: told(given)})).refused


@pytest.mark.parametrize("path", [DISCOVERY, TOKEN])
async def test_a_huge_answer_is_not_read_to_its_end(path: str) -> None:
    found = await failure_with({path: says(answer(b" " * 300_000))})
    assert (found.refused, "is over" in found.message) == (False, True)


@pytest.mark.parametrize("path", [DISCOVERY, TOKEN])
@pytest.mark.parametrize("talk", [hang, drip])
async def test_a_slow_issuer_is_waited_for_no_longer_than_asked(path: str, talk: Talk) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    found = await failure_with({path: talk}, seconds=0.5)
    assert not found.refused
    assert loop.time() - began < 20


async def test_the_seconds_are_for_both_requests_together() -> None:
    async def late(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(3)
        writer.write(answer(json.dumps(issuer.configuration()).encode()))

    async with an_issuer(instead={DISCOVERY: late, TOKEN: hang}) as issuer:
        loop = asyncio.get_running_loop()
        began = loop.time()
        await failure(issuer.client(), seconds=3.5)
        assert loop.time() - began < 6.3, "less than one after the other"


@pytest.mark.parametrize("address", ["169.254.169.254", "100.100.100.200"])
async def test_an_issuer_at_a_metadata_address_is_never_connected_to(address: str) -> None:
    network, resolve = Recorded(), names(sso=address)
    for host in (address, "sso.test"):
        client = OidcClient(f"https://{host}", "hub", SECRET)
        assert (await failure(client, network=network, resolve=resolve)).refused
    assert network.connects == []


async def test_a_token_endpoint_at_a_metadata_address_is_never_connected_to() -> None:
    network = Recorded()
    async with an_issuer(document={"token_endpoint": "https://169.254.169.254/x"}) as issuer:
        found = await failure(issuer.client(), network=network)
    assert found.refused
    assert network.connects == ["127.0.0.1"]


async def test_a_host_that_the_issuer_has_named_is_not_repeated() -> None:
    document = {"token_endpoint": "https://told-by-the-issuer.test/token"}
    async with an_issuer(document=document) as issuer:
        found = await failure(issuer.client(), resolve=names())
    where = f"the token endpoint of 127.0.0.1:{issuer.origin.port}"
    assert found.message == f"the name of {where} cannot be resolved"


async def test_an_issuer_that_is_not_trusted_hears_nothing() -> None:
    async with an_issuer() as issuer:
        found = await failure(issuer.client(ca_pem=None))
    assert (found.refused, issuer.asked) == (False, [])
    assert "certificate" in found.message


async def test_a_ca_that_cannot_be_read_is_no_fault_of_the_issuer() -> None:
    async with an_issuer() as issuer:
        found = await failure(issuer.client(ca_pem=AUTHORITY.key))
    assert (found.refused, issuer.origin.connections) == (True, 0)


async def test_without_a_secret_or_a_refresh_token_nobody_is_asked() -> None:
    async with an_issuer() as issuer:
        found = await failure(issuer.client(client_secret=None))
    assert (found.refused, issuer.origin.connections) == (True, 0)


async def test_a_secret_that_cannot_be_encoded_is_not_told_by_the_error() -> None:
    async with an_issuer() as issuer:
        found = await failure(issuer.client(client_secret=f"{SECRET}\ud800"))
    assert (found.refused, found.message.endswith("invalid_client")) == (True, True)
