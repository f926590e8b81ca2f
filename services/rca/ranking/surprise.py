"""How surprising a share is after what was usual: the arithmetic under all evidence."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T_co = TypeVar("T_co", covariant=True)
U = TypeVar("U")
_EXTREME = 5
"""Of groups that may hold other incidents, the most extreme one in so many is not believed, and at
least one."""
_DOUBT = 0.7
"""Of an observation: what is added for those that were not made."""
_NATS = 6.0


@dataclass(frozen=True, slots=True)
class Groups(Generic[T_co]):
    """The same thing in several groups of requests: known to be free of faults, and others."""

    clean: Sequence[T_co]
    other: Sequence[T_co]

    @property
    def all(self) -> list[T_co]:
        """All of them, the clean ones first."""
        return [*self.clean, *self.other]

    def map(self, of: Callable[[T_co], U]) -> "Groups[U]":
        """Something of each group."""
        return Groups([*map(of, self.clean)], [*map(of, self.other)])


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many, at least of one."""

    hits: int
    of: int

    @property
    def value(self) -> float:
        """From 0 to 1."""
        return self.hits / self.of


@dataclass(frozen=True, slots=True)
class Shift:
    """What goes beyond the usual: the share in excess, of how many, how surprising in nats."""

    excess: float
    nats: float
    of: int

    @property
    def certainty(self) -> float:
        """From 0 to 1: not by chance."""
        return 1.0 - math.exp(-self.nats / _NATS)

    @property
    def weight(self) -> float:
        """The share in excess, as far as it is certain."""
        return self.excess * self.certainty

    @property
    def affected(self) -> float:
        """How many in excess."""
        return self.excess * self.of


def usual(before: Groups[Share]) -> float:
    """The highest share that is still usual; needs at least one group."""
    others = sorted(share.value for share in before.other)
    believed = others[: len(others) - max(1, len(others) // _EXTREME)]
    shares = [share.value for share in before.clean] + believed or others
    seen = sum(share.of for share in before.all)
    return min(1.0, max(shares) + _DOUBT / (seen + 2))


def shift(now: Share, before: Groups[Share]) -> Shift:
    """How far a share is above what was usual: excess 0 where it is not."""
    limit = usual(before)
    if now.value <= limit:
        return Shift(0.0, 0.0, now.of)
    return Shift(now.value - limit, now.of * _divergence(now.value, limit), now.of)


def _divergence(now: float, before: float) -> float:
    """Of two Bernoulli distributions (Kullback, Leibler), in nats."""
    before = min(max(before, 1e-4), 1 - 1e-4)
    nats = 0.0
    if now > 0:
        nats += now * math.log(now / before)
    if now < 1:
        nats += (1 - now) * math.log((1 - now) / (1 - before))
    return nats


def quantile(ordered: Sequence[float], share: float) -> float:
    """Of ascending values, the one that this share does not exceed."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
