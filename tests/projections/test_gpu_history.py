"""GPUs over time: what comes of samples, minutes and hours is what comes of the samples alone."""

import random
from collections import defaultdict
from collections.abc import AsyncGenerator, Sequence
from datetime import timedelta
from typing import Any

import pytest

from gateway.rest.documented_gpu import GpuHistory
from projections.gpu import history_queries as queries
from projections.gpu.history_queries import Steps
from projections.gpu.view import GpuColumn, GpuHistorySource, OverTime
from services.runtime.settings import DatabaseSettings
from tests.kit import builders
from tests.kit.gpu_builders import NODE, gpu, gpu_update
from tests.kit.gpu_rows import GpuTables, gpu_tables, read
from tests.kit.samples import CLUSTER_ID, at

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]

_USED = GpuColumn.UTILIZATION_GPU_PERCENT
_START = int(at().timestamp())
Told = Sequence[tuple[int, str, float | None]]
"""Seconds, GPU, value."""


@pytest.fixture
async def tables(fresh_database: DatabaseSettings) -> AsyncGenerator[GpuTables]:
    async with gpu_tables(fresh_database) as made:
        yield made


async def _ask(
    tables: GpuTables,
    steps: Steps,
    aggregation: OverTime = OverTime.AVG,
    *,
    columns: Sequence[GpuColumn] = (_USED,),
    gpu_uuid: str | None = None,
) -> GpuHistory:
    node = await queries.node(tables.database, CLUSTER_ID, NODE, tables.moment(0))
    assert node is not None
    wanted = queries.Wanted(columns, aggregation, steps, gpu_uuid)
    return read(GpuHistory, await queries.history(tables.database, node, wanted))


def _steps(since: float, until: float, seconds: int) -> Steps:
    return Steps.of(at(since), at(until), seconds)


async def _tell(tables: GpuTables, told: Told) -> None:
    for seconds in dict.fromkeys(each[0] for each in told):
        gpus = [
            gpu(uuid=uuid, index=int(uuid[-1]), utilization_gpu_percent=value)
            for when, uuid, value in told
            if when == seconds
        ]
        await tables.tell(gpu_update(sampled_at=at(seconds), gpus=gpus))


async def test_samples_are_told_step_by_step_and_gaps_are_null(tables: GpuTables) -> None:
    told = [(0, "GPU-0", 10.0), (15, "GPU-0", 30.0), (60, "GPU-0", None), (75, "GPU-0", 33.333)]
    await _tell(tables, told)
    found = await _ask(tables, _steps(0, 90, 15))
    assert (found.cluster_name, found.node_name, found.step_seconds) == ("hub", NODE, 15)
    assert (found.since, found.until, found.source) == (at(), at(90), GpuHistorySource.SAMPLES)
    (series,) = found.series
    assert (series.gpu_uuid, series.index, series.name) == ("GPU-0", 0, gpu().name)
    expected = [10.0, 30.0, None, None, None, 33.33]
    assert series.points == [(_START + 15 * n, value) for n, value in enumerate(expected)]


async def test_a_first_step_begins_before_the_time_and_the_last_ends_with_it(
    tables: GpuTables,
) -> None:
    await _tell(tables, [(0, "GPU-0", 1.0), (31, "GPU-0", 2.0), (45, "GPU-0", 99.0)])
    found = await _ask(tables, _steps(7, 45, 30))
    assert found.series[0].points == [(_START, 1.0), (_START + 30, 2.0)]


async def test_each_metric_of_each_gpu_is_a_series_and_one_may_be_chosen(
    tables: GpuTables,
) -> None:
    await _tell(tables, [(0, "GPU-1", 1.0), (0, "GPU-0", 2.0)])
    columns = (GpuColumn.POWER_DRAW_WATTS, _USED)
    found = await _ask(tables, _steps(0, 10, 5), columns=columns)
    assert [(each.index, each.metric) for each in found.series] == [
        (0, columns[0]), (0, columns[1]), (1, columns[0]), (1, columns[1]),
    ]  # fmt: skip
    assert found.series[0].points == [(_START, 512.31), (_START + 5, None)]
    (only,) = (await _ask(tables, _steps(0, 10, 5), gpu_uuid="GPU-1")).series
    assert only.gpu_uuid == "GPU-1"
    assert (await _ask(tables, _steps(0, 10, 5), gpu_uuid="GPU-2")).series == []
    assert (await _ask(tables, _steps(60, 90, 5))).series == []


async def test_a_node_is_known_as_long_as_its_cluster_is(tables: GpuTables) -> None:
    assert await queries.node(tables.database, CLUSTER_ID, NODE, tables.moment(0)) is None
    await _tell(tables, [(0, "GPU-0", 1.0)])
    found = await queries.node(tables.database, CLUSTER_ID, NODE, tables.moment(0))
    assert found is not None
    assert found.interval == 15
    await tables.happen(builders.deleted(cluster_id=CLUSTER_ID))
    assert await queries.node(tables.database, CLUSTER_ID, NODE, tables.moment(0)) is None
    then = tables.then(0, tables.sequence - 1)
    assert await queries.node(tables.database, CLUSTER_ID, NODE, then) is not None
    earlier = tables.then(-1, tables.sequence - 1)
    assert await queries.node(tables.database, CLUSTER_ID, NODE, earlier) is None
    # Its minutes are kept for longer.
    await tables.connection.execute("truncate aiops.gpu_sample, aiops.gpu_node_told")
    assert await queries.node(tables.database, CLUSTER_ID, NODE, then) is not None


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_is_put_together_by_then_the_answer_is_the_same(
    tables: GpuTables, seed: int
) -> None:
    draw = random.Random(seed)
    told = [
        (seconds, uuid, _drawn(draw, uuid))
        for seconds in range(0, 3 * 3600, 300)
        for uuid in ("GPU-0", "GPU-1")
        if draw.random() < 0.9
    ]
    told += [(each[0] + 20, each[1], 50.0) for each in told if draw.random() < 0.3]
    told.sort()
    late = [each for each in told if draw.random() < 0.1 and each[0] < 7000]
    # What was sampled together comes together.
    late = [each for each in told if each[0] in {seconds for seconds, _, _ in late}]
    first, second = (
        [each for each in told if each not in late and (each[0] < 5000) is early]
        for early in (True, False)
    )
    known: list[tuple[int, str, float | None]] = []
    for part, roll_at in ((first, 5100), (second, None), (late, None), ([], 3 * 3600 + 90)):
        await _tell(tables, part)
        known += part
        await _check(tables, known)
        if roll_at is not None:
            await tables.roll(roll_at)
            await _check(tables, known)


def _drawn(draw: random.Random, uuid: str) -> float | None:
    """Of the second GPU not everything is known."""
    return None if uuid == "GPU-1" and draw.random() < 0.5 else float(draw.randrange(100))


async def _check(tables: GpuTables, told: Told) -> None:
    for step in (30, 60, 300, 3600, 7200):
        steps = _steps(0, 3 * 3600, step)
        for aggregation in OverTime:
            found = await _ask(tables, steps, aggregation)
            points = {each.gpu_uuid: each.points for each in found.series}
            expected = _expected(told, steps, aggregation)
            assert points.keys() == expected.keys()
            for uuid in expected:
                # A mean of several minutes weighs each by its samples, known or not.
                if step >= 3600 and (aggregation, uuid) == (OverTime.AVG, "GPU-1"):
                    continue
                assert points[uuid] == expected[uuid], (step, aggregation)


def _expected(told: Told, steps: Steps, aggregation: OverTime) -> dict[str, list[tuple[int, Any]]]:
    values: dict[tuple[str, int], list[float]] = defaultdict(list)
    for seconds, uuid, value in told:
        if value is not None:
            values[uuid, (_START + seconds) // steps.seconds * steps.seconds].append(value)
    count = -(-(steps.until - steps.since) // timedelta(seconds=steps.seconds))
    first = int(steps.since.timestamp())
    times = [first + number * steps.seconds for number in range(count)]
    return {
        uuid: [(time, _together(values[uuid, time], aggregation)) for time in times]
        for uuid in sorted({each[1] for each in told})
    }


def _together(values: Sequence[float], aggregation: OverTime) -> Any:
    if not values:
        return None
    if aggregation is OverTime.AVG:
        return pytest.approx(sum(values) / len(values), abs=0.011)
    return min(values) if aggregation is OverTime.MIN else max(values)
