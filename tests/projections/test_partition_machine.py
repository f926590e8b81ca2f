"""Whoever folds, comes, goes, dies or builds anew meanwhile, the rows are what the log says."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings as tuned, strategies as st

from contracts.alerts import AlertState
from projections.alerts.projector import projection as alerts
from services.runtime import bus as buses, process
from services.runtime.bus import Bus
from services.runtime.projections import partitioned
from services.runtime.projections.partitioned import PartitionedHost
from services.runtime.settings import Settings
from tests.kit.leases import Frail, crash, process as connection_of
from tests.kit.partitions import Teller, host
from tests.kit.projections import ask
from tests.kit.runtime import eventually, until
from tests.kit.streams import fresh_streams

pytestmark = [pytest.mark.nats, pytest.mark.postgres, pytest.mark.timeout(180)]

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("alerts"), st.integers(1, 40)),
        st.tuples(st.sampled_from(["comes", "goes", "dies", "rebuild", "settles"]), st.just(0)),
    ),
    min_size=5,
    max_size=14,
)
_PARTITIONS = 3
_WITHIN = 20.0
_POSITION = "select sequence from aiops.projection where slot = 'live'"


@dataclass
class _Process:
    """One host with a connection of its own."""

    bus: Frail
    host: PartitionedHost
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.task = asyncio.create_task(self.host.run(self.stopping))

    async def end(self) -> None:
        self.stopping.set()
        await self.task


@dataclass
class _Fleet:
    bus: Bus
    settings: Settings
    teller: Teller
    running: list[_Process] = field(default_factory=list[_Process])
    number: int = 0

    async def step(self, what: str, count: int) -> None:
        match what:
            case "alerts":
                await self._tell(count)
            case "comes" if len(self.running) < 3:
                await self.come()
            case "goes" if self.running:
                await self.running.pop(0).end()
            case "dies" if self.running:
                await self._die()
            case "rebuild" if self.running:
                self.running[-1].host.rebuild()
            case "settles" if self.running:
                await _whole(self)
            case _:
                return

    async def come(self) -> None:
        bus = await connection_of(self.bus)
        self.running.append(_Process(bus, host(bus, self.settings, alerts, _PARTITIONS, seconds=1)))

    async def _die(self) -> None:
        gone = self.running.pop()
        await crash(gone.bus, gone.task)

    async def _tell(self, count: int) -> None:
        numbers = range(self.number, self.number + count)
        self.number += count
        await self.teller.tell(numbers)
        await self.teller.tell(numbers[::2], AlertState.RESOLVED)

    def check(self) -> None:
        rows = ask(self.settings, "select id, state, seq from alerts.occurrence")
        assert len(rows) == len(self.teller.states)
        assert {row[0]: row[1:] for row in rows} == self.teller.states
        counted = ask(self.settings, "select state, sum(n) from alerts.tally group by 1")
        assert dict(counted) == Counter(state for state, _ in self.teller.states.values())
        assert ask(self.settings, "select * from aiops.projection_error") == []


async def _live(settings: Settings, steps: list[Any]) -> None:
    await fresh_streams(settings)
    ask(settings, "drop schema if exists alerts, alerts_next cascade")
    ask(settings, "delete from aiops.projection")
    bus = await buses.connect(settings.nats, "machine")
    fleet = _Fleet(bus, settings, Teller(process.event_log(bus, settings)))
    try:
        for what, count in [*steps, ("alerts", 7), ("comes", 0)]:
            await fleet.step(what, count)
        await _whole(fleet)
        for each in fleet.running:
            await each.end()
        fleet.check()
    finally:
        await bus.close()


async def _whole(fleet: _Fleet) -> None:
    async def _there() -> bool:
        rows = await asyncio.to_thread(ask, fleet.settings, _POSITION)
        return bool(rows) and rows[0][0] >= fleet.teller.last

    await eventually(_there, within=_WITHIN)
    await until(lambda: all(each.host.healthy for each in fleet.running), within=_WITHIN)


def test_rows_are_what_the_log_says(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partitioned, "_LOOK", 0.1)

    @given(STEPS)
    @tuned(
        max_examples=5,
        deadline=None,
        suppress_health_check=(HealthCheck.too_slow, HealthCheck.nested_given),
    )
    def _machine(steps: list[Any]) -> None:
        asyncio.run(_live(settings, steps))

    _machine()
