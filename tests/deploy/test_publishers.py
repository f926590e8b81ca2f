"""Publishers of commands from outside at a real server: their own commands, and nothing else."""

import asyncio
import json
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import nats
import pytest
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js.errors import Error as JetStreamError

from deploy.local.nats_publishers import (
    PUBLISHERS_FILE,
    is_publisher_name,
    publishers,
    with_publishers,
)
from deploy.local.nats_reload import CannotReload, let_in, shut_out
from deploy.local.ports import free_port
from tests.kit.embedded import NatsServer, running_nats
from tests.kit.runtime import until

pytestmark = [pytest.mark.anyio, pytest.mark.nats]

STREAMS: tuple[dict[str, Any], ...] = (
    {"name": "EVT", "subjects": ["evt.>"], "allow_direct": True},
    {"name": "CMD", "subjects": ["cmd.>"], "retention": "workqueue"},
    {"name": "KV_outcomes", "subjects": ["$KV.outcomes.>"], "allow_direct": True},
)
COMMAND = "cmd.{}.clusters.register_cluster"
PASSWORDS = {"backup-bot": "b" * 20, "ticket-bot": "t" * 20}


@pytest.fixture(scope="module")
def bus(tmp_path_factory: pytest.TempPathFactory) -> Generator[NatsServer]:
    directory = tmp_path_factory.mktemp("bus")
    (directory / PUBLISHERS_FILE).write_text(json.dumps(PASSWORDS))
    with running_nats(directory, users=True) as server:
        asyncio.run(_create_streams(server))
        yield server


async def _create_streams(server: NatsServer) -> None:
    async with part(server, "setup") as client:
        for stream in STREAMS:
            body = json.dumps({**stream, "storage": "file"}).encode()
            await client.request(f"$JS.API.STREAM.CREATE.{stream['name']}", body)
        await client.jetstream().publish("evt.-.cluster.c1.registered.1", b"{}")
        await client.jetstream().publish("$KV.outcomes.somebody", b"an outcome")


@asynccontextmanager
async def part(server: NatsServer, user: str) -> AsyncGenerator[Client]:
    async with _connected(server, user, server.passwords[user]) as client:
        yield client


@asynccontextmanager
async def publisher(server: NatsServer, name: str = "backup-bot") -> AsyncGenerator[Client]:
    password = server.passwords.get(name) or publishers(server.server.directory)[name]
    async with _connected(server, name, password) as client:
        yield client


@asynccontextmanager
async def _connected(server: NatsServer, user: str, password: str) -> AsyncGenerator[Client]:
    async def quiet(_: Exception) -> None: ...

    client = await nats.connect(
        server.url, user=user, password=password, allow_reconnect=False, error_cb=quiet
    )
    try:
        yield client
    finally:
        await client.close()


async def is_forbidden(client: Client, subject: str, *, listen: bool = False) -> None:
    """The server says no."""
    told: list[str] = []

    async def note(error: Exception) -> None:
        told.append(str(error).lower())

    client._error_cb = note
    if listen:
        await client.subscribe(subject)
    else:
        await client.publish(subject, b"{}")
    await until(lambda: any("permissions violation" in each for each in told))


async def positions(server: NatsServer) -> list[tuple[int, int]]:
    """Last sequence and number of messages of every stream."""
    async with part(server, "setup") as client:
        js = client.jetstream()
        states = [(await js.stream_info(each["name"])).state for each in STREAMS]
    return [(state.last_seq, state.messages) for state in states]


@pytest.mark.parametrize("name", ["backup-bot", "outside"])
async def test_a_publisher_sends_commands_with_the_defaults_of_its_client(
    bus: NatsServer, name: str
) -> None:
    async with publisher(bus, name) as client:
        headers = {"Nats-Msg-Id": f"command-of-{name}"}
        js = client.jetstream()
        first = await js.publish(COMMAND.format(name), b"{}", headers=headers)
        again = await js.publish(COMMAND.format(name), b"{}", headers=headers)
    assert (first.stream, first.duplicate, again.duplicate) == ("CMD", None, True)


@pytest.mark.parametrize(
    "subject",
    [
        *(COMMAND.format(name) for name in ("gateway", "system", "ticket-bot", "*")),
        # Nobody takes it, so it would lie in the queue for ever.
        *("cmd.backup-bot.nothing.wait", "cmd.backup-bot.clusters", "cmd.backup-bot.clusters.a.b"),
        *("evt.-.cluster.c1.registered.2", "tel.gpu.c1.n1", "dlq.EVT.x.y", "sch.x.y", "due.x.y"),
        *("lease.x.y", "snap.x.y", "pos.fleet", "qry.-.x", "qry.hub.x.query_metrics", "_R.x"),
        *("_INBOX.somebody", "_P.ticket-bot._INBOX.x", "_H.ship-7.x", "$KV.outcomes.x", "anything"),
        *("$JS.API.INFO", "$JS.API.STREAM.INFO.EVT", "$JS.API.STREAM.LIST"),
        *("$JS.API.STREAM.CREATE.X", "$JS.API.STREAM.UPDATE.EVT", "$JS.API.STREAM.DELETE.EVT"),
        *("$JS.API.STREAM.PURGE.EVT", "$JS.API.STREAM.MSG.DELETE.EVT", "$JS.API.STREAM.RESTORE.X"),
        *("$JS.API.CONSUMER.CREATE.EVT", "$JS.API.CONSUMER.DELETE.CMD.clusters"),
        *("$JS.API.DIRECT.GET.EVT", "$JS.API.DIRECT.GET.KV_outcomes.$KV.outcomes.somebody"),
        # A literal star would find the last outcome of anybody.
        "$JS.API.DIRECT.GET.KV_outcomes.$KV.outcomes.*",
        *("$JS.ACK.CMD.clusters.1.1.1.1.1", "$JS.ship-7.API.STREAM.INFO.EVT"),
        *("$SYS.REQ.SERVER.PING", "$SYS.REQ.ACCOUNT.PLATFORM.CONNZ", "$SYS.ACCOUNT.X.CONNECT"),
    ],
)
async def test_a_publisher_publishes_nothing_but_its_commands(
    bus: NatsServer, subject: str
) -> None:
    before = await positions(bus)
    async with publisher(bus) as client:
        await is_forbidden(client, subject)
    assert await positions(bus) == before


@pytest.mark.parametrize(
    "subject",
    [">", "cmd.>", "evt.>", "_R.>", "_P.>", "$KV.outcomes.>", "$SYS.>", "$JS.>", "qry.>", "pos.>"],
)
async def test_a_publisher_listens_to_nothing_but_its_inboxes(
    bus: NatsServer, subject: str
) -> None:
    async with publisher(bus) as client:
        await is_forbidden(client, subject, listen=True)


async def test_an_outcome_is_heard_by_its_publisher_alone(bus: NatsServer) -> None:
    async with publisher(bus) as mine, publisher(bus, "ticket-bot") as other:
        inbox = mine.new_inbox()
        heard, overheard = await mine.subscribe(inbox), await other.subscribe("_INBOX.>")
        await mine.flush()
        await other.flush()
        async with part(bus, "workers") as worker:
            await worker.publish(f"_P.backup-bot.{inbox}", b"outcome")
            # What our own parts tell each other is not for publishers at all.
            await worker.publish(inbox, b"ours")
            await worker.publish("_P.ticket-bot._INBOX.last", b"the other's")
            await worker.flush()
        assert (await overheard.next_msg(20)).data == b"the other's"
        assert (await heard.next_msg(20)).data == b"outcome"
        assert heard.pending_msgs == 0


@pytest.mark.parametrize(
    "reply",
    [
        *("evt.-.cluster.c1.deleted.2", "$JS.API.STREAM.PURGE.EVT", "$KV.outcomes.forged"),
        *(COMMAND.format("ticket-bot"), COMMAND.format("gateway"), "_P.ticket-bot._INBOX.x"),
    ],
)
async def test_a_reply_subject_carries_no_acknowledgement_to_anybody_else(
    bus: NatsServer, reply: str
) -> None:
    before = await positions(bus)
    async with publisher(bus) as client:
        await client.publish(COMMAND.format("backup-bot"), b"{}", reply=reply)
        # The stream has taken it, and told so, when it acknowledges the next.
        await client.jetstream().publish(COMMAND.format("backup-bot"), b"{}")
    after = await positions(bus)
    added = [new - old for (new, _), (old, _) in zip(after, before, strict=True)]
    assert added == [0, 2, 0]
    assert after[0] == before[0]


async def test_publishers_come_and_go_while_the_others_stay_connected(tmp_path: Path) -> None:
    with running_nats(tmp_path, users=True) as server:
        await _create_streams(server)
        async with part(server, "workers") as worker, publisher(server, "outside") as outside:
            _write(server, {"new-bot": "n" * 20})
            await asyncio.to_thread(let_in, server.pid, server.url, "new-bot", "n" * 20)
            async with publisher(server, "new-bot") as client:
                assert (await client.jetstream().publish(COMMAND.format("new-bot"), b"{}")).seq
                inbox = client.new_inbox()
                heard = await client.subscribe(inbox)
                await client.flush()
                await worker.publish(f"_P.new-bot.{inbox}", b"outcome")
                assert (await heard.next_msg(20)).data == b"outcome"
                _write(server, {})
                await asyncio.to_thread(shut_out, server.pid, server.url, "new-bot", "n" * 20)
                assert not await _works(client, "new-bot", seconds=2)
            # These were never cut off.
            assert await _works(outside, "outside")
            assert (await worker.jetstream().publish("evt.-.cluster.c1.updated.2", b"{}")).seq
        # A publisher that was let in survives a restart of the server.
        _write(server, {"late-bot": "l" * 20})
        server.restart()
        async with publisher(server, "late-bot") as client:
            assert await _works(client, "late-bot")


def _write(server: NatsServer, known: dict[str, str]) -> None:
    (server.server.directory / PUBLISHERS_FILE).write_text(json.dumps(known))
    file = server.server.configuration
    file.write_text(json.dumps(with_publishers(json.loads(file.read_text()), known)))


async def _works(client: Client, name: str, seconds: float = 20) -> bool:
    try:
        return bool(await client.jetstream().publish(COMMAND.format(name), b"{}", timeout=seconds))
    except (NatsError, JetStreamError):
        return False


async def test_the_first_publisher_stays_out_over_restarts_until_it_is_let_in(
    tmp_path: Path,
) -> None:
    with running_nats(tmp_path, users=True) as server:
        await _create_streams(server)
        password = server.passwords["outside"]
        _write(server, {"outside": ""})
        await asyncio.to_thread(shut_out, server.pid, server.url, "outside", password)
        server.restart()
        await asyncio.to_thread(shut_out, server.pid, server.url, "outside", password)
        _write(server, {"outside": password})
        await asyncio.to_thread(let_in, server.pid, server.url, "outside", password)
        async with publisher(server, "outside") as client:
            assert await _works(client, "outside")


def test_a_server_that_does_not_answer_has_shut_nobody_out(
    bus: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deploy.local.nats_reload._TRIES", 2)
    with pytest.raises(CannotReload, match="still lets"):
        shut_out(bus.pid, f"nats://127.0.0.1:{free_port()}", "backup-bot", "b" * 20)


def test_a_server_that_does_not_take_a_publisher_is_told_of(tmp_path: Path) -> None:
    with running_nats(tmp_path, users=True) as server:
        server.kill()
        with pytest.raises(CannotReload, match="does not run"):
            let_in(server.pid, server.url, "nobody", "x" * 20)


@pytest.mark.parametrize(
    "name",
    ["", "gateway", "system", "setup", "outside", "site-x", "A", "a.b", "a*", ">", "-a", "a" * 64],
)
def test_names_of_parts_and_of_no_single_token_are_taken(name: str) -> None:
    assert not is_publisher_name(name)
    assert is_publisher_name("backup-bot")


def _users(settings: dict[str, Any]) -> Sequence[str]:
    return [user["user"] for each in settings["accounts"].values() for user in each["users"]]


def test_a_removed_publisher_leaves_nothing_in_the_configuration(bus: NatsServer) -> None:
    settings = json.loads(bus.server.configuration.read_text())
    assert {"backup-bot", "ticket-bot", "outside", "gateway"} <= set(_users(settings))
    left = with_publishers(settings, {})
    assert "backup-bot" not in json.dumps(left)
    assert {"outside", "gateway", "workers"} <= set(_users(left))
