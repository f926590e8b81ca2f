"""Cluster by cluster, for who operates them: health, alerts, anomalies, incidents, GPUs."""

from collections.abc import Sequence
from datetime import datetime

from services.reports.data import Cell, Chart, Column, Section, Table, cells, first, plain
from services.reports.gathering import charting, fleet
from services.reports.gathering.fleet import Counted, Span
from services.reports.gathering.found import Found
from services.reports.gathering.reading import Json, Reading, moment_of

STEPS = (
    "reading clusters",
    "reading incidents",
    "reading alerts",
    "reading anomalies",
    "reading GPUs",
)
_MOST_CLUSTERS = 200
_MOST_INCIDENTS = 100
_MOST_ANOMALIES = 100
_MOST_NAMES = 25
_DRAWN = 6
"""Clusters whose health is drawn: the worst."""
_KEPT_HOURS = 168
"""So long health is known, step by step."""


async def gather(reading: Reading) -> Found:
    """All of it."""
    time = Span(reading.start, reading.end)
    await reading.tell(STEPS[0])
    now = await fleet.clusters(reading, time.end)
    health = await _health(reading, time, now)
    await reading.tell(STEPS[1])
    async with reading.at_once() as begin:
        incidents, analyses = begin(fleet.incidents, time), begin(fleet.causes, time)
    opened, causes = incidents.result(), analyses.result()
    await reading.tell(STEPS[2])
    async with reading.at_once() as begin:
        counted = begin(fleet.alerts, time)
        parts = [(part, begin(fleet.alerts, part)) for part in time.buckets()]
    alerts, daily = counted.result(), [(part, each.result().severity) for part, each in parts]
    await reading.tell(STEPS[3])
    query = reading.within(time.start, time.end) | reading.scope
    anomalies, number = await reading.all_of("anomalies", "/anomalies", _MOST_ANOMALIES, **query)
    await reading.tell(STEPS[4])
    gpus = await fleet.gpus(reading, time.end)
    used = await fleet.gpu_utilisation(reading, time) if gpus is not None else []
    of = charting.by_cluster(opened)
    table = charting.incident_table(
        "Incidents, the newest first", opened, causes, reading.at, _MOST_INCIDENTS
    )
    days = charting.severities_by_day(time.buckets(), opened)
    sections = (
        Section(
            heading="Health",
            charts=(health,) if health is not None else (),
            tables=(charting.health_table("All clusters", now, alerts, of, _MOST_CLUSTERS),),
        ),
        Section(
            heading="Incidents",
            charts=(charting.by_day("Incidents a day, by severity", "incidents", days),),
            tables=(table,),
        ),
        _alerts(alerts, daily, now),
        _anomalies(anomalies),
        *_gpus(gpus, used),
    )
    worst = now[0]["name"] if now else "no cluster"
    words = (
        f"{len(now):,} clusters; the one in the worst health is {plain(worst, 100)}."
        f" {len(opened):,} incidents, {alerts.total:,} alerts and {number:,} anomalies."
    )
    return Found(words, sections, fleet.in_scope(reading, now), {})


async def _health(reading: Reading, time: Span, now: Sequence[Json]) -> Chart | None:
    hours = min(max(round(time.days * 24), 1), _KEPT_HOURS)
    step = "1h" if hours <= 48 else "6h"
    query: dict[str, object] = {"step": step, "window": f"{hours}h"}
    if (reading.at - time.end).total_seconds() > 300:
        query["as_of"] = time.end.isoformat()
    async with reading.at_once() as begin:
        told = [
            begin(
                Reading.get,
                f"the health of {each['name']} over time",
                f"/clusters/{each['id']}/status",
                **query,
            )
            for each in now[:_DRAWN]
        ]
    found = zip(now, (each.result() for each in told), strict=False)
    lines = {plain(each["name"], 60): values for each, one in found if (values := _scores(one))}
    if not lines:
        return None
    return charting.line("Health of the worst clusters, at worst in each step", "points", lines)


def _scores(told: Json | None) -> list[tuple[datetime, float]]:
    steps: list[Json] = [] if told is None else told["history"]
    return [
        (moment_of(each["at"]), float(each["health_score"]))
        for each in steps
        if each["health_score"] is not None
    ]


def _alerts(
    alerts: Counted, daily: Sequence[tuple[Span, dict[str, int]]], now: Sequence[Json]
) -> Section:
    names = {each["id"]: each["name"] for each in now}
    rows, left = first(
        (cells(plain(name, 160), count) for name, count in alerts.name.most_common()), _MOST_NAMES
    )
    columns = (Column(name="Alert"), Column(name="Times", is_number=True))
    most = {names.get(of, of): float(count) for of, count in alerts.cluster.items()}
    return Section(
        heading="Alerts",
        text=() if alerts.total else ("None fired.",),
        charts=(
            charting.by_day("Alerts a day, by severity", "alerts", daily),
            charting.ranking("Clusters with most alerts", "alerts", most),
        )
        if alerts.total
        else (),
        tables=(Table(title="By name", columns=columns, rows=rows, left_out=left),) if rows else (),
    )


def _anomalies(found: Sequence[Json]) -> Section:
    rows = tuple(
        cells(
            moment_of(each["detected_at"]).strftime("%d %b %H:%M"),
            plain(each["cluster_name"] or each["cluster_id"], 120),
            plain(each["metric_name"], 120),
            Cell(text=each["severity"], tone=charting.TONES.get(each["severity"])),
            each["anomaly_type"],
            plain(each["explanation"], 240),
        )
        for each in found
    )
    names = ("Found", "Cluster", "Metric", "Severity", "Kind", "Why")
    columns = tuple(Column(name=name) for name in names)
    tables = (Table(title="The newest first", columns=columns, rows=rows),)
    text = () if rows else ("None was found.",)
    return Section(heading="Anomalies", text=text, tables=tables if rows else ())


def _gpus(gpus: Json | None, used: Sequence[tuple[datetime, float]]) -> tuple[Section, ...]:
    if gpus is None:
        return (Section(heading="GPUs", text=("There are none, or nothing is known of any.",)),)
    rows = tuple(
        cells(
            Cell(text=plain(each["cluster_name"], 120), link=f"/clusters/{each['cluster_id']}"),
            each["nodes"],
            each["gpus"],
            charting.number(each["utilization_gpu_percent"], " %"),
            each["idle"],
            each["wasted"],
            each["stale_nodes"],
        )
        for each in gpus["by_cluster"]
    )
    names = ("Cluster", "Nodes", "GPUs", "Use", "Idle", "Held, not used", "Nodes not heard of")
    columns = tuple(Column(name=name, is_number=name != "Cluster") for name in names)
    words = f"{gpus['gpus']:,} GPUs in {gpus['nodes']:,} nodes: {gpus['idle']:,} idle,"
    words = f"{words} {gpus['wasted']:,} held and not used, {gpus['lost']:,} lost,"
    chart = charting.line("Use of GPUs at the end of each day", "%", {"": used})
    return (
        Section(
            heading="GPUs",
            text=(f"{words} {gpus['errors']:,} with errors.",),
            charts=(chart,) if len(used) > 1 else (),
            tables=(Table(title="By cluster", columns=columns, rows=rows),),
        ),
    )
