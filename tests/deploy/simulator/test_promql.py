"""The part of PromQL that a simulated Prometheus answers, where labels and names matter."""

from collections.abc import Iterable

import pytest

from deploy.simulator.cluster import Cluster
from tests.deploy.simulator.asking import NOON_S, fleet, query, value

Labels = dict[str, str]


@pytest.fixture
def cluster() -> Cluster:
    return fleet().cluster("spoke-1")


def named(found: Iterable[tuple[Labels, float]]) -> set[str]:
    return {labels.get("__name__", "") for labels, _ in found}


def test_metrics_may_be_chosen_by_a_pattern_of_their_names(cluster: Cluster) -> None:
    two = '{__name__=~"DCGM_FI_DEV_(GPU_TEMP|FB_USED)",gpu="0"}'
    assert named(query(cluster, two)) == {"DCGM_FI_DEV_GPU_TEMP", "DCGM_FI_DEV_FB_USED"}
    assert query(cluster, '{__name__="up"}') == query(cluster, "up")
    assert query(cluster, 'up{__name__="down"}') == []


def test_grouping_by_the_name_keeps_it(cluster: Cluster) -> None:
    text = 'max by (__name__, UUID) ({__name__=~"DCGM_FI_DEV_GPU_TEMP|DCGM_FI_DEV_FB_USED"})'
    found = query(cluster, text)
    assert len(found) == 2 * cluster.gpu_count
    assert {frozenset(labels) for labels, _ in found} == {frozenset({"__name__", "UUID"})}
    plain = {(labels["UUID"], v) for labels, v in query(cluster, "DCGM_FI_DEV_GPU_TEMP")}
    assert plain == {(labels["UUID"], v) for labels, v in found if "TEMP" in labels["__name__"]}


def test_labels_that_are_not_there_are_not_in_a_group(cluster: Cluster) -> None:
    found = query(cluster, "count by (pod, nothing) (DCGM_FI_DEV_GPU_TEMP)")
    assert all("nothing" not in labels for labels, _ in found)
    assert sum(number for _, number in found) == cluster.gpu_count
    assert sum(labels == {} for labels, _ in found) == 1


def test_a_timestamp_has_no_name_and_is_the_time_of_the_sample(cluster: Cluster) -> None:
    found = query(cluster, "timestamp(DCGM_FI_DEV_GPU_TEMP)")
    assert named(found) == {""}
    assert {at for _, at in found} == {NOON_S}
    assert len(found) == cluster.gpu_count


def test_what_is_either_of_two_takes_the_second_where_the_first_tells_nothing(
    cluster: Cluster,
) -> None:
    every = query(cluster, "node_load1")
    some = f'node_load1{{instance="{every[0][0]["instance"]}"}}'
    assert query(cluster, f"{some} or node_load1") == every
    assert query(cluster, f"{some} or {some}") == every[:1]
    # Names do not count; labels do.
    assert query(cluster, f"{some} or node_memory_MemTotal_bytes")[0] == every[0]
    assert len(query(cluster, f"{some} or node_memory_MemTotal_bytes")) == len(every)
    assert len(query(cluster, "up or node_load1 or DCGM_FI_DEV_GPU_TEMP")) == len(every) + (
        cluster.gpu_count
    )


def test_either_of_two_depends_on_what_is_told_at_the_time(cluster: Cluster) -> None:
    highest = max(load for _, load in query(cluster, "node_load1"))
    found = query(cluster, "up == 0 or up")
    assert found == query(cluster, "up")
    assert len(query(cluster, f"node_load1 >= {highest} or up")) == len(found)


def test_the_word_inside_of_names_and_strings_is_no_operator(cluster: Cluster) -> None:
    assert query(cluster, 'up{job="this or that"}') == []
    assert query(cluster, "node_or_not") == []
    grouped = query(cluster, "max by (job) (up or node_load1)")
    assert [labels for labels, _ in grouped] == [{"job": "node-exporter"}]


def test_a_label_may_be_made_of_another(cluster: Cluster) -> None:
    made = query(cluster, 'label_replace(up, "node", "$1", "instance", "(.+):9100")')
    assert all(labels["node"] + ":9100" == labels["instance"] for labels, _ in made)
    kind = query(cluster, 'label_replace(max by (instance) (up), "kind", "x", "", "")')
    assert {labels["kind"] for labels, _ in kind} == {"x"}
    kept = query(cluster, 'label_replace(up, "job", "other", "instance", "nothing")')
    assert kept == query(cluster, "up")
    gone = query(cluster, 'label_replace(up, "job", "", "", "")')
    assert all("job" not in labels for labels, _ in gone)


def test_a_query_is_answered_alike_the_second_time_and_at_another_time(cluster: Cluster) -> None:
    text = "max by (__name__, UUID) (DCGM_FI_DEV_POWER_USAGE)"
    first = query(cluster, text)
    assert query(cluster, text) == first
    later = query(cluster, text, NOON_S + 600)
    assert [labels for labels, _ in later] == [labels for labels, _ in first]
    assert later != first


def test_only_some_expressions_are_remembered(cluster: Cluster) -> None:
    for number in range(40):
        assert value(cluster, f"count(up >= {number % 2})") == len(query(cluster, "up"))
    assert len(cluster.memo["queries"]) < 30
