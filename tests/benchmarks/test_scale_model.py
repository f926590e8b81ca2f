"""The model of many clusters: its queues agree with theory, and its answers with each other."""

from collections import Counter
from random import Random

import pytest

from services.runtime.ids import derived_id
from services.runtime.projections.partition import partition_of
from tests.benchmarks import scale_tables
from tests.benchmarks.scale_model import (
    FULL,
    Load,
    first_full,
    fleet,
    million,
    partition_number,
    shares,
    stages,
    weights,
)
from tests.benchmarks.scale_path import Storm, came, delays, folded
from tests.benchmarks.scale_queues import (
    arrivals,
    delay,
    mean_delay,
    served,
    through,
)
from tests.kit.tree import ROOT

LOADS = [fleet(1_000), fleet(10_000), million(0.97), million(0)]


def _simulated(rate: float, each: float, servers: int) -> list[float]:
    """Delays of a hundred thousand who come at random and take random times."""
    random = Random(1)
    jobs = arrivals(random, rate, 100_000 / rate)
    needed = [random.expovariate(1 / each) for _ in jobs]
    ends = served([job.at for job in jobs], needed, servers)
    return [end - job.at for end, job in zip(ends, jobs, strict=True)]


@pytest.mark.parametrize(("rate", "each", "servers"), [(0.6, 1, 1), (50, 0.01, 1), (2.1, 1, 3)])
def test_queues_take_as_long_as_theory_says(rate: float, each: float, servers: int) -> None:
    found = _simulated(rate, each, servers)
    assert sum(found) / len(found) == pytest.approx(mean_delay(rate, each, servers), rel=0.05)


def test_the_tail_of_a_queue_is_as_long_as_theory_says() -> None:
    found = sorted(_simulated(0.6, 1, 1))
    assert found[int(0.99 * len(found))] == pytest.approx(delay(0.6, 1, 0.99), rel=0.08)


def test_one_server_is_the_simplest_of_several() -> None:
    assert mean_delay(0.5, 1) == pytest.approx(2.0)
    assert mean_delay(2, 1, 2) == float("inf")


def test_everything_that_comes_leaves_once_and_never_before_it_is_done() -> None:
    jobs = came(fleet(10_000), Storm(5_000, 10))
    left = through(jobs, [0.004 * job.size for job in jobs], 2)
    assert Counter((job.born, job.size, job.owner) for job in left) == Counter(
        (job.born, job.size, job.owner) for job in jobs
    )
    assert all(job.at >= job.born + 0.004 * job.size - 1e-9 for job in left)


def test_every_event_is_folded_by_one_partition() -> None:
    jobs = came(fleet(1_000))
    assert Counter(job.born for job in folded(jobs, 4)) == Counter(job.born for job in jobs)


def test_one_server_does_one_thing_at_a_time_in_order() -> None:
    ends = served([0.0, 0.1, 5.0], [1.0, 1.0, 1.0], 1)
    assert ends == pytest.approx([1.0, 2.0, 6.0])


def test_with_another_server_nobody_is_later() -> None:
    jobs = arrivals(Random(2), 100, 50)
    came_at, needed = [job.at for job in jobs], [0.015] * len(jobs)
    two, three = served(came_at, needed, 2), served(came_at, needed, 3)
    assert all(later <= sooner + 1e-9 for later, sooner in zip(three, two, strict=True))
    assert sum(three) < sum(two)


@pytest.mark.parametrize("of", [1, 2, 4, 64])
def test_clusters_are_in_the_partitions_that_the_platform_puts_them_in(of: int) -> None:
    for number in range(50):
        cluster = derived_id("scale-model", number)
        assert partition_number(number, of) == partition_of(f"evt.{cluster}.alert.x.fired", of)


def test_partitions_share_all_events_out_and_not_quite_evenly() -> None:
    found = shares(10_000, 8)
    assert sum(found) == pytest.approx(1)
    assert 1 / 8 < max(found) < 1.3 / 8
    busiest = sorted(weights(10_000), reverse=True)[:1_000]
    assert 0.3 < sum(busiest) < 0.5


@pytest.mark.parametrize("load", LOADS, ids=lambda load: load.name)
def test_more_of_everything_never_needs_less(load: Load) -> None:
    for more, usual in zip(stages(load.times(1.7)), stages(load), strict=True):
        assert more.cores >= usual.cores
        assert more.processes is None or (
            usual.processes is not None and more.processes >= usual.processes
        )


@pytest.mark.parametrize("load", LOADS, ids=lambda load: load.name)
def test_what_is_full_first_is_so_just_beyond_what_it_bears(load: Load) -> None:
    factor, full = first_full(load)[0]
    assert all(stage.processes is not None for stage in stages(load.times(0.99 * factor)))
    beyond = [each.name for each in stages(load.times(1.01 * factor)) if each.processes is None]
    assert beyond == [full.name]


def test_processes_are_enough_and_not_one_too_many() -> None:
    for stage in stages(fleet(10_000)):
        if stage.processes is None or stage.needed is not None:
            continue
        room = FULL * stage.width - stage.each
        assert stage.cores <= stage.processes * room
        assert stage.processes == 1 or stage.cores > (stage.processes - 1) * room


def test_a_storm_in_one_cluster_holds_up_its_own_partition_alone() -> None:
    jobs = came(fleet(10_000), Storm(100_000, 5))
    done = {(job.born, job.owner): job for job in folded(jobs, 4)}
    late = [0.0] * 4
    for job in jobs:
        place = partition_number(job.owner, 4)
        late[place] = max(late[place], done[job.born, job.owner].at - job.born)
    stormy = late.pop(partition_number(0, 4))
    assert stormy > 1 > 0.1 > max(late) > 0


def test_those_beside_a_storm_wait_longer_than_those_elsewhere() -> None:
    load = fleet(10_000)
    calm, stormy = delays(load, of=4), delays(load, Storm(30_000, 10), of=4)
    assert 0 < calm.others <= stormy.others < stormy.beside
    assert stormy.storm > stormy.beside


def test_what_is_written_about_scale_is_what_the_model_says() -> None:
    page = (ROOT / "deploy" / "SCALING.md").read_text().splitlines()
    tables = scale_tables
    told = [*tables.costs(), *tables.needs(), *tables.limits(), *tables.waits()]
    assert [line for line in told if line not in page] == []
