"""Lists that had no room in one answer: which pages are missing, and all pages as one. Pure."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from contracts.chat import MOST_CALLS, ToolStatus
from contracts.tools import Cut, ToolAnswer
from services.chat.analyst.reading import Json, data_of, number, parts, text
from services.chat.steps import Answered

_MAIN = "items"
_PAGED = frozenset({
    "list_clusters", "list_alerts", "list_incidents", "get_gpu_nodes", "get_gpu_processes",
    "get_cnf_workloads", "get_ptp_status", "get_dpdk_stats", "get_sriov_status", "get_trace",
})  # fmt: skip
"""Tools of which the worst is told first: it may stand on any page."""

Key = tuple[str, str]
Pages = dict[Key, list[Answered]]


def missing(answers: Iterable[Answered]) -> list[tuple[str, dict[str, Any]]]:
    """Calls that bring the rest of lists; none for one that is too long to be told whole.

    Each list is gone on with once: what still lacks then has come in between.
    """
    calls = list[tuple[str, dict[str, Any]]]()
    for some in _pages(answers).values():
        more = _rest(some[0]) if len(some) == 1 else []
        if len(calls) + len(more) <= MOST_CALLS:
            calls += more
    return calls


def is_missing(each: Answered) -> bool:
    """Whether a list goes on behind its answer."""
    return each.answer is not None and "offset" in (each.answer.next or {})


def joined(answers: Iterable[Answered]) -> list[Answered]:
    """The pages of a list as one answer, in the place of the first of them."""
    answers = list(answers)
    pages = _pages(answers)
    told = {some[0].call_id: _joined(some) for some in pages.values() if len(some) > 1}
    others = {each.call_id for some in pages.values() for each in some[1:]}
    return [told.get(each.call_id, each) for each in answers if each.call_id not in others]


def _pages(answers: Iterable[Answered]) -> Pages:
    found = Pages()
    for each in answers:
        if each.tool in _PAGED and each.status is ToolStatus.SUCCESS and each.answer is not None:
            given = {name: one for name, one in each.arguments.items() if name != "offset"}
            key = (each.tool, json.dumps(given, sort_keys=True, default=str))
            found.setdefault(key, []).append(each)
    return {key: sorted(some, key=_offset) for key, some in found.items()}


def _offset(each: Answered) -> float:
    return number(each.arguments, "offset") or 0


def _rest(each: Answered) -> list[tuple[str, dict[str, Any]]]:
    data = data_of(each)
    shown, total = len(parts(data, _MAIN)), number(data, "total")
    is_counted = total is not None and data.get("total_at_least") is not True
    if not (is_missing(each) and shown and is_counted and total is not None):
        return []
    at = range(int(_offset(each)) + shown, int(total), shown)
    return [(each.tool, {**each.arguments, "offset": one}) for one in at[: MOST_CALLS + 1]]


def _joined(some: Sequence[Answered]) -> Answered:
    """Rows by their place: a page may be shorter than the one before it, or overlap with it."""
    rows, at = dict[int, Json](), list[Answered]()
    for each in some:
        at.append(each)
        for place, row in enumerate(parts(data_of(each), _MAIN), int(_offset(each))):
            rows.setdefault(place, row)
    every = _unique([rows[place] for place in sorted(rows)])
    data = {**data_of(some[0]), _MAIN: every}
    total = number(data, "total")
    return replace(some[0], answer=_answer(some, data, len(every), total))


def _unique(rows: Sequence[Json]) -> list[Json]:
    """What is new moves others to the next page."""
    named = {text(each, "id") or str(place): each for place, each in enumerate(rows)}
    return list(named.values())


def _answer(some: Sequence[Answered], data: Json, shown: int, total: float | None) -> ToolAnswer:
    cuts = [cut for each in some if each.answer is not None for cut in each.answer.cut]
    within = {cut.path: cut for cut in cuts if cut.path != _MAIN}
    is_less = total is not None and shown < total
    main = [Cut(path=_MAIN, shown=shown, of=int(total or 0), unit="entries")] if is_less else []
    return ToolAnswer(tool=some[0].tool, data=data, cut=(*main, *within.values()))
