"""Charts and tables of what was read."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from contracts.envelope import rfc3339
from contracts.spoken import title_in_words
from services.reports.data import (
    Cell,
    Chart,
    ChartKind,
    Column,
    Figure,
    Point,
    Table,
    Tone,
    cells,
    first,
    plain,
)
from services.reports.gathering import fleet
from services.reports.gathering.fleet import SEVERITIES, Counted, Span
from services.reports.gathering.reading import Json, moment_of, span

_RANKED = 12
_SHORT = 60
TONES = {"CRITICAL": Tone.BAD, "WARNING": Tone.WARNING, "OFFLINE": Tone.BAD,
         "DEGRADED": Tone.WARNING, "HIGH": Tone.BAD, "MEDIUM": Tone.WARNING}  # fmt: skip
NOT_KNOWN = "not known"


def number(value: float | None, unit: str = "", digits: int = 0) -> str:
    """With its unit; what is not known is never zero."""
    return NOT_KNOWN if value is None else f"{value:,.{digits}f}{unit}"


def compared(label: str, now: int, before: int, *, more_is_worse: bool = True) -> Figure:
    """A count next to that of the time before."""
    tone = None if now == before else Tone.BAD if (now > before) == more_is_worse else Tone.GOOD
    return Figure(label=label, value=f"{now:,}", before=f"{before:,}", tone=tone)


def by_day(title: str, unit: str, counted: Iterable[tuple[Span, Mapping[str, int]]]) -> Chart:
    """Bars of days by severity."""
    points: list[Point] = []
    totals: list[int] = []
    for part, counts in counted:
        totals.append(sum(counts.values()))
        points += [
            Point(x=rfc3339(part.start), y=counts.get(each, 0), series=each)
            for each in SEVERITIES
            if counts.get(each, 0)
        ] or [Point(x=rfc3339(part.start), y=0, series=SEVERITIES[0])]
    text = f"{sum(totals):,} {unit} in all; a day between {min(totals, default=0):,} and"
    text = f"{text} {max(totals, default=0):,}."
    return Chart(title=title, kind=ChartKind.BARS, unit=unit, text=text, points=tuple(points))


def severities_by_day(
    parts: Sequence[Span], found: Iterable[Json]
) -> list[tuple[Span, Counter[str]]]:
    """Incidents by the day that they began."""
    counts = [(part, Counter[str]()) for part in parts]
    for each in found:
        begun = moment_of(each["opened_at"])
        for part, counter in counts:
            if part.start <= begun < part.end:
                counter[each["severity"]] += 1
    return counts


def ranking(title: str, unit: str, counts: Mapping[str, float]) -> Chart:
    """The largest, by name."""
    largest = sorted(counts.items(), key=lambda each: (-each[1], each[0]))[:_RANKED]
    points = tuple(Point(x=plain(name, _SHORT), y=value) for name, value in largest)
    told = ", ".join(f"{plain(name, _SHORT)} {value:,.0f}" for name, value in largest[:3])
    text = f"Most {unit}: {told}." if told else f"No {unit}."
    return Chart(
        title=title, kind=ChartKind.RANKING, unit=unit, text=text, points=points, is_over_time=False
    )


def line(title: str, unit: str, series: Mapping[str, Sequence[tuple[datetime, float]]]) -> Chart:
    """Values over time."""
    points = tuple(
        Point(x=rfc3339(at), y=value, series=name if len(series) > 1 else "")
        for name, values in series.items()
        for at, value in values
    )
    told = [
        f"{name or title}: {values[0][1]:,.0f} at first, {values[-1][1]:,.0f} {unit} at last"
        for name, values in series.items()
        if values
    ]
    text = "; ".join(told[:5]) + "." if told else "Nothing is known."
    return Chart(title=title, kind=ChartKind.LINES, unit=unit, text=text, points=points)


def cluster_cell(found: Json) -> Cell:
    """A cluster by its name."""
    name = plain(found.get("name") or found.get("cluster_name") or found["id"], 200)
    return Cell(text=name, link=f"/clusters/{found['id']}")


def health_table(
    title: str, found: Sequence[Json], counted: Counted, opened: Mapping[str, int], most: int
) -> Table:
    """Clusters, the worst first."""
    rows, left = first(
        (
            cells(
                cluster_cell(each),
                each["cluster_type"],
                Cell(text=each["state"], tone=TONES.get(each["state"])),
                number(each["health_score"]),
                counted.cluster[each["id"]],
                opened.get(each["id"], 0),
                plain(each["last_error"] or "", 160),
            )
            for each in found
        ),
        most,
    )
    names = ("Cluster", "Type", "State", "Health", "Alerts", "Incidents", "Last error")
    columns = tuple(
        Column(name=name, is_number=name in {"Health", "Alerts", "Incidents"}) for name in names
    )
    return Table(title=title, columns=columns, rows=rows, left_out=left)


def incident_table(
    title: str, found: Sequence[Json], causes: Mapping[str, Json], now: datetime, most: int
) -> Table:
    """Incidents with their causes."""
    rows, left = first((_incident(each, causes, now) for each in found), most)
    names = ("Began", "Incident", "Severity", "State", "Duration", "Clusters", "Cause")
    columns = tuple(Column(name=name) for name in names)
    return Table(title=title, columns=columns, rows=rows, left_out=left)


def _incident(one: Json, causes: Mapping[str, Json], now: datetime) -> tuple[Cell, ...]:
    begun, ended = moment_of(one["opened_at"]), one["resolved_at"]
    lasted = ((now if ended is None else moment_of(ended)) - begun).total_seconds()
    names = [plain(each["name"] or each["id"], _SHORT) for each in one["clusters"]]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return cells(
        begun.strftime("%d %b %H:%M"),
        Cell(text=plain(title_in_words(one["title"]), 160), link=f"/incidents/{one['id']}"),
        Cell(text=one["severity"], tone=TONES.get(one["severity"])),
        one["state"],
        span(lasted),
        ", ".join(names[:3]) + more,
        fleet.cause_of(causes.get(one["id"])),
    )


def by_cluster(found: Iterable[Json]) -> Counter[str]:
    """Incidents by the clusters that they are of."""
    return Counter(cluster for each in found for cluster in each["cluster_ids"])
