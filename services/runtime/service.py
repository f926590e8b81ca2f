"""A service: its handlers, registered by decorators, whatever transport carries them."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar

from contracts.envelope import Command, Event, Query, Recorded
from services.runtime.following import (
    Follower,
    M,
    Start,
    follower_of_events,
    follower_of_telemetry,
)
from services.runtime.pull import Delivery
from services.runtime.replies import Asked
from services.runtime.store import Accepted, Store

C = TypeVar("C", bound=Command)
Q = TypeVar("Q", bound=Query)

CommandHandler = Callable[[C, Store], Awaitable[Accepted]]
Reaction = Callable[[Recorded, Store], Awaitable[None]]
DueHandler = Callable[["Due", Store], Awaitable[None]]
QueryHandler = Callable[[Any, Asked], Awaitable[Mapping[str, Any]]]
"""Sends the parts of an answer; what it returns is said of the whole."""
Answers = Callable[[Q, Asked], Awaitable[Mapping[str, Any]]]
_AnyHandler = Callable[[Any, Store], Awaitable[Accepted]]


@dataclass(frozen=True, slots=True)
class CommandRoute:
    """A command and the handler that decides on it."""

    command: type[Command]
    handler: _AnyHandler
    repeatable: bool
    """Handled twice it has one effect by itself: its outcome need not be looked up first."""
    one_at_a_time: Callable[[Any], object] | None
    """Commands for which this gives the same value are not handled side by side in one process."""


@dataclass(frozen=True, slots=True)
class ReactionRoute:
    """An event and what the service does when it happens."""

    event: type[Event]
    handler: Reaction
    name: str
    from_start: bool
    """It also concerns what happened before there was this reaction."""
    places: int | None
    """How many of them are worked on at once in one process; None: as many as commands."""


@dataclass(frozen=True, slots=True)
class Due:
    """What a schedule says is to be done now."""

    id: str
    """To what, as a token."""
    body: bytes
    at: datetime
    """When it was due."""


@dataclass(frozen=True, slots=True)
class DueRoute:
    """A kind of schedule, and what is done when one is due."""

    kind: str
    handler: DueHandler
    places: int
    """How many of them are worked on at once in one process."""


@dataclass
class Service:
    """Everything one service handles."""

    name: str
    commands: dict[type[Command], CommandRoute] = field(
        default_factory=dict[type[Command], CommandRoute]
    )
    reactions: list[ReactionRoute] = field(default_factory=list[ReactionRoute])
    due: list[DueRoute] = field(default_factory=list[DueRoute])
    queries: dict[type[Query], QueryHandler] = field(
        default_factory=dict[type[Query], QueryHandler]
    )
    followers: list[Follower[Any]] = field(default_factory=list[Follower[Any]])

    def handles(
        self,
        command: type[C],
        *,
        one_at_a_time: Callable[[C], object] | None = None,
        repeatable: bool = False,
    ) -> Callable[[CommandHandler[C]], CommandHandler[C]]:
        """Register the one handler of a command; its docstring is the command's description."""

        def register(handler: CommandHandler[C]) -> CommandHandler[C]:
            _require_docstring(handler)
            if command in self.commands:
                raise ValueError(f"{command.__name__} has a handler already")
            self.commands[command] = CommandRoute(command, handler, repeatable, one_at_a_time)
            return handler

        return register

    def on(
        self, event: type[Event], *, from_start: bool = False, places: int | None = None
    ) -> Callable[[Reaction], Reaction]:
        """Register a reaction to an event; its docstring is its description.

        With ``from_start`` a new reaction begins with the oldest event of the log, so that what it
        is for is also done where a hub is older than the reaction. ``places``: how many are worked
        on at once in one process, for those that mostly wait.
        """

        def register(handler: Reaction) -> Reaction:
            _require_docstring(handler)
            self.reactions.append(
                ReactionRoute(event, handler, handler.__name__, from_start, places)
            )
            return handler

        return register

    def when_due(self, kind: str, *, places: int) -> Callable[[DueHandler], DueHandler]:
        """Register what is done when a schedule of this kind is due (`schedules`)."""

        def register(handler: DueHandler) -> DueHandler:
            _require_docstring(handler)
            self.due.append(DueRoute(kind, handler, places))
            return handler

        return register

    def follows(
        self, *events: type[Event], version: int
    ) -> Callable[[Start[Recorded]], Start[Recorded]]:
        """Register what folds these events in one process, in order (`followers`).

        Its docstring is its description. Another ``version`` leaves its snapshots and begins anew.
        """

        def register(start: Start[Recorded]) -> Start[Recorded]:
            self._follow(follower_of_events(self.name, start, events, version=version))
            return start

        return register

    def follows_telemetry(
        self,
        *kinds: str,
        reads: Callable[[Delivery], M],
        version: int,
        partitions: int = 1,
        places: int = 1,
        rest: float = 0.0,
    ) -> Callable[[Start[M]], Start[M]]:
        """Register what folds telemetry of these kinds (``tel.<kind>.>``), as `follows` does.

        ``reads`` makes of a message what the fold takes; one that it fails at is passed over. With
        more ``partitions`` as many processes may share it, by so many ``places`` of the subjects: 1
        is the cluster, 2 are the cluster and what comes behind it. ``rest`` are the seconds from
        one act to the next while nothing comes, where it need not be every second.
        """

        def register(start: Start[M]) -> Start[M]:
            made = follower_of_telemetry(self.name, start, kinds, reads, version=version)
            self._follow(replace(made, partitions=partitions, places=places, rest=rest))
            return start

        return register

    def _follow(self, follower: Follower[Any]) -> None:
        _require_docstring(follower.start)
        if follower.name in {each.name for each in self.followers}:
            raise ValueError(f"{self.name} has two followers with the name {follower.name}")
        self.followers.append(follower)

    def answers(self, query: type[Q]) -> Callable[[Answers[Q]], Answers[Q]]:
        """Register who answers a question about a cluster (`answering`), for the own site."""

        def register(handler: Answers[Q]) -> Answers[Q]:
            _require_docstring(handler)
            if query in self.queries:
                raise ValueError(f"{query.__name__} has an answer already")
            self.queries[query] = handler
            return handler

        return register

    @property
    def areas(self) -> set[str]:
        """The areas whose commands this service takes."""
        return {command.area for command in self.commands}


def _require_docstring(handler: Callable[..., Any]) -> None:
    if not handler.__doc__:
        raise ValueError(f"{handler.__name__} needs a docstring: it becomes its description")
