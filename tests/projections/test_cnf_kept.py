"""Samples of network functions in the durable tables: once each, and no longer than is wanted."""

import random
from collections.abc import AsyncGenerator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from contracts.cnf import CnfUpdate
from projections.cnf.keeper import CnfKeeper
from services.runtime.bus import Bus
from services.runtime.clock import SystemClock
from services.runtime.projections.keeper import Unreadable
from services.runtime.projections.keeping import KeepingRunner
from services.runtime.settings import DatabaseSettings, RetentionSettings, Settings
from tests.kit import builders
from tests.kit.cnf_rows import CnfTables, cnf_tables, delivery
from tests.kit.projections import ask
from tests.kit.runtime import eventually, running

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]

NOW = builders.at(86_400)
_ALL = (
    "select cluster_id, part, since, until, interval_seconds, missing, source, value::text"
    " from aiops.cnf_run order by 1, 2, 3",
    "select cluster_id, part, asked_at, at, run_since, missing, source, value::text"
    " from aiops.cnf_latest order by 1, 2",
    "select cluster_id, node_name, interface, process, at, offset_ns from aiops.cnf_offset"
    " join aiops.cnf_clock on id = clock_id order by 1, 2, 3, 4, 5",
)


@pytest.fixture
async def tables(fresh_database: DatabaseSettings) -> AsyncGenerator[CnfTables]:
    async with cnf_tables(Settings(database=fresh_database), NOW) as made:
        yield made


async def _runs(tables: CnfTables, part: str) -> list[tuple[float, float]]:
    """Since and until of each, in seconds."""
    rows = await tables.ask(
        f"select since, until from aiops.cnf_run where part = '{part}' order by since"
    )
    start = builders.at()
    return [((a - start).total_seconds(), (b - start).total_seconds()) for a, b in rows]


async def _dump(tables: CnfTables) -> list[Any]:
    return [await tables.ask(sql) for sql in _ALL]


def _sample(seconds: float, **parts: Any) -> CnfUpdate:
    return builders.cnf_update(sampled_at=builders.at(seconds), **parts)


async def test_what_stays_the_same_is_one_run(tables: CnfTables) -> None:
    for minute in range(5):
        await tables.take_in(_sample(60 * minute))
    crashed = [_sample(0).model_dump(mode="json")["workloads"][0] | {"restarts": 1}]
    await tables.take_in(_sample(300, workloads=crashed), _sample(360, workloads=crashed))
    assert await _runs(tables, "workloads") == [(0, 240), (300, 360)]
    assert await _runs(tables, "sriov") == [(0, 360)]
    assert await _runs(tables, "dpdk") == [(0, 360)], "no ports are no counters"


async def test_a_run_ends_with_its_hour_and_with_a_gap(tables: CnfTables) -> None:
    for seconds in (3480, 3540, 3600, 3660, 3900):
        await tables.take_in(_sample(seconds))
    assert await _runs(tables, "workloads") == [(3480, 3540), (3600, 3660), (3900, 3900)]


async def test_the_order_in_which_things_were_found_is_no_change(tables: CnfTables) -> None:
    pod = _sample(0).model_dump(mode="json")["workloads"][0]
    pods = [pod, pod | {"pod": "du-1"}]
    await tables.take_in(_sample(0, workloads=pods), _sample(60, workloads=pods[::-1]))
    assert await _runs(tables, "workloads") == [(0, 60)]


async def test_offsets_are_kept_one_by_one_and_states_as_runs(tables: CnfTables) -> None:
    known = _sample(0).model_dump(mode="json")["ptp"][0]
    for minute, offset in enumerate((1.5, None, -20, 1e9)):
        await tables.take_in(_sample(60 * minute, ptp=[known | {"offset_ns": offset}]))
    await tables.take_in(_sample(240, ptp=[known | {"clock_state": "HOLDOVER"}]))
    assert await _runs(tables, "ptp") == [(0, 180), (240, 240)]
    offsets = await tables.ask("select offset_ns from aiops.cnf_offset order by at")
    assert offsets == [(1.5,), (None,), (-20,), (1e9,), (-4,)]
    assert await tables.ask("select id from aiops.cnf_clock") == [(1,)]


async def test_counters_are_kept_sample_by_sample(tables: CnfTables) -> None:
    dpdk = [{"namespace": "n", "pod": "p", "ports": [{"port": "0", "rx_packets": 5}]}]
    await tables.take_in(_sample(0, dpdk=dpdk), _sample(60, dpdk=dpdk))
    assert await _runs(tables, "dpdk") == [(0, 0), (60, 60)]


async def test_what_is_missing_leaves_what_was_known(tables: CnfTables) -> None:
    await tables.take_in(_sample(0))
    for seconds in (60, 120):
        await tables.take_in(_sample(seconds, ptp=None, missing={"ptp": "away"}))
    assert await _runs(tables, "ptp") == [(0, 0), (60, 120)]
    (row,) = await tables.ask(
        "select asked_at, at, missing, source, value -> 0 ->> 'interface' from aiops.cnf_latest"
        " where part = 'ptp'"
    )
    assert row == (builders.at(120), builders.at(0), "away", "METRICS", "ens1f0")
    await tables.take_in(_sample(180))
    assert await _runs(tables, "ptp") == [(0, 0), (60, 120), (180, 180)]


@pytest.mark.parametrize("seed", range(5))
async def test_batches_repeats_and_crashes_change_nothing(tables: CnfTables, seed: int) -> None:
    """However samples come, the tables are those of one that came after the other."""
    chance = random.Random(seed)
    samples = [_random(chance, 60 * number) for number in range(30)]
    for sample in samples:
        await tables.take_in(sample)
    expected = await _dump(tables)
    every = "aiops.cnf_run, aiops.cnf_latest, aiops.cnf_offset, aiops.cnf_clock"
    await tables.database.execute(f"truncate {every}")
    await _somehow(tables, samples, chance)
    assert await _dump(tables) == expected


async def _somehow(tables: CnfTables, samples: Sequence[CnfUpdate], chance: random.Random) -> None:
    done = 0
    while done < len(samples):
        size = chance.randrange(1, 6)
        batch = [*samples[done : done + size]]
        chance.shuffle(batch)
        again = chance.sample(samples[:done], min(done, chance.randrange(3)))
        tables.add(*again, *batch)
        if chance.random() < 0.3:
            await tables.keeper.begin(tables.connection)  # As after a crash: read once more.
            continue
        await tables.write()
        done += size


def _random(chance: random.Random, seconds: int) -> CnfUpdate:
    first = _sample(0).model_dump(mode="json")
    clock = first["ptp"][0] | {
        "offset_ns": chance.choice((None, 1.0, -2.0)),
        "clock_state": chance.choice(("LOCKED", "LOCKED", "FREERUN")),
    }
    return _sample(
        seconds,
        ptp=chance.choice(([clock], [clock], [], None)),
        workloads=chance.choice((first["workloads"], first["workloads"], [], None)),
        missing=chance.choice(({}, {"ptp": "away", "workloads": "away"})),
    )


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{", "1 fields are wrong"),
        (b'{"cluster_id": "x"}', "3 fields are wrong"),
        (_sample(86_400 + 301).model_dump_json().encode(), "it is from the future"),
        (_sample(-604_800).model_dump_json().encode(), "it is older than what is kept"),
    ],
)
async def test_what_cannot_be_kept_is_refused(tables: CnfTables, body: bytes, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        tables.keeper.add(delivery(body))
    tables.add(_sample(86_400 + 299), _sample(-500_000))
    assert len(tables.keeper.batch()) == 2


async def test_what_is_old_is_dropped_by_the_day(fresh_database: DatabaseSettings) -> None:
    kept = Settings(database=fresh_database, retention=RetentionSettings(cnf_hours=24))
    day = timedelta(days=1).total_seconds()
    async with cnf_tables(kept, builders.at()) as tables:
        await tables.take_in(_sample(0), builders.cnf_update(cluster_id=builders.OTHER_CLUSTER_ID))
        for number in (1, 2, 3):
            tables.clock.time = builders.at(number * day)
            await tables.take_in(_sample(number * day))
        before = await tables.ask("select count(*) from aiops.cnf_clock")
        await tables.keeper.tidy(tables.connection, behind=True)
        assert len(await _runs(tables, "ptp")) == 5, "not while there is much to read"
        await tables.keeper.tidy(tables.connection, behind=False)
        assert await _runs(tables, "ptp") == [(2 * day, 2 * day), (3 * day, 3 * day)]
        assert await tables.ask("select count(*) from aiops.cnf_offset") == [(2,)]
        assert before == [(2,)]
        assert await tables.ask("select cluster_id from aiops.cnf_clock") == [
            (builders.CLUSTER_ID,)
        ]
        clusters = await tables.ask("select distinct cluster_id from aiops.cnf_latest")
        assert clusters == [(builders.CLUSTER_ID,)]
        await tables.take_in(_sample(3 * day + 60))
        assert len(await _runs(tables, "ptp")) == 2


@pytest.mark.nats
async def test_a_sample_that_cannot_be_written_stops_no_other(bus: Bus, settings: Settings) -> None:
    now = SystemClock().now()
    odd = [_sample(0).model_dump(mode="json")["workloads"][0] | {"pod": "a\0b"}]
    for back, parts in ((180, {}), (120, {"workloads": odd}), (60, {})):
        told = builders.cnf_update(sampled_at=now - timedelta(seconds=back), **parts)
        await bus.publish(f"tel.cnf.{told.cluster_id}.-", told.model_dump_json().encode())
    await bus.publish("tel.cnf.x.-", b"nonsense")
    runner = KeepingRunner(CnfKeeper(settings, SystemClock()), bus, settings.database)
    with capture_logs() as logs:
        async with running(runner.run):
            await eventually(lambda: _position(settings, 4))
    assert ask(settings, "select count(*) from aiops.cnf_offset") == [(2,)]
    newest = ask(settings, "select distinct asked_at from aiops.cnf_latest")
    assert newest == [(now - timedelta(seconds=60),)]
    assert {each["sequence"] for each in logs if each["event"] == "passed_over"} == {2, 4}


async def _position(settings: Settings, sequence: int) -> bool:
    return ask(settings, "select sequence from aiops.kept where name = 'cnf'") == [(sequence,)]
