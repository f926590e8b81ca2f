"""The ASGI application: finds the cluster and the part, lets it answer, and does what is wrong."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl

from deploy.simulator import backends, kubernetes, loki, statuses
from deploy.simulator.admission import Admission
from deploy.simulator.alertmanager import Silences
from deploy.simulator.cluster import Cluster, Part
from deploy.simulator.exchange import Answer, Request, text_answer
from deploy.simulator.exec import Plan, messages, negotiated
from deploy.simulator.faults import FINE, Fault, FaultKind, Faults, instead
from deploy.simulator.listeners import HOST, Line, line_of
from services.runtime.clock import Clock

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Control = Callable[[Request, str], Answer]
"""Answers a request below ``/_control`` from an address."""

_LARGEST_BODY = 1_048_576
_BODY_SECONDS = 60.0
_LONGEST_HANG = 3600.0
_STEPS_PER_SECOND = 10
_METHODS = {part: frozenset({"GET", "POST"}) for part in Part}
_METHODS[Part.ALERTMANAGER] |= {"DELETE"}
_ON_SOCKET = {part: {FaultKind.HUGE} for part in Part}
_ON_SOCKET[Part.LOKI].add(FaultKind.GARBAGE)
_BACKENDS: Mapping[str, Part] = {part.value: part for part in Part if part is not Part.API}


@dataclass
class Simulated:
    """A cluster as it is just now: who is let in, and what is wrong."""

    cluster: Cluster
    admission: Admission
    faults: Faults = field(default_factory=Faults)
    silences: Silences = field(default_factory=Silences)

    def relocate(self, cluster: Cluster) -> None:
        """The same cluster, now that more is known of where the others are."""
        self.cluster = self.admission.cluster = cluster


@dataclass(frozen=True, slots=True)
class Place:
    """What a path leads to."""

    simulated: Simulated
    part: Part
    path: str


class Client:
    """The other end: notices when it is gone."""

    def __init__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        self.send = send
        self.line = line_of(scope)
        self.offered: list[str] | None = scope.get("subprotocols")
        """Who asks for a WebSocket, offers these subprotocols; None: nobody asks for one."""
        self._receive = receive
        self._gone: asyncio.Task[None] | None = None

    async def body(self) -> bytes | None:
        """The request's body, None if it is too large; TimeoutError if it does not come.

        A request for a WebSocket has none, and is taken by this.
        """
        held = bytearray()
        async with asyncio.timeout(_BODY_SECONDS):
            while len(held) <= _LARGEST_BODY:
                message = await self._receive()
                held += message.get("body", b"")
                if not message.get("more_body", False):
                    return bytes(held)
        return None

    async def pause(self, seconds: float) -> bool:
        """Wait; False as soon as the client is gone."""
        if self._gone is None:
            self._gone = asyncio.ensure_future(self._leave())
        done, _ = await asyncio.wait([self._gone], timeout=seconds)
        return not done

    async def cut(self) -> None:
        """End the connection by a reset, and wait until that has happened."""
        if await self.pause(0):
            self.line.cut()
            await self.pause(1.0)

    async def begin(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        """Send the head of an answer, be it one instead of a WebSocket."""
        name = f"{self._prefix}http.response.start"
        await self.send({"type": name, "status": status, "headers": headers})

    async def give(self, part: bytes = b"", *, more: bool = True) -> None:
        """Send a part of the answer's body."""
        name = f"{self._prefix}http.response.body"
        await self.send({"type": name, "body": part, "more_body": more})

    def close(self) -> None:
        """Wait no longer."""
        if self._gone is not None:
            self._gone.cancel()

    @property
    def _prefix(self) -> str:
        return "" if self.offered is None else "websocket."

    async def _leave(self) -> None:
        # What comes on a WebSocket before that is for no program here.
        while (await self._receive())["type"] == "websocket.receive":
            pass


class Application:
    """Serves all clusters: by the path ``/c/<name>/…``, or by a port of their own."""

    def __init__(self, clusters: Mapping[str, Simulated], clock: Clock, control: Control) -> None:
        self.own_ports: dict[int, str] = {}
        """Ports that belong to a cluster, whose paths then need no prefix."""
        self._clusters = clusters
        self._clock = clock
        self._control = control

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        client = Client(scope, receive, send)
        try:
            await self._serve(scope, client)
        except TimeoutError:
            await client.cut()
        finally:
            client.close()

    async def _serve(self, scope: Mapping[str, Any], client: Client) -> None:
        body, place = await client.body(), self._place(scope)
        if body is None:
            await self._send(client, text_answer("request body too large\n", 413), FINE)
        elif place is None:
            request = self._request(scope, scope["path"], body, client.line)
            await self._send(client, self._elsewhere(request, scope["client"][0]), FINE)
        else:
            fault = place.simulated.faults.meet(place.part)
            request = self._request(scope, place.path, body, client.line)
            if fault.kind is FaultKind.HANG:
                await client.pause(_LONGEST_HANG)
                await client.cut()
                return
            await self._say(client, (place, request), fault)

    async def _say(self, client: Client, asked: tuple[Place, Request], fault: Fault) -> None:
        if client.offered is None:
            await self._send(client, _answer(*asked, fault), fault)
            return
        said, subprotocol = _upgraded(*asked, fault), negotiated(client.offered)
        if isinstance(said, Answer):
            await self._send(client, said, fault)
        elif isinstance(said, loki.Tail):
            await client.send({"type": "websocket.accept"})
            await _follow(client, said, fault, self._clock)
        elif subprotocol is None:
            await self._send(client, Answer(403), fault)
        else:
            headers = [(b"date", self._date(fault).encode())]
            accept = {"type": "websocket.accept", "subprotocol": subprotocol, "headers": headers}
            await client.send(accept)
            await _talk(client, said, fault)

    def _place(self, scope: Mapping[str, Any]) -> Place | None:
        name, path = self.own_ports.get(scope["server"][1]), scope["path"]
        if name is None:
            head, _, path = path.removeprefix("/c/").partition("/")
            name = head if scope["path"].startswith("/c/") else ""
        simulated = self._clusters.get(name)
        if simulated is None:
            return None
        first, _, rest = path.lstrip("/").partition("/")
        part = _BACKENDS.get(first, Part.API)
        return Place(
            simulated, part, f"/{rest}" if part is not Part.API else f"/{path.lstrip('/')}"
        )

    def _elsewhere(self, request: Request, address: str) -> Answer:
        if request.path.startswith("/_control/"):
            return self._control(request, address)
        return text_answer("no such simulated cluster\n", 404)

    def _request(self, scope: Mapping[str, Any], path: str, body: bytes, line: Line) -> Request:
        shown = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        scheme, _, token = shown.decode("latin-1").partition(" ")
        accepted = [value for name, value in scope["headers"] if name == b"accept"]
        query = scope["query_string"].decode("latin-1")
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=100)
        return Request(
            method=scope.get("method", "GET"),
            path=path,
            pairs=tuple(pairs),
            body=body,
            token=token.strip() if scheme.lower() == "bearer" else None,
            certificate=line.certificate(),
            now=self._clock.now(),
            accept=b",".join(accepted).decode("latin-1"),
            base=f"https://{HOST}:{scope['server'][1]}{scope['path'].removesuffix(path)}",
        )

    async def _send(self, client: Client, answer: Answer, fault: Fault) -> None:
        date = self._date(fault)
        headers = {"content-type": answer.content_type, "date": date, **answer.headers}
        if answer.stream is None:
            headers["content-length"] = str(len(answer.body))
        encoded = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
        await client.begin(answer.status, encoded)
        match fault.kind:
            case FaultKind.RESET:
                await _reset(client, answer)
            case FaultKind.DRIP:
                await _drip(client, answer, fault.bytes_per_second)
            case _:
                await _pour(client, _chunks(client, answer))

    def _date(self, fault: Fault) -> str:
        skew = fault.seconds if fault.kind is FaultKind.CLOCK_SKEW else 0
        return format_datetime(self._clock.now() + timedelta(seconds=skew), usegmt=True)


def _answer(place: Place, request: Request, fault: Fault) -> Answer:
    """The right answer, or what a fault has instead of it."""
    if (wrong := _wrong(place, fault)) is not None:
        return wrong
    if request.method not in _METHODS[place.part]:
        return text_answer("method not allowed\n", 405)
    return _right(place, request, fault)


def _upgraded(place: Place, request: Request, fault: Fault) -> Answer | Plan | loki.Tail:
    """The same for who asks for a WebSocket; what is huge or garbage is then what comes on it."""
    if fault.kind not in _ON_SOCKET[place.part] and (wrong := _wrong(place, fault)) is not None:
        return wrong
    if place.part is not Part.API:
        backend = place.simulated.cluster.backend(place.part)
        if backend is None:
            return _right(place, request, fault)
        return backends.upgraded(_backed(place.simulated), backend, request, fault)
    said = kubernetes.upgraded(place.simulated.admission, request, fault)
    if isinstance(said, Answer) and said.stream is not None:
        return statuses.failure(400, "only commands are served by WebSocket here")
    return said


def _wrong(place: Place, fault: Fault) -> Answer | None:
    if fault.kind is not FaultKind.STATUS:
        return instead(fault)
    told = statuses.on_demand if place.part is Part.API else backends.on_demand
    return told(fault.status, fault.retry_after)


def _right(place: Place, request: Request, fault: Fault) -> Answer:
    simulated = place.simulated
    if place.part is Part.API:
        return kubernetes.answer(simulated.admission, request, fault)
    backend = simulated.cluster.backend(place.part)
    if backend is None:
        # As the router in front of the cluster says it of a host that it does not know.
        return text_answer("no such backend\n", 503)
    return backends.answer(_backed(simulated), backend, request, fault)


def _backed(simulated: Simulated) -> backends.Backed:
    return backends.Backed(simulated.cluster, simulated.silences)


async def _chunks(client: Client, answer: Answer) -> AsyncIterator[bytes]:
    if answer.stream is None:
        yield answer.body
        return
    async for chunk in answer.stream(client.pause):
        yield chunk


async def _pour(client: Client, chunks: AsyncIterator[bytes]) -> None:
    async for chunk in chunks:
        await client.give(chunk)
    await client.give(more=False)


async def _reset(client: Client, answer: Answer) -> None:
    async for chunk in _chunks(client, answer):
        await client.give(chunk[: len(chunk) // 2])
        break
    # Time for it to arrive: a reset throws away what is still to be sent.
    await client.pause(0.05)
    await client.cut()


async def _drip(client: Client, answer: Answer, rate: int) -> None:
    size = max(1, rate // _STEPS_PER_SECOND)
    async for chunk in _chunks(client, answer):
        for start in range(0, len(chunk), size):
            if not await client.pause(size / rate):
                return
            await client.give(chunk[start : start + size])
    await client.give(more=False)


async def _talk(client: Client, plan: Plan, fault: Fault) -> None:
    async for message in messages(plan, fault, client.pause):
        await client.send({"type": "websocket.send", "bytes": message})
    if fault.kind is FaultKind.RESET:
        await client.pause(0.05)
        await client.cut()
    elif await client.pause(0):
        await client.send({"type": "websocket.close"})


async def _follow(client: Client, tail: loki.Tail, fault: Fault, clock: Clock) -> None:
    def now() -> int:
        return int(clock.now().timestamp() * 1_000_000_000)

    async for message in loki.messages(tail, fault, now, client.pause):
        await client.send({"type": "websocket.send", "text": message})
    if fault.kind is FaultKind.RESET:
        await client.pause(0.05)
        await client.cut()
