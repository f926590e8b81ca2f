"""Servers on loopback that behave well or badly, and a network that remembers what it was asked."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from ipaddress import ip_address

import httpcore

from services.runtime.clock import Clock, SystemClock
from services.runtime.outbound.addresses import AddressRules
from services.runtime.outbound.clients import Bounds, Outbound
from services.runtime.outbound.network import Resolve, plain_network

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Origin:
    """A running server, and the heads of the requests that it had."""

    port: int = 0
    scheme: str = "http"
    heads: list[str] = field(default_factory=list[str])
    connections: int = 0

    def url(self, host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{host}:{self.port}"

    def header(self, name: str, of: int = -1) -> str | None:
        """What the header of a request was, the last one's if not said."""
        for line in self.heads[of].splitlines()[1:]:
            key, _, value = line.partition(":")
            if key.strip().lower() == name:
                return value.strip()
        return None


def answer(body: bytes = b"ok", status: str = "200 OK", *headers: str) -> bytes:
    """A whole answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def says(reply: bytes) -> Talk:
    """Gives this answer to every request."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        del reader
        writer.write(reply)
        await writer.drain()

    return talk


@asynccontextmanager
async def serving(talk: Talk, tls: ssl.SSLContext | None = None) -> AsyncGenerator[Origin]:
    """A server that reads a request's head, then talks; so long as the talk does not hang up."""
    origin = Origin(scheme="http" if tls is None else "https")
    tasks: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        origin.connections += 1
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while not writer.is_closing():
                head = await reader.readuntil(b"\r\n\r\n")
                origin.heads.append(head.decode())
                await talk(reader, writer)
        writer.transport.abort()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    origin.port = server.sockets[0].getsockname()[1]
    try:
        yield origin
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


class Recorded(httpcore.AsyncNetworkBackend):
    """A network that remembers every address that it is asked for, and leads all to loopback."""

    def __init__(self) -> None:
        self.connects: list[str] = []
        self._plain = plain_network()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self.connects.append(host)
        here = host if ip_address(host).is_loopback else "127.0.0.1"
        return await self._plain.connect_tcp(here, port, timeout, local_address, socket_options)


def names(**known: str) -> Resolve:
    """A name service that knows these hosts, by the part before ``.test``."""

    async def resolve(host: str, port: int) -> Sequence[str]:
        del port
        if host not in {f"{name}.test" for name in known}:
            raise OSError("unknown")
        return [known[host.removesuffix(".test")]]

    return resolve


@asynccontextmanager
async def outbound(
    *,
    resolve: Resolve | None = None,
    network: httpcore.AsyncNetworkBackend | None = None,
    rules: AddressRules | None = None,
    bounds: Bounds | None = None,
    clock: Clock | None = None,
) -> AsyncGenerator[Outbound]:
    """A constructor of clients, closed at the end."""
    made = Outbound(
        clock or SystemClock(), rules=rules, resolve=resolve, network=network, bounds=bounds
    )
    try:
        yield made
    finally:
        await made.close()
