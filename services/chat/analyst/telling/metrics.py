"""Metrics, names of labels, and anomalies in words."""

from typing import cast

from services.chat.analyst.expressions import MEASURES
from services.chat.analyst.reading import (
    Json,
    items,
    number as number_of,
    part,
    parts,
    speaking,
    text,
)
from services.chat.analyst.telling.said import (
    View,
    labels,
    moment,
    number,
    of_many,
    percent,
    quoted,
    table,
    word,
)

_NAMES = {each.query: each.name for each in MEASURES.values()}
_MOST_NAMES = 40


def series(data: Json, view: View) -> list[str]:
    """Each series with its numbers, the highest first."""
    query = str(view.arguments.get("query", ""))
    name = _NAMES.get(query)
    head = (
        f"**Metrics:** {name}, {quoted(query, 200)}"
        if name
        else f"**Metrics:** {quoted(query, 300)}"
    )
    rows, total = parts(data, "series"), number_of(data, "total")
    answered = _answered(data)
    if not rows:
        return [f"{head}: no series{answered}."]
    shown = sorted(speaking(rows, view.terms), key=_level, reverse=True)
    is_range = any((number_of(part(each, "summary"), "points") or 0) > 1 for each in shown)
    is_range = is_range and "start_time" in view.arguments
    header = ("Cluster", "Series", *(("Last", "Least", "Most", "Mean") if is_range else ("Value",)))
    row = _over_time if is_range else _at_once
    return [
        f"{head}: {number(len(rows) if total is None else total)} series{answered}{_time(view)}.",
        *table(header, map(row, shown)),
        *of_many(len(shown), total if len(shown) == len(rows) else None),
    ]


def _answered(data: Json) -> str:
    asked, told = number_of(data, "clusters_queried"), number_of(data, "clusters_succeeded")
    if asked is None or told is None:
        return ""
    return f", from {number(told)} of {number(asked)} clusters"


def _time(view: View) -> str:
    start, end = view.arguments.get("start_time"), view.arguments.get("end_time")
    if start and end:
        return f", {moment(start)} to {moment(end)}"
    return f", at {moment(end)}" if end else ""


def _level(one: Json) -> float:
    found = number_of(part(one, "summary"), "last")
    found = _value(one) if found is None else found
    return found if found is not None and found == found else float("-inf")


def _value(one: Json) -> float | None:
    """Of a vector's series, or of a scalar."""
    points = items(one, "values") or [items(one, "value")]
    last = list(cast("list[object]", points[-1])) if isinstance(points[-1], list) else []
    try:
        return float(str(last[1]))
    except (ValueError, IndexError):
        return None


def _named(one: Json) -> tuple[str, str]:
    return quoted(text(one, "cluster_name", "cluster_id"), 60), labels(part(one, "metric"))


def _at_once(one: Json) -> tuple[str, ...]:
    return (*_named(one), number(_value(one)))


def _over_time(one: Json) -> tuple[str, ...]:
    told = part(one, "summary")
    return (*_named(one), *(number(told.get(each)) for each in ("last", "min", "max", "mean")))


def names(data: Json, view: View) -> list[str]:
    """Names of labels, or values of one."""
    found = [each for each in items(data, "data") if isinstance(each, str)]
    label = view.arguments.get("label_name")
    what = f"Values of the label {quoted(label, 80)}" if label else "Labels"
    if label == "__name__":
        what = "Metrics that there are"
    if not found:
        return [f"**{what}:** none{_answered(data)}."]
    told = ", ".join(quoted(each, 80) for each in found[:_MOST_NAMES])
    more = ", …" if len(found) > _MOST_NAMES else ""
    return [f"**{what}:** {number(view.of or len(found))}{_answered(data)}: {told}{more}"]


def anomalies(data: Json, view: View) -> list[str]:
    """What is unusual, the surest first; and where nothing could be seen."""
    query = quoted(view.arguments.get("query", ""), 200)
    rows = parts(data, "series")
    found = [each for one in rows for each in parts(one, "anomalies")]
    window = f"{moment(data.get('start'))} to {moment(data.get('end'))}"
    head = f"**Anomalies** in {query}, {window}{_answered(data)}:"
    warming = sum(each.get("warming") is True or each.get("too_few") is True for each in rows)
    unsure = [f"- Too little is known of some of the {number(len(rows))} series to be sure."]
    if not found:
        lines = [f"{head} nothing unusual was found in {number(len(rows))} series."]
        return [*lines, *(unsure if warming else [])]
    surest = sorted(found, key=lambda each: -(number_of(each, "confidence_score") or 0))
    lines = [
        f"{head} {number(data.get('anomalies'))}.",
        *table(
            ("Metric", "Series", "What", "Since", "Value", "Expected", "Sure"), map(_row, surest)
        ),
    ]
    return [
        *lines,
        *of_many(len(surest), number_of(data, "anomalies")),
        *(unsure if warming else []),
    ]


def _row(one: Json) -> tuple[str, ...]:
    lasts = "" if one.get("ended_at") else ", lasting"
    return (
        quoted(text(one, "metric_name"), 60),
        labels(part(one, "labels"), 4),
        f"{word(one.get('severity'))} {word(one.get('anomaly_type'))}{lasts}",
        moment(one.get("detected_at")),
        number(one.get("actual_value")),
        number(one.get("expected_value")),
        percent(one.get("confidence_score")),
    )
