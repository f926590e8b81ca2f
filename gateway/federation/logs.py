"""LogQL over many clusters: their lines merged in time order, their metrics side by side."""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from contracts.refusals import Code
from contracts.telemetry import Direction
from gateway.federation.fleet import ClusterRef
from gateway.federation.nanoseconds import nanoseconds, rfc3339_ns
from gateway.federation.outcome import ClusterAnswer, Status

_NOTHING = b"[]"
_NONE = msgspec.Raw()
_BROKEN = "its Loki sent {what} that cannot be read; look whether loki_url leads to a Loki"

T = TypeVar("T")


class Line(msgspec.Struct, frozen=True, array_like=True):
    """A log line as Loki tells it; what follows these two is not read."""

    ns: str
    text: str


class Stream(msgspec.Struct, frozen=True):
    """Lines with the same labels."""

    stream: dict[str, str]
    values: list[Line]


class LogEntry(msgspec.Struct, frozen=True):
    """A log line of the fleet."""

    cluster_id: UUID
    cluster_name: str
    timestamp: str
    """RFC 3339 with nanoseconds."""
    stream: dict[str, str]
    message: str


class LogSeries(msgspec.Struct, frozen=True):
    """A series that LogQL made of lines."""

    metric: msgspec.Raw
    values: list[msgspec.Raw]
    """``[unix_seconds, "text"]`` each."""


class LogResult(msgspec.Struct, frozen=True):
    """What came of asking one cluster; its lines are among the entries of all."""

    cluster_id: UUID
    cluster_name: str
    status: Status
    result_type: str | None
    data: list[LogSeries]
    code: str | None
    error: str | None
    warnings: Sequence[str]
    query_time_ms: float


class Logs(msgspec.Struct, frozen=True):
    """What many clusters have answered to LogQL."""

    entries: list[LogEntry]
    results: list[LogResult]


class _Series(msgspec.Struct, frozen=True):
    metric: msgspec.Raw
    values: list[msgspec.Raw] = []
    value: msgspec.Raw = _NONE


class _Placed(msgspec.Struct, frozen=True):
    """A line with its place in time."""

    ns: int
    cluster: ClusterRef
    stream: dict[str, str]
    text: str


_STREAMS = msgspec.json.Decoder(list[Stream])
_SERIES = msgspec.json.Decoder(list[_Series])
_NAMES = msgspec.json.Decoder(list[str] | None)


def gathered(
    answers: Sequence[ClusterAnswer], direction: Direction, limit: int
) -> tuple[list[ClusterAnswer], Logs]:
    """All lines in time order, at most ``limit``; the answers again, as some cannot be read.

    Every cluster was asked for up to ``limit`` lines, so no line of the answer is missing.
    """
    read: list[ClusterAnswer] = []
    placed: list[list[_Placed]] = []
    results: list[LogResult] = []
    for answer in answers:
        usable, lines, series = _read(answer)
        placed.extend(lines)
        read.append(usable)
        results.append(_result(usable, series))
    entries = [_entry(each) for each in merged(placed, direction, limit)]
    return read, Logs(entries, results)


def merged(sources: Iterable[list[_Placed]], direction: Direction, limit: int) -> Iterator[_Placed]:
    """The first ``limit`` lines in time order; lines of the same moment keep their order.

    A heap of one line for each source. Lines come sorted, so that sorting each costs little.
    """
    backward = direction is Direction.BACKWARD
    ordered = [sorted(source, key=_moment, reverse=backward) for source in sources]
    return islice(heapq.merge(*ordered, key=_moment, reverse=backward), limit)


def names(answers: Sequence[ClusterAnswer]) -> tuple[list[ClusterAnswer], list[str]]:
    """Labels, or values of one, that any of the clusters has, sorted; the answers again."""
    found: set[str] = set()
    read: list[ClusterAnswer] = []
    for answer in answers:
        try:
            found.update(_NAMES.decode(answer.body or _NOTHING) or ())
            read.append(answer)
        except msgspec.DecodeError:
            read.append(broken(answer, _BROKEN.format(what="names")))
    return read, sorted(found)


def broken(answer: ClusterAnswer, reason: str) -> ClusterAnswer:
    """The answer as one that failed: what was in it is not used."""
    failed = replace(answer, status=Status.ERROR, code=Code.UPSTREAM_FAILED, message=reason)
    return replace(failed, parts=(), told={})


def _moment(line: _Placed) -> int:
    return line.ns


def _read(answer: ClusterAnswer) -> tuple[ClusterAnswer, list[list[_Placed]], list[LogSeries]]:
    try:
        if _kind(answer) in {None, "STREAMS"}:
            streams = _STREAMS.decode(answer.body or _NOTHING)
            return answer, [_placed(answer.cluster, stream) for stream in streams], []
        series = _SERIES.decode(answer.body or _NOTHING)
        return answer, [], [_told(each) for each in series]
    except (msgspec.DecodeError, ValueError, RecursionError):
        return broken(answer, _BROKEN.format(what="lines or series")), [], []


def _placed(cluster: ClusterRef, stream: Stream) -> list[_Placed]:
    return [
        _Placed(nanoseconds(line.ns), cluster, stream.stream, line.text) for line in stream.values
    ]


def _told(series: _Series) -> LogSeries:
    """A vector's only value becomes a list, as a matrix has it."""
    values = [series.value] if bytes(series.value) else series.values
    return LogSeries(series.metric, values)


def _entry(line: _Placed) -> LogEntry:
    moment = rfc3339_ns(line.ns)
    return LogEntry(line.cluster.id, line.cluster.name, moment, line.stream, line.text)


def _kind(answer: ClusterAnswer) -> str | None:
    kind: Any = answer.told.get("kind")
    return str(kind).upper() if kind else None


def _result(answer: ClusterAnswer, series: list[LogSeries]) -> LogResult:
    return LogResult(
        cluster_id=answer.cluster.id,
        cluster_name=answer.cluster.name,
        status=answer.status,
        result_type=_kind(answer),
        data=series,
        code=None if answer.code is None else answer.code.name,
        error=answer.message,
        warnings=answer.notes,
        query_time_ms=answer.took_ms,
    )
