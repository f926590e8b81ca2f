"""What a handler works with: the log within the context of one message."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar, cast
from uuid import UUID

from contracts.envelope import Context, Event, Message, Recorded
from contracts.refusals import TryLater
from contracts.subjects import NO_CLUSTER, EntityKey
from services.runtime.ids import derived_id
from services.runtime.log import NOTHING, Conflict, EventLog, Head
from services.runtime.outside import NOTHING_OUTSIDE, Outside
from services.runtime.principals import NOWHERE, Scope
from services.runtime.settings import Settings

_TRIES = 8

S = TypeVar("S")
E = TypeVar("E", bound=Event)


@dataclass(frozen=True, slots=True)
class Accepted:
    """What a handler says of a command that it granted."""

    id: str | None = None
    version: int | None = None
    sequence: int | None = None
    details: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What else the caller is told; never a secret."""


class AlreadyDone(Exception):
    """An earlier try of this command has appended its events."""

    def __init__(self, last: Recorded) -> None:
        super().__init__(str(last.event_id))
        self.accepted = Accepted(last.event.key.id, last.version, last.sequence)


@dataclass(frozen=True, slots=True)
class Loaded(Generic[S]):
    """An aggregate as its events tell it."""

    state: S | None
    head: Head


@dataclass(frozen=True, slots=True)
class Store:
    """The log as one message's handler sees it."""

    log: EventLog
    context: Context
    at: datetime
    """When the message was stored: the only time that domain code sees."""
    settings: Settings
    outside: Outside = NOTHING_OUTSIDE
    """Other systems, and the secrets that they want to see."""
    scope: Scope = NOWHERE
    """Where whoever asks may do this: of commands that are `rights.is_of_its_own_clusters`."""

    def mint(self) -> UUID:
        """The id of what this command creates; a repeat of the command mints the same."""
        return derived_id(self.context.command_id)

    async def load(self, key: EntityKey, evolve: Callable[[S | None, E], S | None]) -> Loaded[S]:
        """The state and head of an aggregate whose every event carries its whole state.

        One read, however old it is. AlreadyDone if its last event is this command's own; an
        earlier own event is stopped by its message id, which the stream remembers for 2 minutes.
        """
        last = await self.log.head(key)
        if last is None:
            return Loaded(None, NOTHING)
        if last.command_id == self.context.command_id:
            raise AlreadyDone(last)
        state = evolve(None, cast(E, last.event))
        return Loaded(state, Head(last.sequence, last.version or 0))

    async def append(self, events: Sequence[Event], expected: Mapping[EntityKey, Head]) -> Accepted:
        """Store a decision, all of it or nothing."""
        appended = await self.log.append(events, expected, self.context, self.at)
        return Accepted(events[-1].key.id, appended.version, appended.sequence)

    async def tell(self, fact: Event) -> Accepted:
        """Store a fact whatever was told of its entity before; once, if the message comes again."""

        async def attempt() -> Accepted:
            before = await self.load(fact.key, lambda _, last: last)
            return await self.append([fact], {fact.key: before.head})

        return await self.settle(attempt)

    async def measure(
        self, kind: str, cluster: str, message: Message, of: str = NO_CLUSTER
    ) -> None:
        """Store a measurement: telemetry, which is no decision and ages out.

        ``of``: a token of what it is about, where that is not the cluster itself.
        """
        subject = f"tel.{kind}.{cluster}.{of}"
        await self.log.bus.publish(subject, message.model_dump_json().encode())

    async def settle(self, attempt: Callable[[], Awaitable[Accepted]]) -> Accepted:
        """Load, decide and append; once more if somebody else was first, up to 8 times."""
        for number in range(_TRIES):
            try:
                return await attempt()
            except AlreadyDone as done:
                return done.accepted
            except Conflict:
                await asyncio.sleep(self.log.random.random() * 0.005 * 2**number)
        raise TryLater("the entity is being changed by many at once", delay=0.5)
