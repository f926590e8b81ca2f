"""The explanation without a model: the same facts always give the same text.

What it is, since when, how bad, what was found with its evidence, and what to do next.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast

from contracts.explaining import ExplainedKind
from contracts.spoken import place_in_words, sentence_in_words, signal_in_words, title_in_words
from services.llm.causes import Json, first_cause, is_borne_out, part, parts
from services.llm.markdown import quoted

_CLAIMS, _CITED, _ACTIONS, _SIGNALS, _FIELDS = 4, 8, 5, 5, 20
_NO_ANSWER = "A question can be answered by a model alone; this is what is known."


def told(about: ExplainedKind, facts: Json, *, is_question: bool, why: str) -> str:
    """Markdown; it ends with why there is no model in it."""
    body = [_NO_ANSWER, ""] if is_question else []
    body += _TOLD[about](facts)
    return "\n".join([*body, "", f"*No model was used: {why}. This text is made from a template.*"])


def _incident(facts: Json) -> list[str]:
    one = part(facts, "incident")
    clusters = [each.get("name") or each.get("id") for each in parts(one, "clusters")]
    lines = [
        f"**What it is:** the incident {quoted(title_in_words(str(one.get('title'))))}"
        f", {_word(one.get('state'))}{_listed(' in ', clusters)}.",
        f"**Since:** {_time(one.get('opened_at'))}; last signal"
        f" {_time(one.get('last_signal_at'))}.",
        f"**How bad:** {_word(one.get('severity'))};"
        f" signals: {one.get('signals', 0)}, still there: {one.get('lasting', 0)}.",
    ]
    signals = parts(facts, "signals")[:_SIGNALS]
    if signals:
        lines += ["", "**Signals, the newest first:**", *map(_signal, signals)]
    return [*lines, "", *_analysis(facts)]


def _signal(one: Json) -> str:
    where = _listed(" at ", map(place_in_words, _texts(one, "where")[:1]))
    name = signal_in_words(str(one.get("name")))
    return (
        f"- {quoted(name)} ({_word(one.get('severity'))})"
        f", {_time(one.get('started_at'))}{where}{_events([one.get('sequence')])}"
    )


def _analysis(facts: Json) -> list[str]:
    analysis, cause = part(facts, "analysis"), first_cause(facts)
    if not analysis:
        return ["**What was found:** its cause was not looked for yet.", *_next([])]
    if analysis.get("redacted"):
        return ["**What was found:** it is also about clusters that you do not see.", *_next([])]
    if not cause:
        return ["**What was found:** the cause is unknown; nothing speaks for any.", *_next([])]
    place = quoted(place_in_words(str(part(cause, "entity").get("place"))))
    sure = f"{place} ({_word(cause.get('kind'))}, {_percent(cause.get('score'))})"
    found = f"**What was found:** the cause is {sure}."
    if not is_borne_out(facts):
        found = f"**What was found:** the cause is unknown. A hypothesis: {sure}."
    claims = [_claim(each) for each in parts(cause, "claims")[:_CLAIMS]]
    doubts = [f"- Against it: {_sentence(each)}" for each in _texts(cause, "doubts")]
    return [found, *claims, *doubts, *_next(parts(analysis, "actions"))]


def _claim(claim: Json) -> str:
    unsure = "" if claim.get("is_fact") is True else " (a hypothesis)"
    cited = [*_listed_of(claim, "cited"), *_listed_of(claim, "effects")]
    return f"- {_sentence(claim.get('text'))}{unsure}{_events(cited)}"


def _next(actions: Iterable[Json]) -> list[str]:
    steps = [
        f"{number}. {_sentence(each.get('text'))}"
        + (f": {quoted(each['command'], 300)}" if each.get("command") else "")
        for number, each in enumerate(list(actions)[:_ACTIONS], 1)
    ]
    return ["", "**Next steps:**", *(steps or ["1. Look at the evidence, and at what changed."])]


def _anomaly(facts: Json) -> list[str]:
    one = part(facts, "anomaly")
    ended = one.get("ended_at")
    lines = [
        f"**What it is:** {_word(one.get('anomaly_type'))} of {quoted(one.get('metric_name'))}"
        f"{_labels(one)}{_listed(' in ', [one.get('cluster_name')])}.",
        f"**Since:** {_time(one.get('detected_at'))}, "
        + (f"until {_time(ended)}." if ended else "and it lasts."),
        f"**How bad:** {_word(one.get('severity'))}; it was {_number(one.get('actual_value'))}"
        f", and {_number(one.get('expected_value'))} was expected.",
        f"**What was found:** {quoted(one.get('explanation'), 500)}",
    ]
    step = "Look at the incident that it belongs to." if one.get("incident_id") else ""
    return [*lines, *_next([]), *([f"2. {step}"] if step else [])]


def _alert(facts: Json) -> list[str]:
    one = part(facts, "alert")
    ended = one.get("ends_at")
    summary = part(one, "annotations").get("summary") or part(one, "annotations").get("description")
    lines = [
        f"**What it is:** the alert {quoted(one.get('alertname'))}{_labels(one)}"
        f", {_word(one.get('state'))}{_listed(' in ', [one.get('cluster_name')])}.",
        f"**Since:** {_time(one.get('starts_at'))}"
        + (f", until {_time(ended)}." if ended else "."),
        f"**How bad:** {_word(one.get('severity'))}"
        + (", silenced." if one.get("silenced") is True else "."),
        f"**What was found:** {quoted(summary, 500)}",
    ]
    step = "Look at the incident that it belongs to." if one.get("incident_id") else ""
    return [*lines, *_next([]), *([f"2. {step}"] if step else [])]


def _data(facts: Json) -> list[str]:
    fields = list(part(facts, "data").items())
    lines = [f"- {quoted(name, 80)}: {_value(each)}" for name, each in fields[:_FIELDS]]
    more = len(fields) - len(lines)
    return [
        f"**What it is:** data that were given, with {len(fields)} fields.",
        *lines,
        *([f"- and {more} more"] if more else []),
    ]


def _of_analysis(facts: Json) -> list[str]:
    one = part(facts, "analysis")
    lines = [
        f"**What it is:** a root cause analysis of {_word(one.get('trigger'))}"
        f", of {one.get('signals', 0)} signals.",
        f"**Since:** {_time(one.get('window_start'))} to {_time(one.get('window_end'))} was looked"
        " at.",
    ]
    return [*lines, "", *_analysis(facts)]


_TOLD: Mapping[ExplainedKind, Callable[[Json], Sequence[str]]] = {
    ExplainedKind.INCIDENT: _incident,
    ExplainedKind.ANALYSIS: _of_analysis,
    ExplainedKind.ANOMALY: _anomaly,
    ExplainedKind.ALERT: _alert,
    ExplainedKind.DATA: _data,
}


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return f"{len(cast('Json', value))} fields"
    if isinstance(value, list):
        return f"{len(cast('list[object]', value))} values"
    return "nothing" if value is None else quoted(value)


def _labels(one: Json) -> str:
    pairs = [f"{name}={each}" for name, each in sorted(part(one, "labels").items())]
    shown = [each for each in pairs if not each.startswith("alertname=")][:6]
    return f" ({', '.join(map(quoted, shown))})" if shown else ""


def _listed(before: str, values: Iterable[object]) -> str:
    shown = [quoted(each) for each in values if each][:5]
    return f"{before}{', '.join(shown)}" if shown else ""


def _events(sequences: Iterable[object]) -> str:
    shown = [str(each) for each in sequences if isinstance(each, int)][:_CITED]
    if not shown:
        return ""
    return f" [event{'s' if len(shown) > 1 else ''} {', '.join(shown)}]"


def _listed_of(one: Json, name: str) -> list[Any]:
    found = one.get(name)
    return cast("list[Any]", found) if isinstance(found, list) else []


def _texts(one: Json, name: str) -> list[str]:
    return [each for each in _listed_of(one, name) if isinstance(each, str)][:_CLAIMS]


def _sentence(text: object) -> str:
    return quoted(sentence_in_words(str(text)), 300)


def _word(value: object) -> str:
    """One of our own words, such as a severity; anything else is shown as it is."""
    text = str(value)
    return text.lower().replace("_", " ") if text.replace("_", "").isalpha() else quoted(value)


def _time(value: object) -> str:
    return quoted(value, 40) if value else "an unknown time"


def _number(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, int | float) else "nothing"


def _percent(value: object) -> str:
    return f"{value:.0%}" if isinstance(value, int | float) else "unknown"
