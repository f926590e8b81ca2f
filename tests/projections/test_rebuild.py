"""A rebuild beside the live build: the same rows, no reader disturbed, nothing told taken back."""

import asyncio
import json
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from uuid import UUID

import psycopg
import pytest
from structlog.testing import capture_logs

from contracts.alerts import AlertEvent, AlertFired, AlertResolved, AlertState
from contracts.catalog import EventCatalog
from projections.alerts import queries
from projections.alerts.projector import fired, projection as alerts, resolved
from services.runtime.bus import Bus
from services.runtime.database import Database
from services.runtime.ids import new_id
from services.runtime.log import NOTHING, EventLog, Head
from services.runtime.principals import EVERYWHERE
from services.runtime.projections import catalog, host as hosts_module
from services.runtime.projections.host import ProjectionHost
from services.runtime.projections.projection import Projection
from services.runtime.projections.runner import STANDS_BY
from services.runtime.queries import Page
from services.runtime.settings import Settings
from tests.kit import builders
from tests.kit.projections import ask, dump, hosting, position, reached
from tests.kit.runtime import running, store, until

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

ANY_STATE = queries.AlertFilter(EVERYWHERE, state=queries.STATES)
SEVERITIES = ("CRITICAL", "WARNING", "INFO")


def _alert(number: int, state: AlertState) -> AlertEvent:
    made = builders.fired if state is AlertState.FIRING else builders.resolved
    severity = SEVERITIES[number % 3]
    return made(id=UUID(int=number + 1), fingerprint=f"{number:016x}", severity=severity)


async def _tell(log: EventLog, numbers: Iterable[int], state: AlertState) -> int:
    """Append an event of each of these alerts, wherever it stands; gives the last position."""
    events = [_alert(number, state) for number in numbers]
    heads = await log.heads(event.key for event in events)
    changes = [
        (event, Head(heads[event.key].sequence) if event.key in heads else NOTHING)
        for event in events
    ]
    context = builders.context(command_id=new_id())
    answers = await log.append_each(changes, context, builders.at())
    positions = [answer for answer in answers if isinstance(answer, int)]
    assert len(positions) == len(events)
    return max(positions)


def _newer(*, catalog: EventCatalog | None = None) -> Projection:
    """The alerts projection of a later program, which reads nothing but alerts."""
    made = Projection("alerts", version=alerts.version + 1, tables=alerts.tables)
    made.on(AlertFired)(fired)
    made.on(AlertResolved)(resolved)
    made.catalog = catalog or made.catalog
    return made


@dataclass
class Readers:
    """Read the alerts as REST does, all the time; note what they see."""

    database: Database
    totals: list[list[int]] = field(default_factory=list[list[int]])
    """What each of them has seen, in its order."""
    slowest: float = 0.0

    async def read(self, stopping: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        seen: list[int] = []
        self.totals.append(seen)
        while not stopping.is_set():
            before = loop.time()
            page = await queries.listing(self.database, ANY_STATE, Page(1, 5), builders.at())
            answer = json.loads(page)
            self.slowest = max(self.slowest, loop.time() - before)
            assert len(answer["items"]) == min(5, answer["total"])
            seen.append(answer["total"])

    @property
    def gaps(self) -> list[tuple[int, int]]:
        """Where one of them has seen something that was gone again at its next look."""
        return [pair for seen in self.totals for pair in pairwise(seen) if pair[0] > pair[1]]

    @property
    def values(self) -> set[int]:
        """Every total that any of them has seen."""
        return {total for seen in self.totals for total in seen}


@asynccontextmanager
async def _reading(settings: Settings, number: int = 3) -> AsyncGenerator[Readers]:
    database = Database(settings.database, "test")
    await database.open()
    readers, stopping = Readers(database), asyncio.Event()
    tasks = [asyncio.create_task(readers.read(stopping)) for _ in range(number)]
    try:
        # What they are to see first must be there when they begin, not when they get round to it.
        await until(lambda: len(readers.totals) == number and all(readers.totals))
        yield readers
    finally:
        stopping.set()
        await asyncio.gather(*tasks)
        await database.close()


@asynccontextmanager
async def _old_table_in_use(settings: Settings) -> AsyncGenerator[None]:
    url = settings.database.url.get_secret_value()
    connection = await psycopg.AsyncConnection.connect(url)
    try:
        await connection.execute("select count(*) from alerts.occurrence")
        yield
    finally:
        await connection.close()


async def _grown(log: EventLog, settings: Settings) -> None:
    """Some history, folded in several batches."""
    for numbers, state in (
        (range(60), AlertState.FIRING),
        (range(40), AlertState.RESOLVED),
        (range(20), AlertState.FIRING),
        (range(60), AlertState.RESOLVED),
    ):
        await reached(settings, alerts, await _tell(log, numbers, state))


async def test_a_rebuild_leaves_exactly_the_rows_of_the_live_build(
    bus: Bus, log: EventLog, settings: Settings
) -> None:
    async with hosting(bus, settings, alerts) as hosts:
        await _grown(log, settings)
        live = dump(settings, alerts)
        hosts["alerts"].rebuild()
        await until(lambda: hosts["alerts"].rebuilds == 1)
        rebuilt = dump(settings, alerts)
    assert {name: len(rows) for name, rows in live.items()} == {
        "absorbed": 0,
        "absorbed_history": 0,
        "absorbed_past": 0,
        "belonging": 0,
        "belonging_history": 0,
        "belonging_past": 0,
        "cluster_name": 0,
        "cluster_name_history": 0,
        "cluster_name_past": 0,
        "muting": 0,
        "muting_history": 0,
        "muting_past": 0,
        "occurrence": 60,
        "open": 0,
        "past": 60,
        "tally": 3,
        "was": 80,
    }
    assert rebuilt == live


async def test_readers_see_neither_errors_nor_gaps_while_builds_change(
    bus: Bus, log: EventLog, settings: Settings
) -> None:
    async with hosting(bus, settings, alerts) as hosts:
        await reached(settings, alerts, await _tell(log, range(200), AlertState.FIRING))
        async with _reading(settings) as readers:
            for number in range(1, 4):
                hosts["alerts"].rebuild()
                last = await _tell(log, range(200, 200 + 50 * number), AlertState.FIRING)
                await until(lambda number=number: hosts["alerts"].rebuilds == number)
                await reached(settings, alerts, last)
    assert min(readers.values) == 200
    assert readers.gaps == []
    assert len(dump(settings, alerts)["occurrence"]) == 350


async def test_nobody_sees_the_empty_tables_of_a_new_version(
    bus: Bus, log: EventLog, settings: Settings
) -> None:
    async with hosting(bus, settings, alerts):
        await _tell(log, range(300), AlertState.FIRING)
        # The new version does not read this one, so its position never gets there.
        last = (await store(log, builders.registered())).sequence
        await reached(settings, alerts, last)
    newer = _newer()
    async with _reading(settings) as readers, hosting(bus, settings, newer) as hosts:
        await until(lambda: hosts["alerts"].rebuilds == 1)
        await until(lambda: hosts["alerts"].healthy)
    assert readers.values == {300}
    assert position(settings, "alerts") == 300


async def test_two_processes_build_a_new_version_once(
    bus: Bus, log: EventLog, settings: Settings
) -> None:
    async with hosting(bus, settings, alerts):
        await reached(settings, alerts, await _tell(log, range(300), AlertState.FIRING))
    newer = _newer()
    first, second = (ProjectionHost(newer, bus, settings.database) for _ in range(2))
    async with _reading(settings) as readers, running(first.run), running(second.run):
        await until(lambda: first.rebuilds + second.rebuilds)
        # The one that was second to it has found it done, and waits for its turn to write.
        await until(lambda: {first.error, second.error} == {None, STANDS_BY})
        last = await _tell(log, range(300, 310), AlertState.FIRING)
        await reached(settings, newer, last)
    assert first.rebuilds + second.rebuilds == 1
    assert readers.gaps == []
    assert len(dump(settings, newer)["occurrence"]) == 310


async def test_two_processes_make_the_first_build_once(
    bus: Bus, log: EventLog, settings: Settings
) -> None:
    last = await _tell(log, range(20), AlertState.FIRING)
    hosts = [ProjectionHost(alerts, bus, settings.database) for _ in range(3)]
    async with running(hosts[0].run), running(hosts[1].run), running(hosts[2].run):
        await reached(settings, alerts, last)
    assert len(dump(settings, alerts)["occurrence"]) == 20


async def test_a_long_read_delays_the_switch_and_no_other_reader(
    bus: Bus, log: EventLog, settings: Settings
) -> None:
    async with hosting(bus, settings, alerts) as hosts:
        await reached(settings, alerts, await _tell(log, range(50), AlertState.FIRING))
        async with _reading(settings) as readers:
            async with _old_table_in_use(settings):
                hosts["alerts"].rebuild()
                await asyncio.sleep(5.0)
                assert hosts["alerts"].rebuilds == 0
            await until(lambda: hosts["alerts"].rebuilds == 1)
    assert readers.slowest < 4.5, "nobody waits until the table is free"
    assert readers.values == {50}


async def test_a_rebuild_that_fails_at_the_end_lets_the_live_build_go_on(
    bus: Bus, log: EventLog, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hosts_module, "_PATIENCE", 0.2)
    async with hosting(bus, settings, alerts) as hosts:
        await reached(settings, alerts, await _tell(log, range(5), AlertState.FIRING))
        async with _old_table_in_use(settings):
            with capture_logs() as lines:
                hosts["alerts"].rebuild()
                await until(lambda: "rebuild_interrupted" in {line["event"] for line in lines})
            last = await _tell(log, range(5), AlertState.RESOLVED)
            await reached(settings, alerts, last)
            assert hosts["alerts"].rebuilds == 0
        await until(lambda: hosts["alerts"].rebuilds == 1)
    assert len(dump(settings, alerts)["occurrence"]) == 5


async def test_a_rebuild_that_cannot_read_the_log_is_not_tried_without_a_pause(
    bus: Bus, log: EventLog, settings: Settings
) -> None:
    async with hosting(bus, settings, alerts):
        await reached(settings, alerts, await _tell(log, range(3), AlertState.FIRING))
    await _tell(log, range(3), AlertState.RESOLVED)
    older = _newer(catalog=EventCatalog([AlertFired]))
    with capture_logs() as lines:
        async with hosting(bus, settings, older) as hosts:
            await until(lambda: [line for line in lines if line["event"] == "rebuild_interrupted"])
            await asyncio.sleep(1.0)
            assert not hosts["alerts"].healthy
    assert len([line for line in lines if line["event"] == "rebuild_interrupted"]) <= 4
    assert len(ask(settings, "select id from alerts.occurrence where state = 'FIRING'")) == 3


async def test_a_position_that_was_told_is_not_taken_back_by_a_switch(settings: Settings) -> None:
    url = settings.database.url.get_secret_value()
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        for slot, sequence in (("live", 20), ("next", 10)):
            await catalog.create(connection, alerts, "live" if slot == "live" else "next")
            ask(settings, f"update aiops.projection set sequence = {sequence} where slot='{slot}'")
        assert not await catalog.switch(connection, alerts, live_at=19, whole=True)
        assert position(settings, "alerts") == 20
        # Known before: what the next build does not read lies between.
        assert await catalog.switch(connection, alerts, live_at=20, whole=True)
    assert position(settings, "alerts") == 10
