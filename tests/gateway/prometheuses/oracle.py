"""What clusters' series are together, reckoned the plain way: in fractions, one value at a time."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction

from tests.gateway.prometheuses.asking import Series

Key = tuple[tuple[str, str], ...]
Points = dict[tuple[Key, float], float]
"""Values by labels and time."""

_TINY = 1e-9


def points(series: Iterable[Series]) -> Points:
    """Of an answer; each labels and time are there once."""
    told = [(each["metric"], at, text) for each in series for at, text in each["values"]]
    found = {(_key(metric), at): float(text) for metric, at, text in told}
    assert len(found) == len(told)
    return found


def combined(how: str, answers: Iterable[Sequence[Series]]) -> Points:
    """The points of several answers, without the label ``cluster``, as one."""
    gathered: defaultdict[tuple[Key, float], list[float]] = defaultdict(list)
    for answer in answers:
        for each in answer:
            metric = {name: text for name, text in each["metric"].items() if name != "cluster"}
            for at, text in each["values"]:
                gathered[_key(metric), at].append(float(text))
    return {place: _COMBINED[how](values) for place, values in gathered.items()}


def near(found: Points, expected: Points) -> bool:
    """Whether they are the same but for rounding."""
    return found.keys() == expected.keys() and all(
        _same(value, expected[place]) for place, value in found.items()
    )


def _key(metric: dict[str, str]) -> Key:
    return tuple(sorted(metric.items()))


def _same(one: float, other: float) -> bool:
    if math.isnan(one) or math.isnan(other):
        return math.isnan(one) and math.isnan(other)
    return math.isclose(one, other, rel_tol=_TINY, abs_tol=_TINY)


def _sum(values: Sequence[float]) -> float:
    if all(map(math.isfinite, values)):
        return _float(sum(map(Fraction, values)))
    return sum(value for value in values if not math.isfinite(value))


def _average(values: Sequence[float]) -> float:
    if all(map(math.isfinite, values)):
        return _float(Fraction(sum(map(Fraction, values))) / len(values))
    return _sum(values)


def _float(value: Fraction | int) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.copysign(math.inf, value)


def _best(choose: Callable[..., float]) -> Callable[[Sequence[float]], float]:
    def best(values: Sequence[float]) -> float:
        return choose((each for each in values if not math.isnan(each)), default=math.nan)

    return best


_COMBINED: dict[str, Callable[[Sequence[float]], float]] = {
    "SUM": _sum,
    "AVG": _average,
    "MAX": _best(max),
    "MIN": _best(min),
}
