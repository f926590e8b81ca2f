"""A rollout that goes wrong, as each part of a cluster tells it."""

from datetime import timedelta

import pytest

from deploy.simulator import alerts, logs, traces
from deploy.simulator.cluster import Cluster
from deploy.simulator.incidents import Incident
from deploy.simulator.rollout import suits
from services.runtime.kube.names import stem
from tests.deploy.simulator.asking import NOON, NOON_S, fleet, pods, query

SECONDS = 1500.0
CREATED = (
    "max by (namespace, owner_name) (kube_replicaset_created * on (namespace, replicaset)"
    ' group_left (owner_name) kube_replicaset_owner{owner_kind="Deployment"})'
)


@pytest.fixture
def cluster() -> Cluster:
    """One in which it happens at noon."""
    found = next(each for each in fleet().clusters if suits(each))
    found.stage.order(Incident.BAD_ROLLOUT, NOON_S, SECONDS)
    return found


def created(cluster: Cluster, at: float) -> dict[str, float]:
    """When the newest ReplicaSet of each application was made."""
    found = query(cluster, CREATED, at)
    return {labels["owner_name"]: value for labels, value in found}


def failed(cluster: Cluster, start: float, end: float) -> float:
    """Which part of the traces of a time failed."""
    found = [traces.trace(cluster, each) for each in traces.between(start, end, end + 60)]
    return sum(each.root.failed for each in found) / len(found)


def said(cluster: Cluster, app: str, start: float, end: float) -> list[str]:
    """What the containers of an application wrote in a time."""
    streams = [each for each in logs.streams_of(cluster) if each.labels["app"] == app]
    window = int(start) * logs.SECOND, int(end) * logs.SECOND
    return [each.line(number) for each in streams for number in each.between(*window)]


def names(cluster: Cluster, seconds: float) -> list[tuple[str, str]]:
    """What fires so long after it began, but for what always does."""
    now = NOON + timedelta(seconds=seconds)
    found = alerts.firing(cluster, now)
    return [
        (one.labels["alertname"], app) for one in found if (app := one.labels.get("deployment"))
    ]


def test_metrics_have_a_new_replica_set_while_it_runs(cluster: Cluster) -> None:
    before, then, after = (created(cluster, NOON_S + at) for at in (-60, 60, SECONDS + 60))
    assert then["billing"] == NOON_S
    assert before["billing"] == after["billing"] < NOON_S - 86_400
    assert {app: at for app, at in then.items() if app != "billing"}.keys() > {"orders", "shop"}
    assert then["orders"] == before["orders"]


def test_most_requests_fail_until_it_is_over(cluster: Cluster) -> None:
    assert failed(cluster, NOON_S - SECONDS, NOON_S) < 0.2
    assert failed(cluster, NOON_S, NOON_S + SECONDS) > 0.6
    assert failed(cluster, NOON_S + SECONDS, NOON_S + 2 * SECONDS) < 0.2


def test_logs_name_what_the_new_version_does_not_know(cluster: Cluster) -> None:
    before = said(cluster, "billing", NOON_S - 300, NOON_S)
    then = said(cluster, "billing", NOON_S, NOON_S + 300)
    assert not any("unknown field" in each for each in before)
    assert sum("level=error" in each and "unknown field" in each for each in then) > len(then) / 2
    asking = said(cluster, "orders", NOON_S, NOON_S + 300)
    assert any("upstream billing answered 500" in each for each in asking)
    spared = said(cluster, "inventory", NOON_S, NOON_S + 300)
    assert not any("billing" in each or "unknown field" in each for each in spared)


def test_alerts_come_one_after_the_other_and_end(cluster: Cluster) -> None:
    assert names(cluster, 30) == []
    assert names(cluster, 50) == [("HighErrorRate", "billing")]
    assert names(cluster, 300) == [
        ("HighErrorRate", "billing"),
        ("HighErrorRate", "orders"),
        ("HighErrorRate", "shop"),
        ("ErrorBudgetBurn", "shop"),
    ]
    assert names(cluster, SECONDS + 1) == []


def test_it_does_not_happen_where_it_could_not_be_seen() -> None:
    other = next(each for each in fleet().clusters if not suits(each))
    other.stage.order(Incident.BAD_ROLLOUT, NOON_S, SECONDS)
    assert names(other, 300) == []
    assert created(other, NOON_S + 60)["billing"] < NOON_S - 86_400


def test_pods_are_named_as_those_of_deployments_and_in_the_order_of_lists(
    cluster: Cluster,
) -> None:
    found = [each.name for each in pods(cluster, "billing")]
    assert len(found) > 5
    assert found == sorted(found)
    assert {stem(each) for each in found} == {"billing"}
