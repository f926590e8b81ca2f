"""Asks the buckets that a request counts for, and words what comes of it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from gateway.limits.buckets import Buckets, Verdict
from gateway.limits.classes import (
    Asker,
    Counted,
    LimitClass,
    counted,
    is_limited,
    logs_in,
    plain,
    rates,
)
from services.runtime import metrics
from services.runtime.clock import Clock
from services.runtime.settings_limits import LimitsSettings

Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a request may go on, by its tightest limit."""

    by: LimitClass
    verdict: Verdict
    taken: bool = True
    """False for a stranger, who counts once they are answered 401."""

    @property
    def allowed(self) -> bool:
        """False: answer 429."""
        return self.verdict.allowed

    @property
    def headers(self) -> Headers:
        """What every answer says of it; one of 429 also when to come again, in whole seconds."""
        told = self.verdict
        found = [
            (b"x-ratelimit-limit", b"%d" % told.limit),
            (b"x-ratelimit-remaining", b"%d" % told.remaining),
            (b"x-ratelimit-reset", b"%d" % math.ceil(told.reset_seconds)),
        ]
        if not told.allowed:
            found.append((b"retry-after", b"%d" % max(1, math.ceil(told.retry_after))))
        return found


class Limiter:
    """The limits of one gateway."""

    def __init__(self, settings: LimitsSettings, clock: Clock) -> None:
        self.enabled = settings.enabled
        self.buckets: Mapping[LimitClass, Buckets] = {
            each: Buckets(rate) for each, rate in rates(settings).items()
        }
        self._clock = clock

    def ask(self, who: Asker, method: str, path: str) -> Decision | None:
        """Count a request, and say whether it may go on; None: it is not limited."""
        path = plain(path)
        if not self.enabled or not is_limited(path):
            return None
        if logs_in(path):
            # Strangers do not count for all: they could keep out who is known.
            return None if method == "OPTIONS" else self._take(((LimitClass.UNKNOWN, who.key),))
        if who.by is LimitClass.UNKNOWN:
            return self._stranger(who)
        return self._take(counted(who, method, path))

    def connect(self, who: Asker) -> Decision | None:
        """As `ask`, for a socket.

        Who shows no session says only later who they are; until then they count as their address,
        with what a token may: many behind one address come back at once when a gateway restarts.
        """
        if not self.enabled:
            return None
        if who.by is LimitClass.UNKNOWN:
            return self._take(((LimitClass.TOKEN, f"address:{who.key}"),))
        return self._take(((who.by, who.key), (LimitClass.ALL, "")))

    def failed(self, who: Asker) -> None:
        """A stranger was answered 401."""
        if self.enabled:
            self.buckets[LimitClass.UNKNOWN].take(who.key, self._clock.monotonic())

    def _stranger(self, who: Asker) -> Decision:
        """They are refused once they have been answered 401 too often."""
        by = LimitClass.UNKNOWN
        verdict = self.buckets[by].look(who.key, self._clock.monotonic())
        return self._told(Decision(by, verdict, taken=False))

    def _take(self, wanted: tuple[Counted, ...]) -> Decision:
        """Of every limit or of none: what one refuses is not taken from the others."""
        now, found = self._clock.monotonic(), list[Decision]()
        for by, key in wanted:
            decision = Decision(by, self.buckets[by].take(key, now))
            if not decision.allowed:
                for earlier, taken in wanted[: len(found)]:
                    self.buckets[earlier].give_back(taken)
                return self._told(decision)
            found.append(decision)
        return min(found, key=_left)

    @staticmethod
    def _told(decision: Decision) -> Decision:
        if not decision.allowed:
            metrics.RATE_LIMITED.labels(decision.by.value).inc()
        return decision


def _left(decision: Decision) -> int:
    return decision.verdict.remaining
