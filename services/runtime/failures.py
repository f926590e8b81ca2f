"""What to do with a message that was not handled: the three error words, told apart here."""

from dataclasses import dataclass

from contracts.refusals import Poisoned, TryLater

_BACKOFF = (0.2, 1.0, 3.0, 10.0, 30.0)


@dataclass(frozen=True, slots=True)
class Redeliver:
    """Give it back; it comes again after ``delay`` seconds."""

    delay: float


@dataclass(frozen=True, slots=True)
class Bury:
    """It goes to the dead letters."""

    reason: str


def verdict(error: Exception, delivered: int, max_deliver: int) -> Redeliver | Bury:
    """TryLater comes again without end, Poisoned never, the rest up to ``max_deliver`` times."""
    match error:
        case TryLater():
            return Redeliver(error.delay)
        case Poisoned():
            return Bury(error.reason)
        case _ if delivered >= max_deliver:
            return Bury(f"{type(error).__name__} after {delivered} tries")
        case _:
            return Redeliver(_BACKOFF[min(delivered, len(_BACKOFF)) - 1])


@dataclass
class PoisonRun:
    """Counts dead letters in a row: losing everything politely is worse than stopping."""

    limit: int
    length: int = 0

    def good(self) -> None:
        """A message was handled."""
        self.length = 0

    def bad(self) -> None:
        """A message was buried."""
        self.length += 1

    @property
    def stopped(self) -> bool:
        """True once the run has reached its limit."""
        return self.length >= self.limit
