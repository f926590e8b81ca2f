"""One page for who decides: how it went against the time before, what is worst, what is open."""

from collections import Counter
from collections.abc import Mapping, Sequence

from contracts.spoken import title_in_words
from services.reports.data import Cell, Column, Figure, Item, Section, Table, Tone, cells, plain
from services.reports.gathering import charting, fleet
from services.reports.gathering.fleet import Counted, Span
from services.reports.gathering.found import Found
from services.reports.gathering.reading import Json, Reading, moment_of, span

STEPS = ("reading clusters", "reading incidents", "reading alerts", "reading GPUs")
_WORST = 8
_RISKS = 12
_CAUSES = 6


async def gather(reading: Reading) -> Found:
    """All of it."""
    time = Span(reading.start, reading.end)
    await reading.tell(STEPS[0])
    async with reading.at_once() as begin:
        clusters = begin(fleet.clusters, time.end), begin(fleet.clusters, time.start)
    now, then = clusters[0].result(), clusters[1].result()
    await reading.tell(STEPS[1])
    async with reading.at_once() as begin:
        incidents = begin(fleet.incidents, time), begin(fleet.incidents, time.before)
        analyses = begin(fleet.causes, time)
    opened, earlier, causes = incidents[0].result(), incidents[1].result(), analyses.result()
    await reading.tell(STEPS[2])
    async with reading.at_once() as begin:
        counted = begin(fleet.alerts, time), begin(fleet.alerts, time.before)
    alerts, fewer = counted[0].result(), counted[1].result()
    await reading.tell(STEPS[3])
    gpus = await fleet.gpus(reading, time.end)
    of = charting.by_cluster(opened)
    days = charting.severities_by_day(time.buckets(), opened)
    sections = (
        Section(
            heading="Headlines",
            figures=_figures((now, then), (opened, earlier), (alerts, fewer), gpus),
            charts=(charting.by_day("Incidents a day, by severity", "incidents", days),),
        ),
        Section(
            heading="Worst clusters",
            text=() if now else ("No cluster is known.",),
            tables=(charting.health_table("By health", _worst(now, of), alerts, of, _WORST),),
        ),
        _top(opened, causes),
        _risks(reading, now, opened, gpus),
    )
    words = _words((now, then), (opened, earlier), (alerts, fewer))
    return Found(words, sections, fleet.in_scope(reading, now), {})


def _worst(now: Sequence[Json], opened: Mapping[str, int]) -> list[Json]:
    def badness(each: Json) -> tuple[float, int]:
        score = each["health_score"]
        return (100 if score is None else score, -opened.get(each["id"], 0))

    return sorted(now, key=badness)


def _figures(
    clusters: tuple[Sequence[Json], Sequence[Json]],
    incidents: tuple[Sequence[Json], Sequence[Json]],
    alerts: tuple[Counted, Counted],
    gpus: Json | None,
) -> tuple[Figure, ...]:
    score, before = fleet.mean_score(clusters[0]), fleet.mean_score(clusters[1])
    online = sum(each["state"] == "ONLINE" for each in clusters[0])
    figures = [
        charting.compared("Incidents", len(incidents[0]), len(incidents[1])),
        charting.compared("Critical incidents", *(_critical(each) for each in incidents)),
        charting.compared("Alerts", alerts[0].total, alerts[1].total),
        Figure(
            label="Mean health",
            value=charting.number(score),
            before=charting.number(before),
        ),
        Figure(
            label="Clusters online",
            value=f"{online:,} of {len(clusters[0]):,}",
            tone=Tone.GOOD if online == len(clusters[0]) else Tone.WARNING,
        ),
        Figure(label="Median time to resolve", value=_resolved(incidents[0]),
               before=_resolved(incidents[1])),
    ]  # fmt: skip
    if gpus is not None:
        used = charting.number(gpus["utilization_gpu_percent"], " %")
        figures.append(Figure(label=f"Use of {gpus['gpus']:,} GPUs", value=used))
    return tuple(figures)


def _critical(found: Sequence[Json]) -> int:
    return sum(each["severity"] == "CRITICAL" for each in found)


def _resolved(found: Sequence[Json]) -> str:
    took = sorted(
        (moment_of(each["resolved_at"]) - moment_of(each["opened_at"])).total_seconds()
        for each in found
        if each["resolved_at"]
    )
    return span(took[len(took) // 2]) if took else "none was"


def _top(opened: Sequence[Json], causes: Mapping[str, Json]) -> Section:
    known = [causes[each["id"]] for each in opened if each["id"] in causes]
    kinds: Counter[tuple[str, bool]] = Counter(
        (each["cause"]["kind"], each["is_known"]) for each in known if each["cause"]
    )
    rows = tuple(
        cells(plain(kind, 120), "known" if is_known else "a hypothesis", count)
        for (kind, is_known), count in kinds.most_common(_CAUSES)
    )
    columns = (
        Column(name="Cause"),
        Column(name="How sure"),
        Column(name="Incidents", is_number=True),
    )
    text = f"{len(known):,} of {len(opened):,} incidents were analysed."
    tables = (Table(title="By kind of the first cause", columns=columns, rows=rows),)
    return Section(heading="Top causes", text=(text,), tables=tables if rows else ())


def _risks(
    reading: Reading, now: Sequence[Json], opened: Sequence[Json], gpus: Json | None
) -> Section:
    items: list[Item] = []
    for each in opened:
        if each["state"] != "RESOLVED":
            words = f"{each['severity']}, {each['state'].lower()}: {title_in_words(each['title'])}"
            link = Cell(text="incident", link=f"/incidents/{each['id']}")
            tone = charting.TONES.get(each["severity"])
            items.append(Item(text=plain(words, 300), evidence=(link,), tone=tone))
    for each in now:
        if each["state"] in {"OFFLINE", "DEGRADED", "UNKNOWN"}:
            words = f"Cluster {each['name']} is {each['state']}"
            words = f"{words}: {each['last_error']}" if each["last_error"] else words
            link = Cell(text="cluster", link=f"/clusters/{each['id']}")
            tone = charting.TONES.get(each["state"])
            items.append(Item(text=plain(words, 300), evidence=(link,), tone=tone))
    if gpus is not None and gpus["lost"] + gpus["errors"]:
        words = f"{gpus['lost']:,} GPUs are lost, {gpus['errors']:,} have errors."
        items.append(Item(text=words, evidence=(Cell(text="GPUs", link="/gpu"),), tone=Tone.BAD))
    left = len(items) - _RISKS
    text = ("Nothing is open.",) if not items else (f"And {left:,} more.",) if left > 0 else ()
    return Section(heading="Open risks", text=text, items=tuple(items[:_RISKS]))


def _words(
    clusters: tuple[Sequence[Json], Sequence[Json]],
    incidents: tuple[Sequence[Json], Sequence[Json]],
    alerts: tuple[Counted, Counted],
) -> str:
    now, before = len(incidents[0]), len(incidents[1])
    score = charting.number(fleet.mean_score(clusters[0]))
    still = sum(each["state"] != "RESOLVED" for each in incidents[0])
    more = "as many as" if now == before else "more than" if now > before else "fewer than"
    critical = _critical(incidents[0])
    return (
        f"{now:,} incidents began, {more} in the time before ({before:,}); {critical:,}"
        f" were critical and {still:,} are not resolved. {alerts[0].total:,} alerts fired, before"
        f" {alerts[1].total:,}. Mean health of {len(clusters[0]):,} clusters: {score}."
    )
