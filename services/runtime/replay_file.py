"""A slice of the log as a file: one JSON object a line, between a first and a last one about it.

The first line says what it is, the last how many events there are and the SHA-256 of all lines
before: a file that was cut or changed is found out before anything is done with it.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, TypeVar

import msgspec
from pydantic import ValidationError

from contracts.catalog import CATALOG, EventCatalog, UnknownEvent
from contracts.subjects import address, parse
from services.runtime.context import LOGGED_AT, exact, log_time, nanoseconds, recorded
from services.runtime.pull import Delivery

FORMAT = "aiops.log"
VERSION = 1
_LONGEST = 4 * 1024 * 1024
_KEPT = frozenset({"Nats-TTL", "traceparent"})
"""Headers of an event beside its CloudEvents attributes. Others tell the bus what to do."""


class BadFile(Exception):
    """A file that is no slice of a log that this program can read; says why, and in which line."""


class First(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The line that begins a file."""

    format: str = FORMAT
    version: int = VERSION
    hub: str
    """Where it comes from: the name of the site."""
    start: str | None = msgspec.field(name="from", default=None)
    end: str | None = msgspec.field(name="to", default=None)
    filters: dict[str, msgspec.Raw] = msgspec.field(default_factory=dict[str, msgspec.Raw])
    whole_from: str | None = None
    """Events of the window before this time may have aged out of the log."""


class Line(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One event, as the log holds it."""

    sequence: int
    time: str
    """The log's time, RFC 3339 with nanoseconds."""
    subject: str
    headers: dict[str, str]
    payload: msgspec.Raw


class Last(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The line that ends a file."""

    end: bool
    events: int
    sha256: str


_T = TypeVar("_T")
_ENCODER = msgspec.json.Encoder()
_FIRST = msgspec.json.Decoder(First)
_LINE = msgspec.json.Decoder(Line)
_LAST = msgspec.json.Decoder(Last)
_ANYTHING = msgspec.json.Decoder(msgspec.Raw)


class Writer:
    """Makes the lines of one file."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._events = 0

    def first(self, what: First) -> bytes:
        """How it begins."""
        return self._told(_ENCODER.encode(what) + b"\n")

    def events(self, deliveries: Iterable[Delivery]) -> bytes:
        """Events, a line each."""
        lines = [_line(each) for each in deliveries]
        self._events += len(lines)
        return self._told(b"".join(lines))

    def last(self) -> bytes:
        """How it ends; without this line it is not whole."""
        digest = self._digest.hexdigest()
        return _ENCODER.encode(Last(end=True, events=self._events, sha256=digest)) + b"\n"

    def _told(self, lines: bytes) -> bytes:
        self._digest.update(lines)
        return lines


def _line(delivery: Delivery) -> bytes:
    headers = dict(filter(_may_stand, delivery.headers.items()))
    line = Line(
        sequence=delivery.sequence,
        time=exact(delivery.time_ns),
        subject=delivery.subject,
        headers=headers,
        payload=msgspec.Raw(_one_line(delivery.data)),
    )
    return _ENCODER.encode(line) + b"\n"


def _may_stand(header: tuple[str, str]) -> bool:
    name, value = header
    return (name in _KEPT or name.startswith("ce-")) and not set("\r\n") & {*name, *value}


def _one_line(body: bytes) -> bytes:
    """A payload as it is; one that is no JSON of one line, which no event of ours is, as text."""
    try:
        _ANYTHING.decode(body)
        if b"\n" not in body and b"\r" not in body:
            return body
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    return _ENCODER.encode(body.decode("utf-8", "replace"))


@dataclass(frozen=True, slots=True)
class Checked:
    """A file that is whole and good."""

    first: First
    events: int
    digest: str
    """SHA-256 of its lines: which file it is."""


@dataclass
class Reader:
    """Reads one file, a line at a time."""

    file: BinaryIO
    catalog: EventCatalog = field(default=CATALOG)

    def check(self) -> Checked:
        """Look at every line; BadFile for the first thing that is wrong."""
        digest, number, events, last = hashlib.sha256(), 0, 0, None
        before = (0, 0)
        first: First | None = None
        for number, text in self._lines():
            if last is not None:
                raise BadFile(f"line {number}: there is something after the end")
            if first is None:
                first = _first(text)
            elif text.startswith(b'{"end"'):
                last = _decoded(_LAST, number, text)
                _compare(last, events, digest.hexdigest(), number)
                continue
            else:
                before = self._event(number, text, before)
                events += 1
            digest.update(text)
        if first is None:
            raise BadFile("line 1: the file is empty")
        if last is None:
            raise BadFile(f"line {number + 1}: the file was cut: its last line is missing")
        return Checked(first, events, last.sha256)

    def lines(self) -> Iterator[Line]:
        """The events of a file that was checked."""
        for number, text in self._lines():
            if number > 1 and not text.startswith(b'{"end"'):
                yield _decoded(_LINE, number, text)

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        self.file.seek(0)
        number = 0
        while text := self.file.readline(_LONGEST + 1):
            number += 1
            if len(text) > _LONGEST:
                raise BadFile(f"line {number}: longer than {_LONGEST:,} bytes")
            yield number, text

    def _event(self, number: int, text: bytes, before: tuple[int, int]) -> tuple[int, int]:
        """Check one event; where it stands."""
        line = _decoded(_LINE, number, text)
        try:
            at = (line.sequence, nanoseconds(line.time))
            self._fits(line)
        except UnknownEvent as unknown:
            raise BadFile(f"line {number}: this version does not know {unknown}") from None
        except ValidationError as error:
            fields = ", ".join(".".join(map(str, each["loc"])) for each in error.errors())
            raise BadFile(f"line {number}: not a payload of its type: {fields}") from None
        except KeyError as missing:
            raise BadFile(f"line {number}: no header {missing}") from None
        except (ValueError, OverflowError) as error:
            raise BadFile(f"line {number}: {error}") from None
        if at[0] <= before[0] or at[1] < before[1]:
            raise BadFile(f"line {number}: out of order")
        return at

    def _fits(self, line: Line) -> None:
        """The event is one that is known, and stands on its own subject."""
        if not all(map(_may_stand, line.headers.items())):
            raise ValueError("a header that no event has")
        position = (line.sequence, log_time(line.time))
        found = recorded(self.catalog, line.subject, line.headers, bytes(line.payload), position)
        told = parse(line.subject)
        event = found.event
        if address(event.key, event.names.token, told.version).subject != line.subject:
            raise ValueError("the event is not one of its subject")
        if (told.version is not None) is not event.aggregate:
            raise ValueError("the subject has a version where its event has none, or none")


def _first(text: bytes) -> First:
    first = _decoded(_FIRST, 1, text)
    if first.format != FORMAT:
        raise BadFile("line 1: not a slice of a log")
    if first.version != VERSION:
        raise BadFile(f"line 1: format version {first.version} is not known here")
    return first


def _compare(last: Last, events: int, digest: str, number: int) -> None:
    if last.events != events:
        raise BadFile(f"line {number}: {last.events} events are promised, {events} are there")
    if last.sha256 != digest:
        raise BadFile(f"line {number}: the lines before are not those that were written")


def _decoded(decoder: msgspec.json.Decoder[_T], number: int, text: bytes) -> _T:
    try:
        return decoder.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadFile(f"line {number}: {error}") from None


def outgoing_headers(line: Line) -> Mapping[str, str]:
    """What a copy of the event carries: its own headers, and when it was logged at its origin."""
    return {**line.headers, LOGGED_AT: line.time}
