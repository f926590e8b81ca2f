"""Two projector processes fold one projection, whatever becomes of one of them."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager

import pytest

from contracts.alerts import AlertState
from services.runtime import standing
from services.runtime.bus import Bus
from services.runtime.log import EventLog
from services.runtime.settings import Settings
from services.runtime.standing import PartStanding
from tests.kit.part_process import PartProcess
from tests.kit.partitions import Teller
from tests.kit.projections import ask
from tests.kit.runtime import eventually, until

pytestmark = [
    pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres, pytest.mark.timeout(300)
]  # fmt: skip

_SHARED = {"AIOPS_PROJECTIONS__PARTITIONS": '{"alerts": 2, "activity": 2}'}
_WITHIN = 60.0


class Heard:
    """What processes tell of themselves, the newest of each."""

    def __init__(self) -> None:
        self.parts: dict[str, PartStanding] = {}

    async def listen(self, bus: Bus) -> None:
        await bus.hear(standing.SUBJECT, self._heard)

    def _heard(self, subject: str, body: bytes) -> None:
        told = standing.read(body)
        if told is not None:
            self.parts[told.instance] = told

    def shares(self) -> list[int]:
        """How many partitions of alerts each process folds."""
        return sorted(self._share(part) for part in self.parts.values())

    def _share(self, part: PartStanding) -> int:
        return sum(build.name == "alerts" and build.error is None for build in part.builds)


@contextmanager
def _two(settings: Settings) -> Generator[list[PartProcess]]:
    made = [PartProcess(settings, f"projector-{n}", _SHARED) for n in range(2)]
    try:
        yield made
    finally:
        for each in made:
            each.stop()


@asynccontextmanager
async def _telling(teller: Teller) -> AsyncGenerator[None]:
    """Alerts fire, end and fire again, one batch after the other."""
    stopping = asyncio.Event()

    async def _tell() -> None:
        number = 0
        while not stopping.is_set():
            numbers = range(number, number + 10)
            await teller.tell(numbers)
            if number % 20:
                await teller.tell(numbers, AlertState.RESOLVED)
            number += 10
            await asyncio.sleep(0.01)

    telling = asyncio.create_task(_tell())
    try:
        yield
    finally:
        stopping.set()
        await telling


async def _moves(settings: Settings, teller: Teller) -> None:
    """All partitions get past what is in the log now."""
    last = teller.last

    async def _there() -> bool:
        rows = await asyncio.to_thread(
            ask, settings, "select sequence from aiops.projection where name = 'alerts'"
        )
        return bool(rows) and rows[0][0] >= last

    await eventually(_there, within=_WITHIN)


async def _is_whole(settings: Settings, teller: Teller) -> None:
    """Every event is in the rows once, whoever has folded it."""
    await _moves(settings, teller)
    rows = ask(settings, "select id, state, seq from alerts.occurrence")
    assert len(rows) == len(teller.states), "no occurrence is there twice"
    assert {row[0]: row[1:] for row in rows} == teller.states
    states = Counter(state for state, _ in teller.states.values())
    assert dict(ask(settings, "select state, sum(n) from alerts.tally group by 1")) == states
    assert ask(settings, "select count(*) from aiops.projection_error") == [(0,)]


async def test_one_of_two_processes_stops_for_a_while_and_the_other_is_killed(
    bus: Bus, log: EventLog, settings: Settings
) -> None:
    teller, heard = Teller(log), Heard()
    await heard.listen(bus)
    with _two(settings) as (sleeper, victim):
        await until(lambda: heard.shares() == [1, 1], within=_WITHIN)
        async with _telling(teller):
            await _moves(settings, teller)
            sleeper.freeze()
            heard.parts.clear()
            await until(lambda: heard.shares() == [2], within=_WITHIN)
            await _moves(settings, teller)
            epochs = ask(settings, _EPOCHS)
            sleeper.thaw()
            # It joins the other one again, and only then has an epoch to write in.
            await until(lambda: heard.shares() == [1, 1], within=_WITHIN)
            await _moves(settings, teller)
            assert ask(settings, _EPOCHS) != epochs
            victim.kill()
            heard.parts.clear()
            await until(lambda: heard.shares() == [2], within=_WITHIN)
            await _moves(settings, teller)
        await _is_whole(settings, teller)


_EPOCHS = "select epoch from aiops.projection_partition where name = 'alerts' order by partition"
