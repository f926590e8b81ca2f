"""What is said next in a turn for which there is no model. Pure."""

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from contracts.chat import MOST_CALLS, ToolStatus
from contracts.conversing import WantedCall
from contracts.tools import TOOLS
from services.chat.analyst.answering import answer
from services.chat.analyst.asking import asked
from services.chat.analyst.calling import Asking, Wanted, log_ways, of_topic, of_window, summary
from services.chat.analyst.history import going_on
from services.chat.analyst.knowing import Known, Scope
from services.chat.analyst.paging import is_missing, missing
from services.chat.analyst.reading import data_of, number, parts, speaks_of, text
from services.chat.analyst.topics import Topic
from services.chat.steps import Answered, Round, Turned

MOST_ROUNDS = 4
"""Of its own; those of a model that began the turn do not count."""
_IDS = "analyst-"
_WAYS_AT_ONCE = 4
"""By which logs are looked for, after the likeliest one."""
_OF_NODES = ("get_gpu_nodes", "get_gpu_processes", "get_ptp_status", "get_sriov_status")


def next_said(
    question: str,
    capabilities: Collection[str],
    clusters: Sequence[UUID],
    rounds: Sequence[Round],
    now: datetime,
    why: str,
) -> Turned:
    """Calls of tools that the question needs, or the answer; ``why``: no model has answered.

    Tools are named that are among the capabilities, and no others. Where a model has begun the
    turn, the answer tells what its calls have brought; if that is nothing, it begins anew.
    """
    understood = asked(question, now)
    scope = Scope(frozenset(capabilities) & TOOLS.keys(), tuple(clusters))
    own = list[Round]()
    asking = Asking(understood, scope, Known(understood, own), now)
    for each in rounds:
        if _is_own(each, asking):
            own.append(each)
            asking = Asking(understood, scope, Known(understood, own), now)
    others = [each for each in rounds if each not in own]
    if not _has_brought(others) and len(own) < MOST_ROUNDS:
        calls = _calls(asking, len(rounds) + 1)
        if calls:
            return Turned("", calls)
    return Turned(answer(Asking(understood, scope, Known(understood, rounds), now), why))


def _is_own(found: Round, asking: Asking) -> bool:
    """Whether it is the one that the analyst would have begun here: ids may have been changed."""
    names = [each.name for each in found.calls]
    return bool(names) and names == [each.name for each in _calls(asking, 0)]


def _has_brought(rounds: Iterable[Round]) -> bool:
    """Whether a tool has told something."""
    return any(one.status is ToolStatus.SUCCESS for each in rounds for one in each.answers)


def _calls(asking: Asking, round_: int) -> tuple[WantedCall, ...]:
    wanted = _lookups(asking)
    if wanted is None:
        is_first = len(asking.known.rounds) == _looked_up(asking)
        wanted = _first(asking) if is_first else _following(asking)
    unique = {(name, json.dumps(arguments)): (name, arguments) for name, arguments in wanted}
    kept = [each for each in unique.values() if each[0] in asking.scope.tools]
    return tuple(
        WantedCall(id=f"{_IDS}{round_}-{number_}", name=name, arguments=arguments)
        for number_, (name, arguments) in enumerate(kept[:MOST_CALLS], 1)
    )


def _needs_names(asking: Asking) -> bool:
    return bool(asking.known.wanted_names()) and "list_clusters" in asking.scope.tools


def _looked_up(asking: Asking) -> int:
    """How many of the rounds only asked which clusters there are."""
    rounds = asking.known.rounds
    if not _needs_names(asking):
        return 0
    return sum(all(call.name == "list_clusters" for call in each.calls) for each in rounds)


def _lookups(asking: Asking) -> list[Wanted] | None:
    """Which clusters have a name that stands there; null: that is known, or there is no need."""
    rounds, known = len(asking.known.rounds), asking.known
    if not _needs_names(asking) or rounds > 1 or (rounds and _looked_up(asking) < rounds):
        return None
    if not rounds:
        return [("list_clusters", {"name": each}) for each in known.wanted_names()]
    return [("list_clusters", dict(each)) for each in known.more_clusters()] or None


def _first(asking: Asking) -> list[Wanted]:
    """What the question needs."""
    topics = asking.asked.topics
    done = asking.known.tools
    calls = [each for topic in topics for each in of_topic(topic, asking)]
    calls = calls if topics else summary(asking)
    return [each for each in calls if each[0] not in done]


def _following(asking: Asking) -> list[Wanted]:
    """What follows from what was told; of a list that goes on first all of it is read."""
    asked = [each for each in asking.known.answers if not _is_lookup(each, asking)]
    more = missing(asked) if len(asking.known.rounds) + 1 < MOST_ROUNDS else []
    if more or _may_wait(asking):
        more = [*more, *going_on(asked)]
    others = [*_other_logs(asking), *_narrowed(asking), *_hottest(asking)]
    return [*more, *others] if more else [*_analysis(asking), *others]


def _may_wait(asking: Asking) -> bool:
    """Whether an analysis, if one is wanted, can still come after this round."""
    is_last = len(asking.known.rounds) + 1 >= MOST_ROUNDS
    return not is_last or Topic.CAUSE not in asking.asked.topics


def _is_lookup(each: Answered, asking: Asking) -> bool:
    return each.tool == "list_clusters" and "name" in each.arguments and _needs_names(asking)


def _hottest(asking: Asking) -> list[Wanted]:
    """Of GPUs that are too many to be told one by one."""
    is_asked = asking.asked.has("temp", "temperature", "hot", "hottest", "heat")
    if not is_asked or "get_gpu_summary" in asking.known.tools:
        return []
    nodes = list(asking.known.of("get_gpu_nodes"))
    is_cut = any(map(is_missing, nodes)) and not missing(nodes) and len(nodes) == 1
    return [("get_gpu_summary", asking.of_clusters)] if is_cut else []


def _analysis(asking: Asking) -> list[Wanted]:
    """Of the worst incident, else of the worst alert, else of the cluster."""
    known = asking.known
    if Topic.CAUSE not in asking.asked.topics or "analyze_root_cause" in known.tools:
        return []
    for name, found in (("incident_id", known.incidents()), ("alert_id", known.alerts())):
        id_ = _uuid(text(found[0], "id")) if found else None
        if id_ is not None:
            return [("analyze_root_cause", {name: id_})]
    return [("analyze_root_cause", of_window(asking))] if asking.of_cluster else []


def _uuid(told: str) -> str | None:
    try:
        return str(UUID(told))
    except ValueError:
        return None


def _other_logs(asking: Asking) -> list[Wanted]:
    """By another label, where there were no lines by one."""
    tried = list(asking.known.of("query_logs"))
    if not tried or any(parts(data_of(each), "entries") for each in tried):
        return []
    if any(each.status is not ToolStatus.SUCCESS for each in tried):
        return []
    queries = [each.arguments.get("query") for each in tried]
    return [("query_logs", way) for way in log_ways(asking) if way["query"] not in queries][
        :_WAYS_AT_ONCE
    ]


def _narrowed(asking: Asking) -> list[Wanted]:
    """By the name of a node, where what was told was cut before it came to it."""
    names = [
        each for each in asking.known.unresolved() if "list_clusters" not in asking.scope.tools
    ]
    if not names:
        return []
    calls = list[Wanted]()
    for each in asking.known.answers:
        told = data_of(each)
        is_cut = each.answer is not None and each.answer.next is not None
        if each.tool in _OF_NODES and is_cut and "node_name" not in each.arguments:
            rows = parts(told, "items")
            if number(told, "total") and not any(speaks_of(row, names) for row in rows):
                calls.append((each.tool, {**each.arguments, "node_name": names[0]}))
    return calls
