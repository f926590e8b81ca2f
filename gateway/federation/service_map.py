"""Which services call which, with what success and how fast, as a sample of traces shows it."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import msgspec

from gateway.federation.nanoseconds import milliseconds
from gateway.federation.otlp import Span, SpanStatus


class ServiceNode(msgspec.Struct, frozen=True):
    """A service."""

    name: str
    spans: int
    errors: int
    clusters: list[str]
    """Names of the clusters that it was seen in."""


class ServiceEdge(msgspec.Struct, frozen=True):
    """Calls of one service by another; durations are those of the called one's spans."""

    caller: str
    callee: str
    calls: int
    errors: int
    p50_ms: float
    p95_ms: float


class ServiceMap(msgspec.Struct, frozen=True):
    """Services and their calls."""

    nodes: list[ServiceNode]
    edges: list[ServiceEdge]


@dataclass
class _Count:
    total: int = 0
    errors: int = 0
    durations: list[int] = field(default_factory=list[int])
    clusters: set[str] = field(default_factory=set[str])

    def add(self, span: Span) -> None:
        self.total += 1
        self.errors += span.status is SpanStatus.ERROR
        self.durations.append(span.duration)
        self.clusters.add(span.cluster.name)


def service_map(traces: Iterable[Sequence[Span]]) -> ServiceMap:
    """A call is a span whose parent belongs to another service."""
    nodes: dict[str, _Count] = {}
    edges: dict[tuple[str, str], _Count] = {}
    for spans in traces:
        services = {span.span_id: span.service for span in spans}
        for span in spans:
            nodes.setdefault(span.service, _Count()).add(span)
            caller = services.get(span.parent_span_id or "")
            if caller is not None and caller != span.service:
                edges.setdefault((caller, span.service), _Count()).add(span)
    return ServiceMap(
        [_node(name, count) for name, count in sorted(nodes.items())],
        [_edge(ends, count) for ends, count in sorted(edges.items())],
    )


def percentile(values: Sequence[int], share: float) -> int:
    """By nearest rank: always a value that was measured."""
    return sorted(values)[max(math.ceil(share * len(values)) - 1, 0)]


def _node(name: str, count: _Count) -> ServiceNode:
    return ServiceNode(name, count.total, count.errors, sorted(count.clusters))


def _edge(ends: tuple[str, str], count: _Count) -> ServiceEdge:
    p50, p95 = (milliseconds(percentile(count.durations, share)) for share in (0.50, 0.95))
    return ServiceEdge(*ends, count.total, count.errors, p50, p95)
