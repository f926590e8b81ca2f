"""A cluster is due as often as its watches want, and each watch at moments of its own."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as some

from contracts.clusters import Cluster, ClusterType
from services.anomalies.schedule import SELDOM, interval, moment, period, schedule
from services.runtime import schedules
from tests.kit import builders
from tests.kit.anomaly_builders import watch

CLUSTER = Cluster.model_validate(
    builders.cluster(endpoints={"prometheus_url": "http://prometheus:9090"}).model_dump()
)
FAR_EDGE = CLUSTER.model_copy(update={"cluster_type": ClusterType.FAR_EDGE})
_SECONDS = some.integers(15, 3600)
_START = datetime(2026, 1, 1, tzinfo=UTC)
_TIMES = some.timedeltas(timedelta(0), timedelta(days=400)).map(lambda since: _START + since)


@pytest.mark.parametrize(
    ("wanted", "near", "far"), [(15, 15, 60), (16, 30, 60), (60, 60, 60), (61, 120, 120),
                                (3599, 3600, 3600)]
)  # fmt: skip
def test_an_interval_is_a_part_of_an_hour_and_never_shorter_than_wanted(
    wanted: int, near: int, far: int
) -> None:
    made = watch(every_seconds=wanted)
    assert (interval(made, CLUSTER), interval(made, FAR_EDGE)) == (near, far)


def test_where_nothing_can_be_asked_it_is_due_seldom() -> None:
    assert period(CLUSTER, ()) == SELDOM
    without = CLUSTER.model_copy(update={"endpoints": builders.cluster(endpoints={}).endpoints})
    assert period(without, [watch()]) == SELDOM


@given(some.lists(_SECONDS, min_size=1, max_size=5), _TIMES)
def test_each_watch_is_due_once_in_its_interval(wanted: list[int], start: datetime) -> None:
    watches = [watch(every_seconds=seconds) for seconds in wanted]
    every = period(CLUSTER, watches)
    rule = schedules.spread(CLUSTER.id, every)
    assert schedule(CLUSTER, watches).rule == rule, "as the bus keeps it"
    # The bus is a little late, and keeps to the phase of the cluster.
    first = moment(CLUSTER.id, every, start) + timedelta(milliseconds=40)
    for each in watches:
        seconds = interval(each, CLUSTER)
        ticks = [first + timedelta(seconds=every * number) for number in range(seconds // every)]
        due = [
            at for at in ticks if at - moment(CLUSTER.id, seconds, at) < timedelta(seconds=every)
        ]
        assert len(due) == 1
        assert due[0] - moment(CLUSTER.id, seconds, due[0]) < timedelta(seconds=1)
