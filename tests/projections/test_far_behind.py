"""Far behind, a projection of several kinds of events reads all of the log, for the same rows."""

from typing import Any
from uuid import UUID

import pytest

from projections.alerts.projector import projection as alerts
from projections.reports.projector import projection as reports
from services.runtime.bus import Bus
from services.runtime.log import NOTHING, EventLog
from services.runtime.projections import runner
from services.runtime.projections.partitioned import host_of
from services.runtime.pull import Ordered, PullReader
from services.runtime.settings import Settings
from tests.kit import builders
from tests.kit.partitions import partitioned
from tests.kit.projections import ask, dump, hosting, reached
from tests.kit.runtime import running, until

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

ALL = ("evt.>",)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """What was asked of the log to be folded, in order; far behind are 50 events."""
    asked: list[tuple[str, ...]] = []

    class Noting(PullReader):
        async def open(self) -> None:
            if isinstance(self.consumer, Ordered) and self.batch > 1:
                asked.append(self.consumer.filters)
            await super().open()

    monkeypatch.setattr(runner, "PullReader", Noting)
    monkeypatch.setattr(runner, "FAR", 50)
    monkeypatch.setattr(runner, "_BATCH", 40)
    return asked


async def _mixed(log: EventLog, count: int, start: int = 0) -> int:
    """Alerts, and as many events of clusters between them; the last sequence of an alert."""
    last = 0
    for number in range(start, start + count):
        cluster = builders.registered(id=UUID(int=1_000_000 + number), name=f"c-{number}")
        fired = builders.fired(id=UUID(int=number + 1), fingerprint=f"{number:016x}")
        both: list[Any] = [(cluster, NOTHING), (fired, NOTHING)]
        answers = await log.append_each(both, builders.context(), builders.at())
        last = max(answer for answer in answers if isinstance(answer, int))
    return last


@pytest.mark.parametrize("partitions", [1, 2])
async def test_the_whole_log_leaves_the_same_rows(
    bus: Bus,
    log: EventLog,
    settings: Settings,
    read: list[tuple[str, ...]],
    monkeypatch: pytest.MonkeyPatch,
    partitions: int,
) -> None:
    last = await _mixed(log, 150)
    here = partitioned(settings, alerts=partitions) if partitions > 1 else settings
    async with running(host_of(alerts, bus, here).run):
        await reached(here, alerts, last)
        assert read[0] == ALL
        soon = await _mixed(log, 5, start=150)
        await reached(here, alerts, soon)
        assert read[-1] == alerts.filters, "at the end of the log only what is its own"
    whole = dump(here, alerts)
    assert ask(here, "select count(*) from aiops.projection_error")[0][0] == 0
    assert len(whole["occurrence"]) == 155
    monkeypatch.setattr(runner, "FAR", 1_000_000)
    read.clear()
    ask(here, "update aiops.projection set sequence = 0")
    ask(here, "update aiops.projection_partition set sequence = 0")
    async with running(host_of(alerts, bus, here).run):
        await reached(here, alerts, soon)
    assert dump(here, alerts) == whole
    assert ALL not in read


async def test_what_is_rare_in_the_log_is_looked_for(
    bus: Bus, log: EventLog, settings: Settings, read: list[tuple[str, ...]]
) -> None:
    await _mixed(log, 100)
    async with hosting(bus, settings, reports):
        await until(lambda: bool(read))
    assert read == [reports.filters]
