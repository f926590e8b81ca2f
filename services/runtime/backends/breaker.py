"""Circuits: a backend that keeps failing is left alone for a while, then tried: pure."""

from collections import OrderedDict
from dataclasses import dataclass, replace
from uuid import UUID

from contracts.clusters import Checked

FAILURES = 5
"""In a row: they open a circuit."""
REST = 30.0
"""Seconds that it then stays open."""
TRIALS = 3
"""Requests that are let through after that; it closes when all of them succeed."""
_MOST = 8192


@dataclass(frozen=True, slots=True)
class Circuit:
    """What one process has seen of one backend."""

    failures: int = 0
    """In a row, while it is closed."""
    since: float | None = None
    """When it opened, None while it is closed."""
    rests_until: float = 0.0
    reason: str = ""
    """Of the last failure."""
    tried: int = 0
    passed: int = 0
    turn: int = 0
    """Goes up as it opens and closes: what was asked in an earlier turn says nothing now."""

    @property
    def open(self) -> bool:
        """True until enough trials have succeeded."""
        return self.since is not None

    def admits(self, now: float) -> bool:
        """True if one more may be asked."""
        return not self.open or (now >= self.rests_until and self.tried < TRIALS)

    def admitted(self) -> "Circuit":
        """One more is asked; its result is told with the `turn` of now."""
        return replace(self, tried=self.tried + 1) if self.open else self

    def succeeded(self, turn: int) -> "Circuit":
        """The backend has answered, even if it was to say no."""
        if turn != self.turn:
            return self
        if not self.open:
            return replace(self, failures=0, reason="")
        if self.passed + 1 < TRIALS:
            return replace(self, passed=self.passed + 1)
        return Circuit(turn=self.turn + 1)

    def failed(self, turn: int, now: float, reason: str) -> "Circuit":
        """It has not."""
        if turn != self.turn:
            return self
        if not self.open and self.failures + 1 < FAILURES:
            return replace(self, failures=self.failures + 1, reason=reason)
        since = now if self.since is None else self.since
        return Circuit(FAILURES, since, now + REST, reason, turn=self.turn + 1)

    def abandoned(self, turn: int) -> "Circuit":
        """Whoever asked went away first: another may try."""
        if turn != self.turn or not self.open:
            return self
        return replace(self, tried=max(self.tried - 1, self.passed))


@dataclass(frozen=True, slots=True)
class Place:
    """A backend as it is reached: at another address, or as somebody else, it begins anew."""

    cluster: UUID
    which: Checked
    url: str
    fingerprint: str


class Circuits:
    """Those of one process; the longest unused is forgotten beyond the bound."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._kept: OrderedDict[Place, Circuit] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def of(self, place: Place) -> Circuit:
        """How it stands with a backend."""
        return self._kept.get(place, Circuit())

    def open_of(self, which: Checked) -> int:
        """How many backends of this kind are left alone."""
        return sum(each.open for place, each in self._kept.items() if place.which is which)

    def put(self, place: Place, circuit: Circuit) -> None:
        """How it stands now."""
        self._kept[place] = circuit
        self._kept.move_to_end(place)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
