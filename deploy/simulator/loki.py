"""The Loki of a simulated cluster: its HTTP API, and following lines by WebSocket.

Source: https://grafana.com/docs/loki/latest/reference/loki-http-api/. It says in plain text what
it cannot answer.
"""

import heapq
import math
from bisect import bisect_right
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import msgspec

from deploy.simulator.cluster import Cluster
from deploy.simulator.exchange import Answer, Pause, Request, text_answer
from deploy.simulator.faults import Fault, FaultKind
from deploy.simulator.logql import CountQuery, LogQuery, parse
from deploy.simulator.logs import SECOND, Stream, streams_of
from deploy.simulator.objects import Json
from deploy.simulator.prometheus_api import number, success
from deploy.simulator.questions import (
    Form,
    Misunderstood,
    fits,
    form_of,
    rfc3339,
    seconds_of,
)

TAIL = "loki/api/v1/tail"
_MOST_LINES, _MOST_POINTS, _LONGEST = 5_000, 11_000, 721 * 3600 * SECOND
_SCANNED = 50_000
"""Lines looked at for one question, so that nobody has to wait for long."""
_HOUR = 3600 * SECOND
_EVERY = 0.1
"""Seconds between two looks for new lines; Loki looks every second."""
_Entry = tuple[int, int, int]
"""When, of which stream, and its number there."""


@dataclass(frozen=True, slots=True)
class Tail:
    """Lines that somebody wants to follow."""

    cluster: Cluster
    query: LogQuery
    start: int
    limit: int


def answer(cluster: Cluster, path: str, request: Request) -> Answer | None:
    """What a path of the API gives, None if there is nothing."""
    try:
        below = path.startswith("loki/api/v1/")
        return _answer(cluster, path, form_of(request), _now(request)) if below else None
    except Misunderstood as error:
        return text_answer(f"{error}\n", 400)


def upgraded(cluster: Cluster, request: Request) -> Answer | Tail:
    """What somebody wants to follow, or why that does not go."""
    form, now = form_of(request), _now(request)
    try:
        query = parse(form.one("query"))
        start = _time(form, "start", now - _HOUR)
        limit = _limit(form)
    except Misunderstood as error:
        return text_answer(f"{error}\n", 400)
    if isinstance(query, CountQuery):
        return text_answer("only log selectors can be followed\n", 400)
    return Tail(cluster, query, start, limit)


async def messages(
    tail: Tail, fault: Fault, now: Callable[[], int], pause: Pause
) -> AsyncIterator[str]:
    """What comes on the WebSocket until the client goes; before a reset that is one message."""
    streams, until, sent = _streams(tail.cluster, tail.query), now(), 0
    entries = _newest(streams, tail.query, (tail.start, until), tail.limit)
    while True:
        if entries:
            text = _message(streams, sorted(entries))
            cut = fault.kind is FaultKind.GARBAGE
            slow = len(text) / fault.bytes_per_second if fault.kind is FaultKind.DRIP else 0
            if not await pause(slow):
                return
            yield text[: len(text) // 2] if cut else text
            sent += len(text)
            if fault.kind is FaultKind.RESET:
                return
        if fault.kind is FaultKind.HUGE and entries and sent < fault.size:
            continue
        if not await pause(_EVERY):
            return
        since, until = until, now()
        entries = _newest(streams, tail.query, (since, until), _SCANNED)


def _message(streams: Sequence[Stream], entries: Sequence[_Entry]) -> str:
    return msgspec.json.encode({"streams": _grouped(streams, entries)}).decode()


def _answer(cluster: Cluster, path: str, form: Form, now: int) -> Answer | None:
    match path.removeprefix("loki/api/v1/"):
        case "query_range":
            return _query_range(cluster, form, now)
        case "query":
            return _query(cluster, form, now)
        case "tail":
            text = "Bad Request\nwebsocket: the client is not using the websocket protocol\n"
            return text_answer(text, 400)
        case other:
            found = _described(_shown(cluster, form), other.split("/"))
            return None if found is None else success(found)


def _described(shown: Sequence[Mapping[str, str]], what: Sequence[str]) -> object:
    """Labels, values or series, None if that is nothing there is."""
    match what:
        case ["labels" | "label"]:
            return sorted({name for each in shown for name in each})
        case ["label", name, "values"]:
            return sorted({each[name] for each in shown if name in each})
        case ["series"]:
            return shown
        case _:
            return None


def _query_range(cluster: Cluster, form: Form, now: int) -> Answer:
    query = parse(form.one("query"))
    end = _time(form, "end", now)
    start = _time(form, "start", end - _since(form))
    if end < start:
        raise Misunderstood("end timestamp must not be before or equal to start time")
    if end - start > _LONGEST:
        raise Misunderstood(
            "the query time range exceeds the limit (query length: "
            f"{(end - start) // _HOUR}h0m0s, limit: 30d1h)"
        )
    if isinstance(query, CountQuery):
        matrix = _matrix(cluster, query, _moments(form, start, end))
        return _data("matrix", matrix)
    limit, backward = _limit(form), _backward(form)
    streams, span = _streams(cluster, query), (start, min(end, now))
    if backward:
        entries = _newest(streams, query, span, limit)
    else:
        entries = list(islice(_taken(streams, query, _forward(streams, span)), limit))
    return _data("streams", _grouped(streams, entries))


def _query(cluster: Cluster, form: Form, now: int) -> Answer:
    query, at = parse(form.one("query")), _time(form, "time", now)
    if isinstance(query, LogQuery):
        raise Misunderstood(
            "log queries are not supported as an instant query type, please change your query to"
            " a range query type"
        )
    matrix = _matrix(cluster, query, [at])
    return _data(
        "vector", [{"metric": each["metric"], "value": each["values"][0]} for each in matrix]
    )


def _data(kind: str, result: list[Json]) -> Answer:
    summary = {"bytesProcessedPerSecond": 0, "linesProcessedPerSecond": 0, "execTime": 0.001}
    return success({"resultType": kind, "result": result, "stats": {"summary": summary}})


def _matrix(cluster: Cluster, query: CountQuery, moments: Sequence[int]) -> list[Json]:
    """Counts of the lines in the time before each moment, the moment included."""
    sums: dict[tuple[tuple[str, str], ...], dict[int, float]] = {}
    reach = int(query.seconds * SECOND)
    for stream in _streams(cluster, query.lines):
        kept = {
            name: value
            for name, value in stream.labels.items()
            if query.by is None or name in query.by
        }
        points = sums.setdefault(tuple(sorted(kept.items())), {})
        times = _times(stream, query.lines, (moments[0] - reach + 1, moments[-1] + 1))
        for at in moments:
            count = bisect_right(times, at) - bisect_right(times, at - reach)
            if count:
                points[at] = points.get(at, 0) + count / (query.seconds if query.a_second else 1)
    return [
        {
            "metric": dict(labels),
            "values": [[at / SECOND, number(value)] for at, value in sorted(points.items())],
        }
        for labels, points in sorted(sums.items())
        if points
    ]


def _times(stream: Stream, query: LogQuery, span: tuple[int, int]) -> Sequence[int]:
    numbers = islice(stream.between(*span), _SCANNED)
    return [
        stream.time(each) for each in numbers if not query.filters or query.takes(stream.line(each))
    ]


def _moments(form: Form, start: int, end: int) -> Sequence[int]:
    usual = max(1, (end - start) // (250 * SECOND))
    text = form.one("step") or str(usual)
    seconds = _plain(text) or seconds_of(text)
    if not seconds or seconds <= 0:
        raise Misunderstood("zero or negative query resolution step widths are not accepted")
    step = max(1, int(seconds * SECOND))
    if (end - start) // step > _MOST_POINTS:
        raise Misunderstood(
            "exceeded maximum resolution of 11,000 points per time series. Try increasing the"
            " value of the step parameter"
        )
    return range(start, end + 1, step)


def _streams(cluster: Cluster, query: LogQuery) -> list[Stream]:
    return [each for each in streams_of(cluster) if fits(query.selector, each.labels)]


def _shown(cluster: Cluster, form: Form) -> list[Mapping[str, str]]:
    asked = [parse(text) for text in form.each("query", "match[]", "match")]
    chosen = [each.selector for each in asked if isinstance(each, LogQuery)]
    found = (each.labels for each in streams_of(cluster))
    return [each for each in found if not chosen or any(fits(one, each) for one in chosen)]


def _forward(streams: Sequence[Stream], span: tuple[int, int]) -> Iterator[_Entry]:
    return heapq.merge(*(_entries(at, each, span, 1) for at, each in enumerate(streams)))


def _newest(
    streams: Sequence[Stream], query: LogQuery, span: tuple[int, int], limit: int
) -> list[_Entry]:
    each = (_entries(at, stream, span, -1) for at, stream in enumerate(streams))
    return list(islice(_taken(streams, query, heapq.merge(*each, reverse=True)), limit))


def _entries(at: int, stream: Stream, span: tuple[int, int], way: int) -> Iterator[_Entry]:
    return ((stream.time(each), at, each) for each in stream.between(*span)[::way])


def _taken(
    streams: Sequence[Stream], query: LogQuery, entries: Iterator[_Entry]
) -> Iterator[_Entry]:
    for entry in islice(entries, _SCANNED):
        if not query.filters or query.takes(streams[entry[1]].line(entry[2])):
            yield entry


def _grouped(streams: Sequence[Stream], entries: Iterable[_Entry]) -> list[Json]:
    found: dict[int, list[list[str]]] = {}
    for time, at, each in entries:
        found.setdefault(at, []).append([str(time), streams[at].line(each)])
    return [{"stream": streams[at].labels, "values": values} for at, values in found.items()]


def _backward(form: Form) -> bool:
    direction = form.one("direction", "backward").lower()
    if direction not in {"backward", "forward"}:
        raise Misunderstood("invalid direction: expected BACKWARD or FORWARD")
    return direction == "backward"


def _limit(form: Form) -> int:
    found = form.count("limit", 100)
    if found > _MOST_LINES:
        raise Misunderstood(
            f"max entries limit per query exceeded, limit > max_entries_limit_per_query"
            f" ({found} > {_MOST_LINES})"
        )
    return found


def _since(form: Form) -> int:
    found = seconds_of(form.one("since", "1h"))
    if found is None:
        raise Misunderstood("could not parse 'since' parameter")
    return int(found * SECOND)


def _time(form: Form, name: str, usual: int) -> int:
    """Nanoseconds; a number of up to ten digits, or one with a point, are seconds."""
    text = form.one(name)
    if not text:
        return usual
    if text.isdecimal():
        return int(text) * (SECOND if len(text) <= 10 else 1)
    seconds = _plain(text)
    if seconds is None:
        seconds = rfc3339(text)
    if seconds is None or not math.isfinite(seconds):
        raise Misunderstood(f"could not parse '{name}' parameter: cannot parse \"{text}\"")
    return int(seconds * SECOND)


def _plain(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _now(request: Request) -> int:
    return int(request.now.timestamp() * SECOND)
