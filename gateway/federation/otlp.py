"""Spans of traces as the federation has them, from OTLP."""

import base64
import binascii
import math
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

import msgspec

from gateway.federation.fleet import ClusterRef
from gateway.federation.nanoseconds import nanoseconds
from services.runtime.otlp import Attributes, Batch, SpanEvent, Status, WireSpan, batches

UNKNOWN_SERVICE = "unknown"
_DEEPEST = 8
"""Levels of lists and maps in an attribute; what is deeper is told as text."""
_SPAN_ID = 8
_DIGITS = len(str(-(2**63)))


class SpanStatus(StrEnum):
    """How a span ended."""

    OK = "OK"
    ERROR = "ERROR"
    UNSET = "UNSET"


_STATUSES: dict[str | int, SpanStatus] = {
    1: SpanStatus.OK,
    2: SpanStatus.ERROR,
    "STATUS_CODE_OK": SpanStatus.OK,
    "STATUS_CODE_ERROR": SpanStatus.ERROR,
}
_KINDS: dict[str | int, str] = {
    number: kind
    for index, kind in enumerate(("internal", "server", "client", "producer", "consumer"), 1)
    for number in (index, f"SPAN_KIND_{kind.upper()}")
}


class SpanLog(msgspec.Struct, frozen=True):
    """Something that happened in a span."""

    ns: int
    name: str
    fields: dict[str, Any]


class Span(msgspec.Struct, frozen=True):
    """One piece of work of a trace, in one cluster."""

    cluster: ClusterRef
    span_id: str
    parent_span_id: str | None
    operation: str
    service: str
    start: int
    """Unix nanoseconds."""
    end: int
    status: SpanStatus = SpanStatus.UNSET
    tags: dict[str, Any] = {}
    """Its resource's attributes and its own, which win; ``span.kind`` as Jaeger names it."""
    logs: tuple[SpanLog, ...] = ()

    @property
    def duration(self) -> int:
        """Nanoseconds."""
        return self.end - self.start


def spans(body: bytes, cluster: ClusterRef) -> list[Span]:
    """All spans of an answer; ValueError for one that is no OTLP."""
    try:
        return [span for batch in batches(body) for span in _of_batch(batch, cluster)]
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError("not a trace in OTLP's JSON") from error


def _of_batch(batch: Batch, cluster: ClusterRef) -> Iterator[Span]:
    resource = _attributes(batch.about)
    service = str(resource.pop("service.name", "") or UNKNOWN_SERVICE)
    for span in batch.spans():
        yield _span(span, service, resource, cluster)


def _span(told: WireSpan, service: str, resource: Mapping[str, Any], cluster: ClusterRef) -> Span:
    start = nanoseconds(told.start_time_unix_nano)
    status = told.status or Status()
    extra: dict[str, Any] = {}
    if told.kind in _KINDS:
        extra["span.kind"] = _KINDS[told.kind]
    if status.message:
        extra["otel.status_description"] = status.message
    return Span(
        cluster=cluster,
        span_id=span_id(told.span_id),
        parent_span_id=_parent(told.parent_span_id),
        operation=told.name,
        service=service,
        start=start,
        # A clock that was set back must not make time run backwards.
        end=max(start, nanoseconds(told.end_time_unix_nano)),
        status=_STATUSES.get(status.code, SpanStatus.UNSET),
        tags={**resource, **extra, **_attributes(told.attributes)},
        logs=tuple(_log(event) for event in told.events or ()),
    )


def _log(event: SpanEvent) -> SpanLog:
    return SpanLog(nanoseconds(event.time_unix_nano), event.name, _attributes(event.attributes))


def _parent(told: str | None) -> str | None:
    found = span_id(told) if told else None
    return None if found == "0" * 2 * _SPAN_ID else found


def span_id(told: str) -> str:
    """A span's id as 16 hexadecimal digits, from these or from base64."""
    try:
        if len(told) == 2 * _SPAN_ID:
            raw = bytes.fromhex(told)
        else:
            raw = base64.b64decode(told + "=" * (-len(told) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("not a span id") from None
    if len(raw) != _SPAN_ID:
        raise ValueError("not a span id")
    return raw.hex()


def _attributes(told: Attributes) -> dict[str, Any]:
    return {each.key: _plain(each.value or {}) for each in told or ()}


def _plain(told: Mapping[str, Any]) -> Any:
    """`value_of`, at once for text, which almost all are."""
    text = told.get("stringValue")
    return text if isinstance(text, str) else value_of(told)


def value_of(told: Mapping[str, Any], depth: int = 0) -> Any:
    """The value of an attribute of any kind: text, number, boolean, list or map."""
    for kind, value in told.items():
        match kind, value:
            case "intValue", str() | int():
                return _whole(value)
            case "doubleValue", str() | int() | float():
                return _number(value)
            case "arrayValue" | "kvlistValue", dict():
                return _nested(kind, msgspec.convert(value, dict[str, Any]), depth)
            case _:
                return value if isinstance(value, str | bool) else None
    return None


def _whole(value: str | int) -> int | str:
    """JSON writes 64 bits as text; what is no number of 64 bits stays text."""
    text = str(value)
    if not (text.isascii() and text.removeprefix("-").isdecimal() and len(text) <= _DIGITS):
        return text
    number = int(text)
    return number if -(2**63) <= number < 2**63 else text


def _number(value: str | float) -> float | str:
    """NaN and the infinities are no JSON: they stay text."""
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return str(value)
    return number if math.isfinite(number) else str(value)


def _nested(kind: str, value: Mapping[str, Any], depth: int) -> Any:
    if depth >= _DEEPEST:
        return "…"
    items = msgspec.convert(value.get("values") or [], list[dict[str, Any]])
    if kind == "arrayValue":
        return [value_of(item, depth + 1) for item in items]
    return {str(item.get("key")): value_of(item.get("value") or {}, depth + 1) for item in items}
