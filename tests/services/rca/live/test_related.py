"""What the graph of a Korrel8r tells: related things with their queries, and pods on nodes."""

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from contracts.alerts import Severity
from contracts.clusters import Checked
from contracts.rca_seen import RELATED, RcaSeen
from services.rca.live import related
from services.rca.live.focus import FiredAlert
from tests.kit.korrel8r import NODE, POD, counted, edge, graph, node, pod_query
from tests.kit.samples import CLUSTER_ID, at
from tests.services.rca.live.kit import PODS, SECONDS, body, focus

POD_WORDS = (f"pod/shop/{PODS[0]}", "workload/shop/cart")
ALERT = FiredAlert("PodCrash", "shop", PODS[0], (*POD_WORDS, "namespace/shop"))
ON_NODE = counted('k8s:Node.v1:{"name":"worker-3"}')
ONE_POD = counted(pod_query("shop", PODS[0]))


def read(told: Any, alert: FiredAlert = ALERT) -> related.Related:
    return related.related(focus(), alert, body(told))


def told(*nodes: Any) -> list[RcaSeen]:
    return related.seen([read({"nodes": list(nodes)})])


def test_things_and_signals_are_told_with_the_query_that_shows_them() -> None:
    found = {each.query: each for each in related.seen([read(graph(ALERT.labels))])}
    lines = found['log:application:{kubernetes_namespace_name="shop"}']
    assert (lines.cluster_id, lines.backend) == (CLUSTER_ID, Checked.KORREL8R)
    assert (lines.name, lines.severity) == (RELATED, Severity.INFO)
    assert lines.text == "Korrel8r relates it to the alert PodCrash: 812 of log:application"
    assert lines.where == ALERT.where
    assert (lines.start, lines.end, lines.began_at) == (at(), at(SECONDS), None)
    assert {each.where for each in found.values()} == {
        ALERT.where,
        POD_WORDS,
        ("workload/shop/cart",),
        ("node/worker-3",),
    }
    assert found[pod_query("shop", PODS[0])].text == (
        "Korrel8r relates it to the alert PodCrash (k8s:Pod.v1)"
    )


def test_the_alert_itself_is_not_related_to_it() -> None:
    selector = json.dumps(dict(reversed(ALERT.labels.items())))
    other = 'alert:alert:{"namespace":"shop"}'
    found = told(node("alert:alert", counted(f"alert:alert:{selector}", 9), counted(other, 4)))
    assert [each.query for each in found] == [other]
    assert found[0].where == ALERT.where


def test_what_found_nothing_or_was_not_asked_is_not_told() -> None:
    class_ = "metric:metric"
    assert told({"class": class_, "queries": [{"query": "metric:metric:up"}]}) == []
    assert told(node(class_, counted("metric:metric:up", 0), counted("metric:metric:up", -3))) == []
    assert told({"class": class_}, {"class": class_, "queries": None}) == []


@pytest.mark.parametrize(
    ("class_", "selector", "where"),
    [
        ("k8s:StatefulSet.v1.apps", {"namespace": "shop", "name": "db"}, "workload/shop/db"),
        ("k8s:PersistentVolumeClaim.v1", {"namespace": "shop", "name": "d"}, "pvc/shop/d"),
        ("k8s:Secret.v1", {"namespace": "shop", "name": "login"}, "config/shop/login"),
        ("k8s:Namespace.v1", {"name": "shop"}, "namespace/shop"),
        ("k8s:Node", {"name": "worker-3.example.com"}, "node/worker-3.example.com"),
    ],
)
def test_a_resource_is_named_by_its_words_of_place(
    class_: str, selector: dict[str, str], where: str
) -> None:
    (found,) = told(node(class_, counted(f"{class_}:{json.dumps(selector)}")))
    assert found.where == (where,)


@pytest.mark.parametrize(
    "query",
    [
        'k8s:Pod.v1:{"namespace":"shop","labels":{"app":"cart"}}',
        'k8s:Pod.v1:{"namespace":"../etc","name":"cart"}',
        'k8s:Pod.v1:{"namespace":"shop","name":"Cart\\"} or up"}',
        'k8s:Pod.v1:{"namespace":7,"name":["cart"]}',
        "k8s:Pod.v1:{namespace: shop}",
        'k8s:Node.v1:{"name":"worker-3"}',
        "k8s:Pod.v1:" + "[" * 1_900,
        "k8s:Pod.v1",
    ],
)
def test_what_names_no_resource_is_told_of_the_alert_itself(query: str) -> None:
    (found,) = told(node(POD, counted(query)))
    assert found.where == ALERT.where


@pytest.mark.parametrize(
    "query",
    [
        "",
        "metric:metric:" + "u" * 2_000,
        "metric:metric:up\n# and more",
        "metric:metric:https://me:secret@prometheus.test/",
    ],
)
def test_a_query_that_cannot_be_shown_as_it_is_is_not_told(query: str) -> None:
    assert told(node("metric:metric", counted(query))) == []


@pytest.mark.parametrize("class_", ["", "k8s", "k8s:", "<b>:x", "a:b c", "a:" + "x" * 500])
def test_words_that_are_no_class_are_passed_over(class_: str) -> None:
    assert told(node(class_, counted("x:y:z"))) == []


def test_few_of_each_class_and_few_in_all_are_told() -> None:
    pods = [counted(pod_query("shop", f"cart-{number}"), number + 1) for number in range(500)]
    logs = [node(f"log:of{number}", counted(f"log:of{number}:{{}}")) for number in range(300)]
    found = told(node(POD, *pods), *logs)
    assert len(found) == related.MOST
    # The first queries alone are looked at.
    assert [each.where[0] for each in found if each.query.startswith("k8s:")] == [
        f"pod/shop/cart-{number}" for number in (199, 198, 197)
    ]


def test_what_several_alerts_have_in_common_is_told_once() -> None:
    other = FiredAlert("Slow", "shop", PODS[1], (f"pod/shop/{PODS[1]}",))
    graphs = [read(graph(ALERT.labels)), read(graph(other.labels), other)]
    found = related.seen(graphs)
    assert len(found) == len({each.query for each in found})
    assert {each.pod for each in related.placed(graphs)} == {f"pod/shop/{each}" for each in PODS}


def test_a_single_pod_is_on_the_node_that_its_edge_leads_to() -> None:
    (found,) = read(graph(ALERT.labels)).placed
    assert (found.cluster_id, found.pod, found.node) == (CLUSTER_ID, POD_WORDS[0], "node/worker-3")


TWO_PODS = node(POD, ONE_POD, counted(pod_query("shop", PODS[1])))
BY_LABELS = node(POD, counted('k8s:Pod.v1:{"namespace":"shop","labels":{"app":"cart"}}'))
TWO_NODES = (ON_NODE, counted('k8s:Node.v1:{"name":"worker-4"}'))


@pytest.mark.parametrize(
    ("pods", "led"),
    [
        (TWO_PODS, edge(POD, NODE, "PodToNode", ON_NODE)),
        (BY_LABELS, edge(POD, NODE, "PodToNode", ON_NODE)),
        (node(POD, ONE_POD), edge(POD, NODE, "PodToNode", *TWO_NODES)),
        (node(POD, ONE_POD), edge(POD, NODE, "PodToNode", ON_NODE | {"count": 0})),
        (node(POD, ONE_POD), {"start": POD, "goal": NODE}),
        (node(POD, ONE_POD), edge(NODE, POD, "NodeToPod", ONE_POD)),
        (node(POD, ONE_POD), edge(POD, "metric:metric", "X", ON_NODE)),
        (node("k8s:Service.v1", ONE_POD), edge("k8s:Service.v1", NODE, "X", ON_NODE)),
    ],
)
def test_where_a_graph_of_classes_leaves_it_open_no_pod_is_placed(pods: Any, led: Any) -> None:
    assert read({"nodes": [pods, node(NODE, ON_NODE)], "edges": [led]}).placed == ()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b"<html>",
        b'{"nodes":7}',
        b'{"nodes":[[]]}',
        b'{"nodes":[{"class":null}]}',
        b'{"nodes":[{"class":"a:b","count":"many"}]}',
        b'{"nodes":[{"class":"a:b","queries":[{"query":{}}]}]}',
        b'{"edges":[{"start":"a:b"}]}',
        b'{"nodes":' + b"[" * 200_000,
        b'{"more":' + b'{"a":' * 200_000,
        b'{"nodes":[{"class":"\xff"}]}',
    ],
)
def test_what_is_no_graph_is_no_answer(data: bytes) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        related.related(focus(), ALERT, data)


def test_an_empty_graph_tells_nothing() -> None:
    for told_ in ({}, {"nodes": None, "edges": None}, {"nodes": [], "more": [1]}):
        assert read(told_) == related.Related((), ())


def test_a_count_without_end_is_shortened() -> None:
    (found,) = told(node("log:x", {"query": "log:x:{}", "count": 10**18}))
    assert "1,000,000 of log:x" in found.text


TEXTS = st.text(max_size=40) | st.sampled_from(
    ["k8s:Pod.v1", "k8s:Node.v1", "alert:alert", 'k8s:Pod.v1:{"namespace":"a","name":"b"}']
)
COUNTS = st.none() | st.integers(-5, 2**63)
QUERIES = st.none() | st.lists(st.fixed_dictionaries({"query": TEXTS, "count": COUNTS}), max_size=4)
NODES = st.fixed_dictionaries({"class": TEXTS, "count": COUNTS, "queries": QUERIES})
RULES = st.none() | st.lists(st.fixed_dictionaries({"queries": QUERIES}), max_size=3)
EDGES = st.fixed_dictionaries({"start": TEXTS, "goal": TEXTS, "rules": RULES})


@given(st.fixed_dictionaries({"nodes": st.lists(NODES), "edges": st.lists(EDGES)}))
def test_whatever_a_graph_says_it_is_told_within_bounds(told_: dict[str, Any]) -> None:
    found = related.seen([read(told_)])
    assert len(found) <= related.MOST
    assert all(each.name == RELATED for each in found)
