"""A recorded question: whom it is asked of, which tools it needs, which figures answer it."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, cast

from contracts.conversing import WantedCall
from tests.services.chat.world import World

_NUMBER = re.compile(r"(?<![\w.:/-])-?\d+(?:\.\d+)?(?![\w.]\d|\w)")

One = str | float
"""A number to the digits that an answer shows, or words that stand in it."""
Expected = One | tuple[One, ...]
"""Several that stand together in one line."""


@dataclass(frozen=True)
class Ago:
    """A time of a call: so long before the question."""

    hours: float

    def of(self, now: datetime) -> datetime:
        return now - timedelta(hours=self.hours)


@dataclass(frozen=True)
class Since:
    """The same: the last time that a clock showed this hour, or at it on the day before today."""

    hour: int
    days: int = 0

    def of(self, now: datetime) -> datetime:
        at = datetime.combine(now.date(), time(self.hour), now.tzinfo) - timedelta(days=self.days)
        return at - timedelta(days=1) if at > now else at


@dataclass(frozen=True)
class Part:
    """Of a call: words that are in an argument."""

    of: str


@dataclass(frozen=True)
class Question:
    """Names in braces are those of the world."""

    persona: str
    text: str
    tools: tuple[tuple[str, Mapping[str, Any]], ...]
    """That must be called, each with these arguments and maybe more; text with names in braces."""
    figures: Callable[[World], Iterable[Expected]]
    """That an answer must have: from the world's rows, never from an answer."""

    def asked(self, world: World) -> str:
        """In the world's names."""
        return self.text.format(**world.names())

    def missing_calls(self, calls: Iterable[WantedCall], world: World) -> list[str]:
        """What was to be called, and was not."""
        made = [(each.name, each.arguments or {}) for each in calls]
        return [
            f"{name} {wanted}"
            for name, wanted in self.tools
            if not any(name == one and _has(given, wanted, world) for one, given in made)
        ]

    def missing_figures(self, answer: str, *worlds: World) -> list[Expected]:
        """What the answer must have, and has not.

        Of several worlds, which are one world before and after: what is right in one of them, or
        lies between, is right.
        """
        told = [list(self.figures(each)) for each in worlds]
        if len({len(each) for each in told}) == 1:
            found = zip(*told, strict=True)
            return [each[0] for each in found if not has_one(answer, each)]
        lacking = ([one for one in each if not has(answer, one)] for each in told)
        return min(lacking, key=len)


def _has(given: Mapping[str, Any], wanted: Mapping[str, Any], world: World) -> bool:
    return all(_fits(given.get(name), value, world) for name, value in wanted.items())


def _fits(given: Any, wanted: Any, world: World) -> bool:
    if isinstance(wanted, Ago | Since):
        if not isinstance(given, str):
            return False
        return abs(datetime.fromisoformat(given) - wanted.of(world.now)) <= world.lasting
    if isinstance(wanted, Part):
        return isinstance(given, str) and _named(wanted.of, world) in given
    return given == _named(wanted, world)


def _named(value: Any, world: World) -> Any:
    if isinstance(value, str) and "{" in value and "}" in value and "{ " not in value:
        told = value.format(**world.names())
        return int(told) if told.isdecimal() else told
    if isinstance(value, list):
        return [_named(each, world) for each in cast("list[Any]", value)]
    return value


def has(answer: str, expected: Expected) -> bool:
    """Whether it stands in the answer: a number as it is, or rounded to the digits shown."""
    if isinstance(expected, tuple):
        return any(all(has(line, each) for each in expected) for line in answer.splitlines())
    if isinstance(expected, str):
        return expected.lower() in answer.lower()
    return any(_is(found, expected) for found in _numbers(answer))


def has_one(answer: str, either: Sequence[Expected]) -> bool:
    """Whether one of them stands in it, or of numbers one that lies between them."""
    several = [each for each in either if isinstance(each, tuple)]
    if several:
        places = list(zip(*several, strict=True))
        return any(all(has_one(line, each) for each in places) for line in answer.splitlines())
    if any(has(answer, each) for each in either):
        return True
    numbers = [each for each in either if isinstance(each, int | float)]
    return len(numbers) > 1 and any(
        min(numbers) <= float(found) <= max(numbers) for found in _numbers(answer)
    )


def _numbers(answer: str) -> list[str]:
    return _NUMBER.findall(re.sub(r"(?<=\d),(?=\d{3})", "", answer))


def _is(shown: str, expected: float) -> bool:
    digits = len(shown.partition(".")[2])
    is_whole = not digits and expected == int(expected)
    return (
        float(shown) == expected
        if is_whole
        else abs(float(shown) - expected) <= 0.5 / 10**digits + 1e-9
    )
