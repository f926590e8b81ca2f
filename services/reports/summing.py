"""The report in a few words: by a model if there is one, else by the template's own."""

import asyncio
from typing import Any

import msgspec

from contracts.clusters import HUB
from contracts.explaining import MOST_FACTS, Explain, ExplainedKind, Explanation
from contracts.refusals import Refused
from contracts.reports import ReportAsked, ReportType
from services.reports.data import Section, Summary, plain
from services.reports.gathering.found import Found
from services.runtime.asking import Asker, Place, Unanswered

_SECONDS = 45.0
_HUB = Place(HUB, "-")
_LONGEST = 4_000
_ROWS = 8
_QUESTION = (
    "Summarise this report in at most six sentences for its reader: what matters most, what is"
    " worse than before, and what to do first. Use no number that is not in it."
)


async def summary(asker: Asker, asked: ReportAsked, found: Found) -> Summary:
    """Its summary; without a model it says why, and it never fails for want of one."""
    try:
        told = await _explained(asker, _query(asked, found))
    except (Refused, Unanswered, TimeoutError) as error:
        reason = str(error) or "no answer in time"
        return Summary(text=found.words, note=plain(reason, 300))
    if told.model is None:
        return Summary(text=found.words, note="none is configured, or none has answered")
    note = "It was shown a part of the report." if told.cut else ""
    return Summary(text=plain(told.text, _LONGEST), model=plain(told.model, 100), note=note)


def _query(asked: ReportAsked, found: Found) -> Explain:
    if asked.report_type is ReportType.INCIDENT_REPORT:
        facts, about = dict(found.facts), ExplainedKind.INCIDENT
    else:
        parts = [_section(section) for section in found.sections]
        told: dict[str, Any] = {"report": asked.report_type.value, "parts": parts}
        facts, about = {"data": told}, ExplainedKind.DATA
    body, cut = _fitted(facts)
    return Explain(about=about, facts=body, question=_QUESTION, cut=cut)


def _section(section: Section) -> dict[str, Any]:
    return {
        "heading": section.heading,
        "text": list(section.text),
        "figures": {each.label: [each.value, each.before] for each in section.figures},
        "charts": [each.text for each in section.charts],
        "items": [each.text for each in section.items[:_ROWS]],
        "tables": [
            [[cell.text for cell in row] for row in table.rows[:_ROWS]] for table in section.tables
        ],
    }


def _fitted(facts: dict[str, Any]) -> tuple[str, bool]:
    """As JSON, with lists cut until it fits."""
    for most in (50, 20, 8, 3, 1):
        body = msgspec.json.encode(_short(facts, most))
        if len(body) <= MOST_FACTS:
            return body.decode(), most != 50
    return "{}", True


def _short(told: Any, most: int) -> Any:
    match told:
        case dict():
            return {str(name): _short(each, most) for name, each in told.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        case list() | tuple():
            return [_short(each, most) for each in told[:most]]  # pyright: ignore[reportUnknownVariableType]
        case str():
            return told[: 40 * most]
        case _:
            return told


async def _explained(asker: Asker, query: Explain) -> Explanation:
    async with (
        asyncio.timeout(_SECONDS),
        asker.ask(_HUB, query, seconds=_SECONDS) as answer,
    ):
        body = b"".join([part async for part in answer])
    return Explanation.model_validate_json(body)
