"""What is told of GPUs: now, and as it was, which must be the same as what was told then."""

import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from contracts.gpu import Gpu, GpuMetric, GpuUpdate
from gateway.rest.documented_gpu import (
    GpuMap,
    GpuNodeList,
    GpuProcessList,
    GpuSummary,
    GpuThresholds,
)
from projections.gpu import (
    map_queries,
    node_queries,
    process_queries,
    summary_queries,
    threshold_queries,
)
from projections.gpu.node_queries import NodeFilter
from projections.gpu.process_queries import ProcessFilter
from projections.gpu.sources import Moment
from projections.gpu.view import GpuNodeDetail
from services.runtime.queries import Page
from services.runtime.settings import DatabaseSettings
from tests.kit import builders, gpu_builders
from tests.kit.gpu_builders import NODE, gpu, gpu_update
from tests.kit.gpu_rows import GpuTables, gpu_tables, read
from tests.kit.samples import CLUSTER_ID, OTHER_CLUSTER_ID, at

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]

_LEVELS = [threshold_queries.Level(GpuMetric.TEMPERATURE, 85, 80, "°C")]


@pytest.fixture
async def tables(fresh_database: DatabaseSettings) -> AsyncGenerator[GpuTables]:
    clusters = (CLUSTER_ID, "hub"), (OTHER_CLUSTER_ID, "münchen-☁")
    async with gpu_tables(fresh_database, *clusters) as made:
        yield made


async def _nodes(tables: GpuTables, when: Moment, **wanted: Any) -> GpuNodeList:
    found = await node_queries.listing(tables.database, NodeFilter(**wanted), Page(1, 100), when)
    return read(GpuNodeList, found)


async def _node(tables: GpuTables, when: Moment, cluster: UUID = CLUSTER_ID) -> GpuNodeDetail:
    return read(GpuNodeDetail, await node_queries.one(tables.database, cluster, NODE, when))


async def _summary(
    tables: GpuTables, when: Moment, *clusters: UUID, namespace: str | None = None
) -> GpuSummary:
    found = await summary_queries.summary(tables.database, clusters, namespace, when)
    return read(GpuSummary, found)


async def _processes(tables: GpuTables, when: Moment, **wanted: Any) -> GpuProcessList:
    asked = ProcessFilter(**wanted)
    found = await process_queries.listing(tables.database, asked, Page(1, 100), when)
    return read(GpuProcessList, found)


async def _map(tables: GpuTables, when: Moment, *clusters: UUID) -> GpuMap:
    return read(GpuMap, await map_queries.everything(tables.database, clusters, when))


async def _thresholds(tables: GpuTables, when: Moment, **wanted: Any) -> GpuThresholds:
    asked = threshold_queries.RaisedFilter(**wanted)
    found = await threshold_queries.raised(tables.database, asked, Page(), when, _LEVELS)
    return read(GpuThresholds, found)


async def test_a_hub_without_gpus_answers_with_nothing(tables: GpuTables) -> None:
    for when in (tables.moment(0), tables.then(0)):
        assert (await _nodes(tables, when)).total == 0
        assert (await _processes(tables, when)).items == []
        assert (await _thresholds(tables, when)).raised == []
        found = await _map(tables, when)
        assert (found.clusters, found.nodes, found.models, found.gpus) == ([], [], [], [])
        figures = await _summary(tables, when)
        assert (figures.nodes, figures.gpus, figures.lost, figures.hottest) == (0, 0, 0, None)
        assert figures.utilization_gpu_percent is None
        assert figures.by_cluster == figures.by_model == figures.by_namespace == []
        assert await node_queries.one(tables.database, CLUSTER_ID, NODE, when) is None


async def test_a_gpu_is_told_as_it_was_sampled(tables: GpuTables) -> None:
    process = {
        "gpu_uuid": gpu().uuid, "pid": 7, "process_name": "python3 «é»", "used_memory_mb": 60_000,
        "type": "COMPUTE", "attribution": "POD", "namespace": "training", "pod": "llm-0",
        "container": "main", "gpu_instance_id": 1,
    }  # fmt: skip
    instance = {"gpu_instance_id": 1, "profile": "1g.10gb", "uuid": "MIG-1", "memory_used_mb": 9}
    sampled = gpu(
        mig_enabled=True,
        mig=(instance,),
        processes=(process,),
        throttle_reasons=("SW_POWER_CAP",),
        xid=79,
        nvlink_bytes_per_second=123_456_789_012.0,
        fan_speed_percent=101.5,
        sm_clock_mhz=1980.0,
        memory_clock_mhz=2619.0,
        memory_temperature_celsius=71.0,
        error="temperature: ERR!",
    )
    await tables.tell(gpu_update(gpus=(sampled,)))
    for when in (tables.moment(44), tables.then(44)):
        found = await _node(tables, when)
        (told,) = found.gpus
        assert Gpu.model_validate(told.model_dump(include=set(Gpu.model_fields))) == sampled
        assert (told.raised, told.idle, told.wasted, told.last_xid) == ([], False, False, None)
        assert (found.cluster_name, found.node_name, found.source) == ("hub", NODE, "DCGM")
        assert (found.last_updated, found.interval_seconds) == (at(), 15)
        assert (found.stale, found.error, found.lost) == (False, None, [])
        (used,) = (await _processes(tables, when)).items
        assert used.model_dump(mode="json", include=set(process)) == process
        assert (used.cluster_name, used.node_name, used.gpu_index) == ("hub", NODE, 0)
        assert (used.gpu_name, used.utilization_gpu_percent) == (sampled.name, 87.0)
        assert (await _summary(tables, when)).errors == 1


async def test_what_is_not_known_is_null_and_left_out_of_means(tables: GpuTables) -> None:
    unknown = Gpu(uuid="GPU-unknown")
    await tables.tell(gpu_update(gpus=(gpu(utilization_gpu_percent=40.0), unknown)))
    for when in (tables.moment(0), tables.then(0)):
        told = (await _node(tables, when)).gpus[1]
        assert (told.uuid, told.idle, told.wasted) == ("GPU-unknown", None, False)
        assert Gpu.model_validate(told.model_dump(include=set(Gpu.model_fields))) == unknown
        figures = await _summary(tables, when)
        assert (figures.gpus, figures.utilization_gpu_percent) == (2, 40.0)
        assert (figures.memory_total_mb, figures.memory_used_mb) == (81_559, 61_203)
        assert (figures.power_draw_watts, figures.power_limit_watts) == (512.3, 700.0)
        assert {each.name: each.gpus for each in figures.by_model} == {gpu().name: 1, None: 1}
        found = await _map(tables, when)
        assert found.nodes == [(0, NODE, 0, False)]
        assert found.models == [gpu().name, None]
        assert found.gpus == [
            (0, 0, 0, 40.0, 75.0, 64.0, 73.2, 512.3, 0),
            (0, None, 1, None, None, None, None, None, 0),
        ]


async def test_a_node_without_samples_is_stale_and_counts_no_more(tables: GpuTables) -> None:
    process = {"gpu_uuid": "GPU-1", "pid": 1, "attribution": "HOST"}
    gone = gpu(uuid="GPU-1", utilization_gpu_percent=10.0, processes=(process,))
    here = gpu(utilization_gpu_percent=90.0, processes=({**process, "pid": 2},))
    await tables.tell(
        gpu_update(node_name="gone", gpus=(gone,)),
        gpu_update(sampled_at=at(60), gpus=(here,)),
    )
    for when in (tables.moment(60), tables.then(60)):
        figures = await _summary(tables, when)
        assert (figures.nodes, figures.stale_nodes, figures.gpus) == (2, 1, 2)
        assert (figures.utilization_gpu_percent, figures.memory_total_mb) == (90.0, 81_559)
        (cluster,) = figures.by_cluster
        assert (cluster.nodes, cluster.stale_nodes, cluster.gpus) == (2, 1, 2)
        assert [each.node_name for each in (await _nodes(tables, when, stale=True)).items] == [
            "gone"
        ]
        assert [each.node_name for each in (await _nodes(tables, when, stale=False)).items] == [
            NODE
        ]
        assert (await _map(tables, when)).nodes == [(0, "gone", 60, True), (0, NODE, 0, False)]
        used = {each.pid: each.stale for each in (await _processes(tables, when)).items}
        assert used == {1: True, 2: False}
    at_the_edge = await _nodes(tables, tables.moment(45))
    assert [each.stale for each in at_the_edge.items] == [False, False]


async def test_a_node_that_is_silent_for_longer_than_samples_are_kept_was_there_all_the_time(
    tables: GpuTables,
) -> None:
    process = {"gpu_uuid": gpu().uuid, "pid": 7, "attribution": "HOST"}
    await tables.tell(gpu_update(gpus=(gpu(processes=(process,)),)))
    await tables.happen(gpu_builders.gpu_disappeared(gpu_uuid="GPU-lost"))
    await tables.connection.execute(
        "truncate aiops.gpu_sample, aiops.gpu_told, aiops.gpu_node_told"
    )
    days = 3 * 86_400
    (found,) = (await _nodes(tables, tables.then(days))).items
    assert (found.node_name, found.stale, len(found.gpus)) == (NODE, True, 1)
    for ask in (_nodes, _node, _summary, _processes, _map):
        assert await ask(tables, tables.then(days)) == await ask(tables, tables.moment(days))


async def test_a_driver_that_does_not_answer_leaves_a_node_without_gpus(tables: GpuTables) -> None:
    reason = "Failed to initialize NVML: Driver/library version mismatch"
    await tables.tell(gpu_update(), gpu_update(sampled_at=at(15), gpus=(), error=reason))
    for when in (tables.moment(20), tables.then(20)):
        (found,) = (await _nodes(tables, when)).items
        assert (found.error, found.gpus, found.last_updated) == (reason, [], at(15))
        figures = await _summary(tables, when)
        assert (figures.nodes, figures.gpus, figures.by_cluster[0].nodes) == (1, 0, 1)
    assert len((await _node(tables, tables.then(14))).gpus) == 1


async def test_a_gpu_is_idle_after_a_while_without_work_and_wasted_if_it_is_held(
    tables: GpuTables,
) -> None:
    process = {"gpu_uuid": "GPU-held", "attribution": "UNKNOWN"}

    def sample(minute: int, used: float) -> GpuUpdate:
        gpus = [
            gpu(uuid=uuid, index=index, utilization_gpu_percent=used, processes=users)
            for index, (uuid, users) in enumerate({"GPU-free": (), "GPU-held": (process,)}.items())
        ]
        return gpu_update(sampled_at=at(minute * 60), interval_seconds=60, gpus=gpus)

    await tables.tell(sample(0, 5.0), *(sample(minute, 4.9) for minute in range(1, 17)))
    for minute, idle in ((0, False), (14, False), (15, True), (16, True)):
        found = await _node(tables, tables.then(minute * 60))
        assert [each.idle for each in found.gpus] == [idle, idle], minute
        assert [each.wasted for each in found.gpus] == [False, idle], minute
        figures = await _summary(tables, tables.then(minute * 60))
        assert (figures.idle, figures.wasted) == ((2, 1) if idle else (0, 0)), minute
    now = tables.moment(16 * 60)
    assert [each.idle for each in (await _node(tables, now)).gpus] == [True, True]
    figures = await _summary(tables, now)
    assert (figures.idle, figures.wasted) == (2, 1)
    assert [row[-1] for row in (await _map(tables, now)).gpus] == [4, 12]
    # Used before, or for the first time: not idle at once.
    await tables.tell(sample(17, 100.0))
    assert [each.idle for each in (await _node(tables, tables.moment(17 * 60))).gpus] == [
        False,
        False,
    ]


async def test_work_that_is_told_late_is_no_proof_of_being_idle(tables: GpuTables) -> None:
    for seconds, used in ((600, 0.0), (0, 90.0), (960, 0.0)):
        told = gpu(utilization_gpu_percent=used)
        await tables.tell(gpu_update(sampled_at=at(seconds), interval_seconds=360, gpus=(told,)))
    for when in (tables.moment(960), tables.then(960)):
        assert [each.idle for each in (await _node(tables, when)).gpus] == [False]
    await tables.tell(gpu_update(sampled_at=at(990), gpus=(gpu(utilization_gpu_percent=0.0),)))
    before = await _node(tables, tables.then(960))
    assert [each.idle for each in before.gpus] == [False]


async def test_what_stands_about_a_gpu_is_told_with_it(tables: GpuTables) -> None:
    await tables.tell(gpu_update(gpus=(gpu(), gpu(uuid="GPU-2", index=1))))
    await tables.happen(gpu_builders.threshold_crossed(), seconds=10)
    await tables.happen(
        gpu_builders.xid_error(standing={"xid": 79, "raised": ("TEMPERATURE",)}), seconds=20
    )
    await tables.happen(
        gpu_builders.gpu_disappeared(
            gpu_uuid="GPU-3", gpu_index=2, last_seen_at=at(-60), pod_namespace="lost"
        )
    )
    for when in (tables.moment(30), tables.then(30)):
        found = await _node(tables, when)
        assert [each.raised for each in found.gpus] == [["TEMPERATURE"], []]
        xid = found.gpus[0].last_xid
        assert xid is not None
        assert (xid.xid, xid.at) == (79, at(20))
        (lost,) = found.lost
        assert (lost.uuid, lost.index, lost.last_seen_at) == ("GPU-3", 2, at(-60))
        figures = await _summary(tables, when)
        assert (figures.gpus, figures.lost, figures.raised.TEMPERATURE) == (2, 1, 1)
        assert (await _summary(tables, when, OTHER_CLUSTER_ID)).lost == 0
        assert (await _summary(tables, when, namespace="lost")).lost == 1
        assert (await _summary(tables, when, namespace="other")).lost == 0
        assert [(row[1], row[-1]) for row in (await _map(tables, when)).gpus] == [
            (0, 1),
            (1, 0),
            (2, 2),
        ]
        (raised,) = (await _thresholds(tables, when)).raised
        assert (raised.metric, raised.value, raised.threshold) == ("TEMPERATURE", 91.0, 85.0)
        assert (raised.since, raised.gpu_index, raised.cluster_name) == (at(10), 0, "hub")
        assert (await _thresholds(tables, when, metric=["MEMORY_USED"])).total == 0
        assert (await _thresholds(tables, when, cluster_id=[OTHER_CLUSTER_ID])).total == 0
    before = await _node(tables, tables.then(30, 2))
    assert (before.gpus[0].raised, before.lost) == ([], [])


async def test_nodes_of_the_same_name_are_kept_apart(tables: GpuTables) -> None:
    await tables.tell(
        gpu_update(), gpu_update(cluster_id=OTHER_CLUSTER_ID, gpus=(gpu(temperature_celsius=99.5),))
    )
    await tables.happen(gpu_builders.threshold_crossed(cluster_id=OTHER_CLUSTER_ID))
    for when in (tables.moment(0), tables.then(0)):
        found = (await _nodes(tables, when)).items
        assert [(each.cluster_name, each.gpus[0].raised) for each in found] == [
            ("hub", []),
            ("münchen-☁", ["TEMPERATURE"]),
        ]
        other = await _node(tables, when, OTHER_CLUSTER_ID)
        assert other.gpus[0].temperature_celsius == 99.5
        figures = await _summary(tables, when)
        assert figures.hottest is not None
        assert (figures.hottest.cluster_name, figures.hottest.temperature_celsius) == (
            "münchen-☁",
            99.5,
        )
        assert (await _summary(tables, when, CLUSTER_ID)).gpus == 1
        assert len((await _map(tables, when, OTHER_CLUSTER_ID)).nodes) == 1


async def test_gpus_of_a_cluster_that_left_are_shown_as_of_before(tables: GpuTables) -> None:
    await tables.tell(gpu_update())
    await tables.happen(builders.updated(id=CLUSTER_ID, name="renamed"))
    named = tables.sequence
    await tables.happen(builders.deleted(cluster_id=CLUSTER_ID))
    assert (await _nodes(tables, tables.moment(0))).total == 0
    assert (await _summary(tables, tables.moment(0))).nodes == 0
    assert (await _nodes(tables, tables.then(0))).total == 0
    (found,) = (await _nodes(tables, tables.then(0, named))).items
    assert found.cluster_name == "renamed"
    (found,) = (await _nodes(tables, tables.then(0, named - 1))).items
    assert found.cluster_name == "hub"


async def test_every_answer_is_given_again_as_of_its_time(tables: GpuTables) -> None:
    """Random fleets: what the reads say now is what they say of this time ever after."""
    draw = random.Random(8)
    asks: list[Callable[[Moment], Awaitable[Any]]] = [
        lambda when: _nodes(tables, when),
        lambda when: _nodes(tables, when, sort=("-temperature", "power")),
        lambda when: _node_or_none(tables, when),
        lambda when: _summary(tables, when),
        lambda when: _summary(tables, when, namespace="b"),
        lambda when: _processes(tables, when),
        lambda when: _map(tables, when),
        lambda when: _thresholds(tables, when),
    ]
    told: list[tuple[int, int, list[Any]]] = []
    for minute in range(0, 40, 2):
        now = minute * 60
        await tables.tell(*_drawn(draw, now))
        if draw.random() < 0.4:
            await tables.happen(_drawn_event(draw), seconds=now)
        answers = [await ask(tables.moment(now + 30)) for ask in asks]
        told.append((now + 30, tables.sequence, answers))
    for seconds, sequence, answers in told:
        again = [await ask(tables.then(seconds, sequence)) for ask in asks]
        assert again == answers, seconds


async def _node_or_none(tables: GpuTables, when: Moment) -> GpuNodeDetail | None:
    found = await node_queries.one(tables.database, CLUSTER_ID, NODE, when)
    return None if found is None else read(GpuNodeDetail, found)


def _drawn(draw: random.Random, now: int) -> list[GpuUpdate]:
    clusters = [each for each in (CLUSTER_ID, OTHER_CLUSTER_ID) if draw.random() < 0.7]
    return [
        gpu_update(
            cluster_id=cluster,
            node_name=draw.choice((NODE, "node-ß")),
            sampled_at=at(now),
            interval_seconds=draw.choice((60, 120)),
            source=draw.choice(("DCGM", "NVIDIA_SMI")),
            gpus=[_drawn_gpu(draw, index) for index in range(3) if draw.random() < 0.9],
        )
        for cluster in clusters
    ]


def _drawn_gpu(draw: random.Random, index: int) -> Gpu:
    uuid = f"GPU-{index}"
    users = [
        {"gpu_uuid": uuid, "pid": index, "attribution": "POD", "namespace": name, "pod": "p"}
        for name in "ab"
        if draw.random() < 0.4
    ]
    return gpu(
        uuid=uuid,
        index=index,
        name=draw.choice(("H100", "L40S")),
        utilization_gpu_percent=draw.choice((None, 0.0, 0.0, 0.0, 50.0)),
        memory_used_mb=draw.choice((None, 1_000, 80_000)),
        temperature_celsius=draw.choice((None, 33.5, 70.0)),
        processes=users,
        error=draw.choice((None, None, "ERR!")),
    )


def _drawn_event(draw: random.Random) -> Any:
    uuid = f"GPU-{draw.randrange(3)}"
    make = draw.choice(
        (
            gpu_builders.threshold_crossed,
            gpu_builders.xid_error,
            gpu_builders.gpu_disappeared,
            gpu_builders.gpu_reappeared,
        )
    )
    return make(gpu_uuid=uuid, cluster_id=draw.choice((CLUSTER_ID, OTHER_CLUSTER_ID)))
