"""The Tempo of a simulated cluster: its HTTP API for finding traces and for reading one.

Source: https://grafana.com/docs/tempo/latest/api_docs/. It says in plain text what it cannot
answer. Search by tags and by TraceQL; a whole trace as OTLP in JSON, with ids in base64 as Tempo
writes them.
"""

import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from deploy.simulator.cluster import Cluster
from deploy.simulator.exchange import Answer, Request, json_answer, text_answer
from deploy.simulator.objects import Json
from deploy.simulator.questions import Form, Misunderstood, form_of, seconds_of, unquoted
from deploy.simulator.traceql import (
    INTRINSICS,
    Condition,
    Conditions,
    parse,
    resource_of,
    value_of,
)
from deploy.simulator.traces import SERVICES, Span, Trace, between, find, trace

Value = str | int | float | bool
_V2 = re.compile(r"api/v2/search/tag/(.+)/values")
_TAG = re.compile(r'\s*([^\s="]+)=("(?:[^"\\]|\\.)*"|[^\s"]*)')
_RECENT = 1800.0
"""Seconds that are looked at if no time is given, as ingesters hold them."""
_SCANNED = 2_000
_LONGEST = 168 * 3600


@dataclass(frozen=True, slots=True)
class _Search:
    """Which traces."""

    conditions: Conditions
    shortest: float
    longest: float
    limit: int
    spans: int

    def matched(self, cluster: Cluster, found: Trace) -> list[Span]:
        """The spans for which all is as it should be; none if the trace is not meant."""
        if not self.shortest <= found.root.duration / 1e9 <= self.longest:
            return []
        return [
            span
            for span in found.spans
            if all(each.holds(cluster, found, span) for each in self.conditions)
        ]


def answer(cluster: Cluster, path: str, request: Request) -> Answer | None:
    """What a path of the API gives, None if there is nothing."""
    form, now, v2 = form_of(request), request.now, _V2.fullmatch(path)
    try:
        if v2 is not None:
            return json_answer(_typed(_values(cluster, v2.group(1), form, now)))
        return _answer(cluster, path, form, now) if path.startswith("api/") else None
    except Misunderstood as error:
        return text_answer(f"{error}\n", 400)


def _answer(cluster: Cluster, path: str, form: Form, now: datetime) -> Answer | None:
    match path.removeprefix("api/").split("/"):
        case ["search"]:
            return _search(cluster, form, now)
        case ["traces", trace_id]:
            return _whole(cluster, trace_id, now)
        case ["search", "tags"]:
            return json_answer({"tagNames": sorted(_names(cluster)), "metrics": {}})
        case ["search", "tag", *name, "values"]:
            found = map(str, _values(cluster, "/".join(name), form, now))
            return json_answer({"tagValues": sorted(found), "metrics": {}})
        case _:
            return None


def _typed(values: Iterable[Value]) -> Json:
    found = [{"type": _type(each), "value": str(each)} for each in sorted(values, key=str)]
    return {"tagValues": found, "metrics": {}}


def _search(cluster: Cluster, form: Form, now: datetime) -> Answer:
    asked = _asked(form)
    looked, found = 0, list[Json]()
    for each in _recent(cluster, form, now):
        looked += 1
        matched = asked.matched(cluster, each)
        if matched:
            found.append(_summary(each, matched, asked))
        if len(found) == asked.limit:
            break
    metrics = {"inspectedTraces": looked, "inspectedBytes": str(looked * 2048)}
    return json_answer({"traces": found, "metrics": metrics})


def _asked(form: Form) -> _Search:
    query = form.one("q")
    conditions = parse(query) if query else _tags(form.one("tags"))
    return _Search(
        conditions,
        _duration(form, "minDuration", 0),
        _duration(form, "maxDuration", float("inf")),
        form.count("limit", 20),
        form.count("spss", 3),
    )


def _tags(text: str) -> Conditions:
    """Pairs as logfmt writes them."""
    found: list[Condition] = []
    at = 0
    while text[at:].strip():
        pair = _TAG.match(text, at)
        if pair is None:
            raise Misunderstood(f"invalid tags: logfmt syntax error at pos {at}")
        name, value = pair.groups()
        plain = unquoted(value) if value.startswith('"') else value
        number = int(plain) if plain.isdecimal() else plain
        found.append(Condition(name if name in INTRINSICS else f".{name}", "=", number))
        at = pair.end()
    return tuple(found)


def _duration(form: Form, name: str, usual: float) -> float:
    text = form.one(name)
    found = usual if not text else seconds_of(text)
    if found is None:
        raise Misunderstood(f'invalid {name}: time: invalid duration "{text}"')
    return found


def _recent(cluster: Cluster, form: Form, now: datetime) -> Iterator[Trace]:
    at = now.timestamp()
    start, end = _time(form, "start", at - _RECENT), _time(form, "end", at)
    if form.one("start") and form.one("end") and end <= start:
        raise Misunderstood("invalid start: http parameter start must be before end")
    if end - start > _LONGEST:
        raise Misunderstood(
            "range specified by start and end exceeds 168h0m0s."
            f" received start={start:.0f} end={end:.0f}"
        )
    numbers = islice(between(start, end, at), _SCANNED)
    return (trace(cluster, number) for number in numbers)


def _time(form: Form, name: str, usual: float) -> float:
    text = form.one(name)
    if not text:
        return usual
    if not text.isdecimal():
        raise Misunderstood(f'invalid {name}: strconv.ParseInt: parsing "{text}": invalid syntax')
    return float(text)


def _summary(found: Trace, matched: list[Span], asked: _Search) -> Json:
    spans = [
        {
            "spanID": span.id.hex(),
            "startTimeUnixNano": str(span.start),
            "durationNanos": str(span.duration),
            "attributes": [_attribute("service.name", span.service)],
        }
        for span in matched[: asked.spans]
    ]
    several = {"spans": spans, "matched": len(matched)}
    return {
        # Tempo leaves out zeros at the beginning.
        "traceID": found.id.hex().lstrip("0"),
        "rootServiceName": found.root.service,
        "rootTraceName": found.root.name,
        "startTimeUnixNano": str(found.root.start),
        "durationMs": found.root.duration // 1_000_000,
        "serviceStats": _stats(found),
        "spanSet": several,
        "spanSets": [several],
    }


def _stats(found: Trace) -> Json:
    told: Json = {}
    for span in found.spans:
        stats = told.setdefault(span.service, {"spanCount": 0, "errorCount": 0})
        stats["spanCount"] += 1
        stats["errorCount"] += span.failed
    return told


def _whole(cluster: Cluster, trace_id: str, now: datetime) -> Answer:
    try:
        wanted = bytes.fromhex(trace_id.rjust(32, "0"))
    except ValueError:
        raise Misunderstood("trace IDs can only contain hex characters") from None
    if len(wanted) > 16:
        raise Misunderstood("trace IDs can't be larger than 128 bits")
    found = find(cluster, wanted, now.timestamp())
    if found is None:
        return text_answer("trace not found\n", 404)
    batches = [_batch(cluster, found, service) for service in SERVICES]
    return json_answer({"batches": [each for each in batches if each["scopeSpans"]]})


def _batch(cluster: Cluster, found: Trace, service: str) -> Json:
    spans = [_span(found, span) for span in found.spans if span.service == service]
    resource = resource_of(cluster, service)
    return {
        "resource": {"attributes": [_attribute(*each) for each in resource.items()]},
        "scopeSpans": [{"scope": {"name": "simulated"}, "spans": spans}] if spans else [],
    }


def _span(found: Trace, span: Span) -> Json:
    told: Json = {
        "traceId": _base64(found.id),
        "spanId": _base64(span.id),
        "name": span.name,
        "kind": "SPAN_KIND_SERVER",
        "startTimeUnixNano": str(span.start),
        "endTimeUnixNano": str(span.start + span.duration),
        "attributes": [_attribute(*each) for each in span.attributes.items()],
        "status": {},
    }
    if span.parent is not None:
        told["parentSpanId"] = _base64(span.parent)
    if span.failed:
        told["status"] = {"code": "STATUS_CODE_ERROR", "message": "card declined"}
    return told


def _attribute(name: str, value: str | int) -> Json:
    typed: Mapping[str, str] = (
        {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}
    )
    return {"key": name, "value": typed}


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _values(cluster: Cluster, name: str, form: Form, now: datetime) -> set[Value]:
    conditions = parse(form.one("q")) if form.one("q") else ()
    found = (
        value_of(cluster, each, span, name)
        for each in islice(_recent(cluster, form, now), 200)
        for span in each.spans
        if all(one.holds(cluster, each, span) for one in conditions)
    )
    return {each for each in found if each is not None}


def _names(cluster: Cluster) -> set[str]:
    several = trace(cluster, 0)
    resources = (resource_of(cluster, span.service) for span in several.spans)
    named = {name for span in several.spans for name in span.attributes}
    return named.union(*resources)


def _type(value: object) -> str:
    match value:
        case bool():
            return "bool"
        case int():
            return "int"
        case float():
            return "float"
        case _:
            return "string"
