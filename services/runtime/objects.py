"""Objects that are too large for a message: written once, read whole, gone by themselves.

In the layout of NATS's object store, so that its own tools read them (`nats object get`): chunks on
``$O.<bucket>.C.<nuid>``, what is known of an object on ``$O.<bucket>.M.<name>``. What is different
is how one is removed: no service may purge a stream, so a message that rolls the subject up takes
the place of all that was there, and ages out.
"""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec

from contracts.refusals import Code, Refused
from services.runtime.bus import Bus, Outgoing
from services.runtime.ids import new_secret

MOST_BYTES = 32 * 1024 * 1024
"""Of one object."""
_CHUNK = 128 * 1024
_AT_ONCE = 32
_PATIENCE = 20.0
_DIGEST = "SHA-256="
_SPARE = 20
"""A twentieth of the bucket is never filled: a full one could not even take what removes."""
_ROLLUP, _TTL = "Nats-Rollup", "Nats-TTL"
_REMOVED = {_ROLLUP: "sub", _TTL: "1s"}


class _Meta(msgspec.Struct, omit_defaults=True):
    name: str
    bucket: str
    nuid: str
    size: int
    chunks: int
    digest: str
    options: dict[str, int]
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Stored:
    """What is known of an object."""

    size: int
    sha256: str
    """In hex."""


@dataclass(frozen=True, slots=True)
class Objects:
    """One bucket. Its stream is made by `streams`, as all are."""

    bus: Bus
    bucket: str

    @property
    def stream(self) -> str:
        """Where it is kept."""
        return f"OBJ_{self.bucket}"

    async def put(self, name: UUID, data: bytes, *, seconds: int) -> Stored:
        """Keep an object for so long, in place of one of this name; durable when it returns.

        LIMIT_REACHED for one that is too large, or if the bucket has no room for it. One that was
        cut off on its way is no object: its chunks go with the object, or age out.
        """
        if len(data) > MOST_BYTES:
            text = f"it has {len(data):,} bytes, {MOST_BYTES:,} at most are kept"
            raise Refused(Code.LIMIT_REACHED, text)
        await self._require_room(len(data))
        # Begins with the name, so that whatever was left of a try is found when it is removed.
        nuid = f"{name.hex}-{new_secret(9)}"
        keep = {_TTL: f"{seconds}s"}
        parts = [data[at : at + _CHUNK] for at in range(0, len(data), _CHUNK)]
        await self._store([Outgoing(self._chunk(nuid), part, keep) for part in parts])
        sha = hashlib.sha256(data)
        digest = _DIGEST + urlsafe_b64encode(sha.digest()).decode()
        options = {"max_chunk_size": _CHUNK}
        meta = _Meta(str(name), self.bucket, nuid, len(data), len(parts), digest, options)
        body = msgspec.json.encode(meta)
        await self._store([Outgoing(self._meta(name), body, keep | {_ROLLUP: "sub"})])
        await self._clear(name, but=nuid)
        return Stored(len(data), sha.hexdigest())

    async def get(self, name: UUID) -> bytes | None:
        """All of an object, None if there is none (any more)."""
        meta = await self._known(name)
        if meta is None:
            return None
        query = {"seq": 1, "next_by_subj": self._chunk(meta.nuid), "batch": max(meta.chunks, 1)}
        chunks = await self.bus.get_many(self.stream, query, timeout=_PATIENCE)
        data = b"".join(chunk.data for chunk in chunks)
        told = urlsafe_b64decode(meta.digest.removeprefix(_DIGEST))
        # It may have been removed, or written anew, between the two reads.
        return data if hashlib.sha256(data).digest() == told else None

    async def remove(self, name: UUID) -> None:
        """There is no object of this name any more, nor any part of one; none is no error."""
        if await self._known(name) is not None:
            await self._store([Outgoing(self._meta(name), b"", _REMOVED)])
        await self._clear(name)

    async def _require_room(self, size: int) -> None:
        found = await self.bus.api(f"STREAM.INFO.{self.stream}")
        most: int = found["config"]["max_bytes"]
        if most > 0 and found["state"]["bytes"] + size > most - most // _SPARE:
            raise Refused(Code.LIMIT_REACHED, f"the store of {self.bucket} is full")

    async def _known(self, name: UUID) -> _Meta | None:
        stored = await self.bus.get(self.stream, {"last_by_subj": self._meta(name)})
        if stored is None or not stored.data:
            return None
        meta = msgspec.json.decode(stored.data, type=_Meta)
        return None if meta.deleted else meta

    async def _clear(self, name: UUID, but: str = "") -> None:
        """Chunks of earlier tries go."""
        wanted = {"subjects_filter": self._chunk("*")}
        answer = await self.bus.api(f"STREAM.INFO.{self.stream}", wanted)
        subjects: dict[str, int] = answer["state"].get("subjects") or {}
        begin, kept = self._chunk(f"{name.hex}-"), self._chunk(but)
        old = [each for each in subjects if each.startswith(begin) and each != kept]
        await self._store([Outgoing(each, b"", _REMOVED) for each in old])

    async def _store(self, messages: Sequence[Outgoing]) -> None:
        for start in range(0, len(messages), _AT_ONCE):
            part = messages[start : start + _AT_ONCE]
            for answer in await self.bus.publish_each(part, timeout=_PATIENCE):
                if isinstance(answer, Exception):
                    raise answer

    def _chunk(self, nuid: str) -> str:
        return f"$O.{self.bucket}.C.{nuid}"

    def _meta(self, name: UUID) -> str:
        return f"$O.{self.bucket}.M.{urlsafe_b64encode(str(name).encode()).decode()}"


def reports(bus: Bus) -> Objects:
    """Where reports are kept."""
    return Objects(bus, "reports")
