"""Incidents and their root causes in words."""

from collections.abc import Iterable

from contracts.spoken import place_in_words, sentence_in_words, title_in_words
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
    counts,
    moment,
    number,
    of_many,
    percent,
    quoted,
    table,
    word,
)

_STATES = ("OPEN", "ACKNOWLEDGED", "RESOLVED")
_SEVERITIES = ("CRITICAL", "WARNING", "INFO")
_CLAIMS, _CITED, _ACTIONS, _OTHERS = 5, 8, 5, 3


def incidents(data: Json, view: View) -> list[str]:
    """How many, and those that are meant."""
    total, rows = number_of(data, "total"), parts(data, "items")
    if not total and not rows:
        return ["**Incidents:** there are none" + _of(view) + "."]
    shown = speaking(rows, view.terms)
    by = counts(part(data, "by_severity"), _SEVERITIES)
    return [
        f"**Incidents:** {number(total if total is not None else len(rows))}{_of(view)}"
        f"{f' ({by})' if by else ''}.",
        *table(
            ("Incident", "Severity", "State", "Clusters", "Signals", "Lasting", "Since", "Id"),
            map(_row, shown),
        ),
        *of_many(len(shown), total if len(shown) == len(rows) else len(shown)),
    ]


def _of(view: View) -> str:
    severity, state = view.arguments.get("severity"), view.arguments.get("state")
    told = [word(each) for each in (severity, state or "OPEN") if each]
    return f" that are {' and '.join(told)}" if state else f" {' '.join(['that are not resolved'])}"


def _row(one: Json) -> tuple[str, ...]:
    clusters = [text(each, "name", "id") for each in parts(one, "clusters")]
    return (
        quoted(title_in_words(text(one, "title")), 80),
        word(one.get("severity")),
        word(one.get("state")),
        quoted(", ".join(clusters[:4]), 80),
        number(one.get("signals")),
        number(one.get("lasting")),
        moment(one.get("opened_at")),
        quoted(text(one, "id"), 40),
    )


def cause(data: Json, view: View) -> list[str]:
    """The cause if it is known, and else hypotheses, called that."""
    causes = parts(data, "causes")
    if text(data, "state") == "PENDING":
        return ["**Root cause:** the analysis is still at work; ask again in some seconds."]
    if not causes:
        return [f"**Root cause:** not known. {_explained(data)}"]
    first = causes[0]
    head = f"{_place(first)} ({word(first.get('kind'))}, {percent(first.get('score'))})"
    if data.get("is_known") is True:
        lines = [f"**Root cause:** {head}."]
    else:
        lines = [f"**Root cause:** not known. A hypothesis: {head}."]
    lines += ["", *map(_claim, parts(first, "claims")[:_CLAIMS])]
    lines += [
        f"- Against it: {quoted(sentence_in_words(each), 300)}" for each in _texts(first, "doubts")
    ]
    lines += _others(causes[1 : 1 + _OTHERS]) + _window(data)
    return [*lines, *_actions(parts(data, "actions")[:_ACTIONS]), *_looked(data)]


def _explained(data: Json) -> str:
    told = text(data, "explanation", "text") or "Nothing speaks for any."
    return quoted(sentence_in_words(told), 300)


def _place(one: Json) -> str:
    return quoted(place_in_words(text(part(one, "entity"), "place")), 100)


def _claim(claim: Json) -> str:
    unsure = "" if claim.get("is_fact") is True else " (a hypothesis)"
    cited = [*items(claim, "cited"), *items(claim, "effects")]
    said = quoted(sentence_in_words(text(claim, "text")), 300)
    return f"- {said}{unsure}{_events(cited)}"


def _events(sequences: Iterable[object]) -> str:
    shown = [str(each) for each in sequences if isinstance(each, int)][:_CITED]
    return f" [event{'s' if len(shown) > 1 else ''} {', '.join(shown)}]" if shown else ""


def _texts(one: Json, name: str) -> list[str]:
    return [each for each in items(one, name) if isinstance(each, str)][:_CLAIMS]


def _others(causes: list[Json]) -> list[str]:
    if not causes:
        return []
    told = [f"{_place(each)} ({percent(each.get('score'))})" for each in causes]
    return [f"- Other hypotheses: {', '.join(told)}"]


def _window(data: Json) -> list[str]:
    start, end = data.get("window_start"), data.get("window_end")
    if not start or not end:
        return []
    signals = number(data.get("signals"))
    return ["", f"It rests on {signals} signals from {moment(start)} to {moment(end)}."]


def _actions(actions: list[Json]) -> list[str]:
    if not actions:
        return []
    steps = [
        f"{place}. {quoted(text(each, 'text'), 300)}"
        + (f": {quoted(text(each, 'command'), 300)}" if text(each, "command") else "")
        for place, each in enumerate(actions, 1)
    ]
    return ["", "Next steps:", "", *steps]


def _looked(data: Json) -> list[str]:
    """Backends that were to be seen live, and have not answered."""
    failed = [each for each in parts(part(data, "live"), "looks") if text(each, "failure")]
    told = [f"{word(each.get('backend'))}: {quoted(text(each, 'failure'), 120)}" for each in failed]
    return ["", f"Not all was seen live: {'; '.join(told[:4])}."] if told else []
