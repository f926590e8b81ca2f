"""Traces as Tempo gives them: OTLP as JSON, with the variants that its versions have.

https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
"""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec


class Attribute(msgspec.Struct):
    """A name, and its value by its kind: ``{"stringValue": "a"}``."""

    key: str
    value: dict[str, Any] | None = None


Attributes = list[Attribute] | None


class SpanEvent(msgspec.Struct, rename="camel"):
    """Something that happened in a span."""

    time_unix_nano: str | int = 0
    name: str = ""
    attributes: Attributes = None


class Status(msgspec.Struct):
    """How a span ended."""

    code: str | int = 0
    message: str = ""


class WireSpan(msgspec.Struct, rename="camel"):
    """A span; numbers of 64 bits may be text."""

    span_id: str
    start_time_unix_nano: str | int
    end_time_unix_nano: str | int
    parent_span_id: str | None = None
    name: str = ""
    kind: str | int = 0
    attributes: Attributes = None
    events: list[SpanEvent] | None = None
    status: Status | None = None


class _Resource(msgspec.Struct):
    attributes: Attributes = None


class _Scope(msgspec.Struct):
    spans: list[WireSpan] | None = None


class Batch(msgspec.Struct, rename="camel"):
    """Spans of one resource."""

    resource: _Resource | None = None
    scope_spans: list[_Scope] | None = None
    instrumentation_library_spans: list[_Scope] | None = None
    """As versions before OTLP 0.15 call it."""

    @property
    def about(self) -> Attributes:
        """The attributes of the resource."""
        return self.resource.attributes if self.resource else None

    def spans(self) -> Iterator[WireSpan]:
        """All of them."""
        for scope in self.scope_spans or self.instrumentation_library_spans or ():
            yield from scope.spans or ()


class _Document(msgspec.Struct, rename="camel"):
    batches: list[Batch] | None = None
    resource_spans: list[Batch] | None = None
    """As OTLP itself, and Tempo's second version of this answer, call it."""
    trace: "_Document | None" = None


_DOCUMENT = msgspec.json.Decoder(_Document)


def batches(body: bytes) -> Sequence[Batch]:
    """What an answer holds; nothing for an empty one. ValueError for one that is no OTLP."""
    if not body:
        return ()
    try:
        document = _DOCUMENT.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError("not a trace in OTLP's JSON") from error
    whole = document.trace or document
    return whole.batches or whole.resource_spans or ()
