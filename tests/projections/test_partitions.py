"""A projection that several processes fold at once leaves the rows that one of them would."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from structlog.testing import capture_logs

from contracts.alerts import AlertFired, AlertState
from contracts.catalog import EventCatalog
from projections.activity.projector import projection as activity
from projections.alerts.projector import projection as alerts
from services.runtime.bus import Bus
from services.runtime.log import EventLog
from services.runtime.projections import catalog
from services.runtime.projections.host import ProjectionHost
from services.runtime.projections.partition import partition_of
from services.runtime.projections.partitioned import PartitionedHost, host_of
from services.runtime.projections.writer import write
from services.runtime.settings import Settings
from tests.kit.partitions import CLUSTERS, Teller, clusters_of, even, host, partitioned, sharing
from tests.kit.projections import ask, dump, hosting, position, reached
from tests.kit.runtime import running, until

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]


def test_a_partition_is_the_cluster_s() -> None:
    # FNV-1a of 32 bits, as its authors give it: "a" is 0xe40c292c, "foobar" 0xbf9cf968.
    assert partition_of("evt.a.alert.x.fired", 1000) == 0xE40C292C % 1000
    assert partition_of("evt.foobar.cluster.y.registered.1", 1000) == 0xBF9CF968 % 1000
    assert {partition_of(f"evt.{each}.alert.x.fired", 2) for each in CLUSTERS} == {0, 1}


def test_the_settings_say_how_many_may_fold(settings: Settings) -> None:
    bus: Any = None
    several = partitioned(settings, alerts=2)
    assert type(host_of(alerts, bus, several)) is PartitionedHost
    assert host_of(alerts, bus, several).partitions == 2
    assert type(host_of(activity, bus, several)) is ProjectionHost


async def _grown(teller: Teller, settings: Settings) -> None:
    """Some history, folded in several batches."""
    for numbers, state in (
        (range(60), AlertState.FIRING),
        (range(40), AlertState.RESOLVED),
        (range(20), AlertState.FIRING),
    ):
        await reached(settings, alerts, await teller.tell(numbers, state))


@asynccontextmanager
async def _watching(settings: Settings) -> AsyncGenerator[list[int]]:
    """The position that anybody would have seen, again and again."""
    seen, stopping = list[int](), asyncio.Event()

    async def _watch() -> None:
        while not stopping.is_set():
            seen.append(await asyncio.to_thread(position, settings, "alerts"))

    watching = asyncio.create_task(_watch())
    try:
        yield seen
    finally:
        stopping.set()
        await watching


@asynccontextmanager
async def _listening(hosts: Sequence[PartitionedHost]) -> AsyncGenerator[set[str]]:
    """Whatever a live build of theirs is said to stand still for."""
    said, stopping = set[str](), asyncio.Event()

    async def _listen() -> None:
        while not stopping.is_set():
            live = [run for each in hosts for run in each.runners if run.slot == "live"]
            said.update(each.error for each in live if each.error is not None)
            await asyncio.sleep(0.002)

    listening = asyncio.create_task(_listen())
    try:
        yield said
    finally:
        stopping.set()
        await listening


async def test_two_hosts_leave_the_rows_of_one(bus: Bus, log: EventLog, settings: Settings) -> None:
    teller = Teller(log)
    async with sharing(bus, settings, alerts) as hosts:
        await _grown(teller, settings)
        assert [len(each.held) for each in hosts] == [1, 1]
        assert all(runner.folded for each in hosts for runner in each.runners)
    shared = dump(settings, alerts)
    ask(settings, "drop schema alerts cascade; delete from aiops.projection")
    async with hosting(bus, settings, alerts):
        await reached(settings, alerts, teller.last)
    assert dump(settings, alerts) == shared
    assert len(shared["occurrence"]) == 60


async def test_who_comes_is_given_some_and_who_goes_leaves_the_rest_its_own(
    bus: Bus, log: EventLog, settings: Settings
) -> None:
    teller, first, second = Teller(log), *(host(bus, settings, alerts, 4) for _ in range(2))
    async with running(first.run):
        await until(lambda: len(first.held) == 4)
        await reached(settings, alerts, await teller.tell(range(30)))
        async with running(second.run):
            await until(lambda: even([first, second], 4))
            await reached(settings, alerts, await teller.tell(range(30, 60)))
        await until(lambda: len(first.held) == 4)
        await reached(settings, alerts, await teller.tell(range(60, 90)))
    assert len(dump(settings, alerts)["occurrence"]) == 90


async def test_more_processes_than_partitions_wait_for_one(
    bus: Bus, log: EventLog, settings: Settings
) -> None:
    hosts = [host(bus, settings, alerts) for _ in range(3)]
    async with running(hosts[0].run), running(hosts[1].run):
        await until(lambda: even(hosts[:2], 2))
        async with running(hosts[2].run):
            await reached(settings, alerts, await Teller(log).tell(range(10)))
            await until(lambda: hosts[2].healthy)
            assert hosts[2].held == frozenset()
            assert all(each.healthy for each in hosts)


async def test_a_position_is_where_all_partitions_are(
    bus: Bus, log: EventLog, settings: Settings
) -> None:
    async with sharing(bus, settings, alerts):
        # Those of one partition move the others too, which pass them over.
        last = await Teller(log, clusters_of(0)).tell(range(10))
        await reached(settings, alerts, last)
    rows = ask(settings, "select partition, sequence from aiops.projection_partition order by 1")
    assert list(rows) == [(0, last), (1, last)]


async def test_another_number_of_partitions_is_built_beside_the_live_build(
    bus: Bus, log: EventLog, settings: Settings
) -> None:
    teller = Teller(log)
    async with hosting(bus, settings, alerts):
        await _grown(teller, settings)
    rows = dump(settings, alerts)
    for number in (2, 3):
        one = host(bus, settings, alerts, number)
        async with running(one.run):
            await until(lambda one=one: one.rebuilds == 1)
            await until(lambda one=one: one.healthy)
            assert position(settings, "alerts") == teller.last
        assert dump(settings, alerts) == rows
        assert ask(settings, "select partitions from aiops.projection") == [(number,)]
    async with hosting(bus, settings, alerts) as hosts:
        await until(lambda: hosts["alerts"].rebuilds == 1)
    assert dump(settings, alerts) == rows
    assert ask(settings, "select count(*) from aiops.projection_partition") == [(0,)]


async def test_all_fold_a_rebuild_and_nothing_told_is_taken_back(
    bus: Bus, log: EventLog, settings: Settings
) -> None:
    teller = Teller(log)
    async with (
        sharing(bus, settings, alerts) as hosts,
        _watching(settings) as seen,
        _listening(hosts) as errors,
    ):
        await _grown(teller, settings)
        hosts[0].rebuild()
        for start in range(1000, 1200, 20):
            await teller.tell(range(start, start + 20))
        await until(lambda: hosts[0].rebuilds == 1, within=20)
        await reached(settings, alerts, await teller.tell(range(2000, 2020)))
        await until(lambda: all(each.healthy for each in hosts))
    assert seen[-1] > 0
    assert seen == sorted(seen)
    assert errors == set(), "who stands still for a switch is ready"
    rows = ask(settings, "select id, state, seq from alerts.occurrence")
    assert {row[0]: row[1:] for row in rows} == teller.states
    assert ask(settings, "select sum(n) from alerts.tally")[0][0] == len(teller.states)


async def test_who_stands_still_for_a_switch_is_ready(
    bus: Bus, log: EventLog, settings: Settings
) -> None:
    url = settings.database.url.get_secret_value()
    async with (
        sharing(bus, settings, alerts) as hosts,
        await psycopg.AsyncConnection.connect(url, autocommit=True) as connection,
    ):
        await catalog.stand_still(connection, "alerts", 60)
        with capture_logs() as lines:
            last = await Teller(log).tell(range(20))
            await until(lambda: sum(line["event"] == "waits" for line in lines) > 4)
        assert [each.error for each in hosts] == [None, None]
        assert position(settings, "alerts") < last
        await catalog.stand_still(connection, "alerts", 0)
        await reached(settings, alerts, last)


async def test_what_one_program_cannot_read_another_one_folds(
    bus: Bus, log: EventLog, settings: Settings
) -> None:
    """Though it has its share already."""
    older = replace(alerts, catalog=EventCatalog([AlertFired]))
    old, new = host(bus, settings, older), host(bus, settings, alerts)
    async with running(old.run), running(new.run):
        await until(lambda: even([old, new], 2))
        (number,) = old.held
        teller = Teller(log, clusters_of(number))
        await teller.tell(range(10))
        await reached(settings, alerts, await teller.tell(range(10), AlertState.RESOLVED))
        await until(lambda: old.held | new.held == frozenset({0, 1}))
        assert number in new.held
        assert new.healthy
        assert not old.healthy
    rows = ask(settings, "select id, state, seq from alerts.occurrence")
    assert {row[0]: row[1:] for row in rows} == teller.states


async def test_who_was_overtaken_writes_nothing(settings: Settings) -> None:
    url = settings.database.url.get_secret_value()
    advance = b"select aiops.advance_partition(%s, %s, %s, %s, %s, %s, %s)"
    async with (
        await psycopg.AsyncConnection.connect(url, autocommit=True) as early,
        await psycopg.AsyncConnection.connect(url, autocommit=True) as late,
    ):
        await catalog.create(early, alerts, "live", 2)
        for connection, name in ((early, "early"), (late, "late")):
            await connection.execute(f"set application_name = '{name}'".encode())
        epoch, start = await catalog.take(early, alerts, "live", 1, 2) or (0, 0)
        await catalog.take(late, alerts, "live", 1, 2)
        row: tuple[bytes, list[Any]] = (
            b"insert into alerts.tally values ('FIRING', 'INFO', gen_random_uuid(), '', '', 1)",
            [],
        )
        told = ("alerts", "live", alerts.version, 1, epoch, start, 10)
        with pytest.raises(psycopg.errors.SerializationFailure, match="another process"):
            await write(early, [row], told, advance)
    assert ask(settings, "select count(*) from alerts.tally")[0][0] == 0
    assert ask(settings, "select max(sequence) from aiops.projection_partition")[0][0] == 0


async def test_who_takes_over_ends_what_the_one_before_has_not_committed(
    settings: Settings,
) -> None:
    url = settings.database.url.get_secret_value()
    async with (
        await psycopg.AsyncConnection.connect(url, application_name="writer") as early,
        await psycopg.AsyncConnection.connect(
            url, application_name="writer", autocommit=True
        ) as late,
    ):
        await catalog.create(late, alerts, "live", 2)
        await early.execute("update aiops.projection_partition set sequence = 7")
        async with asyncio.timeout(20):
            taken = await catalog.take(late, alerts, "live", 0, 2)
        assert taken is not None
        assert taken[1] == 0
        with pytest.raises(psycopg.OperationalError):
            await early.execute("select 1")


async def test_the_one_writer_of_before_writes_nothing_into_partitions(settings: Settings) -> None:
    url = settings.database.url.get_secret_value()
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await catalog.create(connection, alerts, "live", 2)
        with pytest.raises(psycopg.errors.SerializationFailure):
            await write(connection, [], ("alerts", "live", alerts.version, 0, 10))
