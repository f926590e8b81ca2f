"""What was told of a GPU at any sample can be found again, and little is written for it."""

import json
from collections.abc import Sequence
from random import Random
from typing import Any

import pytest
from hypothesis import given, strategies as st

from contracts.gpu import Gpu, GpuUpdate
from projections.gpu import known
from projections.gpu.known import HOUR, MINUTE, SECOND, to_micro
from projections.gpu.samples import Batch, Samples
from projections.gpu.told import MEASURES, read
from services.runtime.projections.keeper import Unreadable
from tests.kit.gpu_builders import gpu, gpu_update
from tests.kit.samples import CLUSTER_ID, OTHER_CLUSTER_ID, at

_POD = {"gpu_uuid": "GPU-a", "namespace": "a", "pod": "p"}


def _taken(samples: Samples, update: GpuUpdate) -> None:
    samples.add(read(update.model_dump_json().encode()), to_micro(update.sampled_at))


def _told(updates: Sequence[GpuUpdate]) -> Batch:
    samples = Samples(5.0)
    for each in updates:
        _taken(samples, each)
    return samples.batch


def _each(seconds: float, count: int, **changes: Any) -> list[GpuUpdate]:
    return [
        gpu_update(sampled_at=at(number * seconds), gpus=(gpu(**changes),))
        for number in range(count)
    ]


def _times(batch: Batch) -> list[int]:
    begin = to_micro(at())
    return [(when - begin) // SECOND for _, when in batch.told]


def test_what_stays_the_same_is_told_once_an_hour() -> None:
    batch = _told(_each(15, 2 * 240 + 1))
    assert _times(batch) == [0, 3600, 7200]
    assert [(when - to_micro(at())) // SECOND for _, when in batch.node_told] == [0, 3600, 7200]
    assert len(batch.samples) == 481


def test_another_driver_is_told_at_once() -> None:
    updates = _each(15, 4)
    updates[2] = gpu_update(sampled_at=at(30), gpus=(gpu(driver_version="575.1"),))
    assert _times(_told(updates)) == [0, 30, 45]


def test_what_moves_with_the_load_is_told_once_a_minute() -> None:
    updates = [
        gpu_update(
            sampled_at=at(15 * number),
            gpus=(
                gpu(
                    memory_clock_mhz=min(number, 6),
                    processes=(_POD | {"used_memory_mb": min(number, 6)},),
                ),
            ),
        )
        for number in range(20)
    ]
    # The last change was at 90; after it is told there is nothing more to tell.
    assert _times(_told(updates)) == [0, 60, 120]


def test_another_pod_is_told_at_once_and_shown() -> None:
    updates = [
        gpu_update(sampled_at=at(0), gpus=(gpu(processes=(_POD,)),)),
        gpu_update(sampled_at=at(15), gpus=(gpu(processes=(_POD | {"namespace": "b"},)),)),
    ]
    batch = _told(updates)
    assert _times(batch) == [0, 15]
    (shown,) = batch.shown.values()
    assert shown[6:8] == ("b", True)


def test_what_a_late_sample_has_told_is_shown_only_when_a_new_one_tells_it() -> None:
    new = gpu(driver_version="575.1")
    updates = [gpu_update(sampled_at=at(15)), gpu_update(sampled_at=at(14), gpus=(new,))]
    (shown,) = _told(updates).shown.values()
    assert shown[2] == "570.124.06"
    (shown,) = _told([*updates, gpu_update(sampled_at=at(30), gpus=(new,))]).shown.values()
    assert shown[2] == "575.1"


def test_the_same_sample_again_is_none() -> None:
    batch = _told([*_each(15, 2), *_each(15, 2)[1:]])
    assert len(batch.samples) == 2


def test_the_newest_sample_again_is_none_although_a_late_one_came_between() -> None:
    batch = _told([*_each(15, 2), gpu_update(sampled_at=at(7)), *_each(15, 2)[1:]])
    assert sorted(row[2] for row in batch.samples) == [to_micro(at(each)) for each in (0, 7, 15)]


def test_what_one_cluster_makes_up_is_bounded_and_no_other_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(known, "MOST", 5)
    samples = Samples(5.0)
    for number in range(2):
        _taken(samples, gpu_update(node_name=f"n{number}"))
    with pytest.raises(Unreadable):
        _taken(samples, gpu_update(node_name="n2"))
    _taken(samples, gpu_update(node_name="n1", sampled_at=at(15)))
    _taken(samples, gpu_update(cluster_id=OTHER_CLUSTER_ID))
    assert len(samples.batch.new_nodes) == 3
    samples.known.forget(CLUSTER_ID, "n0")
    _taken(samples, gpu_update(node_name="n2"))
    assert len(samples.batch.samples) == 5


def test_what_was_told_by_nodes_that_are_silent_is_let_go() -> None:
    samples = Samples(5.0)
    _taken(samples, gpu_update())
    samples.known.let_go(to_micro(at(1)))
    (node,) = samples.known.nodes.values()
    assert [each.told for each in node.gpus.values()] == [None]
    _taken(samples, gpu_update(sampled_at=at(15)))
    assert _times(samples.batch) == [0, 15]


# Runs of samples, one after the other in time: of each sample its driver and its memory's clock.
_RUNS = st.lists(
    st.lists(st.tuples(st.sampled_from(["a", "b"]), st.integers(0, 2)), min_size=1, max_size=6),
    min_size=1,
    max_size=8,
)


@given(_RUNS, st.randoms(), st.sampled_from([15, 60, 900]))
def test_the_last_thing_told_before_a_sample_is_true_of_it(
    runs: list[list[tuple[str, int]]], random: Random, interval: int
) -> None:
    """In whatever order the runs came: a site that was cut off tells later what was meanwhile."""
    truth: dict[int, Gpu] = {}
    parts: list[list[int]] = []
    for run in runs:
        parts.append(list(range(len(truth), len(truth) + len(run))))
        truth |= {
            len(truth) + number: gpu(driver_version=driver, memory_clock_mhz=clock)
            for number, (driver, clock) in enumerate(run)
        }
    random.shuffle(parts)
    samples = Samples(5.0)
    for place in (each for part in parts for each in part):
        taken = gpu_update(
            sampled_at=at(interval * place), interval_seconds=interval, gpus=(truth[place],)
        )
        _taken(samples, taken)
    written = {when: json.loads(text) for (_, when), text in samples.batch.told.items()}
    for place, told in truth.items():
        when = to_micro(at(interval * place))
        since = max(each for each in written if each <= when)
        found = written[since]
        assert when - since < HOUR
        assert found["driver_version"] == told.driver_version
        if found["memory_clock_mhz"] != told.memory_clock_mhz:
            assert when - since < MINUTE
        assert not set(MEASURES) & set(found)
