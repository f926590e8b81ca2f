"""Instant and range queries over the fleet."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec
from litestar import Response
from promql_parser import Expr

from contracts.refusals import Code, Refused
from contracts.telemetry import QueryMetrics
from gateway.ecosystem.prometheus.asking import Answers, Fleet, fleet, limited
from gateway.ecosystem.prometheus.errors import bad_data, failed
from gateway.ecosystem.prometheus.selection import Question, drops_cluster, makes_something
from gateway.ecosystem.prometheus.series import (
    ADDED_UP,
    Found,
    NotNumbers,
    Series,
    added_up,
    labelled,
    side_by_side,
)
from gateway.federation.promql import (
    Across,
    Parsed,
    Returned,
    across,
    caveats,
    over_steps,
    parse,
)
from gateway.federation.sharing import INSTANT, kept_for
from gateway.rest.shared import AnyRequest, WithGate

_MOST_POINTS = 11_000
_ENOUGH = 3
"""So many clusters are asked for what is the same in all of them."""
_SINGLE = frozenset({"scalar", "string"})


class _Result(msgspec.Struct):
    resultType: str  # noqa: N815 - Prometheus' own name
    result: Any


async def instant(gate: WithGate, request: AnyRequest) -> Response[Any]:
    """A query at one time."""
    asking = await fleet(gate, request)
    parsed = _parsed(asking)
    moment = asking.given.moment("time") or _to_milliseconds(gate.clock.now())
    return await _evaluate(asking, parsed, {"time": moment})


async def over_time(gate: WithGate, request: AnyRequest) -> Response[Any]:
    """A query at every step of a range."""
    asking = await fleet(gate, request)
    given = asking.given
    start, end, step = given.required("start"), given.required("end"), given.step()
    if end < start:
        raise bad_data('invalid parameter "end": end timestamp must not be before start time')
    if (end - start).total_seconds() / step > _MOST_POINTS:
        said = f"exceeded maximum resolution of {_MOST_POINTS:,} points per timeseries."
        raise bad_data(f"{said} Try decreasing the query resolution (?step=XX)")
    window = {"start": start, "end": end, "step_seconds": step}
    return await _evaluate(asking, over_steps(_parsed(asking)), window)


def _parsed(asking: Fleet) -> Parsed:
    return parse(asking.given.text("query"))


async def _evaluate(asking: Fleet, parsed: Parsed, window: dict[str, Any]) -> Response[Any]:
    question = Question(parsed)
    texts = {each.id: question.for_cluster(each.name) for each in asking.clusters}
    given = asking.given
    back = given.lookback()
    given.count("limit")  # What is wrong with it is told before anybody is asked.
    asked = {
        cluster: QueryMetrics(query=text, lookback_seconds=back, **window)
        for cluster, text in texts.items()
        if text is not None
    }
    if parsed.constant:
        asked = dict(list(asked.items())[:_ENOUGH])

    def tell(found: Answers[msgspec.Raw]) -> _Result:
        found.warnings.extend([*parsed.warnings, *question.warnings])
        if not asked and parsed.expression is not None and makes_something(parsed.expression):
            text = "no cluster is chosen: what the query makes of nothing is left out"
            found.warnings.append(text)
        matrix = "start" in window or parsed.returns is Returned.MATRIX
        kind = found.each[0].kind if found.each else "matrix" if matrix else "vector"
        if kind in _SINGLE:
            return _single(found, kind)
        return _Result(kind, limited(_joined(found, parsed, len(asked)), given, found.warnings))

    try:
        return await asking.ask(asked, msgspec.Raw, tell, keep=_kept_for(window))
    except Refused as refused:
        if refused.code is Code.INVALID_PROMQL and parsed.expression is not None:
            raise failed(refused) from None
        raise


def _kept_for(window: Mapping[str, Any]) -> float:
    return kept_for(window["start"], window["end"]) if "start" in window else INSTANT


def _joined(answers: Answers[msgspec.Raw], parsed: Parsed, asked: int) -> list[Series]:
    found = [
        Found(each.cluster, msgspec.json.decode(each.data, type=list[Series]))
        for each in answers.each
    ]
    if parsed.constant:
        return side_by_side(found[:1], keeps_cluster=False)
    answers.warnings.extend(caveats(parsed) if asked > 1 else ())
    how, why = across(parsed)
    if how in ADDED_UP:
        try:
            return added_up(found, how)
        except NotNumbers:
            how, why = Across.NOT_EXACT, "native histograms are not added up across clusters"
    if asked == 1 and parsed.expression is not None:
        return _of_one(answers, found, parsed.expression)
    if how is Across.NOT_EXACT and asked > 1:
        answers.warnings.append(f"each result is of one cluster: {why}")
    return side_by_side(found)


def _of_one(answers: Answers[msgspec.Raw], found: list[Found], expression: Expr) -> list[Series]:
    """Of a single cluster anything is exact, and has the labels that the query leaves."""
    dropped = drops_cluster(expression)
    if dropped is None:
        answers.warnings.append('some results have a label "cluster" that are of no cluster')
    return side_by_side(found, keeps_cluster=not dropped)


def _single(answers: Answers[msgspec.Raw], kind: str) -> _Result:
    """One scalar or string if all have the same; else a vector with one of each cluster."""
    told = {bytes(each.data): each for each in answers.each}
    if len(told) == 1:
        return _Result(kind, answers.each[0].data)
    if kind == "string":
        raise bad_data("the clusters have answered different strings")
    series = [Series(labelled({}, each.cluster), value=each.data) for each in answers.each]
    answers.warnings.append("the scalar differs: each result is of one cluster")
    return _Result("vector", series)


def _to_milliseconds(moment: datetime) -> datetime:
    return moment - timedelta(microseconds=moment.microsecond % 1000)
