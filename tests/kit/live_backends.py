"""Loki and Tempo as an analysis of root causes asks them, on servers that are well or ill."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

Json = dict[str, Any]
Asked = Mapping[str, str]
"""What a request asks for, in its URL or as a form."""
Answer = Callable[[str, Asked], Json]
"""By the path, and what is asked there."""
Ill = Callable[[asyncio.StreamWriter], Awaitable[None]]
_SECOND = 10**9
_DRIP = 0.1
_CHUNK = b" " * 65_536


@dataclass(frozen=True, slots=True)
class Request:
    """One that was answered, or given up."""

    path: str
    began: float
    ended: float
    """Time of the event loop, both."""


@dataclass
class Speaking:
    """A server of JSON."""

    answer: Answer
    ill: Ill | None = None
    """How it talks instead, once somebody has asked."""
    pause: float = 0.0
    """Seconds before each answer."""
    url: str = ""
    requests: list[Request] = field(default_factory=list[Request])
    """In the order in which they ended; what begins and never ends is not among them."""
    _open: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """All requests of a connection."""
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                path, asked = await _asked(reader)
                began = asyncio.get_running_loop().time()
                try:
                    await self._talk(path, asked, writer)
                finally:
                    ended = asyncio.get_running_loop().time()
                    self.requests.append(Request(path, began, ended))
        self._open.discard(task)
        writer.transport.abort()

    async def _talk(self, path: str, asked: Asked, writer: asyncio.StreamWriter) -> None:
        if self.ill is not None:
            await self.ill(writer)
            return
        await asyncio.sleep(self.pause)
        body = msgspec.json.encode(self.answer(path, asked))
        writer.write(_head(len(body)) + body)
        await writer.drain()

    async def hang_up(self) -> None:
        """Whoever still waits gets no answer."""
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)


@asynccontextmanager
async def speaking(
    answer: Answer, *, ill: Ill | None = None, pause: float = 0.0
) -> AsyncGenerator[Speaking]:
    """A server for the time of a block."""
    made = Speaking(answer, ill, pause)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield made
    finally:
        server.close()
        await made.hang_up()
        await server.wait_closed()


async def _asked(reader: asyncio.StreamReader) -> tuple[str, Asked]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    url = urlsplit(head.split(" ", 2)[1])
    fields = (each.partition(":") for each in head.splitlines()[1:])
    told = {name.lower(): value.strip() for name, _, value in fields}
    form = (await reader.readexactly(int(told.get("content-length", 0)))).decode()
    return url.path, dict([*parse_qsl(url.query), *parse_qsl(form)])


def _head(length: int) -> bytes:
    told = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
    return f"{told}content-length: {length}\r\n\r\n".encode()


async def hangs(_: asyncio.StreamWriter) -> None:
    """It has taken the question, and never answers."""
    await asyncio.Event().wait()


async def trickles(writer: asyncio.StreamWriter) -> None:
    """Its answer comes byte by byte, and is never whole."""
    writer.write(_head(10**6) + b"{")
    while True:
        await writer.drain()
        await asyncio.sleep(_DRIP)
        writer.write(b" ")


@dataclass
class Pours:
    """Its answer has so many bytes."""

    size: int
    poured: int = 0
    """Bytes that were written so far, all answers together."""

    async def __call__(self, writer: asyncio.StreamWriter) -> None:
        """One answer."""
        writer.write(_head(self.size))
        for _ in range(self.size // len(_CHUNK)):
            writer.write(_CHUNK)
            self.poured += len(_CHUNK)
            await writer.drain()


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of one stream."""

    labels: Mapping[str, str]
    lines: Sequence[tuple[float, str]]
    """By unix time."""


def loki(*streams: Lines) -> Answer:
    """Holds these lines, and gives the newest ones of a time."""

    def answer(path: str, asked: Asked) -> Json:
        if path.endswith("/labels"):
            names = sorted({name for each in streams for name in each.labels})
            return {"status": "success", "data": names}
        if not path.endswith("/query_range"):
            return {}
        start, end = int(asked["start"]) / _SECOND, int(asked["end"]) / _SECOND
        inside = [
            (at, number, text)
            for number, each in enumerate(streams)
            for at, text in each.lines
            if start <= at < end
        ]
        newest = sorted(inside, reverse=True)[: int(asked["limit"])]
        found: dict[int, list[list[str]]] = {}
        for at, number, text in newest:
            found.setdefault(number, []).append([str(round(at * 10**6) * 1000), text])
        result = [{"stream": streams[each].labels, "values": found[each]} for each in found]
        return {"status": "success", "data": {"resultType": "streams", "result": result}}

    return answer


@dataclass(frozen=True, slots=True)
class Traced:
    """A request through workloads, each of which calls the next one."""

    id: str
    at: float
    """Unix time at which it began."""
    workloads: Sequence[tuple[str, str]]
    """Their namespaces and names."""
    fails_at: int | None = None
    """The number of the workload in which an error begins; those before it fail by it."""
    width: int = 1
    """Spans of each workload."""

    def document(self) -> Json:
        """As Tempo gives it."""
        return {"batches": [self._batch(number) for number in range(len(self.workloads))]}

    def _batch(self, number: int) -> Json:
        namespace, name = self.workloads[number]
        about = {
            "service.name": name,
            "k8s.namespace.name": namespace,
            "k8s.deployment.name": name,
        }
        attributes = [{"key": key, "value": {"stringValue": about[key]}} for key in about]
        first = self._span(number, 0, f"ask {name}", number * self.width)
        steps = [
            self._span(number, step, f"step {step} of {name}", number * self.width + 1)
            for step in range(1, self.width)
        ]
        return {
            "resource": {"attributes": attributes},
            "scopeSpans": [{"spans": [first, *steps]}],
        }

    def _span(self, number: int, step: int, name: str, parent: int) -> Json:
        """Spans are counted from 1; 0 is none. A workload is asked by the last step before it."""
        begin = round(self.at * 1000) * 10**6 + (number + step) * 10**6
        fails = self.fails_at is not None and number <= self.fails_at
        is_on_the_way = step in {0, self.width - 1}
        below = len(self.workloads) - number if is_on_the_way else 0
        took = below * 10**7 - step * 10**6 if below else 10**6
        return {
            "spanId": f"{number * self.width + step + 1:016x}",
            "parentSpanId": f"{parent:016x}" if parent else "",
            "name": name,
            "startTimeUnixNano": str(begin),
            "endTimeUnixNano": str(begin + took),
            "status": {"code": 2 if fails and is_on_the_way else 0},
        }


def tempo(*traces: Traced) -> Answer:
    """Holds these traces, and finds the newest ones of a time, or those of them that failed."""
    documents = {each.id: each.document() for each in traces}

    def answer(path: str, asked: Asked) -> Json:
        if not path.endswith("/search"):
            return documents.get(path.rpartition("/")[2], {})
        start, end = int(asked["start"]), int(asked["end"])
        found = [
            each
            for each in traces
            if start <= each.at < end
            and (each.fails_at is not None or "status = error" not in asked["q"])
        ]
        newest = sorted(found, key=lambda each: (-each.at, each.id))[: int(asked["limit"])]
        return {
            "traces": [
                {"traceID": each.id, "startTimeUnixNano": str(round(each.at * _SECOND))}
                for each in newest
            ]
        }

    return answer
