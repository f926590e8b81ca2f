"""The engine of projections: once, whole, in order, and beside the live build."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar
from uuid import UUID

import psycopg
import pytest

from contracts.alerts import AlertFired
from contracts.catalog import EventCatalog
from contracts.clusters import ClusterUpdated
from contracts.envelope import Event
from contracts.subjects import EntityKey
from projections.activity.projector import projection as activity
from projections.alerts.projector import projection as alerts
from projections.fleet.projector import projection as fleet
from services.runtime.bus import Bus
from services.runtime.log import NOTHING, EventLog, Head
from services.runtime.projections import catalog
from services.runtime.projections.projection import Position, Projection, Rows
from services.runtime.projections.runner import Runner
from services.runtime.projections.writer import write
from services.runtime.settings import Settings
from tests.kit import builders
from tests.kit.projections import ask, dump, hosting, position, reached
from tests.kit.runtime import eventually, store, until

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]


async def _fire(log: EventLog, count: int, start: int = 0, **changes: Any) -> int:
    events = [
        builders.fired(id=UUID(int=n + 1), fingerprint=f"{n:016x}", **changes)
        for n in range(start, start + count)
    ]
    answers = await log.append_each(
        [(event, NOTHING) for event in events], builders.context(), builders.at()
    )
    return max(answer for answer in answers if isinstance(answer, int))


async def test_a_replay_gives_the_same_rows(bus: Bus, log: EventLog, settings: Settings) -> None:
    last = await _fire(log, 50)
    async with hosting(bus, settings, alerts):
        await reached(settings, alerts, last)
    first = dump(settings, alerts)
    ask(settings, "update aiops.projection set sequence = 0")
    async with hosting(bus, settings, alerts):
        await reached(settings, alerts, last)
    assert dump(settings, alerts) == first, "events folded twice change nothing"


async def test_a_rebuild_beside_the_live_build_gives_the_same_rows_and_reads_go_on(
    bus: Bus, log: EventLog, settings: Settings
) -> None:
    await _fire(log, 300)
    errors: list[Exception] = []
    counts: list[int] = []
    stopped = asyncio.Event()

    def _count() -> int:
        try:
            return ask(settings, "select count(*) from alerts.occurrence")[0][0]
        except psycopg.Error as error:
            errors.append(error)
            return 0

    async def _read() -> None:
        while not stopped.is_set():
            counts.append(await asyncio.to_thread(_count))

    async with hosting(bus, settings, alerts) as hosts:
        await reached(settings, alerts, 300)
        reading = asyncio.create_task(_read())
        hosts["alerts"].rebuild()
        last = await _fire(log, 200, start=300)
        await until(lambda: hosts["alerts"].rebuilds == 1)
        await reached(settings, alerts, last)
        stopped.set()
        await reading
        rebuilt = dump(settings, alerts)
    assert errors == []
    assert min(counts) >= 300, "no reader has seen an empty or half-built table"
    assert len(rebuilt["occurrence"]) == 500
    assert ask(settings, "select sum(n) from alerts.tally")[0][0] == 500


async def test_poison_is_set_aside_and_the_rest_is_written(
    bus: Bus, log: EventLog, settings: Settings
) -> None:
    await _fire(log, 3)
    await bus.publish("evt.-.alert.x.fired", b"{}", {})
    await bus.publish("evt.-.alert.y.fired", b"{", {"ce-type": AlertFired.names.type})
    nul = builders.fired(fingerprint="f" * 16, labels={"a": "\0"}, alertname="\0")
    await store(log, nul)
    last = await _fire(log, 3, start=10)
    async with hosting(bus, settings, alerts):
        await reached(settings, alerts, last)
    assert len(dump(settings, alerts)["occurrence"]) == 6
    aside = ask(settings, "select sequence from aiops.projection_error order by 1")
    assert [row[0] for row in aside] == [4, 5, 6]


class AlertVanished(Event):
    """A type that an older program does not know."""

    entity: ClassVar[str] = "alert"
    aggregate: ClassVar[bool] = False

    @property
    def key(self) -> EntityKey:
        return builders.fired().key


def _projection(events: EventCatalog, fold: Callable[..., None]) -> Projection:
    made = Projection("alerts", version=alerts.version, tables=alerts.tables, catalog=events)
    made.on(AlertFired)(fold)
    return made


def _ignore(event: Event, at: Position, rows: Rows) -> None:
    """Fold nothing."""


async def test_an_unknown_event_stops_the_projection_and_loses_nothing(
    bus: Bus, log: EventLog, settings: Settings
) -> None:
    await _fire(log, 2)
    await store(log, AlertVanished())
    last = await _fire(log, 2, start=5)
    old = _projection(EventCatalog([AlertFired]), _ignore)
    async with hosting(bus, settings, old) as hosts:
        await until(lambda: "unknown event" in (hosts["alerts"].live.error or ""))
    assert position(settings, "alerts") < 3
    new = _projection(EventCatalog([AlertFired, AlertVanished]), _ignore)
    async with hosting(bus, settings, new):
        await reached(settings, new, last)
    assert ask(settings, "select * from aiops.projection_error") == []


async def test_a_second_writer_waits_and_takes_over(
    bus: Bus, log: EventLog, settings: Settings
) -> None:
    async with hosting(bus, settings, alerts) as hosts:
        await until(lambda: hosts["alerts"].live.lag == 0)
        waiting = Runner(alerts, "live", bus, settings.database)
        stopping = asyncio.Event()
        second = asyncio.create_task(waiting.run(stopping))
        await until(lambda: waiting.error == "another process writes it")
    last = await _fire(log, 1)
    await reached(settings, alerts, last)
    stopping.set()
    await second


async def test_a_writer_that_was_overtaken_writes_nothing(settings: Settings) -> None:
    url = settings.database.url.get_secret_value()
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await catalog.create(connection, alerts, "live")
        await write(connection, [], ("alerts", "live", alerts.version, 0, 10))
        statement: tuple[bytes, list[Any]] = (
            b"insert into alerts.tally values ('FIRING', 'INFO', gen_random_uuid(), '', '', 1)",
            [],
        )
        with pytest.raises(psycopg.errors.SerializationFailure):
            await write(connection, [statement], ("alerts", "live", alerts.version, 0, 11))
    assert ask(settings, "select count(*) from alerts.tally")[0][0] == 0


async def test_a_new_version_is_built_beside_the_old_one(
    bus: Bus, log: EventLog, settings: Settings
) -> None:
    last = await _fire(log, 20)
    async with hosting(bus, settings, alerts):
        await reached(settings, alerts, last)
    newer = Projection("alerts", version=alerts.version + 1, tables=alerts.tables)
    newer.on(AlertFired)(lambda event, at, rows: None)
    async with hosting(bus, settings, newer):

        async def _switched() -> bool:
            rows = ask(settings, "select version, slot from aiops.projection where name = 'alerts'")
            return list(rows) == [(newer.version, "live")]

        await eventually(_switched)
        await reached(settings, newer, last)
    assert dump(settings, newer)["occurrence"] == []


async def test_projections_tell_how_far_they_are(
    bus: Bus, log: EventLog, settings: Settings
) -> None:
    told: list[int] = []
    await bus.hear("pos.fleet", lambda subject, body: told.append(int(body)))
    async with hosting(bus, settings, fleet):
        appended = await store(log, builders.registered())
        await until(lambda: told and told[-1] == appended.sequence)


async def test_every_event_is_one_row_of_activity(
    bus: Bus, log: EventLog, settings: Settings
) -> None:
    registered = await store(log, builders.registered())
    head = Head(registered.sequence, 1)
    changed = await store(log, builders.updated(), after=head, command_id=builders.EVENT_ID)
    async with hosting(bus, settings, activity):
        await reached(settings, activity, changed.sequence)
    rows = ask(
        settings,
        "select sequence, event_type, entity_type, version, actor from activity.event order by 1",
    )
    assert [row[:4] for row in rows] == [
        (1, "CLUSTER_REGISTERED", "cluster", 1),
        (2, ClusterUpdated.names.public, "cluster", 2),
    ]


async def test_events_that_trickle_in_are_written_together(
    bus: Bus, log: EventLog, settings: Settings
) -> None:
    paced = replace(fleet, pace=4)
    told: list[int] = []
    await bus.hear("pos.fleet", lambda subject, body: told.append(int(body)))
    async with hosting(bus, settings, paced):
        first = await store(log, builders.registered())
        await until(lambda: told == [first.sequence], within=3.5)
        head = Head(first.sequence, 1)
        for number in range(5):
            changed = await store(log, builders.updated(region=f"r{number}"), after=head)
            head = Head(changed.sequence, changed.version or 0)
            await asyncio.sleep(0.01)
        await until(lambda: told[-1] == head.sequence)
    assert told == [first.sequence, head.sequence]
