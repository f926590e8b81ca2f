"""Streams by NATS's own snapshots: exact, with sequences, gaps, headers and times.

The server sends a stream as it was at the moment of the request, in chunks that it wants to have
acknowledged, so that no more than a few are on their way (ADR-1 of NATS, `STREAM.SNAPSHOT`); and
takes the same bytes back (`STREAM.RESTORE`). Consumers are not part of it: see `positions`.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from nats.aio.msg import Msg

from deploy.backup.errors import BackupError
from deploy.backup.folder import PartFile
from deploy.backup.manifest import StreamPart
from services.runtime.bus import Bus, JetStreamRefused

_CHUNK = 512 * 1024
"""Bytes: below 1 MB, which is what a message may have on a server that is set up by itself."""
_PATIENCE = 30.0
_INDEXING = 600.0
"""Seconds in which the server reads all of a restored stream: 1,000,000 messages take about 7."""
_NOT_FOUND = 10059

Told = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A stream at a moment, which the server waits to send."""

    bus: Bus
    name: str
    born: str
    config: dict[str, Any]
    state: dict[str, Any]
    chunks: "asyncio.Queue[Msg]" = field(repr=False)
    inbox: str = field(repr=False)

    async def save(self, file: PartFile, told: Told) -> StreamPart:
        """Write it to a file; ``told`` hears how many bytes came."""
        try:
            while data := await self._next():
                file.write(data)
                told(len(data))
        finally:
            self.bus.forget(self.inbox)
        return StreamPart(self.name, self.config, self.state, self.born, file.close())

    async def _next(self) -> bytes:
        """One chunk; empty at the end."""
        try:
            async with asyncio.timeout(_PATIENCE):
                message = await self.chunks.get()
        except TimeoutError:
            text = f"the server has stopped sending the stream {self.name}"
            raise BackupError(text) from None
        if message.data:
            if message.reply:
                await self.bus.emit(message.reply, b"")
            return message.data
        status = (message.headers or {}).get("Status", "204")
        if status != "204":
            raise BackupError(f"the server could not send the stream {self.name} ({status})")
        return b""


async def begin(bus: Bus, name: str) -> Snapshot:
    """The stream as it is now. Read it soon: the server waits a few seconds for each chunk."""
    born = (await bus.api(f"STREAM.INFO.{name}"))["created"]
    chunks: asyncio.Queue[Msg] = asyncio.Queue()
    inbox = bus.inbox(chunks.put_nowait)
    wanted = {"deliver_subject": inbox, "no_consumers": True, "chunk_size": _CHUNK}
    try:
        told = await bus.api(f"STREAM.SNAPSHOT.{name}", wanted, timeout=_PATIENCE)
    except BaseException:
        bus.forget(inbox)
        raise
    return Snapshot(bus, name, born, told["config"], told["state"], chunks, inbox)


async def restore(bus: Bus, folder: Path, stream: StreamPart, replicas: int, told: Told) -> None:
    """Put a stream back as it was; what has aged out since is not there any more."""
    config = stream.config | {"num_replicas": replicas}
    if config.get("storage") == "memory":
        config["num_replicas"] = 1
    wanted = {"config": config, "state": stream.state}
    begun = await bus.api(f"STREAM.RESTORE.{stream.name}", wanted, timeout=_PATIENCE)
    to = str(begun["deliver_subject"])
    with (folder / stream.part.file).open("rb") as file:
        while data := await asyncio.to_thread(file.read, _CHUNK):
            _require(stream, await bus.request(to, data, timeout=_PATIENCE))
            told(len(data))
    _require(stream, await bus.request(to, b"", timeout=_INDEXING))
    info = await bus.api(f"STREAM.INFO.{stream.name}", timeout=_PATIENCE)
    if int(info["state"]["last_seq"]) != stream.last:
        reached = int(info["state"]["last_seq"])
        raise BackupError(f"{stream.name} ends at {reached:,} and not at {stream.last:,}")


def _require(stream: StreamPart, answer: Msg) -> None:
    if not answer.data:
        return
    told: dict[str, Any] = msgspec.json.decode(answer.data)
    if error := told.get("error"):
        text = error.get("description", "")
        raise BackupError(f"the server does not take the stream {stream.name}: {text}")


async def require_empty(bus: Bus, names: list[str]) -> None:
    """BackupError if one of these streams holds anything; those that hold nothing are removed."""
    for name in names:
        try:
            info = await bus.api(f"STREAM.INFO.{name}")
        except JetStreamRefused as error:
            if error.code != _NOT_FOUND:
                raise
            continue
        if info["state"]["last_seq"]:
            raise BackupError(f"the bus is not empty (stream {name}): restore into a new one")
        await bus.api(f"STREAM.DELETE.{name}", timeout=_PATIENCE)


async def last_sequence(bus: Bus, name: str) -> int:
    """Of a stream; 0 if there is none."""
    try:
        return int((await bus.api(f"STREAM.INFO.{name}"))["state"]["last_seq"])
    except JetStreamRefused as error:
        if error.code != _NOT_FOUND:
            raise
        return 0
