"""A TCP proxy between two servers whose line can be cut, slowed down or fall silent."""

import asyncio
import contextlib
import threading
from dataclasses import dataclass, field
from enum import StrEnum

from deploy.local.ports import free_port

_CHUNK = 64 * 1024


class Line(StrEnum):
    """How a line is."""

    OPEN = "open"
    CUT = "cut"
    """Every connection is reset, and no new one comes about."""
    SLOW = "slow"
    """Each piece takes a fifth of a second."""
    SILENT = "silent"
    """Connections stand, and nothing comes through: half-open."""


@dataclass(eq=False)
class Proxy:
    """Listens on a port of its own and leads to one port."""

    target: int
    port: int = field(default_factory=free_port)
    line: Line = Line.OPEN
    _writers: set[asyncio.StreamWriter] = field(default_factory=set[asyncio.StreamWriter])
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self) -> None:
        """Until it is cancelled."""
        async with await asyncio.start_server(self._connected, "127.0.0.1", self.port) as server:
            await server.serve_forever()

    def become(self, line: Line) -> None:
        """On the loop's thread."""
        self.line = line
        if line is Line.CUT:
            for writer in list(self._writers):
                writer.transport.abort()
        self._changed.set()
        self._changed = asyncio.Event()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        there = None
        try:
            if self.line is Line.CUT:
                return
            back, there = await asyncio.open_connection("127.0.0.1", self.target)
            self._writers.add(there)
            await asyncio.wait(
                [
                    asyncio.ensure_future(self._carry(reader, there)),
                    asyncio.ensure_future(self._carry(back, writer)),
                ],
                return_when=asyncio.FIRST_COMPLETED,
            )
        except OSError:
            """Whoever called tries again."""
        finally:
            for each in (writer, there):
                if each is not None:
                    self._writers.discard(each)
                    each.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while piece := await reader.read(_CHUNK):
                while self.line is Line.SILENT:
                    await self._changed.wait()
                if self.line is Line.SLOW:
                    await asyncio.sleep(0.2)
                writer.write(piece)
                await writer.drain()


class Proxies:
    """Proxies on a thread of their own."""

    def __init__(self, proxies: list[Proxy]) -> None:
        self._loop = asyncio.new_event_loop()
        self._tasks = [self._loop.create_task(proxy.serve()) for proxy in proxies]
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        with contextlib.suppress(asyncio.CancelledError):
            self._loop.run_until_complete(asyncio.gather(*self._tasks))

    def become(self, proxies: list[Proxy], line: Line) -> None:
        """All of them at once."""

        def change() -> None:
            for proxy in proxies:
                proxy.become(line)

        self._loop.call_soon_threadsafe(change)

    def close(self) -> None:
        """No more connections."""
        for task in self._tasks:
            self._loop.call_soon_threadsafe(task.cancel)
        self._thread.join(5)
