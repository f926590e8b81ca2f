"""The log: append with optimistic concurrency, load, head, read. The append *is* the publish."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from contracts.catalog import CATALOG, EventCatalog
from contracts.envelope import Context, Event, Recorded, rfc3339
from contracts.subjects import NO_CLUSTER, EntityKey, address, parse
from services.runtime import streams
from services.runtime.bus import (
    Ack,
    Bus,
    BusUnavailable,
    JetStreamRefused,
    Outgoing,
    Stored,
    TooManySubjects,
)
from services.runtime.context import (
    LOGGED_AT,
    context_headers,
    event_headers,
    log_time,
    recorded,
)
from services.runtime.ids import derived_id
from services.runtime.timeline import first_at
from services.runtime.tracing import UNTRACED, Tracing

# A lost race; replicated streams tell one on the same subject by the second code.
_WRONG_SEQUENCE = frozenset({10071, 10164})
_DUPLICATE_IN_BATCH = 10201
_HEADS_PER_READ = 300
_LAST_VERSIONS = 8
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0
_TICK = timedelta(microseconds=1)
# A replicated stream gives an event its time a little before it is there.
_SETTLED = timedelta(milliseconds=10)


class Conflict(Exception):
    """Somebody else appended to the entity first: load again and decide again."""


class TooLong(Exception):
    """An aggregate has more events than one load can bring (1,024)."""


@dataclass(frozen=True, slots=True)
class Head:
    """Where an entity stands: position and version of its last event; zeros for none."""

    sequence: int = 0
    version: int = 0


NOTHING = Head()


@dataclass(frozen=True, slots=True)
class Reach:
    """How far the log was at a moment: nothing after ``position`` is as old as that."""

    position: int
    certain: bool
    """False where events before it have aged out: the last ones of these may be younger."""


@dataclass(frozen=True, slots=True)
class Appended:
    """The position of the last event of an append, and the version of that event's aggregate."""

    sequence: int
    version: int | None


@dataclass
class EventLog:
    """Appends and reads of the stream EVT."""

    bus: Bus
    facts_age: timedelta
    """How long observed facts stay; one value for all events of an entity."""
    patience: float = 15.0
    """Seconds that an append is repeated, with the same message ids, while the bus is away."""
    catalog: EventCatalog = CATALOG
    random: Random = field(default_factory=Random)
    tracing: Tracing = UNTRACED

    async def append(
        self,
        events: Sequence[Event],
        expected: Mapping[EntityKey, Head],
        context: Context,
        at: datetime,
    ) -> Appended:
        """Store all events or none, if every entity still stands where ``expected`` says.

        Entities that are not in ``expected`` must have no event yet. Conflict if one has moved on,
        unless it was by an earlier try of this same append, which then counts.
        """
        with self.tracing.append(streams.EVENTS):
            return await self._append(events, expected, context, at)

    async def _append(
        self,
        events: Sequence[Event],
        expected: Mapping[EntityKey, Head],
        context: Context,
        at: datetime,
    ) -> Appended:
        messages, versions = self._messages(events, expected, context, at)
        version = versions[events[-1].key]
        deadline = asyncio.get_running_loop().time() + self.patience
        pause = _FIRST_PAUSE
        while True:
            try:
                ack = await self._publish(messages)
                return await self._earlier(ack) if ack.duplicate else Appended(ack.seq, version)
            except JetStreamRefused as error:
                if error.code not in _WRONG_SEQUENCE | {_DUPLICATE_IN_BATCH}:
                    raise
                found = await self._find(events[-1].key, messages[-1])
                if found is None:
                    raise Conflict(str(events[0].key)) from None
                return found
            except BusUnavailable:
                if asyncio.get_running_loop().time() + pause > deadline:
                    raise
                await asyncio.sleep(pause * (0.5 + self.random.random()))
                pause = min(pause * 2, _LONGEST_PAUSE)

    async def _publish(self, messages: Sequence[Outgoing]) -> Ack:
        if len(messages) == 1:
            only = messages[0]
            return await self.bus.publish(only.subject, only.data, only.headers)
        return await self.bus.publish_batch(messages)

    async def append_each(
        self,
        changes: Sequence[tuple[Event, Head]],
        context: Context,
        at: datetime,
    ) -> list[int | Exception]:
        """Store events of different entities, each for itself, pipelined.

        For each one its sequence, a Conflict, or the BusUnavailable that kept it out.
        """
        writer = self._writer(context, at)
        messages = [writer.message(event, event.key, head)[0] for event, head in changes]
        with self.tracing.append(streams.EVENTS):
            answers = await self.bus.publish_each(messages)
        return [
            answer.seq if isinstance(answer, Ack) else _conflict_or(answer) for answer in answers
        ]

    def _messages(
        self,
        events: Sequence[Event],
        expected: Mapping[EntityKey, Head],
        context: Context,
        at: datetime,
    ) -> tuple[list[Outgoing], dict[EntityKey, int | None]]:
        writer = self._writer(context, at)
        messages: list[Outgoing] = []
        versions: dict[EntityKey, int | None] = {}
        for event in events:
            key = event.key
            head = expected.get(key, NOTHING)
            before = versions.get(key)
            if before is not None:
                head = Head(head.sequence, before)
            message, version = writer.message(event, key, head, first=key not in versions)
            messages.append(message)
            versions[key] = version
        return messages, versions

    def _writer(self, context: Context, at: datetime) -> "_Writer":
        return _Writer(self.catalog, context, at, self.facts_age)

    async def _earlier(self, ack: Ack) -> Appended:
        """What an earlier try has appended, maybe at another version than this one would have."""
        stored = await self.at(ack.seq)
        return Appended(ack.seq, parse(stored.subject).version if stored else None)

    async def _find(self, key: EntityKey, message: Outgoing) -> Appended | None:
        """Where an earlier try has stored this event: on its own subject, however long ago.

        Or among the last ones of its entity, decided before anew at another version.
        """
        stored = await self.bus.get(streams.EVENTS, {"last_by_subj": message.subject})
        if stored is not None and stored.headers.get("ce-id") == message.headers["ce-id"]:
            return Appended(stored.sequence, parse(stored.subject).version)
        for entry in await self.load_last(key):
            if str(entry.event_id) == message.headers["ce-id"]:
                return Appended(entry.sequence, entry.version)
        return None

    async def _last_of_each(self, key: EntityKey) -> list[Stored]:
        try:
            return await self.bus.get_last(streams.EVENTS, [key.filter])
        except TooManySubjects:
            raise TooLong(str(key)) from None

    async def load(self, key: EntityKey) -> list[Recorded]:
        """Every event of an aggregate, oldest first; of a fact, the last event of each type."""
        return [self._recorded(stored) for stored in await self._last_of_each(key)]

    async def load_last(self, key: EntityKey) -> list[Recorded]:
        """The last events of an aggregate, at least 8 if there are so many, oldest first.

        Enough for an aggregate whose every event carries its whole state: the last one is the
        state. A repeated command finds its own event among them, or else is stopped by its
        message id, which the stream remembers for two minutes. One read for a young aggregate,
        three for one with more events, however old it is.
        """
        query = {"multi_last": [key.filter], "batch": _LAST_VERSIONS + 1}
        try:
            found = await self.bus.get_many(streams.EVENTS, query)
        except TooManySubjects:
            found = []
        if 0 < len(found) <= _LAST_VERSIONS:
            return [self._recorded(stored) for stored in found]
        return await self._load_end(key)

    async def _load_end(self, key: EntityKey) -> list[Recorded]:
        head = await self.bus.get(streams.EVENTS, {"last_by_subj": key.filter})
        if head is None:
            return []
        version = parse(head.subject).version or 0
        stem = key.filter.removesuffix(">")
        first = max(1, version - _LAST_VERSIONS + 1)
        # One more than there is: an append may come between the two reads.
        wanted = [f"{stem}*.{each}" for each in range(first, version + 2)]
        return [
            self._recorded(stored) for stored in await self.bus.get_last(streams.EVENTS, wanted)
        ]

    async def load_part(self, key: EntityKey, first: int, count: int) -> list[Recorded]:
        """Events of an aggregate by version from ``first`` on: so many, 1,000 at most."""
        stem = key.filter.removesuffix(">")
        wanted = [f"{stem}*.{version}" for version in range(first, first + count)]
        return [
            self._recorded(stored) for stored in await self.bus.get_last(streams.EVENTS, wanted)
        ]

    async def last_names(self, entity: str) -> dict[EntityKey, str]:
        """The name of the last event of each aggregate of a type that is of no cluster.

        Told by subjects alone: for types of which there are few.
        """
        wanted = {"subjects_filter": f"evt.{NO_CLUSTER}.{entity}.>"}
        answer = await self.bus.api(f"STREAM.INFO.{streams.EVENTS}", wanted)
        subjects: dict[str, int] = answer["state"].get("subjects") or {}
        found = [parse(subject) for subject in subjects]
        return {each.key: each.event for each in sorted(found, key=lambda each: each.version or 0)}

    async def head(self, key: EntityKey, known: Recorded | None = None) -> Recorded | None:
        """The last event of an entity; where that is ``known``, it is not decoded once more."""
        stored = await self.bus.get(streams.EVENTS, {"last_by_subj": key.filter})
        if stored is not None and known is not None and stored.sequence == known.sequence:
            return known
        return None if stored is None else self._recorded(stored)

    async def heads(self, keys: Iterable[EntityKey]) -> dict[EntityKey, Recorded]:
        """The last event of each of many facts; those without any are absent."""
        wanted = list(dict.fromkeys(keys))
        found: dict[EntityKey, Recorded] = {}
        if len(wanted) == 1:  # Half the messages of a batched read.
            last = await self.head(wanted[0])
            return {} if last is None else {wanted[0]: last}
        for start in range(0, len(wanted), _HEADS_PER_READ):
            part = [key.filter for key in wanted[start : start + _HEADS_PER_READ]]
            for stored in await self.bus.get_last(streams.EVENTS, part):
                found[parse(stored.subject).key] = self._recorded(stored)
        return found

    async def at(self, sequence: int) -> Stored | None:
        """The message at a position as it is stored."""
        return await self.bus.get(streams.EVENTS, {"seq": sequence})

    async def at_each(self, sequences: Sequence[int]) -> dict[int, Stored]:
        """The messages at many positions, pipelined; those that have aged out are absent."""
        answers = await asyncio.gather(*(self.at(sequence) for sequence in sequences))
        return {stored.sequence: stored for stored in answers if stored is not None}

    async def read(self, start: int, limit: int) -> list[Stored]:
        """Messages from a position on, oldest first."""
        query = {"seq": max(start, 1), "batch": limit, "next_by_subj": "evt.>"}
        return await self.bus.get_many(streams.EVENTS, query)

    async def bounds(self) -> tuple[int, int]:
        """First and last position; (1, 0) or the like for an empty log."""
        state = (await self.bus.api(f"STREAM.INFO.{streams.EVENTS}"))["state"]
        return int(state["first_seq"]), int(state["last_seq"])

    async def reach(self, moment: datetime) -> Reach:
        """How far the log was at a moment of which the year is sensible.

        Log times count as they are shown, in microseconds. Waits until the log's clock has passed
        the moment, so that the answer stays true; the caller says how long that may take.
        """
        later = {"start_time": rfc3339(moment + _TICK), "next_by_subj": "evt.>"}
        following = await self.bus.get(streams.EVENTS, later)
        if following is None:
            await self._pass(moment)
            _, last = await self.bounds()
            following = await self.bus.get(streams.EVENTS, later)
            position = last if following is None else following.sequence - 1
        elif LOGGED_AT in following.headers:
            first, last = await self.bounds()
            later_at = moment + _TICK
            position = await first_at(self.bus, streams.EVENTS, later_at, first, last) - 1
        else:
            position = following.sequence - 1
        if not position:
            return Reach(0, certain=True)
        stored = await self.at(position)
        return Reach(position, stored is not None and log_time(stored.time) <= moment)

    async def _pass(self, moment: datetime) -> None:
        while True:
            told = (await self.bus.api(f"STREAM.INFO.{streams.EVENTS}"))["ts"]
            left = (moment + _SETTLED - log_time(told)).total_seconds()
            if left <= 0:
                return
            await asyncio.sleep(left)

    def _recorded(self, stored: Stored) -> Recorded:
        position = (stored.sequence, log_time(stored.time))
        return recorded(self.catalog, stored.subject, stored.headers, stored.data, position)


class _Writer:
    """Makes the messages of one append; what they share is made once."""

    def __init__(
        self, catalog: EventCatalog, context: Context, at: datetime, facts_age: timedelta
    ) -> None:
        self._catalog = catalog
        self._command_id = str(context.command_id)
        self._shared = context_headers(at, context)
        self._age = f"{int(facts_age.total_seconds())}s"

    def message(
        self, event: Event, key: EntityKey, head: Head, *, first: bool = True
    ) -> tuple[Outgoing, int | None]:
        """One event's message; the ``first`` of its entity in an append carries the check."""
        version = head.version + 1 if event.aggregate else None
        where = address(key, event.names.token, version)
        event_type, body = self._catalog.encode(event)
        event_id = self._event_id(event, where.filter, body, first=first)
        headers = self._shared | event_headers(event, key, event_id)
        headers["ce-type"] = event_type
        if event.expires:
            headers["Nats-TTL"] = self._age
        if first:
            headers["Nats-Expected-Last-Subject-Sequence"] = str(head.sequence)
            headers["Nats-Expected-Last-Subject-Sequence-Subject"] = where.filter
        return Outgoing(where.subject, body.encode(), headers), version

    def _event_id(self, event: Event, entity: str, body: str, *, first: bool) -> UUID:
        """The same for the same event of the same command, so that the stream sees a repeat.

        What a command does first to an aggregate has one id whatever the aggregate has become
        meanwhile; anything else is told apart by its content.
        """
        if event.aggregate and first:
            return derived_id(self._command_id, entity, event.names.token)
        return derived_id(self._command_id, entity, event.names.token, body)


def _conflict_or(error: Exception) -> Exception:
    if isinstance(error, JetStreamRefused) and error.code in _WRONG_SEQUENCE:
        return Conflict(error.description)
    return error
