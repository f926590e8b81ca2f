"""Where and when is looked, by what the log tells."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from contracts.incidents import SignalKind
from services.rca.live import logs
from services.rca.live.focus import (
    LONGEST,
    MOST_ALERTS,
    MOST_CLUSTERS,
    MOST_NAMESPACES,
    PATIENCE,
    FiredAlert,
    Focus,
    focuses,
)
from services.rca.live.probes import PROBES, placed_query
from tests.kit.samples import at
from tests.services.rca.live.kit import focus
from tests.services.rca.reasoning.telling_signals import CLUSTER, signal

END = at(600)
LONG_AGO = at(-86_400)


def cluster(number: int) -> UUID:
    return UUID(int=number)


def only(*where: str, after: float = 0.0, start: datetime = LONG_AGO) -> Focus:
    (found,) = focuses([signal(1, "HighErrorRate", *where, after=after)], start, END)
    return found


def queries(on: Focus) -> list[str]:
    asked = [each.query(on) for each in PROBES]
    return [*asked, placed_query(on), *(logs.query(on, each) for each in logs.NAMESPACE_LABELS)]


def test_where_no_signal_is_nothing_is_looked_at() -> None:
    assert focuses([], LONG_AGO, END) == ()


def test_clusters_of_most_signals_are_looked_at_first() -> None:
    told = [
        signal(10 * which + number, "HighErrorRate", cluster=cluster(which))
        for which, many in ((1, 1), (2, 4), (3, 2), (4, 3), (5, 3))
        for number in range(many)
    ]
    found = [each.cluster_id for each in focuses(told, LONG_AGO, END)]
    assert found == [cluster(2), cluster(4), cluster(5)]
    assert len(found) == MOST_CLUSTERS


def test_each_cluster_is_looked_at_where_and_when_its_own_signals_are() -> None:
    told = [
        signal(1, "HighErrorRate", "pod/shop/cart-1", cluster=cluster(1)),
        signal(2, "HighErrorRate", "pod/bank/ledger-1", cluster=cluster(2), after=300),
    ]
    one, two = focuses(told, LONG_AGO, END)
    assert (one.namespaces, one.since) == (("shop",), at() - PATIENCE)
    assert (two.namespaces, two.since) == (("bank",), at(300) - PATIENCE)


def test_namespaces_of_most_words_are_looked_at_and_not_too_many() -> None:
    many = [signal(n, "HighErrorRate", f"namespace/team-{n:02}") for n in range(1, 30)]
    often = [signal(n, "HighErrorRate", "namespace/zoo") for n in (40, 41)]
    (found,) = focuses([*many, *often], LONG_AGO, END)
    assert found.namespaces[:3] == ("zoo", "team-01", "team-02")
    assert len(found.namespaces) == MOST_NAMESPACES


@pytest.mark.parametrize(
    "name",
    [
        'a"} or vector(1)',
        "shop|.*",
        ".*",
        "shop.eu",
        "Shop",
        "shop\n",
        "-shop",
        "shop-",
        "a" * 64,
        "caf\N{LATIN SMALL LETTER E WITH ACUTE}",
        "$here",
        "`",
        "",
    ],
)
def test_what_is_no_name_of_a_namespace_gets_into_no_query(name: str) -> None:
    words = (f"pod/{name}/cart-1", f"service/{name}/cart", f"namespace/{name}", "namespace/shop")
    found = only(*words)
    assert found.namespaces == ("shop",)
    assert queries(found) == queries(focus_like(found))


def focus_like(other: Focus) -> Focus:
    """The same time, and nothing but the good name."""
    return Focus(
        other.cluster_id, ("shop",), (), frozenset(), frozenset(), other.since, other.until
    )


@pytest.mark.parametrize("name", ["a", "0", "kube-system", "team-7", "a" * 63])
def test_names_as_kubernetes_allows_them_do(name: str) -> None:
    found = only(f"namespace/{name}")
    assert found.namespaces == (name,)
    assert all(f'"{name}"' in each for each in (queries(found)[0], queries(found)[-1]))


def test_nodes_and_operators_have_no_namespace() -> None:
    assert only("node/worker-3", "operator/dns").namespaces == ()


def test_pods_and_workloads_are_known_and_services_count_as_workloads() -> None:
    found = only("pod/shop/cart-1", "workload/shop/cart", "service/shop/price", "namespace/shop")
    assert found.cluster_id == CLUSTER
    assert found.pods == {"pod/shop/cart-1"}
    assert found.workloads == {"workload/shop/cart", "workload/shop/price"}


def test_time_begins_before_the_first_signal() -> None:
    told = [signal(1, "A", after=120), signal(2, "B", after=-60), signal(3, "C", after=300)]
    (found,) = focuses(told, LONG_AGO, END)
    assert (found.since, found.until) == (at(-60) - PATIENCE, END)


def test_time_does_not_begin_before_what_is_asked_about() -> None:
    assert only(start=at(-120)).since == at(-120)


def test_no_more_than_three_hours_are_looked_at() -> None:
    found = only(after=-9 * 3600)
    assert found.since == END - LONGEST
    assert found.seconds == 3 * 3600


@pytest.mark.parametrize("after", [0, 3600])
def test_a_minute_is_looked_at_at_the_least(after: float) -> None:
    """Also where the source's clock is ahead of ours."""
    found = only(after=after, start=END)
    assert found.until - found.since == timedelta(minutes=1)
    assert found.seconds == 60


def test_steps_are_few_and_not_closer_than_metrics_are_taken() -> None:
    assert only(after=-9 * 3600).step == 270
    assert only(start=END).step == 15
    assert focus().step == 37


def test_a_source_that_tells_no_time_at_all_does_no_harm() -> None:
    """Go's zero time."""
    zero = signal(1, "HighErrorRate", "pod/shop/cart-1").model_copy(
        update={"started_at": datetime(1, 1, 1, tzinfo=UTC)}
    )
    (found,) = focuses([zero], at(-3600), END)
    assert found.since == at(-3600)


def test_the_first_alerts_of_namespaces_are_those_that_a_korrel8r_is_asked_about() -> None:
    pod = ("pod/shop/cart-1", "workload/shop/cart", "namespace/shop")
    told = [
        signal(1, "Late", "namespace/shop", after=30),
        signal(2, "Slow", "workload/shop/web", "namespace/shop", after=20),
        signal(3, "PodCrash", *pod, after=10),
        signal(4, "PodCrash", *pod, after=15),
        signal(5, "KubeNodeNotReady", "node/worker-3"),
        signal(6, "Odd", "pod/Sh op/x", "namespace/Sh op"),
        signal(7, "Later", "namespace/shop", after=40),
    ]
    state = told[5].model_copy(update={"kind": SignalKind.STATUS, "where": ("namespace/shop",)})
    (found,) = focuses([*told, state], LONG_AGO, END)
    assert len(found.alerts) == MOST_ALERTS
    assert found.alerts[0] == FiredAlert("PodCrash", "shop", "cart-1", pod)
    assert [each.labels for each in found.alerts] == [
        {"alertname": "PodCrash", "namespace": "shop", "pod": "cart-1"},
        {"alertname": "Slow", "namespace": "shop"},
        {"alertname": "Late", "namespace": "shop"},
    ]
