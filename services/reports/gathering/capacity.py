"""What is used of what there is, and when it would be full if it went on in a straight line."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from services.reports.data import (
    Cell,
    Chart,
    Column,
    Figure,
    Item,
    Section,
    Table,
    Tone,
    cells,
    plain,
)
from services.reports.gathering import charting, fleet
from services.reports.gathering.fleet import Span
from services.reports.gathering.found import Found
from services.reports.gathering.projecting import FURTHEST_DAYS, Line, line_through
from services.reports.gathering.reading import Json, Reading
from services.reports.gathering.used import Used, Values, used_by, whom

STEPS = ("reading clusters", "reading CPU, memory and GPUs")
_MOST_ROWS = 200
_SOON = 90.0
_LIMITS = (80.0, 100.0)


async def gather(reading: Reading) -> Found:
    """All of it."""
    time = Span(reading.start, reading.end)
    await reading.tell(STEPS[0])
    async with reading.at_once() as begin:
        health, listed = begin(fleet.clusters, time.end), begin(_listed)
    now, clusters = sorted(health.result(), key=lambda each: each["name"]), listed.result()
    nodes = _nodes(clusters)
    await reading.tell(STEPS[1])
    # Clusters that are silent are waited for: what is our own is read meanwhile.
    async with reading.at_once() as begin:
        asked = begin(used_by, time, whom(reading, now, clusters))
        held = begin(_gpus_over, time)
    used, (gpus, grown) = asked.result(), held.result()
    soon = _soon(now, used)
    sections = (
        Section(
            heading="In short",
            text=(_STATED,),
            figures=_figures(now, nodes, used, gpus),
            items=soon or (Item(text="By these lines nothing is full within 90 days."),),
        ),
        *(_resource(each, now) for each in used),
        _clusters(now, nodes, used),
        _gpus(gpus, grown),
    )
    return Found(_words(now, used, soon), sections, fleet.in_scope(reading, now), {})


_STATED = (
    "Projections are straight lines of least squares through the time of this report: they know of"
    " no season, no plan and no change to come. They are no forecast."
)


async def _listed(reading: Reading) -> list[Json]:
    found, _ = await reading.all_of("the sizes of clusters", "/clusters", 2_500)
    return [each for each in found if reading.has(each["id"])]


async def _gpus_over(reading: Reading, time: Span) -> tuple[Json | None, Values]:
    """Those at its end, and how they were used through it."""
    gpus = await fleet.gpus(reading, time.end)
    return gpus, await fleet.gpu_utilisation(reading, time) if gpus is not None else []


def _nodes(clusters: Sequence[Json]) -> dict[str, int]:
    return {
        each["id"]: each["capabilities"]["node_count"] for each in clusters if each["capabilities"]
    }


def _figures(
    now: Sequence[Json], nodes: Mapping[str, int], used: Sequence[Used], gpus: Json | None
) -> tuple[Figure, ...]:
    of = [nodes[each["id"]] for each in now if each["id"] in nodes]
    figures = [
        Figure(label="Clusters", value=f"{len(now):,}"),
        Figure(label="Nodes", value=charting.number(sum(of)) if of else charting.NOT_KNOWN),
    ]
    for each in used:
        last = [values[-1][1] for values in each.values.values()]
        label = f"{each.name[:1].upper()}{each.name[1:]} used, mean of {len(last):,} clusters"
        value = charting.number(sum(last) / len(last), " %") if last else charting.NOT_KNOWN
        figures.append(Figure(label=label, value=value))
    if gpus is not None:
        used_now = charting.number(gpus["utilization_gpu_percent"], " %")
        figures.append(Figure(label=f"Use of {gpus['gpus']:,} GPUs", value=used_now))
    return tuple(figures)


def _soon(now: Sequence[Json], used: Sequence[Used]) -> tuple[Item, ...]:
    found: list[tuple[float, Item]] = []
    for each in now:
        for resource in used:
            line = resource.line(each["id"])
            days = None if line is None else line.days_until(_LIMITS[1])
            if line is None or days is None or days > _SOON:
                continue
            when = _when(line, _LIMITS[1])
            text = (
                f"{resource.name} of {each['name']}: at {line.level:.0f} % by its line, full {when}"
            )
            link = Cell(text="cluster", link=f"/clusters/{each['id']}")
            found.append((days, Item(text=plain(text, 300), evidence=(link,), tone=Tone.BAD)))
    return tuple(item for _, item in sorted(found, key=lambda each: each[0])[:20])


def _when(line: Line | None, limit: float) -> str:
    if line is None:
        return "too little is known"
    days = line.days_until(limit)
    if days is None:
        return f"not within {FURTHEST_DAYS:.0f} days"
    if days == 0:
        return "already"
    return (line.at + timedelta(days=days)).strftime("%d %b %Y")


def _resource(used: Used, now: Sequence[Json]) -> Section:
    names = {each["id"]: plain(each["name"], 60) for each in now}
    last = {names.get(of, of): values[-1][1] for of, values in used.values.items()}
    mean = _mean(used)
    charts: list[Chart] = []
    if len(mean) > 1:
        charts.append(charting.line(f"{_begun(used.name)} used, mean of clusters", "%", {"": mean}))
    if last:
        charts.append(charting.ranking(f"Clusters that use most {used.name}", "%", last))
    heading = f"{used.name[:1].upper()}{used.name[1:]}"
    text = () if last else ("Nothing is known: no cluster has answered with it.",)
    return Section(heading=heading, text=text, charts=tuple(charts))


def _mean(used: Used) -> list[tuple[datetime, float]]:
    """Of the clusters that are known at each time."""
    at: defaultdict[datetime, list[float]] = defaultdict(list)
    for values in used.values.values():
        for moment, value in values:
            at[moment].append(value)
    return [(moment, sum(found) / len(found)) for moment, found in sorted(at.items())]


def _clusters(now: Sequence[Json], nodes: Mapping[str, int], used: Sequence[Used]) -> Section:
    columns = [Column(name="Cluster"), Column(name="Nodes", is_number=True)]
    for each in used:
        label = f"{each.name[:1].upper()}{each.name[1:]}"
        columns += [
            Column(name=label, is_number=True),
            Column(name=f"{label} a day", is_number=True),
            *(Column(name=f"{limit:.0f} % of {each.name}") for limit in _LIMITS),
        ]
    rows = tuple(_row(each, nodes, used) for each in now[:_MOST_ROWS])
    table = Table(
        title="What is used, how it changes a day, and when it would be full by a straight line",
        columns=tuple(columns),
        rows=rows,
        left_out=max(len(now) - _MOST_ROWS, 0),
    )
    return Section(heading="Cluster by cluster", tables=(table,))


def _row(one: Json, nodes: Mapping[str, int], used: Sequence[Used]) -> tuple[Cell, ...]:
    row: list[object] = [charting.cluster_cell(one), charting.number(nodes.get(one["id"]))]
    for each in used:
        line = each.line(one["id"])
        row += [
            charting.number(each.last(one["id"]), " %"),
            charting.NOT_KNOWN if line is None else f"{line.a_day:+.2f} %",
            *(_when(line, limit) for limit in _LIMITS),
        ]
    return cells(*row)


def _gpus(gpus: Json | None, used: Values) -> Section:
    if gpus is None:
        return Section(heading="GPUs", text=("There are none, or nothing is known of any.",))
    rows = tuple(
        cells(
            Cell(text=plain(each["cluster_name"], 120), link=f"/clusters/{each['cluster_id']}"),
            each["gpus"],
            charting.number(each["utilization_gpu_percent"], " %"),
            _memory(each),
            each["idle"],
        )
        for each in gpus["by_cluster"]
    )
    names = ("Cluster", "GPUs", "Use", "Memory used", "Idle")
    columns = tuple(Column(name=name, is_number=name != "Cluster") for name in names)
    line = line_through(used)
    full = f"By a straight line their use is at 100 %: {_when(line, _LIMITS[1])}."
    chart = charting.line("Use of GPUs at the end of each day", "%", {"": used})
    return Section(
        heading="GPUs",
        text=(full,),
        charts=(chart,) if len(used) > 1 else (),
        tables=(Table(title="By cluster", columns=columns, rows=rows),),
    )


def _memory(each: Json) -> str:
    total, used = each["memory_total_mb"], each["memory_used_mb"]
    return charting.NOT_KNOWN if not total or used is None else f"{100 * used / total:.0f} %"


def _words(now: Sequence[Json], used: Sequence[Used], soon: Sequence[Item]) -> str:
    told = [f"{len(now):,} clusters."]
    for each in used:
        last = [values[-1][1] for values in each.values.values()]
        if last:
            mean = sum(last) / len(last)
            told.append(f"{_begun(each.name)}: {mean:.0f} % used, mean of {len(last):,} clusters.")
        else:
            told.append(f"{_begun(each.name)}: not known.")
    ending = "nothing would be full within 90 days" if not soon else soon[0].text
    return " ".join([*told, f"By a straight line, {ending}."])


def _begun(name: str) -> str:
    """As the first word of a line."""
    return name[:1].upper() + name[1:]
