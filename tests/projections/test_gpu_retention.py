"""When minutes and hours are made, and what is dropped when: never under somebody's hands."""

from collections.abc import AsyncGenerator
from datetime import timedelta

import pytest
from psycopg import errors

from services.runtime.database import connect
from services.runtime.projections.ranges import Ranges
from services.runtime.settings import DatabaseSettings, Settings
from services.runtime.settings_collecting import RetentionSettings
from tests.kit.gpu_builders import gpu, gpu_update
from tests.kit.keeping import ByHand, SetClock, by_hand
from tests.kit.samples import START, at

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]

_HOUR, _DAY = 3600, 86_400
_UNDER_WAY = 600
"""Seconds for which what was young enough when it came may be on its way to a row."""


@pytest.fixture
def kept() -> RetentionSettings:
    return RetentionSettings(gpu_samples_hours=2, gpu_minutes_days=1, gpu_hours_days=40)


@pytest.fixture
async def hand(fresh_database: DatabaseSettings, kept: RetentionSettings) -> AsyncGenerator[ByHand]:
    settings = Settings(database=fresh_database, retention=kept)
    async with by_hand(settings, SetClock(START)) as made:
        yield made


async def _parts(hand: ByHand, table: str) -> list[str]:
    rows = await hand.ask(f"select part from aiops.partitions_of('{table}') order by 1")
    return [row[0].rpartition("_")[2] for row in rows]


async def _tables(hand: ByHand, table: str) -> list[str]:
    rows = await hand.ask(
        f"select relname::text from pg_class where relname like '{table}_20%' and relkind = 'r'"
        " order by 1"
    )
    return [row[0].rpartition("_")[2] for row in rows]


async def _minutes(hand: ByHand) -> list[tuple[object, ...]]:
    return await hand.ask(
        "select at, samples, temperature_celsius_max from aiops.gpu_minute order by at"
    )


async def test_a_minute_is_made_when_it_has_been_over_for_a_while(hand: ByHand) -> None:
    await hand.write(*(gpu_update(sampled_at=at(seconds)) for seconds in (0, 15, 60)))
    hand.clock.time = at(60 + 19)
    await hand.tidy()
    assert await _minutes(hand) == []
    hand.clock.time = at(60 + 20)
    await hand.tidy()
    assert await _minutes(hand) == [(at(0), 2, 64.0)]
    assert await hand.ask("select at from aiops.gpu_dirty_minute") == [(at(60),)]


async def test_a_minute_is_made_again_when_samples_come_late(hand: ByHand) -> None:
    await hand.write(gpu_update(sampled_at=at(0)), gpu_update(sampled_at=at(60)))
    hand.clock.time = at(_HOUR + 20)
    await hand.tidy()
    hot = gpu(temperature_celsius=90.0)
    await hand.write(gpu_update(sampled_at=at(30), gpus=(hot,)))
    await hand.tidy()
    assert await _minutes(hand) == [(at(0), 2, 90.0), (at(60), 1, 64.0)]
    hours = "select at, samples, temperature_celsius_max from aiops.gpu_hour"
    assert await hand.ask(hours) == [(at(0), 3, 90.0)]
    assert await hand.ask("select 1 from aiops.gpu_dirty_hour") == []


async def test_samples_minutes_and_hours_are_dropped_when_their_time_has_come(
    hand: ByHand,
) -> None:
    await hand.write(gpu_update())
    hand.clock.time = at(3 * _HOUR + _UNDER_WAY - 1)
    await hand.clean()
    assert "2026010112" in await _parts(hand, "gpu_sample")
    hand.clock.time = at(3 * _HOUR + _UNDER_WAY)
    await hand.clean()
    assert await _tables(hand, "gpu_sample") == ["2026010115", "2026010116"]
    assert await _minutes(hand) == [(at(0), 1, 64.0)]
    hand.clock.time = at(2 * _DAY)
    await hand.clean()
    assert await _minutes(hand) == []
    assert await hand.ask("select at, samples from aiops.gpu_hour") == [(at(0), 1)]
    hand.clock.time = at(72 * _DAY)
    await hand.clean()
    assert await hand.ask("select 1 from aiops.gpu_hour") == []
    assert await hand.ask("select 1 from aiops.gpu_told") == []
    assert await hand.ask("select 1 from aiops.gpu_node_told") == []


async def test_a_node_is_forgotten_with_the_last_that_is_kept_of_it(hand: ByHand) -> None:
    await hand.write(gpu_update(), gpu_update(node_name="other"))
    hand.clock.time = at(2 * _HOUR)
    await hand.tidy()
    hand.clock.time = at(70 * _DAY)
    await hand.write(gpu_update(node_name="other", sampled_at=hand.clock.time))
    await hand.clean()
    assert await hand.ask("select count(*) from aiops.gpu_hour") == [(2,)]
    assert await hand.ask("select count(*) from aiops.gpu_node") == [(2,)]
    hand.clock.time = at(72 * _DAY)
    await hand.clean()
    assert await hand.ask("select node_name from aiops.gpu_node") == [("other",)]
    assert await hand.ask("select count(*) from aiops.gpu") == [(1,)]
    await hand.write(gpu_update(sampled_at=hand.clock.time))
    assert await hand.ask("select count(*) from aiops.gpu") == [(2,)]


async def test_a_gpu_is_forgotten_that_its_node_has_not_had_for_long(hand: ByHand) -> None:
    both = gpu(), gpu(uuid="GPU-b")
    await hand.write(gpu_update(gpus=both))
    hand.clock.time = at(72 * _DAY)
    await hand.write(gpu_update(sampled_at=hand.clock.time))
    await hand.clean()
    assert await hand.ask("select count(*) from aiops.gpu") == [(1,)]
    hand.clock.time = at(72 * _DAY + 15)
    await hand.write(gpu_update(sampled_at=hand.clock.time, gpus=both))
    found = await hand.ask(
        "select count(*) from aiops.gpu g join aiops.gpu_sample s on s.gpu_id = g.id"
        f" where s.at = '{hand.clock.time}'"
    )
    assert found == [(2,)]


async def test_a_roll_up_that_failed_goes_on_when_it_can(hand: ByHand) -> None:
    await hand.clean()
    hand.clock.time = at(2 * _DAY + 100)
    await hand.write(gpu_update(sampled_at=at(2 * _DAY)))
    await hand.do("alter table aiops.gpu_minute add constraint never check (samples < 0)")
    with pytest.raises(errors.CheckViolation):
        await hand.tidy()
    await hand.do("alter table aiops.gpu_minute drop constraint never")
    await hand.tidy()
    assert await _minutes(hand) == [(at(2 * _DAY), 1, 64.0)]


async def test_partitions_can_be_asked_for_by_their_time(hand: ByHand) -> None:
    await hand.clean()
    await hand.do("set timezone to 'Asia/Tokyo'")
    found = await hand.ask(
        f"select part from aiops.partitions_of('gpu_sample') where since > '{START}'"
    )
    assert found == [("gpu_sample_2026010113",)]


async def test_samples_are_not_dropped_before_they_are_summed_up(hand: ByHand) -> None:
    await hand.write(*(gpu_update(sampled_at=at(60 * minute)) for minute in range(2)))
    hand.clock.time = at(30 * _HOUR)
    # As a process does that has much to read: it sums up little, and sees to the rest of it.
    hand.clock.seconds += 1000
    await hand.ask("update aiops.gpu_dirty_hour set at = at returning 1")
    await hand.ask(
        "insert into aiops.gpu_dirty_minute select n.id, '2026-01-01 12:00Z'::timestamptz + i *"
        " interval '1 ms' from aiops.gpu_node n, generate_series(1, 1300) i returning 1"
    )
    await hand.keeper.tidy(hand.connection, behind=True)
    assert "2026010112" in await _parts(hand, "gpu_sample")
    await hand.clean()
    await hand.clean()
    assert "2026010112" not in await _parts(hand, "gpu_sample")


async def test_partitions_are_made_ahead_and_for_what_comes_late(hand: ByHand) -> None:
    await hand.clean()
    assert await _parts(hand, "gpu_sample") == ["2026010112", "2026010113"]
    assert await _parts(hand, "gpu_minute") == ["2026010100", "2026010200"]
    assert await _parts(hand, "gpu_hour") == ["2026010100", "2026020100"]
    await hand.write(gpu_update(sampled_at=at(-_HOUR)))
    assert await _parts(hand, "gpu_sample") == ["2026010111", "2026010112", "2026010113"]


async def test_what_somebody_reads_is_dropped_later_and_holds_nobody_up(hand: ByHand) -> None:
    await hand.write(gpu_update())
    await hand.tidy()
    hand.clock.time = at(4 * _HOUR)
    await hand.write(gpu_update(sampled_at=hand.clock.time))
    async with await connect(hand.settings.database, "reader") as reader, reader.transaction():
        await reader.execute("select count(*) from aiops.gpu_sample")
        await hand.clean()
        await hand.write(gpu_update(sampled_at=hand.clock.time + timedelta(seconds=15)))
        assert "2026010112" in await _tables(hand, "gpu_sample")
        # Whoever comes now waits for nobody.
        assert await hand.ask("select count(*) from aiops.gpu_sample") == [(2,)]
    await hand.restart()
    await hand.clean()
    assert "2026010112" not in await _tables(hand, "gpu_sample")


async def test_partitions_end_where_the_next_one_begins(hand: ByHand) -> None:
    ranges = Ranges("gpu_hour", "month")
    december = START.replace(year=2027, month=12, day=31, hour=23)
    assert ranges.end(ranges.begin(december)) == START.replace(year=2028, day=1, hour=0)
    await ranges.load(hand.connection)
    await ranges.make(hand.connection, ranges.ahead(december))
    assert {"2027120100", "2028010100"} <= set(await _parts(hand, "gpu_hour"))
