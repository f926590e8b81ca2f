"""The writer of samples when something breaks around it: each sample is in the tables once."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from services.runtime import bus as buses, database, streams
from services.runtime.bus import Bus, BusUnavailable
from services.runtime.clock import SystemClock
from services.runtime.projections import keeping as keepers
from services.runtime.settings import DatabaseSettings, NatsSettings, Settings
from tests.kit.embedded import NatsServer, PostgresServer, running_nats, running_postgres
from tests.kit.gpu_builders import gpu_update
from tests.kit.keeping import SetClock, keeping, kept, tell
from tests.kit.part_process import PartProcess
from tests.kit.projections import ask
from tests.kit.runtime import until
from tests.kit.samples import START, at

pytestmark = [
    pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres, pytest.mark.timeout(120)
]  # fmt: skip

_TIMES = "select at from aiops.gpu_sample order by at"


@pytest.fixture
def clock() -> SetClock:
    return SetClock(START + timedelta(minutes=3))


@pytest.fixture
def looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keepers, "_SILENCE", 0.0)


async def _make_anew(bus: Bus, settings: Settings) -> None:
    await bus.api(f"STREAM.DELETE.{streams.TELEMETRY}")
    await streams.ensure(bus, settings)


async def test_a_stream_made_anew_is_read_whole_even_if_it_is_longer_already(
    bus: Bus, settings: Settings, clock: SetClock
) -> None:
    async with keeping(bus, settings, clock) as runner:
        await kept(runner, await tell(bus, gpu_update(sampled_at=at(0))))
    await _make_anew(bus, settings)
    for seconds in (10, 20, 30):
        await tell(bus, gpu_update(sampled_at=at(seconds)))
    async with keeping(bus, settings, clock) as runner:
        await kept(runner, 3)
    assert ask(settings, _TIMES) == [(at(0),), (at(10),), (at(20),), (at(30),)]


@pytest.mark.usefixtures("looks_often")
async def test_a_stream_that_is_made_anew_under_it_is_read_from_its_start(
    bus: Bus, settings: Settings, clock: SetClock
) -> None:
    async with keeping(bus, settings, clock) as runner:
        for seconds in range(5):
            await kept(runner, await tell(bus, gpu_update(sampled_at=at(seconds))))
        await _make_anew(bus, settings)
        await tell(bus, gpu_update(sampled_at=at(10)))
        await until(lambda: ask(settings, f"{_TIMES} offset 5") == [(at(10),)], within=60)
        await until(lambda: runner.sequence == 1)


async def test_a_position_from_before_a_stream_had_a_birthday_is_kept(
    bus: Bus, settings: Settings, clock: SetClock
) -> None:
    async with keeping(bus, settings, clock) as runner:
        await kept(runner, await tell(bus, gpu_update(sampled_at=at(0))))
    ask(settings, "update aiops.kept set born = null returning 1")
    async with keeping(bus, settings, clock) as runner:
        await kept(runner, await tell(bus, gpu_update(sampled_at=at(10))))
    assert ask(settings, _TIMES) == [(at(0),), (at(10),)]


@contextmanager
def _servers(directory: Path) -> Generator[tuple[NatsServer, PostgresServer, Settings]]:
    with (
        running_nats(directory / "nats") as nats,
        running_postgres(directory / "postgres") as postgres,
    ):
        where = DatabaseSettings(url=SecretStr(postgres.url), timeout=2.0)
        at_nats = NatsSettings(url=nats.url)
        yield nats, postgres, Settings(data_dir=directory, nats=at_nats, database=where)


async def test_killed_servers_take_no_sample_and_double_none(
    tmp_path: Path, clock: SetClock
) -> None:
    with _servers(tmp_path) as (nats, postgres, settings):
        await database.migrate(settings.database)
        bus = await buses.connect(settings.nats, "test")
        await streams.ensure(bus, settings)
        last = 0
        async with keeping(bus, settings, clock) as runner:
            for number in range(160):
                last = await _tell_at_last(bus, number)
                if number in {40, 80, 120}:
                    await until(lambda last=last: runner.sequence > last - 20)
                    (nats if number == 80 else postgres).restart()
            await until(lambda: runner.sequence >= last and runner.healthy)
        await bus.close()
        assert ask(settings, _TIMES) == [(at(number),) for number in range(160)]


async def _tell_at_last(bus: Bus, number: int) -> int:
    """Whatever becomes of the bus, a sample is told once."""
    body = gpu_update(sampled_at=at(number)).model_dump_json().encode()
    while True:
        try:
            return (await bus.publish("tel.gpu.x.y", body, {"Nats-Msg-Id": str(number)})).seq
        except BusUnavailable:
            await asyncio.sleep(0.05)


async def test_another_process_goes_on_when_the_one_that_writes_is_killed(
    bus: Bus, settings: Settings
) -> None:
    now = SystemClock().now()
    begin = now - timedelta(minutes=5)

    async def tells(number: int) -> int:
        return await tell(bus, gpu_update(sampled_at=begin + timedelta(seconds=number)))

    first = PartProcess(settings, "projector", {})
    try:
        await tells(0)
        await until(lambda: ask(settings, _TIMES), within=20)
        async with keeping(bus, settings, SetClock(now)) as second:
            await until(lambda: second.error == "another process writes it")
            last = 0
            for number in range(1, 40):
                last = await tells(number)
            first.kill()
            await until(lambda: second.sequence >= last, within=10)
    finally:
        first.stop()
    times = [begin + timedelta(seconds=number) for number in range(40)]
    assert await asyncio.to_thread(ask, settings, _TIMES) == [(each,) for each in times]
