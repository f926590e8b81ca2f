"""Traces of before and now: who calls whom, where errors begin, whose own work is not as usual."""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from contracts.alerts import Severity
from contracts.clusters import Checked
from contracts.rca_seen import MOST_CALLS, RcaCall, RcaSeen
from services.rca.live.focus import Focus
from services.rca.ranking import Handled, Past, Span, Templates, compare, handled, profile, rank
from services.runtime.kube.names import stem
from services.runtime.masking import without_logins
from services.runtime.otlp import Attributes, Batch, WireSpan, batches

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
_PEERS = ("server.address", "net.peer.name", "peer.service")
_ASKS = frozenset({3, 4, "SPAN_KIND_CLIENT", "SPAN_KIND_PRODUCER"})
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_SLOW = frozenset({"slow work", "slow calls"})


class _Hit(msgspec.Struct):
    traceID: str  # noqa: N815 - its name on the wire


_HITS = msgspec.json.Decoder(list[_Hit])


Origin = tuple[str, str]
"""What is said of an entity where errors begin, and which."""
_SAYS: Mapping[str, str] = {
    "ERRORS_BEGIN_HERE": "errors begin there",
    "CALLS_TO_IT_FAIL": "calls to it fail, and it tells of no error itself,",
    "CALLS_FAIL": "its calls to something else fail",
}


@dataclass(frozen=True, slots=True)
class Trace:
    """The spans of one request; entities are words of place."""

    id: str
    spans: Sequence[Span]
    failed: frozenset[str]
    """Ids of the spans that ended with an error."""
    asked: Mapping[str, str] = field(default_factory=dict[str, str])
    """Of spans that ask something else, by their id: the entity that they ask, as far as they say;
    empty where they do not."""


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
        told = [each for batch in batches(data) for each in _of_batch(trace_id, batch, focus)]
    except (ValueError, OverflowError) as error:
        raise ValueError("it cannot be read") from error
    told = told[:_MOST_SPANS]
    failed = frozenset(span.span for span, is_failed, _ in told if is_failed)
    asked = {span.span: peer for span, _, peer in told if peer is not None}
    return Trace(trace_id, [span for span, _, _ in told], failed, asked)


def _of_batch(trace_id: str, batch: Batch, focus: Focus) -> Iterator[tuple[Span, bool, str | None]]:
    entity = _place(_texts(batch.about), focus)
    for each in batch.spans():
        start, end = int(each.start_time_unix_nano), int(each.end_time_unix_nano)
        seconds = max(end - start, 0) / 1e9
        parent, name = each.parent_span_id or "", without_logins(each.name)[:200]
        span = Span(trace_id, each.span_id, parent, entity, name, start / 1e9, seconds)
        code = each.status.code if each.status is not None else 0
        yield span, code in (2, "STATUS_CODE_ERROR"), _peer(each, entity, focus)


def _texts(attributes: Attributes) -> dict[str, str]:
    return {each.key: str((each.value or {}).get("stringValue", "")) for each in attributes or ()}


def _peer(span: WireSpan, entity: str, focus: Focus) -> str | None:
    """Whom a span asks, of the cluster's own services; None if it asks nobody.

    https://opentelemetry.io/docs/specs/semconv/attributes-registry/server/
    """
    if span.kind not in _ASKS:
        return None
    told = _texts(span.attributes)
    name = next((told[key] for key in _PEERS if told.get(key)), "").lower().removesuffix(".")
    labels = name.split(".")
    here = entity.split("/")[1]
    if len(labels) == 1 and here != "-":
        labels.append(here)
    is_service = labels[2:3] == ["svc"] or (
        len(labels) == 2 and labels[1] in (here, *focus.namespaces)
    )
    if not is_service or not all(_NAME.fullmatch(each) for each in labels[:2]):
        return ""
    return f"workload/{labels[1]}/{labels[0]}"


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
            pairs = [(parent.entity, span.entity)] if parent is not None else []
            if peer := each.asked.get(span.span):
                pairs.append((span.entity, peer))
            found |= {(caller, callee) for caller, callee in pairs if caller != callee}
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
    chronic = Counter(origin for each in failed_before for origin in origins(each))
    often = {one for one, count in chronic.items() if count >= _CHRONIC * len(failed_before)}
    begun = _begun(focus, failed, before, often)
    return [*begun, *_unusual(focus, now, before)]


def _begun(
    focus: Focus, failed: Sequence[Trace], before: Sequence[Trace], often: Collection[Origin]
) -> list[RcaSeen]:
    usual = Counter(origin for each in before for origin in origins(each))
    counted: dict[Origin, list[str]] = defaultdict(list)
    for each in failed:
        for origin in origins(each):
            counted[origin].append(each.id)
    found: list[RcaSeen] = []
    for origin, ids in sorted(counted.items(), key=lambda one: (-len(one[1]), one[0]))[:_MOST]:
        share, was = len(ids) / len(failed), usual[origin] / max(len(before), 1)
        is_new = was < 0.05 and origin not in often
        if len(ids) >= _LEAST_FAILED and share >= 0.3 and is_new:
            name, entity = origin
            text = (
                f"{_SAYS[name]} in {len(ids)} of {len(failed)} failed requests, in"
                f" {usual[origin]} of {len(before)} requests of the hour before"
            )
            found.append(_seen(focus, name, entity, text, FAILED, ids[0]))
    return found


def origins(of: Trace) -> frozenset[Origin]:
    """Where the errors of a request begin: its failed spans with nothing below that failed.

    What serves a request and fails is where they begin. What asks and gets no answer, or none in
    time, speaks of the one that it asks; if it does not say whom, of itself, but not as a cause.
    """
    above = {span.parent for span in of.spans if span.span in of.failed}
    first = [span for span in of.spans if span.span in of.failed and span.span not in above]
    below = {span.parent: span.entity for span in of.spans}
    return frozenset(_origin(span, of.asked.get(span.span), below) for span in first)


def _origin(span: Span, asked: str | None, below: Mapping[str, str]) -> Origin:
    if asked is None:
        return "ERRORS_BEGIN_HERE", span.entity
    callee = below.get(span.span) or asked
    if not callee or callee == span.entity:
        return "CALLS_FAIL", span.entity
    return "CALLS_TO_IT_FAIL", callee


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
