"""The graph of a Korrel8r around an alert, as what it says is related. Pure.

Fields: ``Graph``, ``Node``, ``Edge``, ``Rule`` and ``QueryCount`` of doc/korrel8r-openapi.yaml of
its repository (v1alpha1). Selectors of ``k8s``: pkg/domains/k8s/doc.md; the rule from a pod to its
node: ``PodToNode`` of etc/korrel8r/rules/k8s.yaml. Nodes are classes of things, not things: what an
edge leads from is certain only where its class has a single one.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import msgspec

from contracts.alerts import Severity
from contracts.clusters import Checked
from contracts.rca_seen import RELATED, RcaPlaced, RcaSeen
from services.rca.live.focus import FiredAlert, Focus
from services.runtime.kube.names import stem
from services.runtime.masking import without_logins

MOST = 12
"""Of one cluster, that is told."""
_MOST_OF_CLASS = 3
_MOST_READ = 200
"""Nodes, edges and queries of each that are looked at."""
_MOST_COUNT = 1_000_000
_LONGEST_QUERY = 2_000
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
"""RFC 1123, as Kubernetes wants names."""
_CLASS = re.compile(r"[\w.-]{1,60}:[\w.-]{1,120}", re.ASCII)
_WORDS: Mapping[str, str] = {
    "Pod": "pod",
    "Deployment": "workload",
    "StatefulSet": "workload",
    "DaemonSet": "workload",
    "CronJob": "workload",
    "Job": "workload",
    "Service": "service",
    "PersistentVolumeClaim": "pvc",
    "ConfigMap": "config",
    "Secret": "config",
    "Ingress": "ingress",
}
"""Words of place, by the kind of a resource in a namespace."""


class _QueryCount(msgspec.Struct, frozen=True):
    query: str
    count: int | None = None


class _Node(msgspec.Struct, frozen=True):
    class_: str = msgspec.field(name="class")
    count: int | None = None
    queries: list[_QueryCount] | None = None


class _Rule(msgspec.Struct, frozen=True):
    queries: list[_QueryCount] | None = None


class _Edge(msgspec.Struct, frozen=True):
    start: str
    goal: str
    rules: list[_Rule] | None = None


class _Graph(msgspec.Struct, frozen=True):
    nodes: list[_Node] | None = None
    edges: list[_Edge] | None = None


class _Selector(msgspec.Struct, frozen=True):
    namespace: str = ""
    name: str = ""


_GRAPH = msgspec.json.Decoder(_Graph)
_SELECTOR = msgspec.json.Decoder(_Selector)
_LABELS = msgspec.json.Decoder(dict[str, str])


@dataclass(frozen=True, slots=True)
class Related:
    """What is related to one alert."""

    seen: tuple[RcaSeen, ...]
    placed: tuple[RcaPlaced, ...]


def related(focus: Focus, alert: FiredAlert, data: bytes) -> Related:
    """What a graph says; ValueError for what is none."""
    try:
        graph = _GRAPH.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError("it cannot be read") from error
    nodes = [each for each in (graph.nodes or ())[:_MOST_READ] if _CLASS.fullmatch(each.class_)]
    told = [one for node in nodes for one in _of_node(focus, alert, node)]
    return Related(tuple(told), tuple(_placed(focus, nodes, (graph.edges or ())[:_MOST_READ])))


def seen(graphs: Iterable[Related]) -> list[RcaSeen]:
    """Of all alerts, each query once: first what is a thing of its own, then what is most of."""
    found: dict[str, RcaSeen] = {}
    for each in (one for graph in graphs for one in graph.seen):
        found.setdefault(each.query, each)
    things = [each for each in found.values() if each.query.startswith("k8s:")]
    others = [each for each in found.values() if not each.query.startswith("k8s:")]
    # Things alone must not leave signals without room, nor the other way about.
    room = max(MOST - len(others), MOST // 2)
    return [*things[:room], *others][:MOST]


def placed(graphs: Iterable[Related]) -> list[RcaPlaced]:
    """Where pods are, each once."""
    return [*{each.pod: each for graph in graphs for each in graph.placed}.values()]


def _of_node(focus: Focus, alert: FiredAlert, node: _Node) -> Iterator[RcaSeen]:
    shown = 0
    for each in _found(node.queries):
        if shown == _MOST_OF_CLASS or _is_itself(alert, each.query):
            continue
        shown += 1
        place = _place(node.class_, each.query)
        yield RcaSeen(
            cluster_id=focus.cluster_id,
            backend=Checked.KORREL8R,
            name=RELATED,
            severity=Severity.INFO,
            where=place or alert.where,
            text=_said(alert, node.class_, each, is_thing=bool(place)),
            query=each.query,
            start=focus.since,
            end=focus.until,
        )


def _said(alert: FiredAlert, class_: str, found: _QueryCount, *, is_thing: bool) -> str:
    about = f"Korrel8r relates it to the alert {without_logins(alert.name)[:200]}"
    if is_thing:
        return f"{about} ({class_})"
    count = min(found.count or 0, _MOST_COUNT)
    return f"{about}: {count:,} of {class_}"


def _found(queries: Iterable[_QueryCount] | None) -> list[_QueryCount]:
    """Those that found something and can be shown as they are, the one with most first."""
    kept = (
        each
        for each in list(queries or ())[:_MOST_READ]
        if (each.count or 0) > 0
        and 0 < len(each.query) <= _LONGEST_QUERY
        and each.query.isprintable()
        and without_logins(each.query) == each.query
    )
    return sorted(kept, key=lambda each: (-(each.count or 0), each.query))


def _is_itself(alert: FiredAlert, query: str) -> bool:
    """Whether it is the alert that was asked about."""
    domain, _, rest = query.partition(":")
    if domain != "alert":
        return False
    try:
        return _LABELS.decode(rest.partition(":")[2]) == alert.labels
    except (msgspec.DecodeError, RecursionError):
        return False


def _place(class_: str, query: str) -> tuple[str, ...]:
    """Words of place of the one thing that a query names; empty if it names none."""
    told, kind = _selected(class_, query), _kind(class_)
    if kind in {"Node", "Namespace"} and _NAME.fullmatch(told.name):
        return (f"{kind.lower()}/{told.name}",)
    inside = _NAME.fullmatch(told.name) and _NAME.fullmatch(told.namespace)
    if kind not in _WORDS or not inside:
        return ()
    word = f"{_WORDS[kind]}/{told.namespace}/{told.name}"[:400]
    if kind == "Pod":
        return word, f"workload/{told.namespace}/{stem(told.name)}"[:400]
    return (word,)


def _selected(class_: str, query: str) -> _Selector:
    """Which resource a query names; one without a name if it selects otherwise."""
    if not query.startswith(f"{class_}:"):
        return _Selector()
    try:
        return _SELECTOR.decode(query[len(class_) + 1 :])
    except (msgspec.DecodeError, RecursionError):
        return _Selector()


def _placed(focus: Focus, nodes: Iterable[_Node], edges: Iterable[_Edge]) -> Iterator[RcaPlaced]:
    """The pod on the node, where there is but one of each: an edge is one of classes."""
    pods = {each.class_: each for each in nodes if _kind(each.class_) == "Pod"}
    for edge in edges:
        pod = pods.get(edge.start)
        if pod is None or pod.count != 1 or _kind(edge.goal) != "Node":
            continue
        queries = [one for rule in (edge.rules or ())[:_MOST_READ] for one in _found(rule.queries)]
        words = {_place(edge.goal, each.query) for each in queries}
        named = {_place(pod.class_, each.query) for each in _found(pod.queries)}
        if len(words) == len(named) == 1 and all(words | named):
            (node,), (where,) = words, named
            yield RcaPlaced(cluster_id=focus.cluster_id, pod=where[0], node=node[0])


def _kind(class_: str) -> str:
    """``Pod`` of ``k8s:Pod.v1``; empty for what is no resource."""
    domain, _, rest = class_.partition(":")
    return rest.partition(".")[0] if domain == "k8s" else ""
