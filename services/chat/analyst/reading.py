"""What tools have told, read carefully: any part of it may be missing or something else. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from contracts.chat import ToolStatus
from services.chat.steps import Answered, Round

Json = Mapping[str, Any]

_MOST_VALUES = 400


def data_of(answered: Answered) -> Json:
    """The data of an answer; empty for an error, or for what is no object."""
    answer = answered.answer
    is_told = answered.status is ToolStatus.SUCCESS and answer is not None
    found: object = answer.data if is_told and answer is not None else None
    return cast("Json", found) if isinstance(found, Mapping) else {}


def answers(rounds: Iterable[Round]) -> Iterator[Answered]:
    """Of all rounds, in their order."""
    for each in rounds:
        yield from each.answers


def part(told: object, *names: str) -> Json:
    """A field that is an object, within others; an empty one for any other."""
    found: object = told
    for name in names:
        found = cast("Json", found).get(name) if isinstance(found, Mapping) else None
    return cast("Json", found) if isinstance(found, Mapping) else {}


def parts(told: object, name: str) -> list[Json]:
    """The objects of a field that is a list."""
    return [cast("Json", each) for each in items(told, name) if isinstance(each, Mapping)]


def items(told: object, name: str) -> list[Any]:
    """A field that is a list; an empty one for any other."""
    found: object = cast("Json", told).get(name) if isinstance(told, Mapping) else None
    return cast("list[Any]", found) if isinstance(found, list) else []


def number(told: object, name: str) -> float | None:
    """A field that is a number."""
    found: object = cast("Json", told).get(name) if isinstance(told, Mapping) else None
    is_number = isinstance(found, int | float) and not isinstance(found, bool)
    return cast("float", found) if is_number else None


def text(told: object, *names: str) -> str:
    """The first of some fields that is a text; empty for none."""
    for name in names:
        found: object = cast("Json", told).get(name) if isinstance(told, Mapping) else None
        if isinstance(found, str) and found:
            return found
    return ""


def values(told: object) -> Iterator[str]:
    """The texts that stand in it, however deep, as far as they are not too many."""
    left, seen = [told], 0
    while left and seen < _MOST_VALUES:
        seen += 1
        one = left.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, Mapping):
            left += cast("Json", one).values()
        elif isinstance(one, list | tuple):
            left += cast("Sequence[object]", one)


def speaks_of(told: object, names: Iterable[str]) -> bool:
    """Whether one of the names stands in it as a whole: ``worker-3`` is not in worker-30."""
    some = "|".join(re.escape(each) for each in names if each)
    if not some:
        return False
    whole = re.compile(rf"(?<![\w.-])(?:{some})(?![\w-]|\.\w)", re.IGNORECASE)
    return any(whole.search(each) for each in values(told))


def speaking(rows: Sequence[Json], names: Sequence[str]) -> list[Json]:
    """The rows that speak of one of the names; all where none does, or there are no names."""
    return [each for each in rows if speaks_of(each, names)] or list(rows)
