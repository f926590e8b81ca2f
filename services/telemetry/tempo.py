"""Asks a Tempo: which traces there are, one whole trace, and which values an attribute has.

Source: "Tempo HTTP API", https://grafana.com/docs/tempo/latest/api_docs/. Answers are checked and
counted, and passed on as they came: no span is made an object of.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

import msgspec

from contracts.clusters import Checked
from contracts.refusals import Code, Refused
from contracts.telemetry import DescribeTraces, GetTrace, SearchTraces
from services.runtime.backends import faults
from services.runtime.backends.backend import Backend
from services.runtime.backends.bodies import Found, read, require_few, require_text, too_many

_NO_TRACE = b'{"batches":[]}'
_NULL = msgspec.Raw(b"null")
_HOUR = timedelta(hours=1)
_TAG = re.compile(r'[^\s="\x00-\x1f\x7f]+')
_SCOPED = re.compile(r"(resource|span|event|link|instrumentation)?\..+|[a-z]+:.+")
_INTRINSIC = frozenset(
    {
        "duration",
        "kind",
        "name",
        "rootName",
        "rootServiceName",
        "status",
        "statusMessage",
        "traceDuration",
    }
)
"""What TraceQL knows by a name without a scope."""
_ALL_SERVICES = "this Tempo is too old to narrow values to a service: they are of all services"


class _Trace(msgspec.Struct, frozen=True):
    traceID: str  # noqa: N815 - its name on the wire


class _Searched(msgspec.Struct, frozen=True):
    traces: msgspec.Raw = _NULL


class _Spans(msgspec.Struct, frozen=True):
    batches: msgspec.Raw = _NULL
    resourceSpans: msgspec.Raw = _NULL  # noqa: N815 - its name in OTLP

    @property
    def parts(self) -> bytes:
        """The array of them, under either name; ``null`` if there is none."""
        found = bytes(self.batches)
        return bytes(self.resourceSpans) if found == b"null" else found


class _Whole(_Spans, frozen=True):
    trace: _Spans | None = None
    """Where the second version of Tempo's API answers."""


class _Tag(msgspec.Struct, frozen=True):
    value: str


class _Typed(msgspec.Struct, frozen=True):
    tagValues: list[_Tag] | None = None  # noqa: N815 - its name on the wire


class _Plain(msgspec.Struct, frozen=True):
    tagValues: list[str] | None = None  # noqa: N815 - its name on the wire


@dataclass(frozen=True, slots=True)
class Tempo:
    """The Tempo of one cluster, for the time of one question."""

    backend: Backend
    most: int
    """Traces or values of one answer."""

    async def search(self, asked: SearchTraces) -> Found:
        """Find traces; Refused for whatever is wrong with the question or with the backend."""
        params = [*_sought(asked), ("limit", str(asked.limit)), *self._window(asked)]
        return await self.backend.get("api/search", params, read=self._searched)

    def _searched(self, body: bytes) -> Found:
        require_text(Checked.TEMPO, body)
        traces = read(Checked.TEMPO, body, _Searched).traces
        if bytes(memoryview(traces)[:4]) == b"null":
            return Found(b"[]", 0)
        require_few(Checked.TEMPO, body, b'"traceID"', self.most)
        count = len(read(Checked.TEMPO, traces, list[_Trace]))
        return Found(memoryview(traces), self._few(count))

    async def trace(self, asked: GetTrace) -> Found:
        """One whole trace; one without batches if it has none of this id."""
        return await self.backend.get(f"api/traces/{asked.trace_id}", read=_whole, absent=_no_trace)

    async def describe(self, asked: DescribeTraces) -> Found:
        """Which values an attribute has; of an old Tempo those of all services."""
        params = self._window(asked)
        if asked.service is not None:
            quoted = msgspec.json.encode(asked.service).decode()
            params = [("q", f"{{ resource.service.name = {quoted} }}"), *params]
        path = _values("api/v2", _scoped(asked.attribute))
        found = await self.backend.get(path, params, read=self._typed, absent=lambda _: None)
        if found is not None:
            return found
        told = () if asked.service is None else (_ALL_SERVICES,)
        return await self.backend.get(
            _values("api", asked.attribute),
            self._window(asked),
            read=lambda body: self._plain(body, told),
        )

    def _typed(self, body: bytes) -> Found | None:
        require_text(Checked.TEMPO, body)
        require_few(Checked.TEMPO, body, b'"value"', self.most)
        tags = read(Checked.TEMPO, body, _Typed).tagValues or []
        return self._listed([each.value for each in tags], ())

    def _plain(self, body: bytes, warnings: tuple[str, ...]) -> Found:
        require_text(Checked.TEMPO, body)
        require_few(Checked.TEMPO, body, b'",', self.most)
        return self._listed(read(Checked.TEMPO, body, _Plain).tagValues or [], warnings)

    def _listed(self, values: Sequence[str], warnings: tuple[str, ...]) -> Found:
        self._few(len(values))
        return Found(msgspec.json.encode(values), len(values), "", warnings)

    def _few(self, count: int) -> int:
        if count > self.most:
            raise too_many(Checked.TEMPO, count, self.most)
        return count

    def _window(self, asked: SearchTraces | DescribeTraces) -> list[tuple[str, str]]:
        """Both ends or none: Tempo takes no other question. In whole seconds, rather more."""
        if asked.start is None and asked.end is None:
            return []
        end: datetime = asked.end or self.backend.asked.outside.clock.now()
        start: datetime = asked.start or end - _HOUR
        first, last = math.floor(start.timestamp()), math.ceil(end.timestamp())
        return [("start", str(first)), ("end", str(max(last, first + 1)))]


def _whole(body: bytes) -> Found:
    require_text(Checked.TEMPO, body)
    whole = read(Checked.TEMPO, body, _Whole)
    parts = (whole.trace or whole).parts
    if parts == b"null" and body.strip() == b"{}":
        return Found(_NO_TRACE, 0)
    begins = b"".join(parts[:64].split())[:2]
    if begins not in {b"[{", b"[]"}:
        raise faults.broken(Checked.TEMPO, "it is no trace")
    return Found(body, int(begins == b"[{"))


def _no_trace(body: bytes) -> Found:
    failing = faults.no_path(Checked.TEMPO, body)
    if failing is not None:
        raise failing
    return Found(_NO_TRACE, 0)


def _sought(asked: SearchTraces) -> list[tuple[str, str]]:
    """By TraceQL alone, where there is some: it can say everything that the others can."""
    if asked.traceql is not None:
        if asked.tags or asked.min_duration_ms is not None or asked.max_duration_ms is not None:
            text = "traceql: it stands alone; say there what tags and durations should be"
            raise Refused(Code.VALIDATION_FAILED, text)
        return [("q", asked.traceql)]
    found = [("tags", " ".join(map(_tag, asked.tags, asked.tags.values())))] if asked.tags else []
    for name, value in (
        ("minDuration", asked.min_duration_ms),
        ("maxDuration", asked.max_duration_ms),
    ):
        if value is not None:
            found.append((name, f"{value}ms"))
    return found


def _tag(name: str, value: str) -> str:
    """A pair as logfmt writes it."""
    if not _TAG.fullmatch(name):
        text = f"tags: {faults.cleaned(name)[:60]!r} is no name of an attribute"
        raise Refused(Code.VALIDATION_FAILED, f"{text}; it has no blanks, quotes or equal signs")
    plain = _TAG.fullmatch(value) is not None and "\\" not in value
    return f"{name}={value if plain else msgspec.json.encode(value).decode()}"


def _scoped(attribute: str) -> str:
    """An attribute as TraceQL names it, of whatever scope if none is said."""
    if attribute in _INTRINSIC or _SCOPED.fullmatch(attribute):
        return attribute
    return f".{attribute}"


def _values(version: str, attribute: str) -> str:
    name = quote(attribute, safe="")
    if not name.strip("."):
        name = name.replace(".", "%2E")  # Else it would be taken for a way up.
    return f"{version}/search/tag/{name}/values"
