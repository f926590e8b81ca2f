"""Old and new versions of a projection at the same time: what is read is whole, whatever fails."""

import asyncio
import subprocess
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import psycopg
import pytest

from contracts.catalog import EventCatalog
from services.runtime.bus import Bus
from services.runtime.log import NOTHING, EventLog
from services.runtime.projections import catalog
from services.runtime.projections.host import ProjectionHost
from services.runtime.projections.partitioned import host_of
from services.runtime.projections.projection import Projection
from services.runtime.projections.runner import STANDS_BY
from services.runtime.projections.table import Table
from services.runtime.settings import ProjectionSettings, Settings
from tests.kit.lamp_projector import lamp_projector
from tests.kit.lamps import (
    NEW,
    PINNED,
    BrightRow,
    LampLitV2,
    old_projection,
    upgraded_projection,
)
from tests.kit.projections import ask, position
from tests.kit.runtime import running, store_each, until

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]


@dataclass
class Lighting:
    """Lights lamps of ascending numbers, in the version that both programs read."""

    log: EventLog
    settings: Settings
    lit: dict[int, int] = field(default_factory=dict[int, int])
    """The position of each, by its number."""

    async def light(self, count: int) -> None:
        numbers = range(len(self.lit) + 1, len(self.lit) + count + 1)
        told = await store_each(self.log, [(_lamp(number), NOTHING) for number in numbers])
        self.lit.update(zip(numbers, told, strict=True))

    async def folded(self) -> None:
        """What has been lit until now is in the rows."""
        last = max(self.lit.values())
        await until(lambda: position(self.settings, "lamps") >= last)

    @asynccontextmanager
    async def going_on(self) -> AsyncGenerator[None]:
        """A hundred lamps a second, for the time of a block."""
        stopping = asyncio.Event()

        async def light() -> None:
            while not stopping.is_set():
                await self.light(1)
                await asyncio.sleep(0.01)

        task = asyncio.create_task(light())
        try:
            yield
        finally:
            stopping.set()
            await task


def _lamp(number: int) -> LampLitV2:
    return LampLitV2(lamp=f"{number}", lumens=number * 15)


@pytest.fixture
def lighting(log: EventLog, settings: Settings) -> Lighting:
    return Lighting(replace(log, catalog=NEW.writing(PINNED)), settings)


@dataclass
class Reading:
    """Reads all the time what both versions have, as a gateway would."""

    counts: list[int] = field(default_factory=list[int])
    positions: list[int] = field(default_factory=list[int])

    async def run(self, settings: Settings, stopping: asyncio.Event) -> None:
        url = settings.database.url.get_secret_value()
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            while not stopping.is_set():
                for seen, sql in (
                    (self.positions, "select sequence from aiops.projection where slot = 'live'"),
                    (self.counts, "select count(*) from lamps.lamp where watts > 0"),
                ):
                    row: Any = await (await connection.execute(sql.encode())).fetchone()
                    seen.append(row[0])
                await asyncio.sleep(0.005)

    @property
    def steps_back(self) -> list[tuple[int, int]]:
        """Where something that was read was gone again, or told and taken back."""
        seen = [*pairwise(self.counts), *pairwise(self.positions)]
        return [pair for pair in seen if pair[0] > pair[1]]


@asynccontextmanager
async def _reading(settings: Settings) -> AsyncGenerator[Reading]:
    reading, stopping = Reading(), asyncio.Event()
    task = asyncio.create_task(reading.run(settings, stopping))
    try:
        yield reading
    finally:
        stopping.set()
        await task


@contextmanager
def _projector(settings: Settings, version: int, fold: float = 0) -> Generator[Any]:
    process = lamp_projector(settings, version, fold)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def _ended(process: "subprocess.Popen[bytes]") -> int:
    """Told to stop as Kubernetes tells it; what it ended with."""
    process.terminate()
    return await asyncio.to_thread(process.wait, 20)


def _builds(settings: Settings) -> dict[str, int]:
    """Versions by slot."""
    return dict(ask(settings, "select slot, version from aiops.projection order by 1"))


def _next_at(settings: Settings) -> int:
    rows = ask(settings, "select sequence from aiops.projection where slot = 'next'")
    return rows[0][0] if rows else 0


def _rows(settings: Settings) -> list[tuple[int, int]]:
    found = ask(settings, "select watts, seq from lamps.lamp order by 1")
    return [(watts, sequence) for watts, sequence in found]


async def test_processes_of_two_versions_side_by_side(
    settings: Settings, lighting: Lighting
) -> None:
    """The first try of the new one is killed half-way, and nothing is seen of it."""
    await lighting.light(800)
    with _projector(settings, 1) as old:
        await lighting.folded()
        async with _reading(settings) as reading, lighting.going_on():
            with _projector(settings, 2, fold=0.001):
                await until(lambda: _next_at(settings) > 0)
                assert _builds(settings) == {"live": 1, "next": 2}
            served = position(settings, "lamps")
            await until(lambda: position(settings, "lamps") > served + 20)
            assert _builds(settings)["live"] == 1
            with _projector(settings, 2, fold=0.001) as new:
                await until(lambda: _builds(settings) == {"live": 2})
                assert await _ended(old) == 0
                served = position(settings, "lamps")
                await until(lambda: position(settings, "lamps") > served + 20)
                assert await _ended(new) == 0
        with _projector(settings, 2):
            await lighting.folded()
    assert _rows(settings) == sorted(lighting.lit.items())
    assert ask(settings, "select sum(lumens) from lamps.lamp")[0][0] == 15 * sum(lighting.lit)
    assert reading.steps_back == []
    assert min(reading.counts) >= 800


_REFUSED = Table("lamp", BrightRow, key=("lamp",), indexes=("(no_such_column)",))
FAILING: dict[str, Projection] = {
    "its tables are refused": upgraded_projection(table=_REFUSED),
    "it cannot fold what the old one could": upgraded_projection(broken="7"),
    "it cannot read the log": replace(upgraded_projection(), catalog=EventCatalog([LampLitV2])),
}


@dataclass(frozen=True)
class Projectors:
    """Makes projectors, as many of which as there are partitions fold at once."""

    bus: Bus
    settings: Settings
    partitions: int

    def old(self) -> ProjectionHost:
        return self.of(old_projection())

    def new(self) -> ProjectionHost:
        return self.of(upgraded_projection())

    def of(self, projection: Projection) -> ProjectionHost:
        shared = ProjectionSettings(partitions={projection.name: self.partitions})
        settings = self.settings.model_copy(update={"projections": shared})
        return host_of(projection, self.bus, settings)


@pytest.fixture(params=[1, 2], ids=["one-writer", "partitions"])
def projectors(request: pytest.FixtureRequest, bus: Bus, settings: Settings) -> Projectors:
    return Projectors(bus, settings, request.param)


async def test_the_new_version_is_built_while_the_old_one_writes(
    projectors: Projectors, settings: Settings, lighting: Lighting
) -> None:
    old, new, second = projectors.old(), projectors.new(), projectors.new()
    await lighting.light(50)
    async with running(old.run):
        await lighting.folded()
        async with (
            _reading(settings) as reading,
            lighting.going_on(),
            running(new.run),
            running(second.run),
        ):
            await until(lambda: new.rebuilds + second.rebuilds == 1)
            # The old one is still there, as until Kubernetes finds the new ones ready.
            await until(lambda: new.healthy and second.healthy)
            await until(lambda: old.error == STANDS_BY)
            served = position(settings, "lamps")
            await until(lambda: position(settings, "lamps") > served + 20)
    assert new.rebuilds + second.rebuilds == 1
    assert old.rebuilds == 0
    assert reading.steps_back == []


@pytest.mark.parametrize("why", FAILING)
async def test_an_upgrade_that_fails_leaves_the_old_one_serving(
    projectors: Projectors, settings: Settings, lighting: Lighting, why: str
) -> None:
    old, failing, mended = projectors.old(), projectors.of(FAILING[why]), projectors.new()
    async with running(old.run):
        await lighting.light(50)
        await lighting.folded()
        async with _reading(settings) as reading:
            async with running(failing.run), lighting.going_on():
                await until(lambda: not failing.healthy)
                served = position(settings, "lamps")
                await until(lambda: position(settings, "lamps") > served + 50)
                assert (old.error, failing.rebuilds) == (None, 0)
                assert not failing.healthy, "it says so, and Kubernetes keeps the old one"
            assert _builds(settings)["live"] == 1
            async with running(mended.run), lighting.going_on():
                await until(lambda: mended.rebuilds == 1)
                await until(lambda: mended.healthy)
                served = position(settings, "lamps")
                await until(lambda: position(settings, "lamps") > served + 20)
    assert reading.steps_back == []


@pytest.mark.parametrize("broken", [7, 1_200], ids=["early", "last"])
async def test_what_a_new_version_lacks_is_told_and_taken_only_if_somebody_says_so(
    projectors: Projectors, settings: Settings, lighting: Lighting, broken: int
) -> None:
    lacking, second = (projectors.of(upgraded_projection(broken=f"{broken}")) for _ in range(2))
    async with running(projectors.old().run):
        await lighting.light(1_200)
        await lighting.folded()
    async with running(lacking.run), running(second.run):
        for each in (lacking, second):
            await until(lambda each=each: "cannot fold 1 events" in (each.error or ""), within=20)
            assert f"first {lighting.lit[broken]} (ZeroDivisionError" in (each.error or "")
        assert len(_rows(settings)) == 1_200
        assert _builds(settings) == {"live": 1}
        lacking.rebuild()
        await until(lambda: lacking.rebuilds == 1)
        await until(lambda: lacking.healthy and second.healthy, within=20)
        assert len(_rows(settings)) == 1_199
        aside = "select name, sequence from aiops.projection_error"
        assert ask(settings, aside) == [("lamps", lighting.lit[broken])]
        # Built again by a program that can, nothing of that is left.
    mended = projectors.new()
    async with running(mended.run):
        mended.rebuild()
        await until(lambda: mended.rebuilds == 1)
        assert (len(_rows(settings)), ask(settings, aside)) == (1_200, [])


async def test_an_old_projector_that_starts_again_takes_nothing_from_the_new_one(
    projectors: Projectors, settings: Settings, lighting: Lighting
) -> None:
    """As where its node is drained in the middle of the rolling update."""
    old, again, new = projectors.old(), projectors.old(), projectors.new()
    await lighting.light(50)
    async with running(old.run):
        await lighting.folded()
    async with _reading(settings) as reading, running(new.run):
        await until(lambda: new.rebuilds == 1)
        async with running(again.run):
            await until(lambda: again.error == STANDS_BY)
            async with lighting.going_on():
                # Longer than it waits for a new one that has gone.
                await asyncio.sleep(12)
            await lighting.folded()
            assert _builds(settings)["live"] == 2
            assert (again.rebuilds, again.healthy, new.error) == (0, True, None)
    assert _rows(settings) == sorted(lighting.lit.items())
    assert reading.steps_back == []


async def test_the_way_back_is_built_once_the_new_ones_have_gone(
    projectors: Projectors, settings: Settings, lighting: Lighting
) -> None:
    """And if a new one comes again, its version is built again, also beside an old one."""
    back, new, again = projectors.old(), projectors.new(), projectors.new()
    await lighting.light(50)
    async with running(back.run):
        await lighting.folded()
        async with _reading(settings) as reading, lighting.going_on():
            async with running(new.run):
                await until(lambda: new.rebuilds == 1)
                await until(lambda: back.error == STANDS_BY)
            await until(lambda: _builds(settings) == {"live": 1})
            await until(lambda: back.error is None)
            async with running(again.run):
                await until(lambda: again.rebuilds == 1)
                await until(lambda: again.healthy)
    assert reading.steps_back == []


async def test_a_new_projector_that_has_lost_its_build_builds_it_again(
    projectors: Projectors, settings: Settings, lighting: Lighting
) -> None:
    """Whatever has put an old build in its place, it does not stand still until somebody helps."""
    new = projectors.new()
    await lighting.light(50)
    async with running(new.run):
        await lighting.folded()
        async with await psycopg.AsyncConnection.connect(
            settings.database.url.get_secret_value(), autocommit=True
        ) as connection:
            await catalog.create(connection, old_projection(), "live", projectors.partitions)
        await lighting.light(1)
        await until(lambda: new.rebuilds == 1)
        await lighting.folded()
        await until(lambda: new.healthy)
    assert _rows(settings) == sorted(lighting.lit.items())
