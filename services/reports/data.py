"""What a report tells, whatever it is written as: this, as JSON, is the format JSON.

Every text is plain: no writer may take anything in it for markup.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from contracts.envelope import Message, Timestamp
from contracts.reports import ReportType, TimeRange

LONGEST_TEXT = 2_000
_CUT = "…"


def plain(text: object, longest: int = LONGEST_TEXT) -> str:
    """A text from outside as it may stand in a report: of bounded length, without control
    characters."""
    told = "".join(each if each.isprintable() or each == "\n" else " " for each in str(text))
    return told if len(told) <= longest else told[: longest - 1] + _CUT


class Tone(StrEnum):
    """How bad something is."""

    GOOD = "GOOD"
    WARNING = "WARNING"
    BAD = "BAD"


class Cell(Message):
    """One thing in a table or list."""

    text: str
    link: Annotated[str, StringConstraints(pattern=r"^/[^/\\s]\S*$")] | None = None
    """A path of the hub, where it can be looked up."""
    tone: Tone | None = None


class Column(Message):
    """A column of a table."""

    name: str
    is_number: bool = False


class Table(Message):
    """A table; of a long one what comes first."""

    title: str
    columns: Annotated[tuple[Column, ...], Field(min_length=1)]
    rows: tuple[tuple[Cell, ...], ...]
    left_out: int = 0
    """Rows that there are beyond these."""


class Figure(Message):
    """A number that matters, next to what it was before."""

    label: str
    value: str
    """Already with its unit; ``not known`` where it is not."""
    before: str | None = None
    tone: Tone | None = None


class ChartKind(StrEnum):
    """How a chart shows its points."""

    BARS = "BARS"
    """One bar an ``x``, its series on top of one another."""
    LINES = "LINES"
    RANKING = "RANKING"
    """Lying bars with names, the longest first."""


class Point(Message):
    """A value in a chart."""

    x: str
    """A time (RFC 3339) or a name."""
    y: float
    series: str = ""


class Chart(Message):
    """A small chart, and what it shows in words."""

    title: str
    kind: ChartKind
    unit: str
    text: str
    """In place of it, for who does not see it."""
    points: tuple[Point, ...]
    is_over_time: bool = True


class Item(Message):
    """A paragraph of a list, with what it rests on."""

    text: str
    evidence: tuple[Cell, ...] = ()
    code: str = ""
    """A command, to be read as it is."""
    tone: Tone | None = None


class Section(Message):
    """A part of a report."""

    heading: str
    text: tuple[str, ...] = ()
    """Paragraphs."""
    figures: tuple[Figure, ...] = ()
    charts: tuple[Chart, ...] = ()
    items: tuple[Item, ...] = ()
    tables: tuple[Table, ...] = ()


class Summary(Message):
    """The report in a few words, and whose they are."""

    text: str
    model: str | None = None
    """Null: no model was used."""
    note: str = ""
    """Why not, or that what a model says may be wrong."""


class InScope(Message):
    """A cluster that a report is about."""

    id: UUID
    name: str


class ReportData(Message):
    """A report."""

    report_id: UUID
    title: str
    report_type: ReportType
    generated_at: Timestamp
    generated_by: str
    time_range: TimeRange
    is_of_all: bool
    """It is about every cluster that there was."""
    clusters: tuple[InScope, ...]
    summary: Summary
    sections: tuple[Section, ...]
    gaps: tuple[str, ...] = ()
    """What could not be read, and so is missing."""
    hub: str = ""
    """The address that paths of links begin with; empty: it is not known."""


def cells(*values: object) -> tuple[Cell, ...]:
    """A row of plain texts."""
    return tuple(each if isinstance(each, Cell) else Cell(text=plain(each)) for each in values)


def first(rows: Iterable[tuple[Cell, ...]], most: int) -> tuple[tuple[tuple[Cell, ...], ...], int]:
    """So many rows, and how many there are beyond."""
    all_of_them = tuple(rows)
    return all_of_them[:most], max(len(all_of_them) - most, 0)
