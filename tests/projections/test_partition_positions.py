"""Who waits for a partitioned projection: for one event, or for all up to it."""

from collections.abc import AsyncGenerator
from uuid import UUID

import pytest

from contracts.alerts import AlertFired
from contracts.catalog import EventCatalog
from gateway.positions import Positions
from projections.alerts.projector import fired, projection as alerts
from services.runtime.bus import Bus
from services.runtime.database import Database
from services.runtime.log import EventLog
from services.runtime.projections.projection import Projection
from services.runtime.settings import Settings
from tests.kit.partitions import Teller, clusters_of, host
from tests.kit.projections import ask, hosting, position, reached
from tests.kit.runtime import running, until

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]


@pytest.fixture
async def positions(bus: Bus, settings: Settings) -> AsyncGenerator[Positions]:
    database = Database(settings.database, "test")
    await database.open()
    made = Positions(bus, database)
    await made.open("alerts")
    yield made
    await database.close()


def _older() -> Projection:
    """A program that does not know that alerts end."""
    known = EventCatalog([AlertFired])
    made = Projection("alerts", version=alerts.version, tables=alerts.tables, catalog=known)
    made.on(AlertFired)(fired)
    return made


async def test_a_write_waits_for_its_own_partition_a_read_of_the_past_for_all(
    bus: Bus, log: EventLog, settings: Settings, positions: Positions
) -> None:
    one = host(bus, settings, _older())
    stuck, free = Teller(log, clusters_of(0)), Teller(log, clusters_of(1)[:1])
    async with running(one.run):
        await until(lambda: len(one.held) == 2)
        await reached(settings, alerts, await stuck.tell([1]))
        await _unknown(bus, clusters_of(0)[0])
        await until(lambda: "unknown event" in (one.error or ""))
        last = await free.tell([2])
        assert await positions.wait_for("alerts", last, 20)
        assert not await positions.wait("alerts", last, 0.6)
        assert not await positions.wait_for("alerts", await stuck.tell([3]), 0.6)
        assert ask(settings, f"select seq from alerts.open where seq = {last}") == [(last,)]
        assert position(settings, "alerts") < last


async def _unknown(bus: Bus, cluster: UUID) -> None:
    headers = {"ce-type": "io.aiops.alerts.alert_vanished.v1"}
    await bus.publish(f"evt.{cluster}.alert.z.vanished", b"{}", headers)


@pytest.mark.parametrize("partitions", [1, 3])
async def test_what_was_told_before_is_asked_for(
    bus: Bus, log: EventLog, settings: Settings, positions: Positions, partitions: int
) -> None:
    last = await Teller(log).tell(range(12))
    if partitions == 1:
        async with hosting(bus, settings, alerts):
            await reached(settings, alerts, last)
    else:
        async with running(host(bus, settings, alerts, partitions).run):
            await reached(settings, alerts, last)
    late = Positions(bus, positions.database)
    assert await late.wait_for("alerts", last, 20)
    assert await late.wait("alerts", last, 0)
    assert not await late.wait("alerts", last + 1, 0.3)
