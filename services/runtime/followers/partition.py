"""A partition of a follower as this process knows it, whether it has it or not."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from contracts.catalog import UnknownEvent
from services.runtime import metrics
from services.runtime.clock import Clock
from services.runtime.following import Follower
from services.runtime.log import EventLog
from services.runtime.logging import logger
from services.runtime.outside import Outside
from services.runtime.pull import Delivery
from services.runtime.settings import Settings
from services.runtime.tracing import Tracing

_BATCH = 500
_MOST_ASIDE = 100
"""Messages passed over since the start: losing everything politely is worse than stopping."""


class Stopped(Exception):
    """This program cannot fold the partition at all."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often what is done, in seconds."""

    act: float = 1.0
    snapshot: float = 30.0
    patience: float = 60.0
    """A fold that takes longer for one thing hangs."""
    grace: float = 5.0
    """So long it has for that when another process shall go on."""
    lease: float = 8.0
    """A process that is silent for so long is replaced."""


@dataclass(frozen=True, slots=True)
class Means:
    """What the followers of a process share."""

    log: EventLog
    settings: Settings
    tracing: Tracing
    clock: Clock
    outside: Outside
    rhythm: Rhythm = Rhythm()


@dataclass
class Partition:
    """Where it stands, and what went wrong here.

    A batch at which a fold fails is taken one by one by the next fold; the message at which that
    one fails is passed over by the third, and told. Nobody else is told: another process finds
    out for itself.
    """

    follower: Follower[Any]
    number: int
    service: str
    means: Means
    sequence: int = field(default=0, init=False)
    """Up to here the stream is folded, while it is held."""
    lag: int = field(default=-1, init=False)
    """Messages that are still to be folded; -1 until known."""
    held: bool = field(default=False, init=False)
    """This process folds it."""
    error: str | None = field(default=None, init=False)
    """What went wrong last, if it has not gone well since."""
    unsaved: str | None = field(default=None, init=False)
    """Why the last snapshot was not kept."""
    stopped: bool = field(default=False, init=False)
    """It is for other programs to fold."""
    _suspect: int = field(default=0, init=False)
    """Up to here messages are taken one by one."""
    _aside: set[int] = field(default_factory=set[int], init=False)

    def __post_init__(self) -> None:
        self.say = logger("followers", follower=self.follower.name, partition=self.number)

    def batch(self, position: int) -> int:
        """Messages to take at once from a position on."""
        return 1 if position <= self._suspect else _BATCH

    def failed_at(self, deliveries: Sequence[Delivery]) -> None:
        """A fold has failed at one of these."""
        last = deliveries[-1].sequence
        if len(deliveries) > 1:
            self._suspect = last
            return
        if len(self._aside) >= _MOST_ASIDE:
            raise Stopped(f"{_MOST_ASIDE} messages cannot be folded")
        self._aside.add(last)

    def read(self, deliveries: Sequence[Delivery]) -> list[Any]:
        """These as the fold takes them, less those that cannot be read.

        UnknownEvent for what a newer program has written.
        """
        found, broken = list[Any](), dict[int, str]()
        for delivery in deliveries:
            if delivery.sequence in self._aside:
                broken[delivery.sequence] = "the fold fails at it"
                continue
            try:
                found.append(self.follower.read(self.means.log.catalog, delivery))
            except UnknownEvent:
                raise
            except Exception as error:  # noqa: BLE001 - to read it again is no use
                broken[delivery.sequence] = type(error).__name__
        if broken:
            first = next(iter(broken))
            self.say.error("passed_over", count=len(broken), first=first, reason=broken[first])
            metrics.FOLLOWER_SKIPPED.labels(self.follower.name).inc(len(broken))
        return found

    def left(self) -> None:
        """This process folds it no more."""
        self.held = False
        for each in (metrics.FOLLOWER_SEQUENCE, metrics.FOLLOWER_LAG):
            with suppress(KeyError):
                each.remove(self.follower.name, str(self.number))

    def measure(self, sequence: int, lag: int) -> None:
        """It is folded up to there, and so many messages are left."""
        self.sequence, self.lag = sequence, lag
        of = self.follower.name, str(self.number)
        metrics.FOLLOWER_SEQUENCE.labels(*of).set(sequence)
        metrics.FOLLOWER_LAG.labels(*of).set(lag)
