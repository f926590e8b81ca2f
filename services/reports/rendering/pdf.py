"""A report as PDF, by a typst template that takes its data as JSON and nothing of it as markup."""

import json
import logging
from pathlib import Path
from typing import Any

import typst

from services.reports.data import ReportData, Table, plain
from services.reports.rendering import wording
from services.reports.rendering.charts import svg

_TEMPLATE = Path(__file__).with_name("report.typ")
_ACCESSIBLE = ["ua-1"]
_SHORT, _MOST_WEIGHT = 12, 32


def pdf(data: ReportData) -> bytes:
    """The document: PDF/UA-1, unless there is a character in it that no font here has."""
    given = {"data": json.dumps(_given(data))}
    try:
        return _compiled(given, _ACCESSIBLE)
    except typst.TypstError as error:
        # PDF/UA wants every character to be shown; without it a box stands in for it.
        logging.getLogger("reports").info("not PDF/UA: %s", error)
        return _compiled(given, [])


def _compiled(given: dict[str, str], standards: list[Any]) -> bytes:
    made = typst.compile(
        _TEMPLATE.read_bytes(), format="pdf", sys_inputs=given, pdf_standards=standards
    )
    assert isinstance(made, bytes)  # noqa: S101 - of one document; for the type checker
    return made


def _weight(table: Table, at: int) -> int:
    """How wide a column is beside others, by what stands in it; 0: as wide as that, it is short."""
    longest = max(map(len, [table.columns[at].name, *(row[at].text for row in table.rows)]))
    return 0 if longest <= _SHORT and at else min(longest, _MOST_WEIGHT)


def _given(data: ReportData) -> dict[str, Any]:
    told: dict[str, Any] = data.model_dump(mode="json")
    for section, written in zip(data.sections, told["sections"], strict=True):
        for chart, one in zip(section.charts, written["charts"], strict=True):
            one["svg"] = svg(chart)
            del one["points"]
        for table, one in zip(section.tables, written["tables"], strict=True):
            one["note"] = wording.left_out(table.left_out) if table.left_out else ""
            for at, column in enumerate(one["columns"]):
                column["weight"] = _weight(table, at)
    return told | {
        "short_title": plain(data.title, 90),
        "kind": wording.KINDS[data.report_type],
        "period": wording.period(data),
        "scope": wording.scope(data),
        "made": wording.made(data),
        "whose": wording.whose(data),
    }
