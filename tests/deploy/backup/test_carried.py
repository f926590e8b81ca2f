"""Projections of a restored hub: loaded from the backup or rebuilt, they are those of the hub."""

import asyncio
import hashlib
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec
import psycopg
import pytest
from psycopg import errors

from contracts.alerts import AlertRepeat, AlertRepeats
from contracts.envelope import Event
from deploy.backup import carrying, loading, manifest as manifests, restoring, streams, taking
from deploy.backup.errors import BackupError
from deploy.backup.manifest import Manifest
from deploy.backup.packed import Packer
from deploy.backup.restoring import Restored
from deploy.platform import PROJECTIONS
from projections.alerts.projector import projection as alerts
from services.runtime import database
from services.runtime.bus import Bus
from services.runtime.ids import new_id
from services.runtime.log import NOTHING, EventLog
from services.runtime.projections import catalog
from services.runtime.projections.measures import MeasureRunner
from services.runtime.settings import DatabaseSettings, ProjectionSettings, Settings
from tests.deploy.backup.furnished import (
    an_alert,
    append_each,
    checksums,
    empty_bus,
    fold_all,
    furnished,
    in_environment,
    names_in,
    quiet,
    target_of,
)
from tests.kit.alert_builders import resolved
from tests.kit.builders import CLUSTER_ID, at, context
from tests.kit.incident_builders import incident_resolved, opened
from tests.kit.runtime import until

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

_ALL = sorted(PROJECTIONS)


async def _tell_repeats(bus: Bus) -> None:
    told = an_alert(3).alert
    repeat = AlertRepeat(
        alert_id=told.id, fingerprint=told.fingerprint, count=5, last_seen_at=at(50)
    )
    message = AlertRepeats(cluster_id=CLUSTER_ID, repeats=(repeat,))
    await bus.publish(f"tel.alert_repeats.{CLUSTER_ID.hex}.-", message.model_dump_json().encode())


async def _fold_repeats(bus: Bus, settings: Settings) -> int:
    """What is told by telemetry is in the rows; up to where that was."""
    runner, stopping = MeasureRunner(alerts, bus, settings.database), asyncio.Event()
    running = asyncio.create_task(runner.run(stopping))
    last = int((await bus.api("STREAM.INFO.TEL"))["state"]["last_seq"])
    await until(lambda: runner.sequence >= last)
    stopping.set()
    await running
    return runner.sequence


async def _hub(settings: Settings, bus: Bus, log: EventLog) -> None:
    """One whose rows are of all kinds: open and past, counted, with a history, repeated."""
    await furnished(settings, bus, log)
    for events in ([opened(), incident_resolved()], *map(_ended, range(100, 110))):
        await log.append(events, {events[0].key: NOTHING}, context(command_id=new_id()), at())
    await fold_all(settings)
    await _tell_repeats(bus)
    await _fold_repeats(bus, settings)


def _ended(number: int) -> list[Event]:
    began = an_alert(number)
    return [began, resolved(id=began.alert.id, fingerprint=began.alert.fingerprint)]


async def _asked(settings: Settings, query: str) -> list[Any]:
    url = settings.database.url.get_secret_value()
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        return await (await connection.execute(query.encode())).fetchall()


async def _positions(settings: Settings) -> list[Any]:
    query = "select name, slot, version, partitions, sequence from aiops.projection order by 1"
    return await _asked(settings, query)


async def _taken(settings: Settings, bus: Bus, to: Path) -> Manifest:
    return await taking.take(taking.Source(bus, settings), taking.Wanted(to, at()), quiet())


async def _restored(
    bus: Bus,
    folder: Path,
    target: Settings,
    more: Mapping[str, str] = MappingProxyType({}),
    *,
    rebuild: bool = False,
) -> Restored:
    await empty_bus(bus)
    surroundings = in_environment(target) | dict(more)
    wanted = restoring.Wanted(folder, target, surroundings, rebuild=rebuild)
    return await restoring.restore(wanted, quiet(), print)


def _written_as(folder: Path, **changes: Any) -> None:
    """The manifest of another program."""
    changed = msgspec.structs.replace(manifests.read(folder), **changes)
    (folder / manifests.NAME).write_bytes(manifests.written(changed))


@pytest.mark.parametrize("rebuild", [False, True], ids=["loaded", "rebuilt"])
async def test_what_happens_while_a_backup_is_taken_is_in_it_once_or_not_at_all(
    settings: Settings,
    bus: Bus,
    log: EventLog,
    other_database: DatabaseSettings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    rebuild: bool,
) -> None:
    await _hub(settings, bus, log)
    truth: dict[str, Any] = {}
    begin = streams.begin

    async def around(of: Bus, name: str) -> streams.Snapshot:
        """Of the log that is copied there is more than of the tables, and later yet more."""
        if name != "EVT":
            return await begin(of, name)
        await append_each(log, *map(an_alert, range(200, 220)), an_alert(220))
        begun = await begin(of, name)
        await fold_all(settings)
        truth.update(await checksums(settings), positions=await _positions(settings))
        await append_each(log, *map(an_alert, range(300, 320)))
        await fold_all(settings)
        return begun

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(streams, "begin", around)
        taken = await _taken(settings, bus, tmp_path / "backup")
    assert sorted(each.name for each in taken.projections) == _ALL
    assert max(max(each.positions) for each in taken.projections) == taken.sequence - 21

    target = target_of(settings, other_database, tmp_path / "new")
    restored = await _restored(bus, tmp_path / "backup", target, rebuild=rebuild)
    assert restored.loaded == ([] if rebuild else _ALL)
    # Repeats are counted up: twice would be wrong, and not at all.
    assert await _fold_repeats(bus, target) == 2
    assert await _asked(target, "select max(occurrences) from alerts.open") == [(6,)]
    found = await checksums(target)
    assert found | {"positions": await _positions(target)} == truth
    assert found["alerts.tally"][0] > 1
    assert found["fleet.status"][0] == 1
    again = await _asked(target, "select distinct tgenabled from pg_trigger where not tgisinternal")
    assert again == [(b"O",)] or again == [("O",)]


async def test_indexes_and_keys_are_those_of_a_hub(
    settings: Settings, bus: Bus, log: EventLog, other_database: DatabaseSettings, tmp_path: Path
) -> None:
    await _hub(settings, bus, log)
    query = """
        select indexdef from pg_indexes where schemaname = any(array{}) union all
        select conrelid::regclass || ' ' || conname || pg_get_constraintdef(c.oid)
        from pg_constraint c join pg_namespace n on n.oid = c.connamespace
        where nspname = any(array{}) order by 1
    """.replace("{}", str(_ALL))
    was = await _asked(settings, query)
    await _taken(settings, bus, tmp_path / "backup")
    target = target_of(settings, other_database, tmp_path / "new")
    await _restored(bus, tmp_path / "backup", target)
    assert await _asked(target, query) == was
    assert len(was) > 100


async def test_what_another_program_has_made_is_rebuilt(
    settings: Settings, bus: Bus, log: EventLog, other_database: DatabaseSettings, tmp_path: Path
) -> None:
    await _hub(settings, bus, log)
    was = await checksums(settings)
    folder = tmp_path / "backup"
    parts = {each.name: each for each in (await _taken(settings, bus, folder)).projections}
    replace = msgspec.structs.replace
    parts["fleet"] = replace(parts["fleet"], version=parts["fleet"].version - 1)
    parts["activity"] = replace(parts["activity"], digest="of other tables")
    parts["cnf"] = replace(parts["cnf"], positions=[10_000])
    parts["unknown"] = replace(parts.pop("rca"), name="unknown")
    _written_as(folder, projections=list(parts.values()))
    target = target_of(settings, other_database, tmp_path / "new")
    restored = await _restored(bus, folder, target)
    anew = {"fleet", "activity", "cnf", "rca"}
    assert restored.loaded == sorted({*_ALL} - anew)
    assert [each.name for each in restored.rebuilt] == _ALL
    await _fold_repeats(bus, target)
    assert await checksums(target) == was


async def test_a_backup_of_a_program_that_carries_no_projections_is_restored(
    settings: Settings, bus: Bus, log: EventLog, other_database: DatabaseSettings, tmp_path: Path
) -> None:
    await _hub(settings, bus, log)
    was = await checksums(settings)
    folder = tmp_path / "backup"
    await _taken(settings, bus, folder)
    for part in folder.glob("projection-*"):
        part.unlink()
    signed = msgspec.json.decode((folder / manifests.NAME).read_bytes())
    del signed["backup"]["projections"]
    signed["sha256"] = hashlib.sha256(msgspec.json.encode(signed["backup"])).hexdigest()
    (folder / manifests.NAME).write_bytes(msgspec.json.encode(signed))
    target = target_of(settings, other_database, tmp_path / "new")
    restored = await _restored(bus, folder, target)
    assert restored.loaded == []
    await _fold_repeats(bus, target)
    assert await checksums(target) == was


async def test_partitions_go_on_where_each_of_them_was(
    settings: Settings, bus: Bus, log: EventLog, other_database: DatabaseSettings, tmp_path: Path
) -> None:
    split = settings.model_copy(
        update={"projections": ProjectionSettings(partitions={"alerts": 3})}
    )
    await furnished(split, bus, log)
    of_three = {"AIOPS_PROJECTIONS__PARTITIONS": '{"alerts": 3}'}
    await fold_all(split, **of_three)
    was = await checksums(split)
    taken = await _taken(split, bus, tmp_path / "backup")
    [part] = [each for each in taken.projections if each.name == "alerts"]
    assert part.positions == [taken.sequence] * 3

    target = target_of(split, other_database, tmp_path / "new")
    assert (await _restored(bus, tmp_path / "backup", target, of_three)).loaded == _ALL
    assert await checksums(target) == was
    query = "select partition, sequence from aiops.projection_partition order by 1"
    assert await _asked(target, query) == [(each, taken.sequence) for each in range(3)]
    fits = loading.fitting(taken, settings)
    assert "alerts" not in {each.projection.name for each in fits}
    assert len(fits) == len(_ALL) - 1


async def test_what_is_in_no_state_to_be_carried_is_left_out(
    settings: Settings, bus: Bus, log: EventLog, tmp_path: Path
) -> None:
    await _hub(settings, bus, log)
    url = settings.database.url.get_secret_value()
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        for statement in (
            "insert into aiops.projection (name, slot, version) values ('fleet', 'next', 9)",
            "insert into aiops.projection_error (name, sequence, error) values ('gpu', 3, 'no')",
            "update aiops.projection set version = version + 1 where name = 'cnf'",
            "update aiops.projection set partitions = 2 where name = 'rca'",
            "delete from aiops.projection where name = 'personas'",
            "create sequence reports.counting",
            "drop schema replays cascade",
        ):
            await connection.execute(statement.encode())
        # As at the moment of a switch.
        async with connection.transaction():
            await connection.execute("lock table conversations.session in access exclusive mode")
            taken = await _taken(settings, bus, tmp_path / "backup")
    carried = sorted(each.name for each in taken.projections)
    assert carried == ["activity", "alerts", "anomalies", "incidents"]


async def test_no_other_tables_take_the_place_of_those_that_are_copied(
    settings: Settings, bus: Bus, log: EventLog
) -> None:
    await _hub(settings, bus, log)
    url = settings.database.url.get_secret_value()
    removing = b"drop schema alerts cascade"  # What a switch does first.
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute("set lock_timeout = '200ms'")
        async with carrying.moment(settings.database) as views:
            assert sorted(each.projection.name for each in views.carried) == _ALL
            with pytest.raises(errors.LockNotAvailable):
                await connection.execute(removing)
        await connection.execute(removing)


async def test_rows_that_cannot_be_loaded_leave_nothing(
    settings: Settings, bus: Bus, log: EventLog, other_database: DatabaseSettings, tmp_path: Path
) -> None:
    await _hub(settings, bus, log)
    folder = tmp_path / "backup"
    taken = await _taken(settings, bus, folder)
    # Whole and as it was written, and yet of something else.
    [part] = [each for each in taken.projections if each.name == "alerts"]
    other = {each.table: each.part for each in part.tables}["tally"]
    wrong = [msgspec.structs.replace(each, part=other) for each in part.tables]
    carried = [each for each in taken.projections if each.name != "alerts"]
    _written_as(folder, projections=[*carried, msgspec.structs.replace(part, tables=wrong)])
    target = target_of(settings, other_database, tmp_path / "new")
    with pytest.raises(BackupError, match=r"tables of alerts cannot be loaded .*--rebuild"):
        await _restored(bus, folder, target)
    assert names_in(tmp_path / "new") == ["lock"]
    assert await _asked(target, "select to_regnamespace('alerts')") == [(None,)]


async def test_projections_of_another_log_are_not_gone_on_with(
    settings: Settings, bus: Bus, log: EventLog, other_database: DatabaseSettings, tmp_path: Path
) -> None:
    await furnished(settings, bus, log)
    await _taken(settings, bus, tmp_path / "backup")
    await database.migrate(other_database)
    target = target_of(settings, other_database, tmp_path / "new")
    url = other_database.url.get_secret_value()
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await catalog.create(connection, alerts, "live")
        await connection.execute("update aiops.projection set sequence = 5")
    with pytest.raises(BackupError, match=r"not empty \(projections of another log\)"):
        await _restored(bus, tmp_path / "backup", target)


async def test_a_backup_that_is_interrupted_writes_no_more(
    settings: Settings, bus: Bus, log: EventLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _hub(settings, bus, log)
    written: list[int] = []
    write = Packer.write

    def slowly(packer: Packer, data: bytes) -> None:
        written.append(len(data))
        time.sleep(0.02)
        write(packer, data)

    monkeypatch.setattr(Packer, "write", slowly)
    taking_it = asyncio.create_task(_taken(settings, bus, tmp_path / "backup"))
    await until(lambda: len(written) > 3)
    taking_it.cancel()
    with pytest.raises(asyncio.CancelledError):
        await taking_it
    assert "backup" not in "".join(names_in(tmp_path))
    count = len(written)
    await asyncio.sleep(0.2)
    assert len(written) == count < 30
