"""The answer that is put together from what the tools have told. Pure."""

from collections.abc import Iterable, Iterator, Sequence

from contracts.chat import ToolStatus
from contracts.spoken import title_in_words
from services.chat.analyst.calling import Asking
from services.chat.analyst.history import whole
from services.chat.analyst.paging import joined
from services.chat.analyst.reading import Json, data_of, items, number, parts, speaks_of, text
from services.chat.analyst.telling import TELLERS, View
from services.chat.analyst.telling.said import number as figure, quoted, word
from services.chat.analyst.topics import TOPICS, Topic, having
from services.chat.steps import Answered

MOST = 24_000
"""Characters of an answer."""
_MOST_TOLD = 12
"""Answers of tools that are told of."""
_CAN_ASK = {
    "get_fleet_summary": "how the fleet is",
    "list_clusters": "which clusters are unhealthy",
    "list_incidents": "which incidents are open",
    "analyze_root_cause": "what is behind an incident",
    "list_alerts": "alerts, by severity, cluster or state",
    "query_metrics": "a metric, such as CPU or memory, or PromQL in backticks",
    "query_logs": "logs of a namespace that hold a word",
    "search_traces": "slow or failed traces of a service",
    "detect_anomalies": "what is unusual in a metric",
    "get_event_history": "what happened last night",
    "get_state_as_of": "how the fleet was at a past time",
    "get_gpu_nodes": "temperature, memory or power of GPUs",
    "get_gpu_summary": "how many GPUs are idle",
    "get_gpu_processes": "which pods use GPUs",
    "get_cnf_workloads": "network functions that are not running",
    "get_ptp_status": "offsets of PTP clocks",
    "get_dpdk_stats": "DPDK ports that drop packets",
    "get_sriov_status": "free virtual functions",
}
_PLAIN = {
    "PERMISSION_DENIED": "you may not see that",
    "QUERY_TIMEOUT": "there was no answer in time",
    "NOT_FOUND": "there is no such thing",
    "RATE_LIMITED": "too much was asked at once",
    "VALIDATION_FAILED": "it was asked in a way that is not valid",
    "NO_GPU_NODES": "there are no nodes with GPUs",
    "OVERLOADED": "the hub has too much to do",
}
_CAUSES = frozenset({Topic.CAUSE})
_LEADING = frozenset({"list_incidents", "list_alerts"})
"""Asked for what a cause is to be looked for."""


def answer(asking: Asking, why: str) -> str:
    """Markdown: what was told, what was not, and that no model was used."""
    asked, known = asking.asked, asking.known
    told = [each for each in _worth(asking) if each.status is ToolStatus.SUCCESS]
    failed = [each for each in known.answers if each.status is not ToolStatus.SUCCESS]
    sections = [*_lacking(asking), *_unknown_names(asking)]
    sections += [_looked_into(each, asking) for each in told if each.tool == "analyze_root_cause"]
    sections += [_told(each, asking) for each in told[:_MOST_TOLD]]
    if len(told) > _MOST_TOLD:
        sections.append(["Tools have told more than is shown here."])
    sections += [*_without_cause(asking), *_failures(failed)]
    if not asked.topics or not (told or failed):
        sections.append(_can_ask(asking))
    body = "\n\n".join("\n".join(each) for each in sections if each)
    return f"{_fitted(body)}\n\n{_end(why)}"


def _fitted(body: str) -> str:
    """Cut at the end of a line."""
    if len(body) <= MOST:
        return body
    return f"{body[:MOST].rpartition(chr(10))[0]}\n\nMore was told than has room here."


def _end(why: str) -> str:
    reason = " ".join(why.split())[:300]
    return (
        f"*No model was used ({reason or 'there is none'}): this was put together from what the"
        " tools told by fixed rules.*"
    )


def _worth(asking: Asking) -> Iterator[Answered]:
    """Answers but for the look-up of names, if there are others; what is asked for comes first."""
    every = whole(joined(asking.known.answers))
    others = [each for each in every if not _is_lookup(each, asking)]
    first = [each for each in others if each.tool == "analyze_root_cause"]
    yield from first
    if any(each.status is ToolStatus.SUCCESS for each in first) and _is_cause_alone(asking):
        others = [each for each in others if each.tool not in _LEADING]
    yield from (
        each for each in others or every if each not in first and not _is_empty(each, every)
    )


def _is_cause_alone(asking: Asking) -> bool:
    return frozenset(asking.asked.topics) == _CAUSES


def _looked_into(each: Answered, asking: Asking) -> list[str]:
    """What the cause is of, where nobody has said which incident or alert is meant."""
    if not _is_cause_alone(asking):
        return []
    for name, rows in (("incident", asking.known.incidents()), ("alert", asking.known.alerts())):
        meant = each.arguments.get(f"{name}_id")
        for one in (row for row in rows if text(row, "id") == str(meant)):
            clusters = [text(each, "name", "id") for each in parts(one, "clusters")]
            of = quoted(", ".join(clusters[:4]) or text(one, "cluster_name"), 80)
            title = quoted(title_in_words(text(one, "title", "alertname")), 80)
            return [f"**{name.capitalize()}:** {title} ({word(one.get('severity'))}) in {of}."]
    return []


def _is_empty(each: Answered, every: Sequence[Answered]) -> bool:
    """Logs by a label that no line has, where another label has brought some, or was tried last."""
    if each.tool != "query_logs" or parts(data_of(each), "entries"):
        return False
    same = [one for one in every if one.tool == each.tool and one.status is ToolStatus.SUCCESS]
    return any(parts(data_of(one), "entries") for one in same) or (
        bool(same) and each is not same[0]
    )


def _is_lookup(each: Answered, asking: Asking) -> bool:
    topics = asking.asked.topics
    is_told = "get_cluster_status" in asking.known.tools
    # That there is no cluster of a name is said where nothing else has it either.
    is_found = "name" not in each.arguments or bool(parts(data_of(each), "items"))
    is_asked = Topic.CLUSTERS in topics or (Topic.CLUSTER in topics and not is_told and is_found)
    return each.tool == "list_clusters" and bool(asking.known.wanted_names()) and not is_asked


def _told(each: Answered, asking: Asking) -> list[str]:
    data, teller = data_of(each), TELLERS.get(each.tool)
    terms = asking.known.terms()
    if not {"cluster_ids", "cluster_id"} & each.arguments.keys():
        terms = (*terms, *asking.known.resolved())  # What the tool was not asked for alone.
    goes_on = each.answer is not None and each.answer.next is not None
    view = View(terms, asking.asked.words.known, each.arguments, _of(each), goes_on=goes_on)
    if teller is None or not data:
        return [f"**{quoted(each.tool, 60)}:** nothing was told."]
    return [*teller(data, view), *_missing(data), *_cut(each)]


def _of(each: Answered) -> int | None:
    """How many a list has of which not all was told."""
    cuts = each.answer.cut if each.answer is not None else ()
    main = [one.of for one in cuts if one.unit == "entries" and "[" not in one.path]
    return main[0] if main else None


def _missing(data: Json) -> list[str]:
    """Clusters that did not answer, and what is not known of some."""
    told = [_absent(each) for each in parts(data, "missing")]
    warnings = [each for each in items(data, "warnings") if isinstance(each, str)]
    lines = [f"- {each}" for each in told[:5]]
    if len(told) > 5:
        lines.append(f"- in all {figure(len(told))} clusters")
    head = ["", "Without an answer:", "", *lines] if lines else []
    noted = [f"- Note: {quoted(each, 200)}" for each in warnings[:3]]
    return [*head, *([""] if noted else []), *noted]


def _absent(one: Json) -> str:
    name = quoted(text(one, "cluster_name", "cluster_id"), 60)
    what = f" ({word(one.get('what'))})" if one.get("what") else ""
    return f"{name}{what}: {quoted(text(one, 'reason', 'code'), 200)}"


def _cut(each: Answered) -> list[str]:
    if each.answer is None or not each.answer.cut:
        return []
    main = each.answer.cut[0]
    shown, of = figure(main.shown), figure(main.of)
    if main.unit == "points":
        return ["", f"Figures are of all {of} points of a series; {shown} of them were told."]
    return [
        "",
        f"This was cut: {shown} of {of} {main.unit} of {quoted(main.path, 80)} were told."
        " Ask for less, such as one cluster or a shorter time, to have all of it.",
    ]


def _lacking(asking: Asking) -> list[list[str]]:
    """What there is no tool for, and who has one."""
    lines = list[str]()
    if not asking.scope.tools and asking.known.tools:
        return []  # Nothing may be called any more, whoever asks.
    for topic in asking.asked.topics:
        told = TOPICS[topic]
        if set(told.tools) & asking.scope.tools or asking.known.tools & set(told.tools):
            continue
        if _topic_is_covered(topic, asking):
            continue
        names = having(told.tools)
        who = f"; {_listed(names)} {'have' if len(names) > 1 else 'has'} one" if names else ""
        instead = [each for each in told.instead if each in asking.scope.tools]
        less = " What follows is what the tools at hand tell." if instead else ""
        lines.append(f"This persona has no tool for {topic.value}{who}.{less}")
    return [lines] if lines else []


def _topic_is_covered(topic: Topic, asking: Asking) -> bool:
    """A cluster's own row tells nearly as much as its status does."""
    return topic is Topic.CLUSTER and "list_clusters" in asking.scope.tools


def _listed(names: Sequence[str]) -> str:
    quoted_names = [f"“{each}”" for each in names]
    if len(quoted_names) < 2:
        return "".join(quoted_names)
    return f"{', '.join(quoted_names[:-1])} and {quoted_names[-1]}"


def _unknown_names(asking: Asking) -> list[list[str]]:
    """Names of which no cluster is known."""
    known = asking.known
    rounds = [each for each in known.of("list_clusters") if each.status is ToolStatus.SUCCESS]
    names = [each for each in known.unresolved() if _is_unknown(each, asking)]
    if not rounds or not names:
        return []
    shown = sum(len(parts(data_of(each), "items")) for each in rounds)
    total = next((number(data_of(each), "total") for each in rounds), None)
    looked = f" among the {figure(shown)} that were looked at" if total and total > shown else ""
    return [[f"No cluster is called {', '.join(quoted(each, 80) for each in names)}{looked}."]]


def _is_unknown(name: str, asking: Asking) -> bool:
    """Nothing else is called so either."""
    others = [each for each in asking.known.answers if each.tool != "list_clusters"]
    return not any(speaks_of(data_of(each), [name]) for each in others)


def _without_cause(asking: Asking) -> list[list[str]]:
    """That a cause was asked for, and there was nothing to look for one of."""
    known = asking.known
    if not _CAUSES & set(asking.asked.topics) or "analyze_root_cause" in known.tools:
        return []
    if "analyze_root_cause" not in asking.scope.tools:
        return [["No cause can be told here: only a root cause analysis names one."]]
    return [["No cause can be looked for: there is no open incident or alert."]]


def _failures(failed: Iterable[Answered]) -> list[list[str]]:
    lines = [_failure(each) for each in failed]
    return [["What could not be found out:", "", *dict.fromkeys(lines[:8])]] if lines else []


def _failure(each: Answered) -> str:
    if each.status is ToolStatus.TIMEOUT:
        said = "there was no answer in time"
    else:
        said = _PLAIN.get(each.code or "", "it went wrong")
    more = f": {quoted(each.text, 200)}" if each.text else ""
    return f"- {quoted(each.tool, 60)}: {said}{more}"


def _can_ask(asking: Asking) -> list[str]:
    can = [said for tool, said in _CAN_ASK.items() if tool in asking.scope.tools]
    head = "What is meant was not understood." if not asking.asked.topics else ""
    if not can:
        return [head or "Nothing can be asked here."]
    return [
        *([head] if head else []),
        "What can be asked here:",
        "",
        *(f"- {each}" for each in can),
    ]
