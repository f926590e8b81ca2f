"""A recorded question: whom it is asked of, which tools it needs, which figures answer it."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from contracts.conversing import WantedCall
from tests.services.chat.world import World

_NUMBER = re.compile(r"(?<![\w.:/-])-?\d+(?:\.\d+)?(?![\w.]\d|\w)")

Expected = str | float
"""A number to the digits that an answer shows, or words that stand in it."""


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

    def missing_figures(self, answer: str, world: World) -> list[Expected]:
        """What the answer must have, and has not."""
        return [each for each in self.figures(world) if not has(answer, each)]


def _has(given: Mapping[str, Any], wanted: Mapping[str, Any], world: World) -> bool:
    return all(given.get(name) == _named(value, world) for name, value in wanted.items())


def _named(value: Any, world: World) -> Any:
    if isinstance(value, str) and "{" in value and "}" in value and "{ " not in value:
        return value.format(**world.names())
    if isinstance(value, list):
        return [_named(each, world) for each in cast("list[Any]", value)]
    return value


def has(answer: str, expected: Expected) -> bool:
    """Whether it stands in the answer: a number as it is, or rounded to the digits shown."""
    if isinstance(expected, str):
        return expected.lower() in answer.lower()
    plain = re.sub(r"(?<=\d),(?=\d{3})", "", answer)
    return any(_is(found, expected) for found in _NUMBER.findall(plain))


def _is(shown: str, expected: float) -> bool:
    digits = len(shown.partition(".")[2])
    is_whole = not digits and expected == int(expected)
    return (
        float(shown) == expected
        if is_whole
        else abs(float(shown) - expected) <= 0.5 / 10**digits + 1e-9
    )
