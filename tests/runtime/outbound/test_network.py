"""Only what was checked is connected to, whatever names and redirects say."""

import asyncio
import socket
from collections.abc import Sequence
from ipaddress import ip_network

import pytest

from services.runtime.outbound.addresses import AddressRules
from services.runtime.outbound.clients import Target
from services.runtime.outbound.faults import Fault, FaultKind
from services.runtime.outbound.network import Resolve
from services.runtime.outbound.reading import Options, fetch
from tests.runtime.outbound.origins import Recorded, answer, names, outbound, says, serving

pytestmark = pytest.mark.anyio


def in_turn(*answers: Sequence[str]) -> Resolve:
    """A name service whose answer changes from question to question."""
    left = list(answers)

    async def resolve(host: str, port: int) -> Sequence[str]:
        del host, port
        return left.pop(0)

    return resolve


async def tried(
    url: str,
    *,
    resolve: Resolve | None = None,
    rules: AddressRules | None = None,
    timeout: float = 10.0,
) -> tuple[FaultKind | int, list[str]]:
    """What came of a request, and which addresses were connected to."""
    network = Recorded()
    async with outbound(resolve=resolve, network=network, rules=rules) as maker:
        client = maker.client(Target(base_url=url, timeout=timeout))
        try:
            found = await fetch(client, "GET", "/", limit_bytes=1000, deadline_seconds=20)
        except Fault as fault:
            return fault.kind, network.connects
    return found.status, network.connects


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "[fd00:ec2::254]",
        "[::ffff:169.254.169.254]",
        "0.0.0.0",
        "[::]",
        # The system reads these as 169.254.169.254.
        "2852039166",
        "0xa9fea9fe",
        "169.254.43518",
    ],
)
async def test_a_refused_address_is_never_connected_to(host: str) -> None:
    async with serving(says(answer())) as origin:
        assert await tried(origin.url(host)) == (FaultKind.REFUSED_ADDRESS, [])
    assert origin.connections == 0


async def test_a_name_of_a_refused_address_is_never_connected_to() -> None:
    known = names(api="169.254.169.254")
    assert await tried("http://api.test", resolve=known) == (FaultKind.REFUSED_ADDRESS, [])


async def test_of_several_addresses_only_those_allowed_are_connected_to() -> None:
    async with serving(says(answer())) as origin:
        known = in_turn(["169.254.169.254", "fe80::1", "127.0.0.1"])
        assert await tried(origin.url("api.test"), resolve=known) == (200, ["127.0.0.1"])


async def test_the_next_address_is_tried_if_one_refuses() -> None:
    async with serving(says(answer())) as origin:
        known = in_turn(["::1", "127.0.0.1"])
        assert await tried(origin.url("api.test"), resolve=known) == (200, ["::1", "127.0.0.1"])


async def test_a_name_that_changes_between_two_requests_reaches_nothing_refused() -> None:
    network, known = Recorded(), in_turn(["127.0.0.1"], ["169.254.169.254"])
    talk = says(answer(b"ok", "200 OK", "Connection: close"))
    async with serving(talk) as origin, outbound(resolve=known, network=network) as maker:
        client = maker.client(Target(base_url=origin.url("api.test")))
        found = await fetch(client, "GET", "/", limit_bytes=1000, deadline_seconds=20)
        with pytest.raises(Fault) as caught:
            await fetch(client, "GET", "/", limit_bytes=1000, deadline_seconds=20)
    assert (found.status, caught.value.kind) == (200, FaultKind.REFUSED_ADDRESS)
    assert network.connects == ["127.0.0.1"]


@pytest.mark.parametrize("place", ["169.254.169.254", "metadata.test", "[::ffff:a9fe:a9fe]"])
async def test_a_redirect_to_a_refused_address_is_never_connected_to(place: str) -> None:
    network, known = Recorded(), names(api="127.0.0.1", metadata="169.254.169.254")
    talk = says(answer(b"", "302 Found", f"Location: http://{place}/latest/meta-data/"))
    async with serving(talk) as origin, outbound(resolve=known, network=network) as maker:
        client = maker.client(Target(base_url=origin.url("api.test")))
        follow = Options(follow_redirects=True)
        with pytest.raises(Fault) as caught:
            await fetch(client, "GET", "/", limit_bytes=9, deadline_seconds=20, options=follow)
        assert caught.value.kind is FaultKind.REFUSED_ADDRESS
        assert "metadata address" in caught.value.message
        # The library's own way of following leads through the same network.
        with pytest.raises(Exception, match="metadata address"):
            await client.get("/", follow_redirects=True)
    assert network.connects == ["127.0.0.1"]


async def test_what_settings_allow_is_connected_to() -> None:
    rules = AddressRules(frozenset({ip_network("169.254.99.0/24")}))
    async with serving(says(answer())) as origin:
        found = await tried(origin.url("169.254.99.99"), rules=rules)
    assert found == (200, ["169.254.99.99"])


async def test_a_name_that_nobody_knows_is_told_as_such() -> None:
    assert await tried("http://who.test", resolve=names()) == (FaultKind.UNRESOLVED, [])
    assert await tried("http://who.test", resolve=in_turn([])) == (FaultKind.UNRESOLVED, [])
    assert await tried("http://who.test", resolve=in_turn(["x"])) == (FaultKind.UNRESOLVED, [])


async def test_the_systems_name_service_is_asked_by_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with serving(says(answer())) as origin:
        status, connects = await tried(origin.url("localhost"))
        assert (status, connects[-1]) == (200, "127.0.0.1")

    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert await tried("http://api.test") == (FaultKind.UNRESOLVED, [])


async def test_a_name_service_that_hangs_is_given_up() -> None:
    async def hang(host: str, port: int) -> Sequence[str]:
        del host, port
        await asyncio.Event().wait()
        return []

    found = await tried("http://api.test", resolve=hang, timeout=0.5)
    assert found == (FaultKind.UNRESOLVED, [])
