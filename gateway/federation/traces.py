"""Traces over many clusters: found by search, and put together from all who have spans of them."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import msgspec

from gateway.federation import otlp
from gateway.federation.critical_path import critical_path, root_of
from gateway.federation.fleet import ClusterRef
from gateway.federation.logs import broken
from gateway.federation.nanoseconds import milliseconds, nanoseconds, rfc3339_ns
from gateway.federation.otlp import Span, SpanStatus
from gateway.federation.outcome import ClusterAnswer

_NOTHING = b"[]"
_BROKEN = "its Tempo sent a trace that cannot be read; look whether tempo_url leads to a Tempo"
_NO_ROOT = frozenset({"", "<root span not yet received>"})
"""What Tempo calls the root of a trace whose root it has not seen."""
_TRACE_ID = re.compile(r"[0-9a-fA-F]{1,32}")


class InCluster(msgspec.Struct, frozen=True):
    """A cluster that has spans of a trace."""

    cluster_id: UUID
    cluster_name: str


class TraceSummary(msgspec.Struct, frozen=True):
    """What is known of a trace without its spans; null is "not known"."""

    trace_id: str
    cluster_id: UUID
    """Where its root is."""
    cluster_name: str
    clusters: list[InCluster]
    root_service: str | None
    root_operation: str | None
    start_time: str
    duration_ms: float
    span_count: int | None
    service_count: int | None
    has_errors: bool | None


class SpanLogView(msgspec.Struct, frozen=True):
    """Something that happened in a span, as REST tells it."""

    timestamp: str
    name: str
    fields: dict[str, Any]


class SpanView(msgspec.Struct, frozen=True):
    """A span, as REST tells it."""

    span_id: str
    parent_span_id: str | None
    operation_name: str
    service_name: str
    cluster_id: UUID
    cluster_name: str
    start_time: str
    duration_ms: float
    status: SpanStatus
    tags: dict[str, Any]
    logs: list[SpanLogView]


class SegmentView(msgspec.Struct, frozen=True):
    """A stretch of the critical path that a span spent by itself, as REST tells it."""

    span_id: str
    start_time: str
    duration_ms: float


class _Stats(msgspec.Struct, rename="camel"):
    span_count: int = 0
    error_count: int = 0


class _Found(msgspec.Struct, rename="camel"):
    """One result of a search; Tempo leaves out what is zero."""

    trace_id: str = msgspec.field(name="traceID")
    root_service_name: str = ""
    root_trace_name: str = ""
    start_time_unix_nano: str | int = 0
    duration_ms: int = 0
    service_stats: dict[str, _Stats] | None = None


_FOUND = msgspec.json.Decoder(list[_Found])


def searched(
    answers: Sequence[ClusterAnswer], limit: int
) -> tuple[list[ClusterAnswer], list[TraceSummary]]:
    """Traces that any cluster found, newest first, one entry each; the answers again."""
    read: list[ClusterAnswer] = []
    parts: dict[str, list[TraceSummary]] = {}
    for answer in answers:
        try:
            found = _FOUND.decode(answer.body or _NOTHING)
            told = [_summary(each, answer.cluster) for each in found]
        except (msgspec.DecodeError, ValueError, RecursionError):
            read.append(broken(answer, _BROKEN))
            continue
        read.append(answer)
        for each in told:
            parts.setdefault(each.trace_id, []).append(each)
    whole = [_joined(each) for each in parts.values()]
    whole.sort(key=lambda each: (each.start_time, each.trace_id), reverse=True)
    return read, whole[:limit]


def united(answers: Sequence[ClusterAnswer]) -> tuple[list[ClusterAnswer], list[Span]]:
    """The spans of one trace from all clusters, in time order; the answers again.

    A span that several have is told once, by the first of them.
    """
    read: list[ClusterAnswer] = []
    found: dict[str, Span] = {}
    for answer in answers:
        try:
            for span in otlp.spans(answer.body, answer.cluster):
                found.setdefault(span.span_id, span)
            read.append(answer)
        except ValueError:
            read.append(broken(answer, _BROKEN))
    return read, sorted(found.values(), key=lambda span: (span.start, span.span_id))


def summary_of(trace_id: str, spans: Sequence[Span]) -> TraceSummary:
    """What a trace's spans, of which there is one at least, say of it as a whole."""
    root, start = root_of(spans), min(span.start for span in spans)
    return TraceSummary(
        trace_id=full_id(trace_id),
        cluster_id=root.cluster.id,
        cluster_name=root.cluster.name,
        clusters=_places(span.cluster for span in spans),
        root_service=root.service,
        root_operation=root.operation,
        start_time=rfc3339_ns(start),
        duration_ms=milliseconds(max(span.end for span in spans) - start),
        span_count=len(spans),
        service_count=len({span.service for span in spans}),
        has_errors=any(span.status is SpanStatus.ERROR for span in spans),
    )


def path_of(spans: Sequence[Span]) -> list[SegmentView]:
    """The critical path of a trace."""
    return [
        SegmentView(each.span_id, rfc3339_ns(each.start), milliseconds(each.end - each.start))
        for each in critical_path(spans)
    ]


def view_of(span: Span) -> SpanView:
    """A span as REST tells it."""
    return SpanView(
        span_id=span.span_id,
        parent_span_id=span.parent_span_id,
        operation_name=span.operation,
        service_name=span.service,
        cluster_id=span.cluster.id,
        cluster_name=span.cluster.name,
        start_time=rfc3339_ns(span.start),
        duration_ms=milliseconds(span.duration),
        status=span.status,
        tags=span.tags,
        logs=[SpanLogView(rfc3339_ns(log.ns), log.name, log.fields) for log in span.logs],
    )


def full_id(trace_id: str) -> str:
    """A trace's id with the leading zeros that Tempo leaves out; ValueError for what is none."""
    if not _TRACE_ID.fullmatch(trace_id):
        raise ValueError("not a trace id")
    return trace_id.lower().zfill(32)


def _summary(found: _Found, cluster: ClusterRef) -> TraceSummary:
    stats = found.service_stats or {}
    known = found.root_service_name not in _NO_ROOT
    return TraceSummary(
        trace_id=full_id(found.trace_id),
        cluster_id=cluster.id,
        cluster_name=cluster.name,
        clusters=[InCluster(cluster.id, cluster.name)],
        root_service=found.root_service_name if known else None,
        root_operation=found.root_trace_name if known else None,
        start_time=rfc3339_ns(nanoseconds(found.start_time_unix_nano)),
        duration_ms=float(found.duration_ms),
        span_count=sum(each.span_count for each in stats.values()) if stats else None,
        service_count=len(stats) or None,
        has_errors=any(each.error_count for each in stats.values()) if stats else None,
    )


def _joined(parts: Sequence[TraceSummary]) -> TraceSummary:
    """What several clusters know of one trace: the one with the root speaks, the longest counts.

    How many services there are is not known then, as the same one may run in both.
    """
    if len(parts) == 1:
        return parts[0]
    main = min(parts, key=lambda each: (each.root_service is None, each.start_time))
    counts = [each.span_count for each in parts if each.span_count is not None]
    errors = [each.has_errors for each in parts]
    clusters = {each.cluster_id: InCluster(each.cluster_id, each.cluster_name) for each in parts}
    return msgspec.structs.replace(
        main,
        clusters=sorted(clusters.values(), key=lambda each: each.cluster_name),
        start_time=min(each.start_time for each in parts),
        duration_ms=max(each.duration_ms for each in parts),
        span_count=sum(counts) if len(counts) == len(parts) else None,
        service_count=None,
        has_errors=True if any(errors) else None if None in errors else False,
    )


def _places(clusters: Iterable[ClusterRef]) -> list[InCluster]:
    found = {cluster.id: cluster.name for cluster in clusters}
    return sorted((InCluster(*each) for each in found.items()), key=lambda each: each.cluster_name)


def standing_for(answer: ClusterAnswer, fetched: Sequence[ClusterAnswer]) -> ClusterAnswer:
    """A cluster's search, unless none of the traces that it found could be read afterwards."""
    failed = [each for each in fetched if each.code is not None]
    if not fetched or len(failed) < len(fetched):
        return answer
    return replace(failed[0], took_ms=answer.took_ms)
