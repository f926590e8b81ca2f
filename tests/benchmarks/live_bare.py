"""What the live stream is compared with: a server that writes ready frames to every socket.

It knows the handshake, answers the first two frames of a client as the gateway would, and reads
nothing else. ``python -m tests.benchmarks.live_bare PORT EVENTS PER_SECOND BYTES``: frames of so
many events of so many bytes, so often a second, to everybody; none for 0.
"""

import asyncio
import base64
import hashlib
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

import msgspec
import uvloop

from contracts.envelope import rfc3339
from deploy.local.ports import free_port
from services.runtime.clock import SystemClock
from tests.benchmarks.client import Address
from tests.kit.hub import until
from tests.kit.tree import ROOT

_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_WELCOME = ({"type": "auth_response"}, {"type": "subscribed", "sequence": 0})


@dataclass(frozen=True)
class Bare:
    """A running one."""

    address: Address
    pid: int


@contextmanager
def bare(events: int = 0, per_second: float = 0, size: int = 0) -> Generator[Bare]:
    """The server in a process of its own for the time of a block."""
    port = free_port()
    words = (str(port), str(events), str(per_second), str(size))
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.live_bare", *words], cwd=ROOT
    )
    try:
        until(lambda: _listens(port), within=20.0)
        yield Bare(Address("127.0.0.1", port), process.pid)
    finally:
        process.kill()
        process.wait()


def _listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1.0):
            return True
    except OSError:
        return False


def _framed(payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        return bytes([0x81, size]) + payload
    if size < 65536:
        return bytes([0x81, 126]) + size.to_bytes(2, "big") + payload
    return bytes([0x81, 127]) + size.to_bytes(8, "big") + payload


class _Client(asyncio.Protocol):
    def __init__(self, everybody: "set[_Client]") -> None:
        self._everybody = everybody
        self._head = b""
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self in self._everybody or self.transport is None:
            return
        self._head += data
        if not self._head.endswith(b"\r\n\r\n"):
            return
        key = self._head.partition(b"Sec-WebSocket-Key: ")[2].partition(b"\r\n")[0]
        accept = base64.b64encode(hashlib.sha1(key + _MAGIC, usedforsecurity=False).digest())
        self.transport.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
            + b"".join(_framed(msgspec.json.encode(each)) for each in _WELCOME)
        )  # fmt: skip
        self._head = b""
        self._everybody.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._everybody.discard(self)


async def _serve(port: int, events: int, per_second: float, size: int) -> None:
    everybody: set[_Client] = set()
    loop = asyncio.get_running_loop()
    await loop.create_server(lambda: _Client(everybody), "127.0.0.1", port, backlog=4096)
    filler, sequence, number, began = "x" * size, 0, 0, time.perf_counter()
    if not per_second:
        await asyncio.Event().wait()
    while True:
        number += 1
        await asyncio.sleep(max(0.0, began + number / per_second - time.perf_counter()))
        now = rfc3339(SystemClock().now())
        told = [
            {"type": "event", "sequence": sequence + n, "timestamp": now, "payload": filler}
            for n in range(1, events + 1)
        ]
        sequence += events
        frame = _framed(msgspec.json.encode({"type": "events", "events": told}))
        for client in everybody:
            if client.transport is not None:
                client.transport.write(frame)


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])))
