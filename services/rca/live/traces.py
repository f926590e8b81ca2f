"""Traces of before and now: who calls whom, where errors begin, whose own work is not as usual.

OTLP as JSON, as Tempo gives it: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from contracts.alerts import Severity
from contracts.clusters import Checked
from contracts.rca_seen import MOST_CALLS, RcaCall, RcaSeen
from services.rca.live.focus import Focus
from services.rca.ranking import Handled, Past, Span, Templates, compare, handled, profile, rank
from services.runtime.kube.names import stem
from services.runtime.masking import without_logins

FAILED, ANY = "{ status = error }", "{ }"
NOW, BEFORE = 25, 40
"""Traces that are looked at: of now twice as many, the failed ones and any."""
_LEAST_FAILED = 3
_CHRONIC = 0.2
"""Share of the failed requests of before from which on errors there are nothing new."""
_MOST_SPANS = 2_000
"""Of one trace."""
_MOST = 4
_KNOWN = 0.4
"""Score of a ranking from which on it is told."""
_ID = re.compile(r"[0-9a-f]{1,32}")
_OWNERS = ("k8s.deployment.name", "k8s.statefulset.name", "k8s.daemonset.name")
_SLOW = frozenset({"slow work", "slow calls"})


class _Attribute(msgspec.Struct):
    key: str
    value: dict[str, Any] = {}


class _Resource(msgspec.Struct):
    attributes: list[_Attribute] | None = None


class _Status(msgspec.Struct):
    code: int | str = 0


class _OtlpSpan(msgspec.Struct, rename="camel"):
    span_id: str
    start_time_unix_nano: int | str
    end_time_unix_nano: int | str
    parent_span_id: str | None = None
    name: str = ""
    status: _Status | None = None


class _Scope(msgspec.Struct):
    spans: list[_OtlpSpan] | None = None


class _Batch(msgspec.Struct, rename="camel"):
    resource: _Resource | None = None
    scope_spans: list[_Scope] | None = None
    instrumentation_library_spans: list[_Scope] | None = None


class _Document(msgspec.Struct, rename="camel"):
    batches: list[_Batch] | None = None
    resource_spans: list[_Batch] | None = None


class _Hit(msgspec.Struct):
    traceID: str  # noqa: N815 - its name on the wire


_DOCUMENT = msgspec.json.Decoder(_Document)
_HITS = msgspec.json.Decoder(list[_Hit])


@dataclass(frozen=True, slots=True)
class Trace:
    """The spans of one request; entities are words of place."""

    id: str
    spans: Sequence[Span]
    failed: frozenset[str]
    """Ids of the spans that ended with an error."""


def hits(data: bytes) -> list[str]:
    """The ids that a search has found, in full; ValueError for what is no answer."""
    try:
        found = [each.traceID.lower() for each in _HITS.decode(data)]
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError("it cannot be read") from error
    if not all(_ID.fullmatch(each) for each in found):
        raise ValueError("it cannot be read: a trace has no sound id")
    return [each.rjust(32, "0") for each in found]


def trace(trace_id: str, data: bytes, focus: Focus) -> Trace:
    """A trace as Tempo gives it; ValueError for what is none."""
    try:
        whole = _DOCUMENT.decode(data or b"{}")
        batches = whole.batches or whole.resource_spans or []
        told = [each for batch in batches for each in _of_batch(trace_id, batch, focus)]
    except (msgspec.DecodeError, ValueError, OverflowError, RecursionError) as error:
        raise ValueError("it cannot be read") from error
    told = told[:_MOST_SPANS]
    failed = frozenset(span.span for span, is_failed in told if is_failed)
    return Trace(trace_id, [span for span, _ in told], failed)


def _of_batch(trace_id: str, batch: _Batch, focus: Focus) -> Iterator[tuple[Span, bool]]:
    told = batch.resource.attributes if batch.resource and batch.resource.attributes else []
    about = {each.key: str(each.value.get("stringValue", "")) for each in told}
    entity = _place(about, focus)
    for scope in batch.scope_spans or batch.instrumentation_library_spans or []:
        for each in scope.spans or []:
            start, end = int(each.start_time_unix_nano), int(each.end_time_unix_nano)
            seconds = max(end - start, 0) / 1e9
            parent, name = each.parent_span_id or "", without_logins(each.name)[:200]
            span = Span(trace_id, each.span_id, parent, entity, name, start / 1e9, seconds)
            code = each.status.code if each.status is not None else 0
            yield span, code in (2, "STATUS_CODE_ERROR")


def _place(about: Mapping[str, str], focus: Focus) -> str:
    """The workload that a service is, in the words that signals have for it where they do."""
    service = about.get("service.name") or "unknown"
    name = next((about[each] for each in _OWNERS if about.get(each)), "")
    name = name or (stem(about["k8s.pod.name"]) if about.get("k8s.pod.name") else service)
    if namespace := about.get("k8s.namespace.name"):
        return f"workload/{namespace}/{name}"[:400]
    same = sorted(each for each in focus.workloads if each.rpartition("/")[2] == name)
    only = focus.namespaces[0] if len(focus.namespaces) == 1 else "-"
    return same[0] if len(same) == 1 else f"workload/{only}/{name}"[:400]


def calls(focus: Focus, traces: Iterable[Trace]) -> list[RcaCall]:
    """Who calls whom."""
    found: set[tuple[str, str]] = set()
    for each in traces:
        by_id = {span.span: span for span in each.spans}
        for span in each.spans:
            parent = by_id.get(span.parent)
            if parent is not None and parent.entity != span.entity:
                found.add((parent.entity, span.entity))
    return [
        RcaCall(cluster_id=focus.cluster_id, caller=caller, callee=callee)
        for caller, callee in sorted(found)[:MOST_CALLS]
    ]


def seen(
    focus: Focus,
    failed: Sequence[Trace],
    now: Sequence[Trace],
    before: Sequence[Trace],
    failed_before: Sequence[Trace] = (),
) -> list[RcaSeen]:
    """Where errors begin now and did not before, and whose own work is not as it was."""
    chronic = Counter(entity for each in failed_before for entity in _origins(each))
    often = {one for one, count in chronic.items() if count >= _CHRONIC * len(failed_before)}
    begun = [each for each in _begun(focus, failed, before) if each.where[0] not in often]
    return [*begun, *_unusual(focus, now, before)]


def _begun(focus: Focus, failed: Sequence[Trace], before: Sequence[Trace]) -> list[RcaSeen]:
    usual = Counter(entity for each in before for entity in _origins(each))
    counted: dict[str, list[str]] = defaultdict(list)
    for each in failed:
        for entity in _origins(each):
            counted[entity].append(each.id)
    found: list[RcaSeen] = []
    for entity, ids in sorted(counted.items(), key=lambda one: (-len(one[1]), one[0]))[:_MOST]:
        share, was = len(ids) / len(failed), usual[entity] / max(len(before), 1)
        if len(ids) >= _LEAST_FAILED and share >= 0.3 and was < 0.05:
            text = (
                f"errors begin there in {len(ids)} of {len(failed)} failed requests, in"
                f" {usual[entity]} of {len(before)} requests of the hour before"
            )
            found.append(_seen(focus, "ERRORS_BEGIN_HERE", entity, text, FAILED, ids[0]))
    return found


def _origins(of: Trace) -> frozenset[str]:
    """Entities whose span failed while nothing below it did."""
    above = {span.parent for span in of.spans if span.span in of.failed}
    return frozenset(
        span.entity for span in of.spans if span.span in of.failed and span.span not in above
    )


def _unusual(focus: Focus, now: Sequence[Trace], before: Sequence[Trace]) -> list[RcaSeen]:
    if not now or not before:
        return []
    templates = Templates()
    past = Past([profile(_handled(before, templates))], [])
    ranking = rank(compare(profile(_handled(now, templates)), past, templates))
    found: list[RcaSeen] = []
    for each in ranking.candidates[:_MOST]:
        if each.score >= _KNOWN and each.reasons:
            reason = each.reasons[0]
            name = "OWN_TIME_GREW" if reason.kind in _SLOW else "WORK_CHANGED"
            example = next(
                (one.id for one in now if any(span.entity == each.entity for span in one.spans)),
                None,
            )
            found.append(_seen(focus, name, each.entity, reason.said, ANY, example))
    return found


def _handled(traces: Iterable[Trace], templates: Templates) -> list[Handled]:
    spans = [span for each in traces for span in each.spans]
    return list(handled(spans, (), templates))


def _seen(
    focus: Focus, name: str, entity: str, text: str, query: str, example: str | None
) -> RcaSeen:
    return RcaSeen(
        cluster_id=focus.cluster_id,
        backend=Checked.TEMPO,
        name=name,
        severity=Severity.WARNING,
        where=(entity,),
        text=text[:500],
        query=query,
        start=focus.since,
        end=focus.until,
        trace_id=example,
    )
