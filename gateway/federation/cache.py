"""Answers that were whole, kept for a short while: in this process, and for its replicas."""

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

import msgspec

from services.runtime import streams
from services.runtime.bus import Bus, BusUnavailable, TooLarge
from services.runtime.clock import Clock

MOST_BYTES = 64 * 1024 * 1024
"""Of one process."""
LARGEST_SHARED = 768 * 1024
_ENTRY_BYTES = 1024
"""What an answer takes beside its data."""
_PATIENCE = 0.25
_PAUSE = 10.0
"""Seconds without the shared cache after it has not answered."""

T = TypeVar("T")


class CacheMark(StrEnum):
    """What the cache had to do with an answer: the header ``X-Cache``."""

    HIT = "HIT"
    MISS = "MISS"
    BYPASS = "BYPASS"


class Result(msgspec.Struct, frozen=True):
    """What came of one cluster, or of all of them combined (then it has no cluster)."""

    status: str
    cluster_id: UUID | None = None
    cluster_name: str | None = None
    result_type: str | None = None
    data: tuple[bytes, ...] = ()
    """JSON in pieces: together an array, or an object for metadata."""
    code: str | None = None
    error: str | None = None
    warnings: tuple[str, ...] = ()
    query_time_ms: float = 0.0


class Kept(msgspec.Struct, frozen=True):
    """An answer as it is kept."""

    results: tuple[Result, ...]
    warnings: tuple[str, ...]
    clusters: int

    @property
    def size(self) -> int:
        """Bytes that it takes, roughly."""
        data = sum(len(piece) for each in self.results for piece in each.data)
        return data + _ENTRY_BYTES * (1 + len(self.results))


class _Shared(msgspec.Struct, frozen=True):
    until: float
    """Unix seconds."""
    kept: Kept


@dataclass(frozen=True, slots=True)
class _Local:
    until: float
    kept: Kept
    size: int


_WRITER = msgspec.msgpack.Encoder()
_READER = msgspec.msgpack.Decoder(_Shared)


def key_of(kind: str, clusters: Sequence[tuple[UUID, str]], *told: object) -> str:
    """The key of a question to these clusters in these states: a change makes it another."""
    asked = [f"{cluster}@{state}" for cluster, state in sorted(clusters)]
    text = msgspec.json.encode([kind, asked, *map(str, told)])
    return hashlib.sha256(text).hexdigest()


class AnswerCache:
    """The cache of one process; what is small is shared over the bus."""

    def __init__(self, bus: Bus, clock: Clock, *, most_bytes: int = MOST_BYTES) -> None:
        self._bus = bus
        self._clock = clock
        self._most = most_bytes
        self._kept: OrderedDict[str, _Local] = OrderedDict()
        self._alone_until = 0.0
        self.bytes = 0

    async def get(self, key: str) -> Kept | None:
        """What is kept under the key and still counts."""
        found = self._kept.get(key)
        if found is not None:
            if found.until > self._now():
                self._kept.move_to_end(key)
                return found.kept
            self._drop(key)
        shared = await self._shared(key)
        if shared is None or shared.until <= self._now():
            return None
        self._keep(key, shared)
        return shared.kept

    async def put(self, key: str, kept: Kept, seconds: float) -> None:
        """Keep it for so long, here and, unless it is too large, for all replicas."""
        entry = _Shared(self._now() + seconds, kept)
        self._keep(key, entry)
        if kept.size > LARGEST_SHARED or self._clock.monotonic() < self._alone_until:
            return
        body = _WRITER.encode(entry)
        try:
            await self._bus.emit(_subject(key), body, {"Nats-TTL": f"{max(1, round(seconds))}s"})
        except (BusUnavailable, TooLarge):
            self._go_on_alone()

    def _keep(self, key: str, entry: _Shared) -> None:
        self._drop(key)
        size = entry.kept.size
        if size > self._most // 2:
            return
        self._kept[key] = _Local(entry.until, entry.kept, size)
        self.bytes += size
        while self.bytes > self._most:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: str) -> None:
        found = self._kept.pop(key, None)
        self.bytes -= found.size if found else 0

    async def _shared(self, key: str) -> _Shared | None:
        if self._clock.monotonic() < self._alone_until:
            return None
        query = {"last_by_subj": _subject(key)}
        try:
            stored = await self._bus.get(streams.QUERY_CACHE, query, timeout=_PATIENCE)
            return None if stored is None else _READER.decode(stored.data)
        except BusUnavailable:
            self._go_on_alone()
        except msgspec.DecodeError:
            return None  # Written by another version of this program.
        return None

    def _go_on_alone(self) -> None:
        self._alone_until = self._clock.monotonic() + _PAUSE

    def _now(self) -> float:
        return self._clock.now().timestamp()


def _subject(key: str) -> str:
    return f"$KV.query_cache.{key}"
