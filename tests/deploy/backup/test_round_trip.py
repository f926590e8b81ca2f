"""A backup is taken while a hub is written to, and restored elsewhere: all is as it was."""

import errno
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from deploy.backup import inventory, restoring, taking
from deploy.backup.errors import BackupError
from deploy.backup.folder import PartFile
from deploy.platform import PROJECTIONS
from services.runtime import outcomes, schedules
from services.runtime.access import Access
from services.runtime.bus import Bus
from services.runtime.chat_keys import ChatKeys
from services.runtime.clock import SystemClock
from services.runtime.log import EventLog
from services.runtime.objects import reports
from services.runtime.outside import vault_folder, vault_keys
from services.runtime.settings import DatabaseSettings, Settings
from services.runtime.vault.table import TableSecrets
from tests.deploy.backup.furnished import (
    CHAT,
    ERASED,
    SECRET,
    WORDS,
    Before,
    checksums,
    empty_bus,
    fold_all,
    furnished,
    in_environment,
    messages_of,
    names_in,
    opened,
    quiet,
    taken_meanwhile,
    target_of,
)
from tests.kit.builders import CLUSTER_ID, at
from tests.kit.streams import wipe

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]


async def test_a_restored_hub_is_as_it_was(
    settings: Settings,
    bus: Bus,
    log: EventLog,
    other_database: DatabaseSettings,
    tmp_path: Path,
) -> None:
    before = await furnished(settings, bus, log)
    taken = await taken_meanwhile(before, tmp_path / "backup")
    last = taken.sequence
    assert 42 < last < int((await bus.api("STREAM.INFO.EVT"))["state"]["last_seq"])
    was = await messages_of(bus, "EVT", last)
    assert [was[number - 1] for number in (1, 7, 8, 30)] == [None] * 4
    # The same prefix, folded where it was.
    end = int((await bus.api("STREAM.INFO.EVT"))["state"]["last_seq"])
    for sequence in range(last + 1, end + 1):
        await bus.api("STREAM.MSG.DELETE.EVT", {"seq": sequence})
    await fold_all(settings)
    rows = await checksums(settings)
    assert rows["alerts.open"][0] > 40

    await empty_bus(bus)
    target = target_of(settings, other_database, tmp_path / "new")
    wanted = restoring.Wanted(tmp_path / "backup", target, in_environment(target), WORDS)
    restored = await restoring.restore(wanted, quiet(), print)

    assert [each.set_aside for each in restored.rebuilt] == [0] * len(PROJECTIONS)
    assert restored.missing_keys == []
    assert await messages_of(bus, "EVT", last) == was
    assert await checksums(target) == rows
    await _require_kept(bus, target, before)


async def _require_kept(bus: Bus, target: Settings, before: Before) -> None:
    assert await schedules.scheduled(bus, "check", "one") == "@at 2099-01-01T00:00:00Z"
    found = await outcomes.find(bus, CHAT)
    assert found is not None
    assert found.belongs_to("somebody")
    assert await reports(bus).get(CHAT) == b"a report" * 50_000
    assert await bus.get("DLQ", {"last_by_subj": "dlq.CMD.alerts.5"}) is not None
    assert await bus.get("TEL", {"seq": 1}) is not None
    commands = (await bus.api("STREAM.INFO.CMD"))["state"]
    assert (commands["messages"], commands["last_seq"]) == (0, 1)
    async with opened(target) as database:
        access, keys = Access(database, SystemClock()), vault_keys(target)
        assert await access.principal(before.token) is not None
        assert await access.principal(before.ended) is None
        secret = await TableSecrets(database, keys, SystemClock()).get(CLUSTER_ID, "a")
        assert secret is not None
        assert bytes(secret) == SECRET
        chats = ChatKeys(database, keys, SystemClock())
        # Erased after the backup was taken, it must be unreadable as well.
        assert await chats.find_each([CHAT, ERASED]) == {}


async def test_keys_of_chats_in_a_backup_of_an_older_program_are_passed_over(
    settings: Settings,
    bus: Bus,
    log: EventLog,
    other_database: DatabaseSettings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = await furnished(settings, bus, log)
    with monkeypatch.context() as older:
        copied = inventory.Decision(inventory.Fate.COPIED, "as it was")
        older.setitem(inventory.TABLES, "chat_key", copied)
        source = taking.Source(bus, before.settings)
        taken = await taking.take(source, taking.Wanted(tmp_path / "backup", at()), quiet())
    assert "chat_key" in {each.name for each in taken.tables}
    await empty_bus(bus)
    target = target_of(settings, other_database, tmp_path / "new")
    wanted = restoring.Wanted(tmp_path / "backup", target, in_environment(target))
    await restoring.restore(wanted, quiet(), print)
    async with opened(target) as database:
        assert await database.fetch_all("select from aiops.chat_key") == []


async def test_without_the_key_it_says_which_one_is_needed(
    settings: Settings, bus: Bus, log: EventLog, other_database: DatabaseSettings, tmp_path: Path
) -> None:
    before = await furnished(settings, bus, log)
    key = (vault_folder(settings) / "vault.keys").read_text().strip()
    taken = await taking.take(
        taking.Source(bus, before.settings), taking.Wanted(tmp_path / "backup", at()), quiet()
    )
    for part in (tmp_path / "backup").iterdir():
        assert key.encode() not in part.read_bytes()
        assert SECRET not in part.read_bytes()
        assert before.token.encode() not in part.read_bytes()
    await empty_bus(bus)
    target = target_of(settings, other_database, tmp_path / "new")
    wanted = restoring.Wanted(tmp_path / "backup", target, in_environment(target))
    restored = await restoring.restore(wanted, quiet(), print)
    assert restored.missing_keys == taken.key_ids != []
    assert not (tmp_path / "new" / "vault").exists()


async def test_what_is_not_empty_is_refused_and_left_as_it_is(
    settings: Settings, bus: Bus, log: EventLog, tmp_path: Path
) -> None:
    before = await furnished(settings, bus, log)
    source = taking.Source(bus, before.settings)
    await taking.take(source, taking.Wanted(tmp_path / "backup", at(), WORDS), quiet())
    last = (await bus.api("STREAM.INFO.EVT"))["state"]
    full, empty = tmp_path / "full", tmp_path / "new"
    full.mkdir()
    (full / "mine").touch()

    async def refused(directory: Path, passphrase: str = "") -> str:
        target = settings.model_copy(update={"data_dir": directory})
        wanted = restoring.Wanted(tmp_path / "backup", target, {}, passphrase)
        with pytest.raises(BackupError) as caught:
            await restoring.restore(wanted, quiet(), print)
        return str(caught.value)

    assert "is not empty: restore into a new --data-dir" in await refused(full)
    assert await refused(empty, "some other words") == "the passphrase is wrong"
    assert not empty.exists()
    assert "is not empty" in await refused(empty)
    assert names_in(empty) == ["lock"]
    assert (await bus.api("STREAM.INFO.EVT"))["state"] == last
    await wipe(bus, settings)
    assert "database is not empty" in await refused(empty)


async def test_keys_that_are_asked_for_must_be_there(
    settings: Settings, bus: Bus, log: EventLog, tmp_path: Path
) -> None:
    before = await furnished(settings, bus, log)
    elsewhere = before.settings.model_copy(update={"data_dir": tmp_path / "elsewhere"})
    wanted = taking.Wanted(tmp_path / "backup", at(), WORDS)
    with pytest.raises(BackupError, match="is not there: back up where the vault's keys are"):
        await taking.take(taking.Source(bus, elsewhere), wanted, quiet())
    assert not (tmp_path / "backup").exists()


async def test_a_full_disk_is_told_and_leaves_nothing(
    settings: Settings, bus: Bus, log: EventLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await furnished(settings, bus, log)
    source, place = taking.Source(bus, settings), tmp_path / "backup"
    taken = await taking.take(source, taking.Wanted(place, at()), quiet())
    there = names_in(tmp_path)

    def full(_: PartFile, data: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(len(data)))

    monkeypatch.setattr(PartFile, "write", full)
    with pytest.raises(BackupError, match="No space left on device"):
        await taking.take(source, taking.Wanted(tmp_path / "other", at()), quiet())
    assert names_in(tmp_path) == there

    usage = shutil.disk_usage(tmp_path)

    def nearly_full(_: Path) -> Any:
        return usage._replace(free=taken.needs - 1)

    monkeypatch.setattr(shutil, "disk_usage", nearly_full)
    target = Settings(data_dir=tmp_path / "new")
    with pytest.raises(BackupError, match=f"the backup needs {taken.needs:,} at least"):
        await restoring.restore(restoring.Wanted(place, target, {}), quiet(), print)
    assert names_in(tmp_path / "new") == ["lock"]


async def test_a_newer_schema_is_refused(
    settings: Settings, bus: Bus, log: EventLog, other_database: DatabaseSettings, tmp_path: Path
) -> None:
    async with opened(settings) as database:
        await database.execute("insert into aiops.migration (name) values ('9999_later.sql')")
    source = taking.Source(bus, settings)
    await taking.take(source, taking.Wanted(tmp_path / "backup", at()), quiet())
    await empty_bus(bus)
    target = target_of(settings, other_database, tmp_path / "new")
    wanted = restoring.Wanted(tmp_path / "backup", target, in_environment(target))
    with pytest.raises(BackupError, match=r"newer version \(9999_later\.sql\)"):
        await restoring.restore(wanted, quiet(), print)
