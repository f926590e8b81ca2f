"""PromQL as far as a simulated Prometheus answers it.

Selectors, rates of them, aggregations, and comparisons with a number.
"""

import math
import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from deploy.simulator.cluster import Cluster
from deploy.simulator.metrics import Sampled, Series, series_of
from deploy.simulator.questions import Misunderstood, Selector, fits, read_selector, seconds_of

_NAME = re.compile(r"[A-Za-z_:][\w:]*", re.ASCII)
_GROUPED = r"(?:\s*(by|without)\s*\(([^()]*)\)\s*)?"
_AGGREGATION = re.compile(rf"(sum|avg|min|max|count){_GROUPED}\((.*)\){_GROUPED}", re.DOTALL)
_RATE = re.compile(r"(rate|irate|increase)\s*\((.*)\[(\w+)\]\s*\)", re.DOTALL)
_COMPARISON = re.compile(r"(.*?[\w)}])\s*(==|!=|>=|<=|>|<)\s*(-?\d+(?:\.\d+)?)", re.DOTALL)
_COMBINED: Mapping[str, Callable[[Sequence[float]], float]] = {
    "sum": math.fsum,
    "avg": lambda values: math.fsum(values) / len(values),
    "min": min,
    "max": max,
    "count": len,
}
_COMPARED: Mapping[str, Callable[[float, float], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


class NotSimulated(Exception):
    """Sound PromQL, probably, but more than is answered here."""


def evaluated(cluster: Cluster, text: str) -> list[Series]:
    """The series that an expression gives."""
    if comparison := _COMPARISON.fullmatch(text):
        inner, how, number = comparison.groups()
        found = evaluated(cluster, inner.strip())
        return [_kept(each, _COMPARED[how], float(number)) for each in found]
    if rate := _RATE.fullmatch(text):
        how, inner, span = rate.groups()
        return [_rate(each, how, _span(span)) for each in _selected(cluster, inner.strip())]
    if aggregation := _AGGREGATION.fullmatch(text):
        how, before, names, inner, after, names_after = aggregation.groups()
        kept = _split(names if before else names_after or "")
        return _combined(how, before or after, kept, evaluated(cluster, inner.strip()))
    return _selected(cluster, text)


def _selected(cluster: Cluster, text: str) -> list[Series]:
    name, selector = selector_of(text)
    return [each for each in series_of(cluster, name) if fits(selector, each.labels)]


def _span(text: str) -> float:
    found = seconds_of(text)
    if not found:
        raise Misunderstood(f'invalid parameter "query": not a valid duration string: "{text}"')
    return found


def _kept(series: Series, compare: Callable[[float, float], bool], number: float) -> Series:
    def value(at: float) -> float | None:
        found = series.value(at)
        return found if found is not None and compare(found, number) else None

    return Series(series.labels, value)


def _rate(series: Series, how: str, span: float) -> Series:
    """What a counter has grown by, in all or a second; it loses its name by that."""

    def value(at: float) -> float | None:
        now, before = series.value(at), series.value(at - span)
        if now is None or before is None:
            return None
        # One that is less than it was has begun anew.
        grown = now - before if now >= before else now
        return grown if how == "increase" else grown / span

    labels = {name: text for name, text in series.labels.items() if name != "__name__"}
    return Series(labels, value)


def _split(names: str) -> frozenset[str]:
    return frozenset(name.strip() for name in names.split(",") if name.strip())


def _combined(
    how: str, grouping: str | None, names: frozenset[str], series: Iterable[Series]
) -> list[Series]:
    groups: dict[tuple[tuple[str, str], ...], list[Series]] = {}
    for each in series:
        kept = {
            name: value
            for name, value in each.labels.items()
            if name != "__name__" and (name in names) is (grouping != "without")
        }
        groups.setdefault(tuple(sorted(kept.items())), []).append(each)
    return [
        Series(dict(labels), _together(_COMBINED[how], members))
        for labels, members in groups.items()
    ]


def _together(combine: Callable[[Sequence[float]], float], members: Sequence[Series]) -> Sampled:
    def value(at: float) -> float | None:
        found = [sample for each in members if (sample := each.value(at)) is not None]
        return combine(found) if found else None

    return value


def selector_of(text: str) -> tuple[str | None, Selector]:
    """The name and the matchers of ``name{…}``, either of which may be left out."""
    named = _NAME.match(text)
    at = named.end() if named else 0
    selector: Selector = ()
    if text[at : at + 1] == "{":
        selector, at = read_selector(text, at)
    if not text or text[at:].strip():
        raise _unknown(text, at)
    if named is None and not selector:
        raise Misunderstood(
            'invalid parameter "query": 1:1: parse error: vector selector must contain at least'
            " one non-empty matcher"
        )
    return (named.group() if named else None), selector


def _unknown(text: str, at: int) -> Exception:
    for opening, closing in ("()", "[]", "{}"):
        if text.count(opening) != text.count(closing):
            return Misunderstood(
                f'invalid parameter "query": 1:{len(text) + 1}: parse error: unclosed'
                " left parenthesis"
            )
    if text.count('"') % 2 or text[at:].strip()[:1] not in "([+-*/=<>! abouwm":
        return Misunderstood(f'invalid parameter "query": 1:{at + 1}: parse error: unexpected')
    return NotSimulated(
        "only selectors, rates, aggregations and comparisons with a number are answered"
    )
