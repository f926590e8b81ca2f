"""Alerts in words."""

from collections.abc import Sequence

from services.chat.analyst.reading import Json, number as number_of, part, parts, speaking, text
from services.chat.analyst.telling.said import (
    View,
    counts,
    moment,
    number,
    of_many,
    quoted,
    table,
    word,
)

_WORST = ("CRITICAL", "WARNING", "INFO")
_PLACES = ("node", "instance", "pod", "deployment", "namespace", "service", "job")


def alerts(data: Json, view: View) -> list[str]:
    """How many of which severity, and those that are meant, the worst first."""
    total, rows = number_of(data, "total"), parts(data, "items")
    if not total and not rows:
        return [f"**Alerts:** there are no {_of(view)}alerts."]
    least = "at least " if data.get("total_at_least") is True else ""
    shown = _worst_first(speaking(rows, view.terms))
    by = counts(part(data, "by_severity"), _WORST)
    return [
        f"**Alerts:** {least}{number(total if total is not None else len(rows))} {_of(view)}in all"
        f"{f' ({by})' if by else ''}.",
        *table(("Alert", "Severity", "State", "Cluster", "Where", "Since"), map(_row, shown)),
        *of_many(len(shown), total if len(shown) == len(rows) else len(shown)),
    ]


def _of(view: View) -> str:
    severity, state = view.arguments.get("severity"), view.arguments.get("state")
    told = [word(each) for each in (severity, state) if each]
    return f"{' '.join(told)} " if told else ("open " if not state else "")


def _worst_first(rows: Sequence[Json]) -> list[Json]:
    return sorted(rows, key=lambda each: _rank(text(each, "severity")))


def _rank(severity: str) -> int:
    return _WORST.index(severity) if severity in _WORST else len(_WORST)


def _row(one: Json) -> tuple[str, ...]:
    marks = [name for name in ("silenced", "inhibited", "flapping") if one.get(name) is True]
    state = f"{word(one.get('state'))}{f' ({chr(44).join(marks)})' if marks else ''}"
    return (
        quoted(text(one, "alertname"), 60),
        word(one.get("severity")),
        state,
        quoted(text(one, "cluster_name", "cluster_id"), 60),
        _place(part(one, "labels")),
        moment(one.get("starts_at")),
    )


def _place(labels: Json) -> str:
    found = [f"{name} {labels[name]}" for name in _PLACES if isinstance(labels.get(name), str)]
    return quoted(", ".join(found[:2]), 80)
