"""A backup is taken while a hub is written to, and restored elsewhere: all is as it was."""

import asyncio
import errno
import hashlib
import os
import shutil
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import psycopg
import pytest
from psycopg import conninfo, sql
from pydantic import SecretStr

from contracts.envelope import Event
from contracts.outcomes import Outcome
from deploy.backup import restoring, taking
from deploy.backup.errors import BackupError
from deploy.backup.folder import PartFile
from deploy.backup.manifest import Manifest
from deploy.backup.progress import Bars
from deploy.platform import PROJECTIONS
from services.runtime import outcomes, schedules, streams
from services.runtime.access import Access, TokenRequest
from services.runtime.bus import Bus
from services.runtime.chat_keys import ChatKeys
from services.runtime.clock import SystemClock
from services.runtime.database import Database
from services.runtime.ids import new_id
from services.runtime.log import NOTHING, EventLog
from services.runtime.objects import reports
from services.runtime.outside import vault_folder, vault_keys
from services.runtime.principals import Role
from services.runtime.settings import DatabaseSettings, Settings, environment
from services.runtime.vault.table import TableSecrets
from tests.kit.alert_builders import fired
from tests.kit.builders import CLUSTER_ID, at, context, registered, status_changed
from tests.kit.servers import Server
from tests.kit.streams import wipe
from tests.kit.tree import ROOT

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

_SPACE = UUID(int=5)
_RUN_TOKEN, _WORDS = "the-token-of-the-run", "correct horse battery"
_SECRET = b'{"token": "of a cluster"}'
_ERASED, _CHAT = uuid5(_SPACE, "erased"), uuid5(_SPACE, "chat")


@dataclass
class Before:
    """A hub with something in every place."""

    settings: Settings
    bus: Bus
    log: EventLog
    token: str = ""
    ended: str = ""


def _quiet() -> Bars:
    return Bars(lambda _: None, shown=False)


async def _append(log: EventLog, *events: Event) -> None:
    for event in events:
        await log.append([event], {event.key: NOTHING}, context(command_id=new_id()), at())


def _alert(number: int) -> Event:
    return fired(id=uuid5(_SPACE, str(number)), fingerprint=f"{number:016x}")


@asynccontextmanager
async def _database(settings: Settings) -> AsyncGenerator[Database]:
    database = Database(settings.database, "test")
    await database.open()
    try:
        yield database
    finally:
        await database.close()


async def _furnished(settings: Settings, bus: Bus, log: EventLog) -> Before:
    before = Before(settings, bus, log)
    await _append(log, registered(), status_changed(), *map(_alert, range(40)))
    # Gaps, as an erasure and an expiry leave them.
    for sequence in (1, 7, 8, 30):
        await bus.api("STREAM.MSG.DELETE.EVT", {"seq": sequence})
    await schedules.put(bus, schedules.Schedule("check", "one", "@at 2099-01-01T00:00:00Z"))
    await outcomes.put(bus, Outcome(command_id=_CHAT, outcome="accepted"), "somebody")
    await reports(bus).put(_CHAT, b"a report" * 50_000, seconds=3600)
    await bus.publish("dlq.CMD.alerts.5", b"{}", {"aiops-error": "broken"})
    await bus.publish("tel.gpu.one.-", b"{}")
    await bus.publish("cmd.gateway.alerts.nothing", b"{}")
    clock = SystemClock()
    async with _database(settings) as database:
        access = Access(database, clock)
        _, before.token = await access.mint_token(TokenRequest("mine", Role.VIEWER))
        _, before.ended = await access.mint_token(TokenRequest("run", Role.ADMIN))
        await TableSecrets(database, vault_keys(settings), clock).put(CLUSTER_ID, "a", _SECRET)
        keys = ChatKeys(database, vault_keys(settings), clock)
        await keys.make(_CHAT)
        await keys.make(_ERASED)
        await keys.destroy(_ERASED)
    return before


async def _taken(before: Before, target: Path) -> Manifest:
    """While somebody goes on appending."""
    stopping = asyncio.Event()

    async def flow() -> None:
        number = 1000
        while not stopping.is_set():
            await _append(before.log, _alert(number := number + 1))

    flowing = asyncio.create_task(flow())
    await asyncio.sleep(0.2)
    source = taking.Source(before.bus, before.settings, before.ended)
    try:
        wanted = taking.Wanted(target, at(), _WORDS)
        return await taking.take(source, wanted, _quiet())
    finally:
        await asyncio.sleep(0.1)
        stopping.set()
        await flowing


async def _messages(bus: Bus, stream: str, last: int) -> list[Any]:
    reads = (bus.get(stream, {"seq": number}) for number in range(1, last + 1))
    return await asyncio.gather(*reads)


async def _rows(settings: Settings) -> dict[str, tuple[int, str]]:
    """Every table of every projection: how many rows, and their checksum."""
    url = settings.database.url.get_secret_value()
    found: dict[str, tuple[int, str]] = {}
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        cursor = await connection.execute(
            "select schemaname, tablename from pg_tables where schemaname = any(%s) order by 1, 2",
            (list(PROJECTIONS),),
        )
        for schema, table in await cursor.fetchall():
            query = sql.SQL("select t::text from {} t order by 1").format(
                sql.Identifier(schema, table)
            )
            rows = [row[0] for row in await (await connection.execute(query)).fetchall()]
            digest = hashlib.sha256("\n".join(rows).encode()).hexdigest()
            found[f"{schema}.{table}"] = len(rows), digest
    return found


async def _folded(settings: Settings) -> None:
    """All projections have the whole log."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "deploy.backup.rebuilding", *PROJECTIONS),
        cwd=ROOT,
        env=environment() | _in_environment(settings),
    )
    assert await process.wait() == 0


@pytest.fixture
def other_database(postgres_server: Server) -> Generator[DatabaseSettings]:
    """An empty database."""
    name = f"t_{new_id().hex}"
    with psycopg.connect(postgres_server.url, autocommit=True) as connection:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        url = conninfo.make_conninfo(postgres_server.url, dbname=name)
        yield DatabaseSettings(url=SecretStr(url), timeout=20)
        connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def _names(directory: Path) -> list[str]:
    return sorted(each.name for each in directory.iterdir())


def _target(settings: Settings, database: DatabaseSettings, directory: Path) -> Settings:
    return settings.model_copy(update={"data_dir": directory, "database": database})


async def _empty_bus(bus: Bus) -> None:
    for name in await streams.configurations(bus):
        await bus.api(f"STREAM.DELETE.{name}")


def _in_environment(settings: Settings) -> dict[str, str]:
    return {
        "AIOPS_NATS__URL": settings.nats.url,
        "AIOPS_DATABASE__URL": settings.database.url.get_secret_value(),
    }


async def test_a_restored_hub_is_as_it_was(
    settings: Settings,
    bus: Bus,
    log: EventLog,
    other_database: DatabaseSettings,
    tmp_path: Path,
) -> None:
    before = await _furnished(settings, bus, log)
    taken = await _taken(before, tmp_path / "backup")
    last = taken.sequence
    assert 42 < last < int((await bus.api("STREAM.INFO.EVT"))["state"]["last_seq"])
    was = await _messages(bus, "EVT", last)
    assert [was[number - 1] for number in (1, 7, 8, 30)] == [None] * 4
    # The same prefix, folded where it was.
    end = int((await bus.api("STREAM.INFO.EVT"))["state"]["last_seq"])
    for sequence in range(last + 1, end + 1):
        await bus.api("STREAM.MSG.DELETE.EVT", {"seq": sequence})
    await _folded(settings)
    rows = await _rows(settings)
    assert rows["alerts.open"][0] > 40

    await _empty_bus(bus)
    target = _target(settings, other_database, tmp_path / "new")
    wanted = restoring.Wanted(tmp_path / "backup", target, _in_environment(target), _WORDS)
    restored = await restoring.restore(wanted, _quiet(), print)

    assert [each.set_aside for each in restored.rebuilt] == [0] * len(PROJECTIONS)
    assert restored.missing_keys == []
    assert await _messages(bus, "EVT", last) == was
    assert await _rows(target) == rows
    await _require_kept(bus, target, before)


async def _require_kept(bus: Bus, target: Settings, before: Before) -> None:
    assert await schedules.scheduled(bus, "check", "one") == "@at 2099-01-01T00:00:00Z"
    found = await outcomes.find(bus, _CHAT)
    assert found is not None
    assert found.belongs_to("somebody")
    assert await reports(bus).get(_CHAT) == b"a report" * 50_000
    assert await bus.get("DLQ", {"last_by_subj": "dlq.CMD.alerts.5"}) is not None
    assert await bus.get("TEL", {"seq": 1}) is not None
    commands = (await bus.api("STREAM.INFO.CMD"))["state"]
    assert (commands["messages"], commands["last_seq"]) == (0, 1)
    async with _database(target) as database:
        access, keys = Access(database, SystemClock()), vault_keys(target)
        assert await access.principal(before.token) is not None
        assert await access.principal(before.ended) is None
        secret = await TableSecrets(database, keys, SystemClock()).get(CLUSTER_ID, "a")
        assert secret is not None
        assert bytes(secret) == _SECRET
        chats = ChatKeys(database, keys, SystemClock())
        assert await chats.find(_CHAT) is not None
        assert await chats.find(_ERASED) is None


async def test_without_the_key_it_says_which_one_is_needed(
    settings: Settings, bus: Bus, log: EventLog, other_database: DatabaseSettings, tmp_path: Path
) -> None:
    before = await _furnished(settings, bus, log)
    key = (vault_folder(settings) / "vault.keys").read_text().strip()
    taken = await taking.take(
        taking.Source(bus, before.settings), taking.Wanted(tmp_path / "backup", at()), _quiet()
    )
    for part in (tmp_path / "backup").iterdir():
        assert key.encode() not in part.read_bytes()
        assert _SECRET not in part.read_bytes()
        assert before.token.encode() not in part.read_bytes()
    await _empty_bus(bus)
    target = _target(settings, other_database, tmp_path / "new")
    wanted = restoring.Wanted(tmp_path / "backup", target, _in_environment(target))
    restored = await restoring.restore(wanted, _quiet(), print)
    assert restored.missing_keys == taken.key_ids != []
    assert not (tmp_path / "new" / "vault").exists()


async def test_what_is_not_empty_is_refused_and_left_as_it_is(
    settings: Settings, bus: Bus, log: EventLog, tmp_path: Path
) -> None:
    before = await _furnished(settings, bus, log)
    source = taking.Source(bus, before.settings)
    await taking.take(source, taking.Wanted(tmp_path / "backup", at(), _WORDS), _quiet())
    last = (await bus.api("STREAM.INFO.EVT"))["state"]
    full, empty = tmp_path / "full", tmp_path / "new"
    full.mkdir()
    (full / "mine").touch()

    async def refused(directory: Path, passphrase: str = "") -> str:
        target = settings.model_copy(update={"data_dir": directory})
        wanted = restoring.Wanted(tmp_path / "backup", target, {}, passphrase)
        with pytest.raises(BackupError) as caught:
            await restoring.restore(wanted, _quiet(), print)
        return str(caught.value)

    assert "is not empty: restore into a new --data-dir" in await refused(full)
    assert await refused(empty, "some other words") == "the passphrase is wrong"
    assert not empty.exists()
    assert "is not empty" in await refused(empty)
    assert _names(empty) == ["lock"]
    assert (await bus.api("STREAM.INFO.EVT"))["state"] == last
    await wipe(bus, settings)
    assert "database is not empty" in await refused(empty)


async def test_keys_that_are_asked_for_must_be_there(
    settings: Settings, bus: Bus, log: EventLog, tmp_path: Path
) -> None:
    before = await _furnished(settings, bus, log)
    elsewhere = before.settings.model_copy(update={"data_dir": tmp_path / "elsewhere"})
    wanted = taking.Wanted(tmp_path / "backup", at(), _WORDS)
    with pytest.raises(BackupError, match="is not there: back up where the vault's keys are"):
        await taking.take(taking.Source(bus, elsewhere), wanted, _quiet())
    assert not (tmp_path / "backup").exists()


async def test_a_full_disk_is_told_and_leaves_nothing(
    settings: Settings, bus: Bus, log: EventLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _furnished(settings, bus, log)
    source, place = taking.Source(bus, settings), tmp_path / "backup"
    taken = await taking.take(source, taking.Wanted(place, at()), _quiet())
    there = _names(tmp_path)

    def full(_: PartFile, data: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(len(data)))

    monkeypatch.setattr(PartFile, "write", full)
    with pytest.raises(BackupError, match="No space left on device"):
        await taking.take(source, taking.Wanted(tmp_path / "other", at()), _quiet())
    assert _names(tmp_path) == there

    usage = shutil.disk_usage(tmp_path)

    def nearly_full(_: Path) -> Any:
        return usage._replace(free=taken.needs - 1)

    monkeypatch.setattr(shutil, "disk_usage", nearly_full)
    target = Settings(data_dir=tmp_path / "new")
    with pytest.raises(BackupError, match=f"the backup needs {taken.needs:,} at least"):
        await restoring.restore(restoring.Wanted(place, target, {}), _quiet(), print)
    assert _names(tmp_path / "new") == ["lock"]


async def test_a_newer_schema_is_refused(
    settings: Settings, bus: Bus, log: EventLog, other_database: DatabaseSettings, tmp_path: Path
) -> None:
    async with _database(settings) as database:
        await database.execute("insert into aiops.migration (name) values ('9999_later.sql')")
    source = taking.Source(bus, settings)
    await taking.take(source, taking.Wanted(tmp_path / "backup", at()), _quiet())
    await _empty_bus(bus)
    target = _target(settings, other_database, tmp_path / "new")
    wanted = restoring.Wanted(tmp_path / "backup", target, _in_environment(target))
    with pytest.raises(BackupError, match=r"newer version \(9999_later\.sql\)"):
        await restoring.restore(wanted, _quiet(), print)
