"""Killed servers: afterwards the rows are what the log says, and nobody had to help."""

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import pytest
from pydantic import SecretStr

from projections.activity.projector import projection as activity
from projections.alerts.projector import projection as alerts
from services.runtime import bus as buses, database, process, streams
from services.runtime.bus import Bus
from services.runtime.log import EventLog
from services.runtime.settings import DatabaseSettings, NatsSettings, Settings
from tests.kit import builders
from tests.kit.embedded import NatsServer, PostgresServer, start_nats, start_postgres
from tests.kit.projections import ask, dump, hosting, reached
from tests.kit.runtime import store, until

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]


class Machine:
    """A bus and a database of this module's own, which may be killed."""

    def __init__(self, directory: Path) -> None:
        self.nats: NatsServer = start_nats(directory / "nats")
        self.postgres: PostgresServer = start_postgres(directory / "postgres")
        url = DatabaseSettings(url=SecretStr(self.postgres.url), timeout=2.0)
        self.settings = Settings(
            data_dir=directory, nats=NatsSettings(url=self.nats.url), database=url
        )

    def stop(self) -> None:
        self.nats.stop()
        self.postgres.stop()


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Generator[Machine]:
    machine = Machine(tmp_path_factory.mktemp("machine"))
    asyncio.run(database.migrate(machine.settings.database))
    yield machine
    machine.stop()


@pytest.fixture
async def bus(machine: Machine) -> AsyncGenerator[Bus]:
    connection = await buses.connect(machine.settings.nats, "test")
    for name in await streams.configurations(connection):
        await connection.api(f"STREAM.DELETE.{name}")
    await streams.ensure(connection, machine.settings)
    for name in ("alerts", "activity"):
        ask(machine.settings, f"drop schema if exists {name} cascade")
    ask(machine.settings, "delete from aiops.projection")
    yield connection
    await connection.close()


class Teller:
    """Appends events one after the other, as fast as they are taken."""

    def __init__(self, log: EventLog) -> None:
        self.log = log
        self.last = 0
        self.count = 0

    async def tell(self, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            number = self.count
            event = builders.fired(id=UUID(int=number + 1), fingerprint=f"{number:016x}")
            self.last = (await store(self.log, event)).sequence
            self.count += 1


@asynccontextmanager
async def _telling(bus: Bus, settings: Settings) -> AsyncGenerator[Teller]:
    teller, stopping = Teller(process.event_log(bus, settings)), asyncio.Event()
    task = asyncio.create_task(teller.tell(stopping))
    try:
        yield teller
    finally:
        stopping.set()
        await task


async def _crash(server: NatsServer | PostgresServer, seconds: float = 0.3) -> None:
    server.kill()
    await asyncio.sleep(seconds)
    server.start()


@pytest.mark.parametrize(
    "victims", [("postgres",), ("nats",), ("nats", "postgres", "nats", "postgres")], ids="-".join
)
async def test_rows_are_the_fold_of_the_log_after_crashes(
    machine: Machine, bus: Bus, victims: tuple[str, ...]
) -> None:
    settings = machine.settings
    async with hosting(bus, settings, alerts, activity) as hosts:
        async with _telling(bus, settings) as teller:
            for victim in victims:
                before = teller.count
                await until(lambda before=before: teller.count > before + 20, within=20)
                await _crash(machine.nats if victim == "nats" else machine.postgres)
        await until(lambda: all(host.healthy for host in hosts.values()), within=20)
        for projection in (alerts, activity):
            await reached(settings, projection, teller.last)
        occurrences = ask(settings, "select id, seq from alerts.occurrence order by seq")
        events = ask(settings, "select sequence from activity.event order by 1")
    assert [*occurrences] == [(UUID(int=n), n) for n in range(1, teller.count + 1)]
    assert [row[0] for row in events] == [*range(1, teller.count + 1)]
    assert len(dump(settings, alerts)["tally"]) == 1
    assert ask(settings, "select sum(n) from alerts.tally")[0][0] == teller.count
    assert ask(settings, "select count(*) from aiops.projection_error")[0][0] == 0


async def test_a_rebuild_survives_both_servers(machine: Machine, bus: Bus) -> None:
    settings = machine.settings
    async with hosting(bus, settings, alerts) as hosts:
        async with _telling(bus, settings) as teller:
            await until(lambda: teller.count > 50, within=20)
            hosts["alerts"].rebuild()
            await _crash(machine.postgres)
            await _crash(machine.nats)
        await until(lambda: hosts["alerts"].rebuilds == 1, within=30)
        await reached(settings, alerts, teller.last)
        assert ask(settings, "select count(*) from alerts.occurrence")[0][0] == teller.count
    assert ask(settings, "select slot from aiops.projection") == [("live",)]
