"""Samples of GPUs from the bus into the durable tables: each once, whole, and nothing else."""

from datetime import timedelta
from typing import Any

import psycopg
import pytest

from contracts.gpu import Gpu, GpuUpdate
from projections.gpu.told import MEASURES, TOLD, ToldGpu, ToldNode
from services.runtime import metrics, streams
from services.runtime.bus import Bus
from services.runtime.settings import Settings
from tests.kit.gpu_builders import gpu, gpu_update
from tests.kit.keeping import SetClock, by_hand, keeping, kept, tell, tell_raw
from tests.kit.projections import ask
from tests.kit.runtime import until
from tests.kit.samples import CLUSTER_ID, OTHER_CLUSTER_ID, START, at
from tests.kit.streams import wipe

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

_NUMBERS = {name: float(3 + number) for number, name in enumerate(MEASURES)}
_WHOLE = {
    **_NUMBERS,
    "memory_used_mb": 61_203,
    "memory_free_mb": 19_742,
    "nvlink_bytes_per_second": 123_456_789_012.5,
    "power_draw_watts": 512.31,
    "memory_clock_mhz": 2619.0,
    "throttle_reasons": ("SW_POWER_CAP",),
    "xid": 13,
    "nvlink_errors": 2,
    "ecc_uncorrected": 1,
    "mig_enabled": True,
    "mig": ({"gpu_instance_id": 1, "profile": "1g.10gb", "memory_used_mb": 12},),
    "processes": (
        {"gpu_uuid": "GPU-a", "pid": 7, "attribution": "POD", "namespace": "b", "pod": "p"},
        {"gpu_uuid": "GPU-a", "namespace": "a", "used_memory_mb": 500},
    ),
    "error": "one value is ERR!",
}


@pytest.fixture
def clock() -> SetClock:
    return SetClock(START + timedelta(minutes=1))


def _merged(settings: Settings) -> list[Gpu]:
    """GPUs as their rows say."""
    columns = ", ".join(f"'{name}', {name}" for name in MEASURES)
    sql = f'select told || jsonb_build_object({columns}) from aiops.gpu order by uuid collate "C"'
    return [Gpu.model_validate(row[0]) for row in ask(settings, sql)]


def _passed_over() -> float:
    name = "aiops_projection_errors_total"
    return metrics.REGISTRY.get_sample_value(name, {"projection": "gpu"}) or 0


async def test_a_gpu_comes_back_from_its_rows_as_it_was_told(
    bus: Bus, settings: Settings, clock: SetClock
) -> None:
    told = gpu(**_WHOLE)
    async with keeping(bus, settings, clock) as runner:
        await kept(runner, await tell(bus, gpu_update(gpus=(told, gpu(uuid="GPU-b")))))
    assert _merged(settings) == [told, gpu(uuid="GPU-b")]
    found = ask(settings, "select namespaces, held from aiops.gpu where held")
    assert found == [(["a", "b"], True)]
    (sample,) = ask(
        settings,
        f"select {', '.join(MEASURES)} from aiops.gpu_sample"
        " where gpu_id = (select id from aiops.gpu where held)",
    )
    whole = told.model_dump()
    assert dict(zip(MEASURES, sample, strict=True)) == {
        name: pytest.approx(whole[name], rel=1e-6) for name in MEASURES
    }


def test_no_field_of_a_gpu_is_left_behind() -> None:
    assert sorted((*MEASURES, *TOLD)) == sorted(Gpu.model_fields)


async def test_what_is_unknown_is_null(bus: Bus, settings: Settings, clock: SetClock) -> None:
    bare = Gpu(uuid="GPU-a")
    async with keeping(bus, settings, clock) as runner:
        await kept(runner, await tell(bus, gpu_update(gpus=(bare,))))
    assert _merged(settings) == [bare]
    assert ask(settings, "select namespaces, held, busy_at from aiops.gpu") == [([], False, None)]


async def test_nodes_of_two_clusters_may_have_the_same_name(
    bus: Bus, settings: Settings, clock: SetClock
) -> None:
    async with keeping(bus, settings, clock) as runner:
        await tell(bus, gpu_update(source_reason="one", sampled_at=at(1)))
        last = await tell(
            bus,
            gpu_update(cluster_id=OTHER_CLUSTER_ID, source="NVIDIA_SMI", source_reason="other"),
        )
        await kept(runner, last)
    nodes = "select cluster_id, source, source_reason, sampled_at from aiops.gpu_node order by 1"
    assert ask(settings, nodes) == [
        (CLUSTER_ID, "DCGM", "one", at(1)),
        (OTHER_CLUSTER_ID, "NVIDIA_SMI", "other", at()),
    ]
    assert ask(settings, "select count(*) from aiops.gpu") == [(2,)]


async def test_a_node_without_gpus_is_heard_of_and_a_gpu_that_vanishes_is_seen(
    bus: Bus, settings: Settings, clock: SetClock
) -> None:
    async with keeping(bus, settings, clock) as runner:
        await tell(bus, gpu_update())
        last = await tell(
            bus, gpu_update(gpus=(), sampled_at=at(15), error="driver/library version mismatch")
        )
        await kept(runner, last)
    there = (
        "select g.sampled_at = n.sampled_at, n.sampled_at, n.error"
        " from aiops.gpu g join aiops.gpu_node n on n.id = g.node_id"
    )
    assert ask(settings, there) == [(False, at(15), "driver/library version mismatch")]
    assert ask(settings, "select gpu_id > 0, at from aiops.gpu_sample order by at") == [
        (True, at()),
        (False, at(15)),
    ]
    assert ask(settings, "select at, error from aiops.gpu_node_told order by at") == [
        (at(), None),
        (at(15), "driver/library version mismatch"),
    ]


async def test_a_gpu_was_busy_when_it_was_last_used_enough(
    bus: Bus, settings: Settings, clock: SetClock
) -> None:
    async with keeping(bus, settings, clock) as runner:
        last = 0
        for seconds, used in ((0, 4.9), (15, 5.0), (30, 90.0), (45, None), (60, 0.0)):
            one = gpu(utilization_gpu_percent=used)
            last = await tell(bus, gpu_update(sampled_at=at(seconds), gpus=(one,)))
        await kept(runner, last)
        assert ask(settings, "select busy_at from aiops.gpu") == [(at(30),)]
        last = await tell(bus, gpu_update(sampled_at=at(75)))
        await kept(runner, last)
    assert ask(settings, "select busy_at from aiops.gpu") == [(at(75),)]


async def test_whoever_goes_on_neither_repeats_nor_loses_a_sample(
    bus: Bus, settings: Settings, clock: SetClock
) -> None:
    last = 0
    for turn in range(3):
        async with keeping(bus, settings, clock) as runner:
            for seconds in range(5):
                last = await tell(bus, gpu_update(sampled_at=at(turn * 5 + seconds)))
            await kept(runner, last)
    assert ask(settings, "select at from aiops.gpu_sample order by at") == [
        (at(seconds),) for seconds in range(15)
    ]
    assert ask(settings, "select count(*) from aiops.gpu") == [(1,)]


async def test_one_process_writes_and_another_goes_on_when_it_loses_its_connection(
    bus: Bus, settings: Settings, clock: SetClock
) -> None:
    async with keeping(bus, settings, clock) as first:
        await kept(first, await tell(bus, gpu_update()))
        async with keeping(bus, settings, clock) as second:
            await until(lambda: second.error == "another process writes it")
            assert second.healthy
            ask(
                settings,
                "select pg_terminate_backend(l.pid) from pg_locks l where l.locktype = 'advisory'"
                " and l.granted and l.database ="
                " (select oid from pg_database where datname = current_database())",
            )
            last = await tell(bus, gpu_update(sampled_at=at(15)))
            await until(lambda: max(first.sequence, second.sequence) >= last)
    assert ask(settings, "select at from aiops.gpu_sample order by at") == [(at(),), (at(15),)]


_BROKEN: dict[str, Any] = {
    "no-json": b"nonsense",
    "no-unicode": b'{"cluster_id": "\xff"}',
    "no-sample": b"{}",
    "no-time-zone": gpu_update().model_dump_json().replace("00Z", "00").encode(),
    "nul": gpu_update(node_name="broken", source_reason="a\0b").model_dump_json().encode(),
    "nul-in-what-is-told": gpu_update(
        node_name="broken", gpus=(gpu(error="a\0b"),)
    ).model_dump_json().encode(),
    "out-of-range": gpu_update(
        node_name="broken", gpus=(gpu(power_draw_watts=1e300),)
    ).model_dump_json().encode(),
    "more-than-a-mean-can-be-of": gpu_update(
        node_name="broken", gpus=(gpu(nvlink_bytes_per_second=1e200),)
    ).model_dump_json().encode(),
    "more-than-an-integer": gpu_update(
        node_name="broken", gpus=(gpu(ecc_uncorrected=10**30),)
    ).model_dump_json().encode(),
    "an-interval-of-aeons": gpu_update(
        node_name="broken", interval_seconds=10**12
    ).model_dump_json().encode(),
    "too-deep": gpu_update(node_name="broken").model_dump_json()
    .replace('"processes":[]', f'"processes":{"[" * 50_000}{"]" * 50_000}').encode(),
    "reasons-of-another-kind": gpu_update(node_name="broken").model_dump_json()
    .replace('"throttle_reasons":null', '"throttle_reasons":{"a":1}').encode(),
    "processes-of-another-kind": gpu_update().model_dump_json()
    .replace('"processes":[]', '"processes":[1]').encode(),
}  # fmt: skip


@pytest.mark.parametrize("broken", _BROKEN.values(), ids=_BROKEN)
async def test_what_cannot_be_kept_is_passed_over_alone(
    bus: Bus, settings: Settings, clock: SetClock, broken: bytes
) -> None:
    before = _passed_over()
    await tell(bus, gpu_update())
    await tell_raw(bus, broken)
    last = await tell(bus, gpu_update(sampled_at=at(15)))
    async with keeping(bus, settings, clock) as runner:
        await kept(runner, last)
        await kept(runner, await tell(bus, gpu_update(sampled_at=at(30))))
    assert ask(settings, "select at from aiops.gpu_sample order by at") == [
        (at(0),),
        (at(15),),
        (at(30),),
    ]
    assert ask(settings, "select count(*) from aiops.gpu_node") == [(1,)]
    assert _passed_over() == before + 1


async def test_samples_of_a_wrong_clock_or_too_old_are_left_out(
    bus: Bus, settings: Settings, clock: SetClock
) -> None:
    async with keeping(bus, settings, clock) as runner:
        for seconds in (60 + 301, 60 - 48 * 3600 - 1):
            await tell(bus, gpu_update(sampled_at=at(seconds)))
        await tell(bus, gpu_update(sampled_at=at(60 + 299)))
        last = await tell(bus, gpu_update(sampled_at=at(60 - 48 * 3600 + 1)))
        await kept(runner, last)
    assert ask(settings, "select at from aiops.gpu_sample order by at") == [
        (at(60 - 48 * 3600 + 1),),
        (at(60 + 299),),
    ]


async def test_a_sample_is_ahead_of_the_time_when_it_comes(settings: Settings) -> None:
    """Not of that when its batch began: one may be open for long, while PostgreSQL is slow."""
    clock = SetClock(START)
    async with by_hand(settings, clock) as hand:
        hand.add(gpu_update(sampled_at=at(0)))
        clock.time = at(600)
        await hand.write(gpu_update(sampled_at=at(600)))
        assert await hand.ask("select at from aiops.gpu_sample order by at") == [
            (at(0),),
            (at(600),),
        ]


async def test_late_samples_find_their_place_and_change_nothing_that_is_newer(
    bus: Bus, settings: Settings, clock: SetClock
) -> None:
    newest = gpu_update(sampled_at=at(0), source_reason="now")
    late = gpu_update(
        sampled_at=at(-86_400),
        source_reason="then",
        gpus=(gpu(temperature_celsius=20.0, driver_version="1", utilization_gpu_percent=99.0),),
    )
    async with keeping(bus, settings, clock) as runner:
        await kept(runner, await tell(bus, newest))
        await kept(runner, await tell(bus, late))
    assert _merged(settings) == [gpu()]
    assert ask(settings, "select sampled_at, busy_at from aiops.gpu") == [(at(0), at(0))]
    assert ask(settings, "select source_reason from aiops.gpu_node") == [("now",)]
    told = "select at, told ->> 'driver_version' from aiops.gpu_told order by at"
    assert ask(settings, told) == [(at(-86_400), "1"), (at(0), "570.124.06")]


async def test_a_telemetry_stream_that_was_made_anew_is_read_from_its_start(
    bus: Bus, settings: Settings, clock: SetClock
) -> None:
    last = 0
    async with keeping(bus, settings, clock) as runner:
        for seconds in range(4):
            last = await tell(bus, gpu_update(sampled_at=at(seconds)))
        await kept(runner, last)
    await wipe(bus, settings)
    assert (await bus.api(f"STREAM.INFO.{streams.TELEMETRY}"))["state"]["last_seq"] == 0
    async with keeping(bus, settings, clock) as runner:
        await tell(bus, gpu_update(sampled_at=at(10)))
        await until(lambda: ask(settings, "select 1 from aiops.gpu_sample offset 4"))
    assert ask(settings, "select sequence from aiops.kept where name = 'gpu'") == [(1,)]


async def test_a_rebuild_of_projections_leaves_the_position_and_the_rows(
    bus: Bus, settings: Settings, clock: SetClock
) -> None:
    async with keeping(bus, settings, clock) as runner:
        last = await tell(bus, gpu_update())
        await kept(runner, last)
    with psycopg.connect(settings.database.url.get_secret_value(), autocommit=True) as connection:
        connection.execute("delete from aiops.projection")
    async with keeping(bus, settings, clock) as runner:
        await kept(runner, await tell(bus, gpu_update(sampled_at=at(15))))
    assert ask(settings, "select count(*) from aiops.gpu_sample") == [(2,)]


def test_a_sample_says_what_its_contract_says() -> None:
    assert set(ToldGpu.__struct_fields__) == set(Gpu.model_fields)
    assert set(ToldNode.__struct_fields__) == set(GpuUpdate.model_fields) - {"absent", "erring"}
