"""A report with some of everything, and texts that try to be markup."""

from datetime import timedelta
from typing import Any

from contracts.reports import ReportType
from services.reports.data import (
    Cell,
    Chart,
    ChartKind,
    Column,
    Figure,
    Item,
    Point,
    ReportData,
    Section,
    Table,
    Tone,
    cells,
)
from tests.kit.samples import CLUSTER_ID, START, at

HOSTILE = (
    "<script>alert(1)</script>",
    "</style><img src=x onerror=alert(1)>",
    '#panic("typst") #let x = 1; $x^2$ @ref <label> *b* _i_',
    "[click](javascript:alert(1)) ![i](http://evil.example/x.png) `code` | cell",
    "{{ data.hub }} {% raw %} {# #}",
    "مرحبا بالعالم שלום",
    "日本語の名前 한국어",
    "1. one\n- two\n# three\n> four",
    "wide" * 2_500,
)


def chart(**changes: Any) -> Chart:
    points = tuple(
        Point(x=at(day * 86_400).isoformat(), y=day % 4, series=series)
        for day in range(7)
        for series in ("CRITICAL", "WARNING")
    )
    values: dict[str, Any] = {
        "title": "Incidents a day",
        "kind": ChartKind.BARS,
        "unit": "incidents",
        "text": "Between 0 and 3 incidents a day.",
        "points": points,
    }
    return Chart.model_validate(values | changes)


def ranking(*names: str) -> Chart:
    points = tuple(Point(x=name, y=9 - number) for number, name in enumerate(names))
    return chart(title="Most alerts", kind=ChartKind.RANKING, points=points, is_over_time=False)


def table(rows: int = 3, *names: str) -> Table:
    columns = (Column(name="Cluster"), Column(name="State"), Column(name="Score", is_number=True))
    told = names or tuple(f"edge-{number}" for number in range(rows))
    lines = tuple(
        cells(
            Cell(text=name, link=f"/clusters/{CLUSTER_ID}"), Cell(text="OFFLINE", tone=Tone.BAD), 40
        )
        for name in told
    )
    return Table(title="Health", columns=columns, rows=lines, left_out=2)


def report_data(*names: str, **changes: Any) -> ReportData:
    """One with these as its names of clusters and as texts everywhere."""
    told = names or ("edge-berlin-1",)
    section = Section(
        heading=f"Fleet {told[0][:100]}",
        text=told,
        figures=(
            Figure(label=told[0][:60], value="12", before="9", tone=Tone.BAD),
            Figure(label="Health", value="not known"),
        ),
        charts=(chart(), ranking(*told), chart(kind=ChartKind.LINES)),
        items=tuple(
            Item(
                text=name, evidence=(Cell(text="event 4", link="/events?event=4"),), code=name[:200]
            )
            for name in told
        ),
        tables=(table(3, *told),),
    )
    values: dict[str, Any] = {
        "report_id": CLUSTER_ID,
        "title": told[0][:200].replace("\n", " "),
        "report_type": ReportType.EXECUTIVE_SUMMARY,
        "generated_at": at(60),
        "generated_by": "ada",
        "time_range": {"start": START - timedelta(days=7), "end": START},
        "is_of_all": False,
        "clusters": [{"id": CLUSTER_ID, "name": name} for name in told],
        "summary": {"text": " ".join(told)},
        "sections": (section,),
        "gaps": (f"metrics of {told[0]}: no answer in time",),
        "hub": "https://hub.example.com",
    }
    return ReportData.model_validate(values | changes)
