"""Sequences of the ``eventsourcing`` library in the log: one entity for each originator.

An event lies at ``evt.-.<entity>.<originator>.<event>.<version>`` and carries the platform's whole
envelope, so that every reader of the log meets it like any other.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

import msgspec
from eventsourcing.persistence import DataError, IntegrityError, Notification, StoredEvent

from contracts.envelope import rfc3339
from contracts.subjects import NO_CLUSTER, EntityKey, address, parse, token
from services.runtime import streams
from services.runtime.bus import (
    Bus,
    BusUnavailable,
    JetStreamRefused,
    Outgoing,
    Stored,
    TooManySubjects,
)
from services.runtime.clock import Clock, SystemClock
from services.runtime.ids import new_id
from services.runtime.log import NOTHING, Head

_WRONG_SEQUENCE, _DUPLICATE_IN_BATCH = 10071, 10201
_LARGEST_INSERT = 1000
_TRIES = 8
_AWAY_PAUSE = 0.2
_PAGE = 256
_VERSIONS_PER_READ, _FEW_VERSIONS = 500, 64
_WORD_ENDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NO_WORD = re.compile(r"[^a-z0-9]+")
_LONGEST_NAME = 64

OriginatorId = UUID | str
T = TypeVar("T")


class _Body(msgspec.Struct, omit_defaults=True):
    """A stored event as JSON, readable where its state is text."""

    originator_id: str
    topic: str
    uuid: bool = False
    """Whether the id is a UUID: the library tells it from the same text."""
    state: str | None = None
    state_base64: bytes | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """Which events of one originator: versions above ``gt`` up to ``lte``, at most ``limit``."""

    gt: int | None = None
    lte: int | None = None
    desc: bool = False
    limit: int | None = None

    def has(self, version: int) -> bool:
        """True for a version that is asked for."""
        above = self.gt is None or version > self.gt
        return above and (self.lte is None or version <= self.lte)


@dataclass(frozen=True, slots=True)
class Span:
    """Which notifications: positions from ``start`` to ``stop``, of these topics if any."""

    start: int
    limit: int
    stop: int | None = None
    topics: frozenset[str] = frozenset()


@dataclass
class Originators:
    """Appends to and reads the sequences of one application."""

    bus: Bus
    entity: str
    """Third token of their subjects: ``[a-z0-9_]+``."""
    patience: float = 10.0
    """Seconds that an insert is repeated, with the same ids, while the bus is away."""
    clock: Clock = field(default_factory=SystemClock)

    @property
    def filter(self) -> str:
        """Every event of the application."""
        return f"evt.{NO_CLUSTER}.{self.entity}.>"

    async def insert(self, events: Sequence[StoredEvent]) -> list[int]:
        """Store all events or none; gives their positions.

        IntegrityError if an originator has one of these versions already or a later one; DataError
        for more than 1,000 events; BusUnavailable if it cannot be told whether they were stored.
        """
        firsts = _firsts(events)
        if len(events) > _LARGEST_INSERT:
            raise DataError(f"at most {_LARGEST_INSERT} events can be stored at once")
        messages = self._messages(events)
        heads = await self._patiently(lambda: self._guess(firsts))
        for _ in range(_TRIES):
            _require_free(firsts, heads)
            last = await self._store(_checked(messages, heads, self))
            if last is not None:
                return list(range(last - len(events) + 1, last + 1))
            heads = await self._patiently(lambda: self._heads(firsts))
        raise IntegrityError("others write to the same originators all the time")

    async def _store(self, messages: Sequence[Outgoing]) -> int | None:
        """The position of the last one, None if an originator does not stand where we thought."""
        try:
            return await self._patiently(lambda: self._publish(messages))
        except JetStreamRefused as error:
            if error.code not in {_WRONG_SEQUENCE, _DUPLICATE_IN_BATCH}:
                raise
            return await self._patiently(lambda: self._stored_before(messages[-1]))

    async def _publish(self, messages: Sequence[Outgoing]) -> int:
        if len(messages) == 1:
            only = messages[0]
            return (await self.bus.publish(only.subject, only.data, only.headers)).seq
        return (await self.bus.publish_batch(messages)).seq

    async def _patiently(self, work: Callable[[], Awaitable[T]]) -> T:
        """Once more, with the same ids, while the bus is away."""
        deadline = asyncio.get_running_loop().time() + self.patience
        while True:
            try:
                return await work()
            except BusUnavailable:
                if asyncio.get_running_loop().time() + _AWAY_PAUSE > deadline:
                    raise
                await asyncio.sleep(_AWAY_PAUSE)

    async def _stored_before(self, message: Outgoing) -> int | None:
        """Where an earlier try has stored this message, whose acknowledgement was lost."""
        stored = await self.bus.get(streams.EVENTS, {"last_by_subj": message.subject})
        if stored is None or stored.headers.get("ce-id") != message.headers["ce-id"]:
            return None
        return stored.sequence

    async def _guess(self, firsts: Mapping[OriginatorId, int]) -> dict[OriginatorId, Head]:
        """Heads to begin with: a first version is expected to be one, which saves a read."""
        known = await self._heads({key: first for key, first in firsts.items() if first > 1})
        return dict.fromkeys(firsts, NOTHING) | known

    async def _heads(self, originators: Mapping[OriginatorId, int]) -> dict[OriginatorId, Head]:
        heads = await asyncio.gather(*(self._head(each) for each in originators))
        return dict(zip(originators, heads, strict=True))

    async def _head(self, originator_id: OriginatorId) -> Head:
        stored = await self._last(originator_id)
        if stored is None:
            return Head(0, -1)
        return Head(stored.sequence, _version(stored))

    async def _last(self, originator_id: OriginatorId) -> Stored | None:
        return await self.bus.get(streams.EVENTS, {"last_by_subj": self.key(originator_id).filter})

    def key(self, originator_id: OriginatorId) -> EntityKey:
        """The entity that an originator's events belong to."""
        return EntityKey(NO_CLUSTER, self.entity, token(str(originator_id)))

    def _messages(self, events: Sequence[StoredEvent]) -> list[Outgoing]:
        command, at = str(new_id()), rfc3339(self.clock.now())
        shared = {
            "ce-source": f"/services/{self.entity}",
            "ce-time": at,
            "ce-correlationid": command,
            "ce-causationid": command,
            "ce-commandid": command,
            "ce-actor": f"service:{self.entity}",
        }
        return [self._message(event, shared) for event in events]

    def _message(self, event: StoredEvent, shared: Mapping[str, str]) -> Outgoing:
        key, name, event_id = self.key(event.originator_id), event_token(event.topic), str(new_id())
        headers = {
            "Nats-Msg-Id": event_id,
            "ce-id": event_id,
            "ce-type": f"aiops.es.{name}.v1",
            "ce-subject": str(key),
            **shared,
        }
        subject = address(key, name, event.originator_version).subject
        return Outgoing(subject, _encode(event), headers)

    async def select(self, originator_id: OriginatorId, wanted: Selection) -> list[StoredEvent]:
        """Events of one originator by version; one read for up to 1,024, else 500 a read."""
        stored = [each async for page in self._pages(originator_id, wanted) for each in page]
        found = [_event(each, originator_id) for each in stored if wanted.has(_version(each))]
        return found[: wanted.limit]

    async def _pages(
        self, originator_id: OriginatorId, wanted: Selection
    ) -> AsyncIterator[Sequence[Stored]]:
        if wanted.gt is None and not (wanted.desc and wanted.limit is not None):
            try:
                page = await self.bus.get_last(streams.EVENTS, [self.key(originator_id).filter])
            except TooManySubjects:
                pass
            else:
                yield page[::-1] if wanted.desc else page
                return
        async for page in self._parts(originator_id, wanted):
            yield page

    async def _parts(
        self, originator_id: OriginatorId, wanted: Selection
    ) -> AsyncIterator[Sequence[Stored]]:
        """Versions by number: a few small reads for the end of a sequence of any length."""
        last = await self._last(originator_id)
        if last is None:
            return
        if wanted.desc and wanted.limit == 1 and wanted.has(_version(last)):
            yield [last]
            return
        left = wanted.limit
        stem = self.key(originator_id).filter.removesuffix(">")
        for versions in _versions(wanted, _version(last)):
            names = [f"{stem}*.{version}" for version in versions]
            page = await self.bus.get_last(streams.EVENTS, names)
            yield page[::-1] if wanted.desc else page
            left = None if left is None else left - len(page)
            if left is not None and left <= 0:
                return

    async def notifications(self, span: Span) -> list[Notification]:
        """Events of the whole application in the order of the log."""
        found: list[Notification] = []
        start = span.start
        while len(found) < span.limit and (span.stop is None or start <= span.stop):
            batch = _PAGE if span.topics else min(_PAGE, span.limit - len(found))
            query = {"seq": start, "batch": batch, "next_by_subj": self.filter}
            page = await self.bus.get_many(streams.EVENTS, query)
            if not page:
                break
            start = page[-1].sequence + 1
            found += [each for each in map(as_notification, page) if _is_in(each, span)]
        return found[: span.limit]

    async def last_position(self) -> int | None:
        """The position of the application's last event."""
        stored = await self.bus.get(streams.EVENTS, {"last_by_subj": self.filter})
        return None if stored is None else stored.sequence


def event_token(topic: str) -> str:
    """The event's name in its subject: ``registered`` for ``dogs.model:Dog.Registered``."""
    name = re.split(r"[.:]", topic)[-1]
    return as_name(_WORD_ENDS.sub("_", name)) or "event"


def as_name(text: str) -> str:
    """Any text as ``[a-z0-9_]*``, at most 64 long."""
    return _NO_WORD.sub("_", text.lower()).strip("_")[:_LONGEST_NAME]


def as_notification(stored: Stored) -> Notification:
    """An event with its position."""
    event = _event(stored, None)
    return Notification(
        originator_id=event.originator_id,
        originator_version=event.originator_version,
        topic=event.topic,
        state=event.state,
        id=stored.sequence,
    )


def _firsts(events: Sequence[StoredEvent]) -> dict[OriginatorId, int]:
    """The lowest version of each originator; IntegrityError unless versions rise."""
    firsts: dict[OriginatorId, int] = {}
    lasts: dict[OriginatorId, int] = {}
    for event in events:
        key, version = event.originator_id, event.originator_version
        if key in lasts and version <= lasts[key]:
            raise IntegrityError(f"version {version} of {key} follows version {lasts[key]}")
        firsts.setdefault(key, version)
        lasts[key] = version
    return firsts


def _require_free(firsts: Mapping[OriginatorId, int], heads: Mapping[OriginatorId, Head]) -> None:
    for key, first in firsts.items():
        head = heads[key]
        if head.sequence and head.version >= first:
            raise IntegrityError(f"{key} has version {head.version} already")


def _checked(
    messages: Sequence[Outgoing], heads: Mapping[OriginatorId, Head], own: Originators
) -> list[Outgoing]:
    """The messages, the first of each originator with what its sequence is expected to be.

    The server checks a filter against what was stored before the batch only.
    """
    expected = {own.key(each).filter: head.sequence for each, head in heads.items()}
    found: list[Outgoing] = []
    for message in messages:
        name = parse(message.subject).key.filter
        sequence = expected.pop(name, None)
        checks = (
            {}
            if sequence is None
            else {
                "Nats-Expected-Last-Subject-Sequence": str(sequence),
                "Nats-Expected-Last-Subject-Sequence-Subject": name,
            }
        )
        found.append(Outgoing(message.subject, message.data, message.headers | checks))
    return found


def _versions(wanted: Selection, head: int) -> list[range]:
    first = 0 if wanted.gt is None else max(0, wanted.gt + 1)
    last = head if wanted.lte is None else min(head, wanted.lte)
    size = _VERSIONS_PER_READ if wanted.limit is None else max(wanted.limit, _FEW_VERSIONS)
    size = min(size, _VERSIONS_PER_READ)
    if not wanted.desc:
        return [range(low, min(low + size, last + 1)) for low in range(first, last + 1, size)]
    return [range(max(first, top - size + 1), top + 1) for top in range(last, first - 1, -size)]


def _is_in(notification: Notification, span: Span) -> bool:
    if span.stop is not None and notification.id > span.stop:
        return False
    return not span.topics or notification.topic in span.topics


def _version(stored: Stored) -> int:
    return parse(stored.subject).version or 0


def _encode(event: StoredEvent) -> bytes:
    body = _Body(str(event.originator_id), event.topic, uuid=isinstance(event.originator_id, UUID))
    try:
        body.state = event.state.decode()
    except UnicodeDecodeError:
        body.state_base64 = event.state
    return msgspec.json.encode(body)


_DECODER = msgspec.json.Decoder(_Body)


def _event(stored: Stored, known: OriginatorId | None) -> StoredEvent:
    body = _DECODER.decode(stored.data)
    own = UUID(body.originator_id) if body.uuid else body.originator_id
    return StoredEvent(
        originator_id=own if known is None else known,
        originator_version=_version(stored),
        topic=body.topic,
        state=(body.state or "").encode() if body.state_base64 is None else body.state_base64,
    )
