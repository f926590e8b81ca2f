"""A report as Markdown, in which no text of it is markup."""

import re
from collections.abc import Iterator
from urllib.parse import quote

from services.reports.data import Cell, Item, ReportData, Section, Table
from services.reports.rendering import wording

_MARKUP = re.compile(r"([\\`*_{}\[\]<>#!|~&$@]|:(?=//)|(?<=www)\.|^[-+=])")
_NUMBERED = re.compile(r"^(\s*\d+)([.)])", re.MULTILINE)
_BLANKS = re.compile(r"\s+")
_TICKS = re.compile(r"`+")


def markdown(data: ReportData) -> bytes:
    """The document."""
    return ("\n".join(_lines(data)).rstrip() + "\n").encode()


def _lines(data: ReportData) -> Iterator[str]:
    yield f"# {_text(data.title)}\n"
    yield f"{_text(wording.KINDS[data.report_type])}  "
    yield f"{_text(wording.period(data))}  "
    yield f"{_text(wording.scope(data))}  "
    yield f"{_text(wording.made(data))}\n"
    yield "\n".join(f"> {_text(line)}" for line in data.summary.text.splitlines()) + "\n"
    yield f"{_text(wording.whose(data))}\n"
    if data.gaps:
        yield "## What is missing\n"
        yield from (f"- {_text(gap)}" for gap in data.gaps)
        yield ""
    for section in data.sections:
        yield from _section(section, data.hub)


def _section(section: Section, hub: str) -> Iterator[str]:
    yield f"## {_text(section.heading)}\n"
    yield from (f"{_text(text)}\n" for text in section.text)
    for figure in section.figures:
        before = "" if figure.before is None else f" (before: {_text(figure.before)})"
        yield f"- {_text(figure.label)}: **{_text(figure.value)}**{before}"
    yield ""
    for chart in section.charts:
        yield f"*{_text(chart.title)}*: {_text(chart.text)}\n"
    yield from (_item(item, hub) for item in section.items)
    yield ""
    for table in section.tables:
        yield from _table(table, hub)


def _item(item: Item, hub: str) -> str:
    evidence = "".join(f" {_cell(one, hub)}" for one in item.evidence)
    return f"- {_text(item.text)}{evidence}{_code(item.code) if item.code else ''}"


def _code(text: str) -> str:
    fence = "`" * (max((len(ticks) for ticks in _TICKS.findall(text)), default=0) + 1)
    return f"  \n  {fence} {_BLANKS.sub(' ', text)} {fence}"


def _table(table: Table, hub: str) -> Iterator[str]:
    yield f"{_text(table.title)}\n"
    yield "| " + " | ".join(_text(column.name) for column in table.columns) + " |"
    yield "|" + "|".join(" ---: " if each.is_number else " --- " for each in table.columns) + "|"
    for row in table.rows:
        yield "| " + " | ".join(_cell(one, hub) for one in row) + " |"
    if table.left_out:
        yield f"\n{_text(wording.left_out(table.left_out))}"
    yield ""


def _cell(cell: Cell, hub: str) -> str:
    if cell.link is None:
        return _text(cell.text)
    return f"[{_text(cell.text)}]({quote(hub + cell.link, safe='/:?&=%.,-_~')})"


def _text(text: str) -> str:
    """On one line, with a backslash before whatever could begin markup."""
    on_one = _MARKUP.sub(r"\\\1", _BLANKS.sub(" ", text).strip())
    return _NUMBERED.sub(r"\1\\\2", on_one)
