"""PromQL as far as a simulated Prometheus answers it.

Selectors, rates of them, aggregations, comparisons with a number, ``timestamp``, ``label_replace``,
what is either of several (``or``), ``and``, and arithmetic of vectors and numbers.
"""

import math
import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from deploy.simulator.cluster import Cluster
from deploy.simulator.metrics import METRICS, series_of
from deploy.simulator.promql_joins import Join, join, unwrapped
from deploy.simulator.questions import (
    Misunderstood,
    Selector,
    fits,
    read_selector,
    seconds_of,
    unquoted,
)
from deploy.simulator.series import Sampled, Series

_NAME = re.compile(r"[A-Za-z_:][\w:]*", re.ASCII)
_GROUPED = r"(?:\s*(by|without)\s*\(([^()]*)\)\s*)?"
_AGGREGATION = re.compile(rf"(sum|avg|min|max|count){_GROUPED}\((.*)\){_GROUPED}", re.DOTALL)
_TIMESTAMP = re.compile(r"timestamp\s*\((.*)\)", re.DOTALL)
_STRING = r'\s*("(?:[^"\\]|\\.)*")\s*'
_LABELLED = re.compile(rf"label_replace\s*\((.*),{','.join([_STRING] * 4)}\)", re.DOTALL)
_EITHER = re.compile(r"\bor\b")
_NAMED = "__name__"
_RATE = re.compile(r"(rate|irate|increase|changes)\s*\((.*)\[(\w+)\]\s*\)", re.DOTALL)
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
    if len(parts := _alternatives(text)) > 1:
        return _either(evaluated(cluster, part) for part in parts)
    comparison = _COMPARISON.fullmatch(text)
    # A comparison binds less than arithmetic, and more than ``and``.
    if both := join(text, "and") or (None if comparison else _arithmetic(text)):
        return _joined(cluster, both)
    if comparison:
        inner, how, number = comparison.groups()
        found = evaluated(cluster, inner.strip())
        return [_kept(each, _COMPARED[how], float(number)) for each in found]
    if aggregation := _AGGREGATION.fullmatch(text):
        how, before, names, inner, after, names_after = aggregation.groups()
        kept = _split(names if before else names_after or "")
        return _combined(how, before or after, kept, evaluated(cluster, inner.strip()))
    return _called(cluster, text)


def _arithmetic(text: str) -> Join | None:
    return join(text, "+", "-") or join(text, "*", "/")


def _joined(cluster: Cluster, both: Join) -> list[Series]:
    if (scaled := both.scaled(partial(evaluated, cluster))) is not None:
        return scaled
    return list(both.series(evaluated(cluster, both.left), evaluated(cluster, both.right)))


def _called(cluster: Cluster, text: str) -> list[Series]:
    """The series of a function of others, or of a selector."""
    if (inside := unwrapped(text)) is not None:
        return evaluated(cluster, inside)
    if timestamp := _TIMESTAMP.fullmatch(text):
        return [_dated(each) for each in evaluated(cluster, timestamp.group(1).strip())]
    if labelled := _LABELLED.fullmatch(text):
        inner, *words = labelled.groups()
        found = evaluated(cluster, inner.strip())
        return [_labelled(each, [unquoted(word) for word in words]) for each in found]
    if rate := _RATE.fullmatch(text):
        how, inner, span = rate.groups()
        return [_rate(each, how, _span(span)) for each in _selected(cluster, inner.strip())]
    return _selected(cluster, text)


def _selected(cluster: Cluster, text: str) -> list[Series]:
    name, selector = selector_of(text)
    # Few metrics are meant, and each has a series for everything that it is about.
    of_names = tuple(each for each in selector if each.label == _NAMED)
    rest = tuple(each for each in selector if each.label != _NAMED)
    names = [each for each in METRICS if name in (None, each) and fits(of_names, {_NAMED: each})]
    return [each for each in series_of(cluster, names) if fits(rest, each.labels)]


def _alternatives(text: str) -> list[str]:
    """What stands between words ``or`` that are in no parentheses and no string."""
    found, begin, depth, quote = list[str](), 0, 0, ""
    for at, sign in enumerate(text):
        if quote:
            quote = "" if sign == quote and text[at - 1] != "\\" else quote
        elif sign in "\"`'":
            quote = sign
        elif sign in "({[":
            depth += 1
        elif sign in ")}]":
            depth -= 1
        elif sign == "o" and not depth and _EITHER.match(text, at):
            found.append(text[begin:at].strip())
            begin = at + 2
    return [*found, text[begin:].strip()]


def _either(alternatives: Iterable[list[Series]]) -> list[Series]:
    """Each series of the first, and those of the others that look like none before them."""
    found, seen = list[Series](), dict[frozenset[tuple[str, str]], list[Series]]()
    for series in alternatives:
        # What an alternative has itself looks alike where only the names differ.
        new = [(_nameless(each), each) for each in series]
        found += [_unless(each, seen.get(labels, ())) for labels, each in new]
        for labels, each in new:
            seen.setdefault(labels, []).append(each)
    return found


def _nameless(series: Series) -> frozenset[tuple[str, str]]:
    return frozenset(pair for pair in series.labels.items() if pair[0] != _NAMED)


def _unless(series: Series, others: Sequence[Series]) -> Series:
    if not others:
        return series
    others = tuple(others)

    def value(at: float) -> float | None:
        told = any(other.value(at) is not None for other in others)
        return None if told else series.value(at)

    return Series(series.labels, value)


def _dated(series: Series) -> Series:
    """When its sample was taken: here that is always just now."""
    labels = {name: text for name, text in series.labels.items() if name != _NAMED}
    return Series(labels, lambda at: None if series.value(at) is None else at)


def _labelled(series: Series, words: Sequence[str]) -> Series:
    target, replacement, source, pattern = words
    if (match := re.fullmatch(pattern, series.labels.get(source, ""))) is None:
        return series
    made = match.expand(re.sub(r"\$(\d)", r"\\\1", replacement))
    kept = {name: text for name, text in series.labels.items() if name != target}
    return Series(kept | ({target: made} if made else {}), series.value)


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
        if how == "changes":  # Between two samples it does not change and change back here.
            return float(now != before)
        # One that is less than it was has begun anew.
        grown = now - before if now >= before else now
        return grown if how == "increase" else grown / span

    labels = {name: text for name, text in series.labels.items() if name != _NAMED}
    return Series(labels, value)


def _split(names: str) -> frozenset[str]:
    return frozenset(name.strip() for name in names.split(",") if name.strip())


def _combined(
    how: str, grouping: str | None, names: frozenset[str], series: Iterable[Series]
) -> list[Series]:
    groups: dict[tuple[tuple[str, str], ...], list[Series]] = {}
    ordered = sorted(names)
    for each in series:
        labels = each.labels
        if grouping == "without":
            kept = sorted(pair for pair in labels.items() if pair[0] not in names | {_NAMED})
        else:
            kept = [(name, labels[name]) for name in ordered if name in labels]
        groups.setdefault(tuple(kept), []).append(each)
    return [
        Series(dict(labels), _together(_COMBINED[how], members))
        for labels, members in groups.items()
    ]


def _together(combine: Callable[[Sequence[float]], float], members: Sequence[Series]) -> Sampled:
    if len(members) == 1 and combine is not len:
        return members[0].value

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
    return NotSimulated("only a small part of PromQL is answered")
