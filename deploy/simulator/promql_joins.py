"""Binary operators of PromQL: ``and`` and arithmetic, of vectors (many to one) and numbers."""

import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from deploy.simulator.series import Series

_NAMED = "__name__"
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_WORDS = r"\s*\(([^()]*)\)"
_HOW = re.compile(
    rf"\s*(and\b|[-+*/])(?:\s*(on|ignoring){_WORDS})?(?:\s*group_left(?:{_WORDS})?)?\s*"
)


@dataclass(frozen=True, slots=True)
class Join:
    """Two expressions, and which series of the one belong to which of the other."""

    left: str
    right: str
    how: str
    matching: str | None
    names: frozenset[str]
    taken: frozenset[str]
    """Labels of the right side that the result has."""

    def series(self, left: Sequence[Series], right: Sequence[Series]) -> Iterator[Series]:
        """What comes of both sides."""
        ones = {self._key(each.labels): each for each in right}
        for each in left:
            if (other := ones.get(self._key(each.labels))) is not None:
                yield self._of(each, other)

    def _key(self, labels: Mapping[str, str]) -> frozenset[tuple[str, str]]:
        if self.matching == "on":
            return frozenset((name, labels.get(name, "")) for name in self.names)
        out = self.names | {_NAMED}
        return frozenset(pair for pair in labels.items() if pair[0] not in out)

    def _of(self, left: Series, right: Series) -> Series:
        if self.how == "and":
            return Series(left.labels, _worked(left, right, lambda one, _: one))
        labels = {name: text for name, text in left.labels.items() if name != _NAMED}
        labels |= {name: right.labels[name] for name in self.taken if name in right.labels}
        return Series(labels, _worked(left, right, _ARITHMETIC[self.how]))

    def scaled(self, evaluated: Callable[[str], list[Series]]) -> list[Series] | None:
        """The series of one side, reckoned with a number on the other; None: neither is one."""
        if self.how not in _ARITHMETIC:
            return None
        work = _ARITHMETIC[self.how]
        if _NUMBER.fullmatch(self.left):
            left = float(self.left)
            return [_reckoned(each, lambda it: work(left, it)) for each in evaluated(self.right)]
        if _NUMBER.fullmatch(self.right):
            right = float(self.right)
            return [_reckoned(each, lambda it: work(it, right)) for each in evaluated(self.left)]
        return None


def _divided(one: float, other: float) -> float | None:
    return one / other if other else None


_ARITHMETIC: Mapping[str, Callable[[float, float], float | None]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divided,
}


def _reckoned(series: Series, work: Callable[[float], float | None]) -> Series:
    def value(at: float) -> float | None:
        found = series.value(at)
        return None if found is None else work(found)

    labels = {name: text for name, text in series.labels.items() if name != _NAMED}
    return Series(labels, value)


def _worked(
    left: Series, right: Series, work: Callable[[float, float], float | None]
) -> Callable[[float], float | None]:
    def value(at: float) -> float | None:
        one, other = left.value(at), right.value(at)
        return None if one is None or other is None else work(one, other)

    return value


def join(text: str, *operators: str) -> Join | None:
    """The last of these operators that is in no parentheses and no string; None: there is none.

    What stands before it binds more: operators of one rank are worked from the left.
    """
    for at in reversed([*_outside(text)]):
        found = _HOW.match(text, at)
        if found is not None and found.group(1) in operators and text[:at].strip():
            how, matching, names, taken = found.groups()
            left, right = text[:at].strip(), text[found.end() :].strip()
            return Join(left, right, how, matching, _split(names), _split(taken))
    return None


def _split(names: str | None) -> frozenset[str]:
    return frozenset(each.strip() for each in (names or "").split(",") if each.strip())


def _outside(text: str) -> Iterator[int]:
    """Where a word or a sign begins, outside of parentheses and strings."""
    depth, quote = 0, ""
    for at, sign in enumerate(text):
        if quote:
            quote = "" if sign == quote and text[at - 1] != "\\" else quote
        elif sign in "\"`'":
            quote = sign
        elif sign in "({[":
            depth += 1
        elif sign in ")}]":
            depth -= 1
        elif not depth and (sign in "*/" or sign == " "):
            yield at


def unwrapped(text: str) -> str | None:
    """What stands in parentheses, if all of it does."""
    if not (text.startswith("(") and text.endswith(")")):
        return None
    depth = 0
    for at, sign in enumerate(text):
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if not depth and at < len(text) - 1:
            return None
    return text[1:-1].strip()
