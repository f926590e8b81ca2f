"""Certificates: good ones are taken, and what is wrong with a bad one is said."""

import asyncio
import socket
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import TypedDict

import pytest

from services.runtime.outbound.clients import Target
from services.runtime.outbound.faults import Fault, FaultKind
from services.runtime.outbound.reading import Answer, fetch
from tests.kit.authorities import (
    EXPIRED,
    NOT_YET,
    Authority,
    Identity,
    authority,
    self_signed,
)
from tests.runtime.outbound.origins import answer, names, outbound, says, serving

pytestmark = pytest.mark.anyio

OURS = authority()


class Limits(TypedDict):
    limit_bytes: int
    deadline_seconds: float


LIMITS = Limits(limit_bytes=1000, deadline_seconds=5)


async def ask(
    server: Identity,
    *,
    ca: str | None = OURS.pem,
    host: str = "127.0.0.1",
    server_name: str | None = None,
    client: Identity | None = None,
    clients: Authority | None = None,
    verify: bool = True,
) -> Answer:
    """The answer of a server with this certificate to a client with this trust."""
    async with (
        serving(says(answer()), server.server(clients=clients)) as origin,
        outbound(resolve=names(api="127.0.0.1")) as maker,
    ):
        target = Target(
            base_url=origin.url(host),
            ca=ca,
            server_name=server_name,
            certificate=client.pem if client else None,
            key=client.key if client else None,
            verify=verify,
        )
        return await fetch(maker.client(target), "GET", "/", limit_bytes=1000, deadline_seconds=5)


async def fault(server: Identity, **options: object) -> Fault:
    with pytest.raises(Fault) as caught:
        await ask(server, **options)  # pyright: ignore[reportArgumentType] - as `ask` takes them
    return caught.value


async def test_a_certificate_of_the_given_ca_is_taken() -> None:
    assert (await ask(OURS.server_identity())).body == b"ok"


async def test_a_wrong_ca_is_told_as_such() -> None:
    found = await fault(authority("another CA").server_identity())
    assert found.kind is FaultKind.TLS_UNKNOWN_CA
    assert "CA bundle" in found.advice


async def test_another_ca_of_the_same_name_is_a_wrong_ca() -> None:
    found = await fault(authority().server_identity())
    assert found.kind is FaultKind.TLS_UNKNOWN_CA


async def test_without_a_ca_the_system_decides() -> None:
    found = await fault(OURS.server_identity(), ca=None)
    assert found.kind is FaultKind.TLS_UNKNOWN_CA


async def test_a_self_signed_certificate_is_told_as_such() -> None:
    assert (await fault(self_signed())).kind is FaultKind.TLS_SELF_SIGNED


async def test_a_self_signed_certificate_may_be_given_as_ca() -> None:
    server = self_signed()
    assert (await ask(server, ca=server.pem)).status == 200


async def test_what_was_given_is_trusted_though_its_issuer_is_not_known() -> None:
    below = OURS.intermediate()
    assert (await ask(below.server_identity(), ca=below.pem)).status == 200
    server = OURS.server_identity()
    assert (await ask(server, ca=server.pem)).status == 200


async def test_an_expired_certificate_is_told_as_such() -> None:
    found = await fault(OURS.server_identity(validity=EXPIRED))
    assert (found.kind, "has expired" in found.message) == (FaultKind.TLS_EXPIRED, True)


async def test_a_certificate_of_tomorrow_is_told_as_such() -> None:
    found = await fault(OURS.server_identity(validity=NOT_YET))
    assert (found.kind, "not valid yet" in found.message) == (FaultKind.TLS_EXPIRED, True)


@pytest.mark.parametrize("host", ["127.0.0.1", "api.test"])
async def test_a_certificate_for_another_host_is_told_as_such(host: str) -> None:
    found = await fault(OURS.server_identity(("elsewhere.test",)), host=host)
    assert found.kind is FaultKind.TLS_HOST_MISMATCH


async def test_tls_asks_for_the_name_and_not_for_the_address() -> None:
    assert (await ask(OURS.server_identity(("api.test",)), host="api.test")).status == 200


async def test_another_server_name_may_be_given() -> None:
    server = OURS.server_identity(("kubernetes.default.svc",))
    assert (await ask(server, server_name="kubernetes.default.svc")).status == 200


async def test_the_given_server_name_is_the_one_that_counts() -> None:
    found = await fault(OURS.server_identity(), server_name="kubernetes.default.svc")
    assert found.kind is FaultKind.TLS_HOST_MISMATCH


async def test_a_connection_made_under_one_name_is_not_used_for_another() -> None:
    async with (
        serving(says(answer()), OURS.server_identity().server()) as origin,
        outbound() as maker,
    ):
        good = Target(base_url=origin.url(), ca=OURS.pem)
        other = Target(base_url=origin.url(), ca=OURS.pem, server_name="other.test")
        distrusting = Target(base_url=origin.url(), ca=authority("another").pem)
        assert (await fetch(maker.client(good), "GET", "/", **LIMITS)).status == 200
        for target in (other, distrusting):
            with pytest.raises(Fault):
                await fetch(maker.client(target), "GET", "/", **LIMITS)
        assert len(origin.heads) == 1


async def test_unverified_takes_any_certificate() -> None:
    assert (await ask(self_signed(("elsewhere.test",)), verify=False)).status == 200


async def test_a_client_certificate_is_shown_where_it_is_asked_for() -> None:
    people = authority("people")
    found = await ask(OURS.server_identity(), client=people.client_identity(), clients=people)
    assert found.status == 200


async def test_a_client_certificate_that_is_missing_is_asked_for() -> None:
    found = await refused_by_server(None)
    assert (found.kind, "client certificate" in found.message) == (FaultKind.TLS_OTHER, True)


async def test_a_client_certificate_of_a_stranger_is_told_as_such() -> None:
    found = await refused_by_server(authority("strangers").client_identity())
    assert (found.kind, "client certificate" in found.message) == (FaultKind.TLS_OTHER, True)


async def refused_by_server(client: Identity | None) -> Fault:
    """What a client is told whose certificate a server does not take.

    The server is a thread: asyncio's hangs up without the alert that TLS wants, unlike others.
    """
    context = OURS.server_identity().server(clients=authority("people"))
    listener = socket.create_server(("127.0.0.1", 0))
    serving_once = asyncio.create_task(asyncio.to_thread(_shake_hands_once, listener, context))
    target = Target(
        base_url=f"https://127.0.0.1:{listener.getsockname()[1]}",
        ca=OURS.pem,
        certificate=client.pem if client else None,
        key=client.key if client else None,
    )
    async with outbound() as maker:
        with pytest.raises(Fault) as caught:
            await fetch(maker.client(target), "GET", "/", **LIMITS)
    await serving_once
    return caught.value


def _shake_hands_once(listener: socket.socket, context: ssl.SSLContext) -> None:
    with listener, listener.accept()[0] as plain:
        tls = context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)
        with tls:
            tls.settimeout(5)
            with pytest.raises(ssl.SSLError):
                tls.do_handshake()
            raw = socket.socket(fileno=tls.detach())
        with raw:
            raw.settimeout(5)
            raw.shutdown(socket.SHUT_WR)
            while raw.recv(4096):
                pass


@pytest.mark.parametrize("says_first", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-x\r\n"])
async def test_a_server_without_tls_is_told_as_such(says_first: bytes) -> None:
    async with listening(says_first) as port, outbound() as maker:
        client = maker.client(Target(base_url=f"https://127.0.0.1:{port}"))
        with pytest.raises(Fault) as caught:
            await fetch(client, "GET", "/", **LIMITS)
    told = (caught.value.kind, "does not speak TLS" in caught.value.message)
    assert told == (FaultKind.TLS_OTHER, True)


async def test_a_silent_server_is_left_at_the_deadline_and_its_connection_closed() -> None:
    async with listening(b"") as port, outbound() as maker:
        client = maker.client(Target(base_url=f"https://127.0.0.1:{port}"))
        with pytest.raises(Fault) as caught:
            await fetch(client, "GET", "/", limit_bytes=1000, deadline_seconds=0.1)
        # Leaving the block waits for the end of the connection.
    assert caught.value.kind is FaultKind.TIMEOUT


@asynccontextmanager
async def listening(says_first: bytes) -> AsyncGenerator[int]:
    """The port of a server that speaks first, if at all, and waits for the other's end."""
    ended = asyncio.Event()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(says_first)
        with suppress(OSError):
            while await reader.read(4096):
                pass
        writer.transport.abort()
        ended.set()

    async with await asyncio.start_server(connected, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
        async with asyncio.timeout(20):
            await ended.wait()
