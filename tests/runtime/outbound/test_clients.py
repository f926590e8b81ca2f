"""What clients share, what they keep to themselves, and what they never tell."""

import asyncio
import base64
import ssl
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from contracts.refusals import Refused
from services.runtime.outbound.clients import Bounds, Outbound, Target
from services.runtime.outbound.faults import Fault
from services.runtime.outbound.reading import fetch
from tests.kit.authorities import authority
from tests.runtime.outbound.origins import answer, names, outbound, says, serving

pytestmark = pytest.mark.anyio

OURS = authority()
SECRET = "sha256~not-to-be-told"


class Hands:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)

    def monotonic(self) -> float:
        return self.seconds


def _files(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def get(client: httpx.AsyncClient, path: str = "/") -> int:
    return (await fetch(client, "GET", path, limit_bytes=1000, deadline_seconds=5)).status


async def test_two_hundred_clients_with_one_ca_share_one_context(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    load, loaded = ssl.SSLContext.load_verify_locations, list[ssl.SSLContext]()

    def watched(context: ssl.SSLContext, cadata: str) -> None:
        loaded.append(context)
        load(context, cadata=cadata)

    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", watched)
    async with outbound() as maker:
        for number in range(200):
            maker.client(Target(base_url=f"https://c{number}.test", ca=OURS.pem))
        assert (len(loaded), maker.kept) == (1, (1, 0))


async def test_another_ca_certificate_or_trust_is_another_context() -> None:
    us, url = OURS.client_identity(), "https://c.test"
    async with outbound() as maker:
        maker.client(Target(base_url=url, ca=OURS.pem))
        maker.client(Target(base_url=url, ca=authority().pem))
        maker.client(Target(base_url=url, ca=OURS.pem, certificate=us.pem, key=us.key))
        maker.client(Target(base_url=url, ca=OURS.pem, verify=False))
        assert maker.kept == (4, 0)


async def test_contexts_are_bounded() -> None:
    async with outbound(bounds=Bounds(contexts=3)) as maker:
        for _ in range(5):
            maker.client(Target(base_url="https://c.test", ca=authority().pem))
        assert maker.kept == (3, 0)


async def test_a_connection_is_used_again_by_another_client_for_the_same_host() -> None:
    async with serving(says(answer()), OURS.server_identity().server()) as origin:
        async with outbound() as maker:
            for _ in range(3):
                async with maker.client(Target(base_url=origin.url(), ca=OURS.pem)) as client:
                    await get(client)
        assert (origin.connections, len(origin.heads)) == (1, 3)


async def test_a_client_works_on_after_its_pool_and_context_were_dropped() -> None:
    async with serving(says(answer())) as origin:
        bounds, known = Bounds(contexts=1, pools=1), names(a="127.0.0.1", b="127.0.0.1")
        async with outbound(bounds=bounds, resolve=known) as maker:
            a = maker.client(Target(base_url=origin.url("a.test"), ca=OURS.pem))
            b = maker.client(Target(base_url=origin.url("b.test"), ca=authority().pem))
            for client in (a, b, a):
                assert await get(client) == 200
            assert maker.kept == (1, 1)
        assert origin.connections == 3


async def test_the_pool_that_was_not_used_for_longest_makes_room() -> None:
    async with serving(says(answer())) as origin:
        known = names(a="127.0.0.1", b="127.0.0.1", c="127.0.0.1")
        async with outbound(bounds=Bounds(pools=2), resolve=known) as maker:
            for host in ("a.test", "b.test", "a.test", "c.test", "a.test"):
                await get(maker.client(Target(base_url=origin.url(host))))
            assert maker.kept[1] == 2
        assert origin.connections == 3


async def test_the_pool_of_a_failed_request_makes_room() -> None:
    async with serving(says(answer())) as origin:
        known = names(a="127.0.0.1")
        async with outbound(bounds=Bounds(pools=1), resolve=known) as maker:
            with pytest.raises(Fault):
                await get(maker.client(Target(base_url=origin.url("unknown.test"))))
            await get(maker.client(Target(base_url=origin.url("a.test"))))
            assert maker.kept[1] == 1


async def test_a_pool_in_use_is_not_closed_to_make_room() -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not begun.is_set():
            begun.set()
            await go_on.wait()
        writer.write(answer())

    async with serving(talk) as origin:
        known = names(a="127.0.0.1", b="127.0.0.1")
        async with outbound(bounds=Bounds(pools=1), resolve=known) as maker:
            first = asyncio.create_task(get(maker.client(Target(base_url=origin.url("a.test")))))
            await begun.wait()
            assert await get(maker.client(Target(base_url=origin.url("b.test")))) == 200
            go_on.set()
            assert await first == 200


async def test_what_rests_too_long_is_closed_when_others_are_busy() -> None:
    clock = Hands()
    async with serving(says(answer())) as origin:
        known = names(a="127.0.0.1", b="127.0.0.1")
        async with outbound(clock=clock, resolve=known) as maker:
            await get(maker.client(Target(base_url=origin.url("a.test"))))
            clock.seconds = 30.0
            await get(maker.client(Target(base_url=origin.url("b.test"))))
            assert maker.kept[1] == 2
            clock.seconds = 60.0
            await get(maker.client(Target(base_url=origin.url("b.test"))))
            assert maker.kept[1] == 1


async def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(says(answer(b"proxy"))) as proxy, serving(says(answer())) as origin:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url())
        async with outbound() as maker:
            await get(maker.client(Target(base_url=origin.url())))
    assert (len(proxy.heads), len(origin.heads)) == (0, 1)


async def test_the_environment_cannot_have_session_keys_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    tls = OURS.server_identity().server()
    async with serving(says(answer()), tls) as origin, outbound() as maker:
        await get(maker.client(Target(base_url=origin.url(), ca=OURS.pem)))
        maker.client(Target(base_url=origin.url()))
    assert _files(tmp_path) == []


async def test_cookies_are_not_kept() -> None:
    talk = says(answer(b"ok", "200 OK", "Set-Cookie: a=b; Path=/"))
    async with serving(talk) as origin, outbound() as maker:
        client = maker.client(Target(base_url=origin.url()))
        await get(client)
        await get(client)
    assert origin.header("cookie") is None


async def test_a_request_says_who_asks_and_with_which_token() -> None:
    async with serving(says(answer())) as origin, outbound() as maker:
        await get(maker.client(Target(base_url=origin.url() + "/base", token=SECRET)), "/x?y=1")
    assert origin.heads[0].startswith("GET /base/x?y=1 HTTP/1.1")
    assert origin.header("authorization") == f"Bearer {SECRET}"
    assert origin.header("user-agent") == "aiops-nextgen"


async def test_a_user_and_password_go_to_the_own_host_alone() -> None:
    async with (
        serving(says(answer())) as home,
        serving(says(answer())) as other,
        outbound() as maker,
    ):
        target = Target(base_url=home.url(), basic=("hub", f"{SECRET}:ü"))
        client = maker.client(target)
        await get(client)
        await get(client, other.url() + "/")
        assert SECRET not in repr(target)
    told = base64.b64encode(f"hub:{SECRET}:ü".encode()).decode()
    assert home.header("authorization") == f"Basic {told}"
    assert other.header("authorization") is None


async def test_a_token_is_not_sent_to_another_host_that_is_asked_by_its_url() -> None:
    async with (
        serving(says(answer())) as home,
        serving(says(answer())) as other,
        outbound() as maker,
    ):
        client = maker.client(Target(base_url=home.url(), token=SECRET))
        await get(client, other.url() + "/")
    assert (len(other.heads), other.header("authorization")) == (1, None)


async def test_secrets_are_in_no_text(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    us = OURS.client_identity()
    async with serving(says(answer())) as origin, outbound() as maker:
        target = Target(base_url=origin.url(), token=SECRET, certificate=us.pem, key=us.key)
        client = maker.client(target)
        response = await client.get("/")
        told = repr((target, client.headers, response.request.headers, vars(client)))
    assert SECRET not in told + caplog.text
    assert us.key.splitlines()[1] not in told + caplog.text


async def test_a_client_key_is_in_a_file_of_ours_alone_and_only_while_it_is_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    load, modes = ssl.SSLContext.load_cert_chain, list[int]()

    def watched(context: ssl.SSLContext, path: str, password: str) -> None:
        modes.append(Path(path).stat().st_mode & 0o777)
        load(context, path, password=password)

    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", watched)
    us = OURS.client_identity()
    async with outbound() as maker:
        maker.client(Target(base_url="https://c.test", certificate=us.pem, key=us.key))
    assert (modes, _files(tmp_path)) == ([0o600], [])


def refused(maker: Outbound, **parts: str) -> str:
    with pytest.raises(Refused) as caught:
        maker.client(Target(base_url="https://c.test", **parts))  # pyright: ignore[reportArgumentType] - texts all
    return caught.value.details["fields"][0]["field"]


async def test_what_cannot_be_read_is_refused_by_its_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    us, other = OURS.client_identity(), OURS.client_identity()
    async with outbound() as maker:
        assert refused(maker, ca="") == "ca"
        assert refused(maker, ca="-----BEGIN CERTIFICATE-----\nx\n") == "ca"
        assert refused(maker, ca=us.key) == "ca"
        assert refused(maker, ca="Zertifikät") == "ca"
        assert refused(maker, certificate=us.pem, key=other.key) == "certificate"
        assert refused(maker, certificate=us.pem, key=us.encrypted_key("x")) == "certificate"
        assert refused(maker, certificate="", key="") == "certificate"
    assert _files(tmp_path) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("base_url", "ftp://c.test"),
        ("base_url", "c.test"),
        ("base_url", "https://"),
        ("base_url", f"https://user:{SECRET}@c.test"),
        ("base_url", f"https://c.test?token={SECRET}"),
        ("base_url", f"https://c.test:{SECRET}"),
        ("token", f"{SECRET}\r\nX-Other: 1"),
        ("token", f"{SECRET}\n"),
        ("token", ""),
        ("certificate", SECRET),
        ("basic", ("", SECRET)),
        ("basic", ("a:b", SECRET)),
        ("basic", ("hub", f"{SECRET}\n")),
        ("server_name", "a b"),
        ("timeout", 0.0),
        ("timeout", float("nan")),
        ("timeout", float("inf")),
    ],
)
def test_a_target_that_makes_no_sense_is_refused_without_its_secrets(
    field: str, value: object
) -> None:
    parts = {"base_url": "https://c.test", field: value}
    with pytest.raises(Refused) as caught:
        Target(**parts)  # pyright: ignore[reportArgumentType] - wrong on purpose
    named = "username" if field == "basic" else field
    assert caught.value.details["fields"][0]["field"] == named
    assert SECRET not in f"{caught.value} {caught.value.details}"
