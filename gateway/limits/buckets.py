"""Token buckets: each key may take one token for each request, and tokens come at a steady rate.

Several instances keep one limit together: each tells how often a key asks it (`Buckets.demands`),
and what it hears of the others (`Buckets.hear`) leaves less of the rate to its own bucket. While
all ask for less than the rate, each has what the others leave; beyond it, its part by demand, so
that the parts add up to the rate however requests are spread.
"""

import math
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

_MOST_KEYS = 10_000
_MOST_TOLD = 1_000
"""Keys whose demand is told: those that were asked for last."""
_LOOKED_AT = 8
"""Of the keys that were idle longest, so many are looked at for one that can be forgotten."""
_SHORTEST, _LONGEST = 1.0, 10.0
"""Seconds that demand is averaged over."""
_LITTLE = 0.01
"""Part of the rate: a demand below it is none, and no share is smaller."""
_WHOLE = 1.0 - 1e-9
"""One token, as floating point adds it up."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A limit: so many tokens a second, and at most so many at once."""

    per_second: float
    burst: int
    told: int
    """The limit as people set it, a minute or a second."""

    @property
    def memory(self) -> float:
        """Seconds that demand is averaged over: slow limits need longer to show any."""
        return min(_LONGEST, max(_SHORTEST, self.burst / self.per_second))


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """Whether one more was allowed, and what is left."""

    allowed: bool
    limit: int
    remaining: int
    """Requests that would be allowed now."""
    reset_seconds: float
    """Until all are allowed again that may come at once."""
    retry_after: float
    """Seconds until the next one is allowed; 0 if it is now."""


class _Bucket:
    __slots__ = ("at", "demand", "level")

    def __init__(self, level: float, at: float) -> None:
        self.level = level
        self.at = at
        self.demand = 0.0
        """Tokens asked for a second, lately."""

    def copy(self) -> "_Bucket":
        found = _Bucket(self.level, self.at)
        found.demand = self.demand
        return found


class Buckets:
    """One bucket for each key, all with the same limit."""

    def __init__(self, rate: Rate, *, most: int = _MOST_KEYS) -> None:
        self.rate = rate
        self._most = most
        self._memory = rate.memory
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        """The one that was idle longest is the first."""
        self._others: Mapping[str, float] = {}

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, key: str, now: float) -> Verdict:
        """Take a token at this time (monotonic seconds), if there is one."""
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._new(key, now)
        else:
            self._buckets.move_to_end(key)
        per_second, burst = self._share(key, bucket, now, 1.0)
        allowed = bucket.level >= _WHOLE
        if allowed:
            bucket.level -= 1.0
        return self._verdict(bucket, per_second, burst, allowed=allowed)

    def look(self, key: str, now: float) -> Verdict:
        """What `take` would say; nothing is taken."""
        known = self._buckets.get(key)
        bucket = _Bucket(self.rate.burst, now) if known is None else known.copy()
        per_second, burst = self._share(key, bucket, now, 0.0)
        return self._verdict(bucket, per_second, burst, allowed=bucket.level >= _WHOLE)

    def give_back(self, key: str) -> None:
        """What was taken last is not used."""
        bucket = self._buckets.get(key)
        if bucket is not None:
            bucket.level += 1.0

    def demands(self, now: float) -> dict[str, float]:
        """How often keys have asked lately, a second, for others to hear."""
        found: dict[str, float] = {}
        least, oldest = self.rate.per_second * _LITTLE, now - 10 * self._memory
        for key in reversed(self._buckets):
            bucket = self._buckets[key]
            if len(found) == _MOST_TOLD or bucket.at < oldest:
                break
            demand = self._faded(bucket, now)
            if demand >= least:
                found[key] = demand
        return found

    def hear(self, others: Mapping[str, float]) -> None:
        """How often keys ask other instances, from now on."""
        self._others = others

    def _faded(self, bucket: _Bucket, now: float) -> float:
        return bucket.demand * math.exp((bucket.at - now) / self._memory)

    def _share(self, key: str, bucket: _Bucket, now: float, asked: float) -> tuple[float, float]:
        """Bring a bucket up to this time; the rate and burst that it has here."""
        rate = self.rate
        now = max(now, bucket.at)
        bucket.demand = self._faded(bucket, now) + asked / self._memory
        others = self._others.get(key, 0.0) if self._others else 0.0
        per_second, burst = rate.per_second, float(rate.burst)
        if others > 0.0:
            per_second = self._left(bucket.demand, others)
            burst = max(1.0, burst * per_second / rate.per_second)
        bucket.level = min(burst, bucket.level + (now - bucket.at) * per_second)
        bucket.at = now
        return per_second, burst

    def _left(self, own: float, others: float) -> float:
        """Of the rate, what is ours beside others who ask so often."""
        rate, together = self.rate.per_second, own + others
        left = rate * own / together if together > rate else rate - others
        return max(left, rate * _LITTLE)

    def _verdict(
        self, bucket: _Bucket, per_second: float, burst: float, *, allowed: bool
    ) -> Verdict:
        level = bucket.level
        return Verdict(
            allowed,
            self.rate.told,
            int(level + 1e-9),
            (burst - level) / per_second,
            0.0 if allowed else (1.0 - level) / per_second,
        )

    def _new(self, key: str, now: float) -> _Bucket:
        if len(self._buckets) >= self._most:
            self._forget(now)
        others = self._others.get(key, 0.0)
        level = float(self.rate.burst)
        if others > 0.0:
            level *= self._left(0.0, others) / self.rate.per_second
        bucket = self._buckets[key] = _Bucket(max(1.0, level), now)
        return bucket

    def _forget(self, now: float) -> None:
        """Make room: a bucket that is full is none, else the one that was idle longest goes."""
        oldest = next(iter(self._buckets))
        for _, key in zip(range(_LOOKED_AT), self._buckets, strict=False):
            bucket = self._buckets[key]
            if bucket.level + (now - bucket.at) * self.rate.per_second >= self.rate.burst:
                oldest = key
                break
        del self._buckets[oldest]
