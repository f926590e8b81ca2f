"""What is told of GPUs: one sample, what stood before it, and the events that follow."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from contracts.gpu import (
    AbsentGpu,
    Gpu,
    GpuDisappeared,
    GpuEvent,
    GpuMetric,
    GpuProcess,
    GpuReappeared,
    GpuSource,
    GpuStanding,
    GpuThresholdCrossed,
    GpuUpdate,
    GpuXidError,
)
from services.gpu.domain import Level, Stand, Trail, decide, is_news, linked, trail
from services.gpu.thresholds import levels
from services.runtime.settings_collecting import GpuSettings
from tests.kit.gpu_builders import GPU_UUID, gpu, gpu_update
from tests.kit.samples import CLUSTER_ID, at

LEVELS = {
    GpuMetric.TEMPERATURE: Level(85, 80),
    GpuMetric.MEMORY_USED: Level(97, 92),
    GpuMetric.POWER_DRAW: Level(100, 95),
}
HOT = GpuStanding(raised=(GpuMetric.TEMPERATURE,))
GONE = GpuStanding(present=False)
OTHER = "GPU-other"


def sampled(*gpus: Gpu, after: GpuUpdate | None = None, **changes: Any) -> GpuUpdate:
    """A sample of a node, linked to the one before it."""
    return linked(gpu_update(gpus=gpus, **changes), trail(after) if after is not None else None)


def told(sample: GpuUpdate, standing: GpuStanding | None = None, **more: Any) -> list[GpuEvent]:
    """The events of the one GPU."""
    stands = {} if standing is None else {GPU_UUID: Stand(standing, at(), **more)}
    return [event for chain in decide([sample], stands, LEVELS) for event in chain]


def crossings(events: Sequence[GpuEvent]) -> list[tuple[str, str, float, float]]:
    return [
        (event.metric.value, event.crossing.value, event.value, event.threshold)
        for event in events
        if isinstance(event, GpuThresholdCrossed)
    ]


@pytest.mark.parametrize("celsius", [None, float("nan"), float("inf"), -3.0, 84.99])
def test_what_is_unknown_or_below_its_threshold_is_not_told(celsius: float | None) -> None:
    assert told(sampled(gpu(temperature_celsius=celsius))) == []


def test_a_threshold_that_is_reached_is_told_with_whose_gpu_it_is() -> None:
    busy = GpuProcess(gpu_uuid=GPU_UUID, namespace="training", pod="llm-0")
    idle = GpuProcess(gpu_uuid=GPU_UUID, pid=7)
    (event,) = told(sampled(gpu(temperature_celsius=85.0, processes=(idle, busy))))
    assert event == GpuThresholdCrossed(
        cluster_id=CLUSTER_ID,
        node_name="gpu-worker-1",
        gpu_uuid=GPU_UUID,
        gpu_index=0,
        gpu_name="NVIDIA H100 80GB HBM3",
        pod_namespace="training",
        pod="llm-0",
        metric=GpuMetric.TEMPERATURE,
        crossing="RAISED",  # pyright: ignore[reportArgumentType] - as it is read
        value=85.0,
        threshold=85.0,
        standing=HOT,
    )


@pytest.mark.parametrize("celsius", [None, 80.0, 84.0, 85.0, 99.0])
def test_it_stands_until_the_value_is_below_the_lower_level(celsius: float | None) -> None:
    assert told(sampled(gpu(temperature_celsius=celsius)), HOT) == []


def test_below_the_lower_level_it_is_cleared() -> None:
    (event,) = told(sampled(gpu(temperature_celsius=79.9)), HOT)
    assert crossings([event]) == [("TEMPERATURE", "CLEARED", 79.9, 80)]
    assert event.standing == GpuStanding()


def test_memory_and_power_are_told_in_per_cent() -> None:
    full = gpu(memory_used_mb=79_300, power_draw_watts=702.0)
    assert crossings(told(sampled(full))) == [
        ("MEMORY_USED", "RAISED", 97.23, 97),
        ("POWER_DRAW", "RAISED", 100.29, 100),
    ]
    unknown = gpu(memory_total_mb=0, power_limit_watts=None, power_draw_watts=9_999.0)
    assert told(sampled(unknown)) == []


def test_several_events_of_a_gpu_each_have_all_that_stands_after_them() -> None:
    bad = gpu(temperature_celsius=91.0, memory_used_mb=81_559, xid=79)
    standings = [event.standing for event in told(sampled(bad))]
    both = (GpuMetric.TEMPERATURE, GpuMetric.MEMORY_USED)
    assert standings == [HOT, GpuStanding(raised=both), GpuStanding(raised=both, xid=79)]


def test_a_threshold_that_is_taken_away_clears_what_it_raised() -> None:
    stands = {GPU_UUID: Stand(HOT, at())}
    ((event,),) = decide([sampled(gpu(temperature_celsius=99.0))], stands, {})
    assert crossings([event]) == [("TEMPERATURE", "CLEARED", 99.0, 99.0)]


def test_an_xid_is_told_with_what_nvidia_calls_it_once() -> None:
    (event,) = told(sampled(gpu(xid=79)))
    assert isinstance(event, GpuXidError)
    assert (event.xid, event.description) == (79, "GPU has fallen off the bus")
    assert told(sampled(gpu(xid=79)), event.standing) == []
    (unlisted,) = told(sampled(gpu(xid=9_999)), event.standing)
    assert isinstance(unlisted, GpuXidError)
    assert unlisted.description is None
    for nothing in (0, None):
        assert told(sampled(gpu(xid=nothing)), event.standing) == []


def test_the_same_xid_is_told_again_if_there_was_none_in_between() -> None:
    stood, well = GpuStanding(xid=31), gpu_update(gpus=(gpu(xid=0),))
    assert len(told(sampled(gpu(xid=31), after=well), stood)) == 1
    assert told(sampled(gpu(xid=31), after=well), stood, xid_told=True) == []
    unknown = gpu_update(gpus=(gpu(xid=None),))
    assert told(sampled(gpu(xid=31), after=unknown), stood) == []


def test_a_gpu_has_disappeared_when_it_is_missing_in_two_samples() -> None:
    both = gpu_update(gpus=(gpu(), gpu(uuid=OTHER, index=1)))
    once = sampled(gpu(uuid=OTHER, index=1), after=both)
    assert told(once) == []
    later = at() + timedelta(seconds=30)
    twice = sampled(gpu(uuid=OTHER, index=1), after=once, sampled_at=later)
    (event,) = told(twice)
    assert isinstance(event, GpuDisappeared)
    assert (event.gpu_uuid, event.gpu_index, event.last_seen_at) == (GPU_UUID, 0, at())
    assert event.standing == GONE
    assert told(twice, event.standing) == []
    thrice = sampled(gpu(uuid=OTHER), after=twice)
    assert told(thrice, GONE) == []
    assert len(told(thrice)) == 1, "what could not be told is told later"


def test_what_stood_of_a_gpu_stands_while_it_is_away() -> None:
    absent = (AbsentGpu(uuid=GPU_UUID, last_seen_at=at(), samples=2),)
    sample = gpu_update(gpus=(gpu(uuid=OTHER),), absent=absent)
    (event,) = told(sample, HOT)
    assert event.standing == GpuStanding(present=False, raised=HOT.raised)
    cool = sampled(gpu(temperature_celsius=50.0))
    back, cleared = told(cool, event.standing)
    assert isinstance(back, GpuReappeared)
    assert (back.lost_at, back.standing) == (at(), HOT)
    assert cleared.standing == GpuStanding()


@pytest.mark.parametrize("changes", [{"error": "driver mismatch"}, {}])
def test_a_sample_that_tells_of_no_gpu_says_nothing_about_them(changes: Any) -> None:
    first = gpu_update(gpus=(gpu(), gpu(uuid=OTHER)))
    silent = sampled(after=first, **changes)
    assert told(silent) == []
    assert [each.samples for each in silent.absent] == [0, 0]
    once = sampled(gpu(uuid=OTHER), after=silent)
    assert told(once) == []
    assert [(each.uuid, each.samples) for each in once.absent] == [(GPU_UUID, 1)]
    assert len(told(sampled(gpu(uuid=OTHER), after=once))) == 1


def test_a_gpu_that_has_moved_to_another_node_is_not_missing() -> None:
    absent = (AbsentGpu(uuid=GPU_UUID, last_seen_at=at(), samples=2),)
    left = gpu_update(gpus=(gpu(uuid=OTHER),), absent=absent)
    there = sampled(gpu(), node_name="gpu-worker-2")
    assert decide([left, there], {}, LEVELS) == []
    assert len(decide([left], {}, LEVELS)) == 1


def test_of_a_gpu_that_two_nodes_tell_of_one_is_believed() -> None:
    hot = sampled(gpu(temperature_celsius=99.0))
    cool = sampled(gpu(), node_name="gpu-worker-0")
    assert decide([hot, cool], {}, LEVELS) == decide([cool, hot], {}, LEVELS) == []


def test_absent_gpus_are_forgotten_after_a_while_and_bounded() -> None:
    many = gpu_update(gpus=tuple(gpu(uuid=f"GPU-{number}") for number in range(256)))
    last, most = many, 0
    for _ in range(30):
        last = sampled(gpu(uuid=OTHER), after=last)
        most = max(most, len(last.absent))
    assert (most, last.absent) == (256, ())


@pytest.mark.parametrize(
    ("passed", "interval"),
    [(10, 15), (15, 15), (20, 15), (30, 30), (60, 60), (3_600, 60), (-9, 15)],
)
def test_a_sample_says_how_often_there_is_one(passed: int, interval: int) -> None:
    assert sampled().interval_seconds == 15
    found = sampled(after=gpu_update(), sampled_at=at() + timedelta(seconds=passed))
    assert found.interval_seconds == interval


def test_what_a_sample_claims_to_be_missing_is_not_believed() -> None:
    absent = (AbsentGpu(uuid=OTHER, last_seen_at=at(), samples=9),)
    assert sampled(gpu(), absent=absent, erring=(GPU_UUID,)) == sampled(gpu())


def test_what_was_told_already_is_no_news() -> None:
    now = at() + timedelta(hours=1)

    def news(seconds: float, source: str = "DCGM", ahead: float = 0) -> bool:
        before = Trail(GpuSource.DCGM, at() + timedelta(seconds=ahead), ())
        update = gpu_update(source=source, sampled_at=at() + timedelta(seconds=seconds))
        return is_news(update, before, now)

    assert is_news(gpu_update(), None, now)
    assert [news(-5), news(0), news(1)] == [False, False, True]
    assert news(-5, source="NVIDIA_SMI")
    # A clock that was ahead has been put right.
    assert news(0, ahead=7_200)
    assert not news(7_200, ahead=7_200)


def test_levels_are_those_of_the_settings() -> None:
    found = levels(GpuSettings(memory_used=None))
    assert found == {
        GpuMetric.TEMPERATURE: Level(85, 80),
        GpuMetric.MEMORY_TEMPERATURE: Level(95, 90),
    }
