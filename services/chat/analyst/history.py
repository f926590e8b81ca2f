"""A history that had no room in one answer: what follows of it, and all of it as one. Pure.

The log is read by pages, each behind a cursor; of a page as much is told at a time as has room, by
an offset. What is still missing of a page is asked for at once, and the next page after it.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from contracts.chat import MOST_CALLS, ToolStatus
from contracts.tools import ToolAnswer
from services.chat.analyst.reading import Json, data_of, number, parts
from services.chat.steps import Answered

HISTORY = "get_event_history"
"""The tool."""
_MAIN = "items"
_PLACE = frozenset({"offset", "cursor"})


@dataclass(frozen=True, slots=True)
class _Page:
    """What was told of one page."""

    answers: Sequence[Answered]
    """By their offsets; one at least."""

    def missing(self) -> list[dict[str, Any]]:
        """Arguments that ask for the rest of it."""
        first = self.answers[0]
        return [{**first.arguments, "offset": at} for at in self._starts()]

    @property
    def cursor(self) -> object:
        """Of the next page; None where there is none, or the end of this one was not seen."""
        told = self.answers[-1].answer
        given = dict(told.next or {}) if told is not None else {}
        return None if given.get("offset") else given.get("cursor")

    def _starts(self) -> list[int]:
        starts, at, total = list[int](), 0, 0
        for each in self.answers:
            begin, shown = _offset(each), len(_rows(each))
            if begin > at:
                starts.append(at)
            at, total = max(at, begin + shown), max(total, begin + _entries(each))
        step = max(len(_rows(self.answers[0])), 1)
        return [*starts, *range(at, total, step)]


def going_on(answers: Iterable[Answered]) -> list[tuple[str, dict[str, Any]]]:
    """Calls that bring what follows of each history."""
    found = _histories(answers)
    share = MOST_CALLS // max(len(found), 1)
    return [(HISTORY, each) for pages in found for each in _following(pages)[:share]]


def whole(answers: Iterable[Answered]) -> list[Answered]:
    """The pages of a history as one answer, in the place of the first of them; its ``next`` says
    whether there is more."""
    answers = list(answers)
    told = dict[str, Answered]()
    others = set[str]()
    for pages in _histories(answers):
        every = [each for page in pages for each in page.answers]
        told[every[0].call_id] = _joined(every, next(iter(_following(pages)), None))
        others |= {each.call_id for each in every[1:]}
    return [told.get(each.call_id, each) for each in answers if each.call_id not in others]


def _following(pages: Sequence[_Page]) -> list[dict[str, Any]]:
    left = [each for page in pages for each in page.missing()]
    last = pages[-1]
    if left or last.cursor is None:
        return left
    plain = {name: one for name, one in last.answers[0].arguments.items() if name not in _PLACE}
    return [{**plain, "cursor": last.cursor}]


def _histories(answers: Iterable[Answered]) -> list[list[_Page]]:
    """Of each question its pages, in the order in which they were asked for."""
    found = dict[str, dict[object, list[Answered]]]()
    for each in answers:
        if each.tool == HISTORY and each.status is ToolStatus.SUCCESS and each.answer is not None:
            plain = {name: one for name, one in each.arguments.items() if name not in _PLACE}
            key = json.dumps(plain, sort_keys=True, default=str)
            page = found.setdefault(key, {}).setdefault(each.arguments.get("cursor"), [])
            page.append(each)
    return [
        [_Page(sorted(page, key=_offset)) for page in pages.values()] for pages in found.values()
    ]


def _joined(every: Sequence[Answered], following: dict[str, Any] | None) -> Answered:
    told = [row for each in every for row in _rows(each)]
    # What happened meanwhile has moved others.
    rows = {number(row, "sequence") or -1 - at: row for at, row in enumerate(told)}
    cut = {one.path: one for each in every if each.answer for one in each.answer.cut}
    cut.pop(_MAIN, None)
    data = {**data_of(every[0]), _MAIN: list(rows.values())}
    answer = ToolAnswer(tool=HISTORY, data=data, cut=tuple(cut.values()), next=following)
    return replace(every[0], answer=answer)


def _rows(each: Answered) -> list[Json]:
    return parts(data_of(each), _MAIN)


def _offset(each: Answered) -> int:
    return int(number(each.arguments, "offset") or 0)


def _entries(each: Answered) -> int:
    """How many its page has from its offset on."""
    cuts = () if each.answer is None else each.answer.cut
    return next((one.of for one in cuts if one.path == _MAIN), len(_rows(each)))
