"""Spans and log lines of a small shop: web calls cart and price, cart calls store."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from services.rca.ranking import Handled, Line, Span, Templates, handled

SERVICES = ("web", "cart", "price", "store")
_CALLS = {"web": ("cart", "price"), "cart": ("store",)}
_FIRST = 1_800_000_000.0


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with one of the services; seconds."""

    entity: str = ""
    work: float = 0.0
    """It works so much longer."""
    network: float = 0.0
    """Answers of it take so much longer to arrive."""
    failing: float = 0.0
    """Of its requests, so many leave out their second step and what would come then."""
    refusing: float = 0.0
    """Of its requests, so many make the caller give up."""


def shop(
    requests: int, trouble: Trouble | None = None, *, seed: int = 1
) -> tuple[list[Span], list[Line]]:
    """So many requests, the same for the same seed."""
    made = _Shop(random.Random(seed), trouble or Trouble())
    for at in range(requests):
        made.serve(f"t{at}", "web", "", _FIRST + at)
    return made.spans, made.lines


def served(
    requests: int,
    trouble: Trouble | None = None,
    *,
    seed: int = 1,
    templates: Templates | None = None,
) -> Iterator[Handled]:
    """The same, folded."""
    spans, lines = shop(requests, trouble, seed=seed)
    return handled(spans, lines, templates or Templates())


class _Shop:
    def __init__(self, rng: random.Random, trouble: Trouble) -> None:
        self.spans: list[Span] = []
        self.lines: list[Line] = []
        self._rng = rng
        self._trouble = trouble

    def serve(self, trace: str, entity: str, parent: str, start: float) -> tuple[float, bool]:
        """When the answer is there, and whether it is one that the caller can use."""
        wrong = self._trouble if self._trouble.entity == entity else Trouble()
        span = f"s{len(self.spans)}"
        self.spans.append(Span(trace, span, parent, entity, f"/{entity}", start, 0.0))
        place = len(self.spans) - 1
        now = start + self._rng.uniform(0.004, 0.006) + wrong.work
        self._say(trace, span, entity, f"INFO took in order {self._rng.randrange(10**6)}")
        if self._rng.random() < wrong.failing:
            self._say(trace, span, entity, "ERROR no such thing as an order")
        else:
            now = self._call(trace, entity, span, now)
        self.spans[place] = Span(trace, span, parent, entity, f"/{entity}", start, now - start)
        return now + wrong.network, self._rng.random() >= wrong.refusing

    def _call(self, trace: str, entity: str, span: str, now: float) -> float:
        self._say(trace, span, entity, f"INFO handed on order {self._rng.randrange(10**6)}")
        for callee in _CALLS.get(entity, ()):
            client = f"s{len(self.spans)}"
            place = len(self.spans)
            self.spans.append(Span(trace, client, span, entity, f"call {callee}", now, 0.0))
            end, useful = self.serve(trace, callee, client, now + 0.001)
            end += self._rng.uniform(0.0005, 0.0015)
            self.spans[place] = Span(trace, client, span, entity, f"call {callee}", now, end - now)
            now = end
            if not useful:
                return now
        return now

    def _say(self, trace: str, span: str, entity: str, message: str) -> None:
        self.lines.append(Line(trace, span, entity, message))
