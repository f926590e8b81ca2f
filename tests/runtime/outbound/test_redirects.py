"""Redirects: not followed unless asked, and then without handing anything to strangers."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from services.runtime.outbound.clients import Target
from services.runtime.outbound.faults import Fault, FaultKind
from services.runtime.outbound.reading import Answer, Options, fetch
from tests.kit.authorities import authority
from tests.runtime.outbound.origins import Origin, Talk, answer, names, outbound, says, serving

pytestmark = pytest.mark.anyio

OURS = authority()
TOKEN = "sha256~for-home-only"
FOLLOW = Options(follow_redirects=True)


def moved(location: str, status: str = "302 Found") -> bytes:
    return answer(b"moved", status, f"Location: {location}")


def once(first: bytes, then: bytes) -> Talk:
    """The first request has one answer, all others another."""
    left = [first]

    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(left.pop() if left else then)

    return talk


async def ask(url: str, options: Options = FOLLOW, method: str = "GET") -> Answer:
    known = names(api="127.0.0.1", other="127.0.0.1")
    async with outbound(resolve=known) as maker:
        client = maker.client(Target(base_url=url, ca=OURS.pem, token=TOKEN))
        return await fetch(
            client, method, "/", limit_bytes=1000, deadline_seconds=5, options=options
        )


async def fault(url: str) -> Fault:
    with pytest.raises(Fault) as caught:
        await ask(url)
    return caught.value


@asynccontextmanager
async def stranger() -> AsyncGenerator[Origin]:
    async with serving(says(answer(b"stranger"))) as origin:
        yield origin


async def test_a_redirect_is_an_answer_unless_followed() -> None:
    async with serving(says(moved("/elsewhere"))) as home:
        found = await ask(home.url(), Options())
    assert (found.status, found.headers["location"], found.body) == (302, "/elsewhere", b"moved")


async def test_a_redirect_on_the_same_host_keeps_the_token() -> None:
    async with serving(once(moved("/elsewhere?x=1"), answer())) as home:
        assert (await ask(home.url())).body == b"ok"
    assert home.heads[1].startswith("GET /elsewhere?x=1 ")
    assert home.header("authorization") == f"Bearer {TOKEN}"


async def test_a_redirect_to_another_port_loses_the_token() -> None:
    async with stranger() as other, serving(says(moved(other.url() + "/"))) as home:
        assert (await ask(home.url())).body == b"stranger"
    assert home.header("authorization") == f"Bearer {TOKEN}"
    assert other.header("authorization") is None


async def test_a_redirect_to_another_host_loses_every_credential() -> None:
    mine = {"Authorization": "Basic bWU6eA==", "Cookie": "a=b", "X-Scope-OrgID": "tenant"}
    async with stranger() as other, serving(says(moved(other.url("other.test")))) as home:
        await ask(home.url("api.test"), replace(FOLLOW, headers=mine))
    assert home.header("authorization") == mine["Authorization"]
    assert (other.header("authorization"), other.header("cookie")) == (None, None)
    assert other.header("x-scope-orgid") == "tenant"


async def test_a_redirect_to_another_scheme_loses_the_token() -> None:
    tls = OURS.server_identity().server()
    async with (
        serving(says(answer(b"safe")), tls) as safe,
        serving(says(moved(safe.url()))) as home,
    ):
        assert (await ask(home.url())).body == b"safe"
    assert safe.header("authorization") is None


async def test_what_has_left_home_gets_no_token_on_its_return() -> None:
    back: list[bytes] = []

    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(back[0])

    async with (
        serving(talk) as other,
        serving(once(moved(other.url()), answer(b"home"))) as home,
    ):
        back.append(moved(home.url() + "/secret"))
        assert (await ask(home.url())).body == b"home"
    assert home.header("authorization", of=0) == f"Bearer {TOKEN}"
    assert home.header("authorization", of=1) is None


async def test_a_client_certificate_is_not_shown_to_another_host() -> None:
    people = authority("people")
    us, asks = people.client_identity(), OURS.server_identity().server(clients=people)
    async with serving(says(answer()), asks) as other:
        tls = OURS.server_identity().server()
        async with serving(says(moved(other.url())), tls) as home, outbound() as maker:
            target = Target(base_url=home.url(), ca=OURS.pem, certificate=us.pem, key=us.key)
            with pytest.raises(Fault):
                await fetch(
                    maker.client(target),
                    "GET",
                    "/",
                    limit_bytes=9,
                    deadline_seconds=5,
                    options=FOLLOW,
                )
    assert (len(home.heads), other.heads) == (1, [])


async def test_a_redirect_from_https_to_http_is_not_followed() -> None:
    tls = OURS.server_identity().server()
    async with stranger() as plain, serving(says(moved(plain.url())), tls) as home:
        found = await fault(home.url())
    assert (found.kind, "https to http" in found.message) == (FaultKind.OTHER, True)
    assert plain.connections == 0


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://x", "javascript:x"])
async def test_a_redirect_to_what_is_not_http_is_not_followed(location: str) -> None:
    async with serving(says(moved(location))) as home:
        assert (await fault(home.url())).kind is FaultKind.OTHER


async def test_a_redirect_to_what_is_no_url_is_told_as_such() -> None:
    async with serving(says(moved("http://[::"))) as home:
        assert (await fault(home.url())).kind is FaultKind.NOT_HTTP


async def test_three_redirects_are_followed_and_not_a_fourth() -> None:
    async with serving(says(moved("/on"))) as home:
        assert (await fault(home.url())).kind is FaultKind.TOO_MANY_REDIRECTS
    assert len(home.heads) == 4


async def test_user_and_password_of_a_redirect_are_not_used() -> None:
    async with stranger() as other:
        location = other.url().replace("//", "//user:password@")
        async with serving(says(moved(location))) as home:
            await ask(home.url())
    assert other.header("authorization") is None


@pytest.mark.parametrize(
    ("status", "method", "length"),
    [("303 See Other", "GET", None), ("302 Found", "GET", None), ("307 Temporary", "POST", "4")],
)
async def test_a_post_becomes_a_get_unless_its_method_is_to_be_kept(
    status: str, method: str, length: str | None
) -> None:
    async with stranger() as other, serving(says(moved(other.url(), status))) as home:
        await ask(home.url(), replace(FOLLOW, content=b"body"), "POST")
    assert (other.heads[0].split()[0], other.header("content-length", of=0)) == (method, length)


async def test_a_redirect_without_a_place_is_an_answer() -> None:
    async with serving(says(answer(b"where?", "302 Found"))) as home:
        assert (await ask(home.url())).body == b"where?"
