"""Reads that several types of reports share: of clusters, incidents, alerts, causes and GPUs."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from contracts.envelope import rfc3339
from contracts.refusals import Refused
from contracts.spoken import place_in_words
from services.reports.data import InScope, plain
from services.reports.gathering.reading import Json, Reading, moment_of

MOST_INCIDENTS = 1_000
_MOST_BUCKETS = 31
_MOST_PAGES = 5
_TOP = 100
_DAYS_AT_ONCE = 6
"""As many of the past may be read in vain where that is not kept."""
_RECENT = timedelta(minutes=5)
_STATES = ("OPEN", "ACKNOWLEDGED", "RESOLVED")
_FIRED = ("FIRING", "RESOLVED")
SEVERITIES = ("CRITICAL", "WARNING", "INFO")


@dataclass(frozen=True, slots=True)
class Span:
    """A time from its start to before its end."""

    start: datetime
    end: datetime

    @property
    def days(self) -> float:
        """How long it is."""
        return (self.end - self.start) / timedelta(days=1)

    @property
    def before(self) -> "Span":
        """The time before it, as long."""
        return Span(self.start - (self.end - self.start), self.start)

    def buckets(self) -> list["Span"]:
        """Its days, or parts of several days where there are too many."""
        step = timedelta(days=max(-(-self.days // _MOST_BUCKETS), 1))
        first = self.start.replace(hour=0, minute=0, second=0, microsecond=0)
        parts: list[Span] = []
        while first < self.end:
            parts.append(Span(max(first, self.start), min(first + step, self.end)))
            first += step
        return parts


@dataclass
class Counted:
    """Alerts that began in a time."""

    severity: Counter[str] = field(default_factory=Counter[str])
    cluster: Counter[str] = field(default_factory=Counter[str])
    """By id."""
    name: Counter[str] = field(default_factory=Counter[str])

    @property
    def total(self) -> int:
        """All of them."""
        return self.severity.total()


async def clusters(reading: Reading, at: datetime | None = None) -> list[Json]:
    """The clusters of its scope and how they are, or were, the worst first."""
    told = await reading.get("the health of clusters", "/fleet/health", **_as_of(reading, at))
    return [] if told is None else _mine(reading, told["items"])


def _mine(reading: Reading, items: Sequence[Json]) -> list[Json]:
    return [each for each in items if reading.has(each["id"])]


def _as_of(reading: Reading, at: datetime | None) -> dict[str, object]:
    """Nothing for what is as good as now: to read of the past is dearer."""
    if at is None or reading.at - at < _RECENT:
        return {}
    return {"as_of": rfc3339(at)}


def in_scope(reading: Reading, found: Iterable[Json]) -> tuple[InScope, ...]:
    """Their names, in order; what was asked for and is not known is a gap."""
    named = [InScope(id=each["id"], name=plain(each["name"], 200)) for each in found]
    known = {each.id for each in named}
    for missing in (each for each in reading.asked.cluster_scope if each not in known):
        reading.gap(f"cluster {missing}", "it is not known (any more)")
    return tuple(sorted(named, key=lambda each: each.name))


async def incidents(reading: Reading, span: Span, most: int = MOST_INCIDENTS) -> list[Json]:
    """Incidents that began in a time, the newest first."""
    query = reading.within(span.start, span.end) | reading.scope | {"state": _STATES}
    found, _ = await reading.all_of("incidents", "/incidents", most, sort="-opened_at", **query)
    return found


async def alerts(reading: Reading, span: Span) -> Counted:
    """How many alerts began in a time, by what they are."""
    query = reading.within(span.start, span.end) | reading.scope
    told = await reading.get("alerts", "/alerts/facets", state=_FIRED, top=_TOP, **query)
    counted = Counted()
    if told is None:
        return counted
    if told["at_least"]:
        reading.gap("alerts", "there are so many that only a part was counted")
    for facet, counts in (
        ("severity", counted.severity),
        ("cluster_id", counted.cluster),
        ("alertname", counted.name),
    ):
        counts.update({each["value"]: each["count"] for each in told[facet]})
    return counted


async def causes(reading: Reading, span: Span) -> dict[str, Json]:
    """The newest analysis of each incident that was analysed in a time, by the incident."""
    found: dict[str, Json] = {}
    for page in range(1, _MOST_PAGES + 1):
        query = {"page": page, "page_size": 100} | reading.scope
        told = await reading.get("root causes", "/analysis/rca", **query)
        items: list[Json] = [] if told is None else told["items"]
        for each in items:
            incident = each["incident_id"]
            if incident is not None and moment_of(each["analysed_at"]) >= span.start:
                found.setdefault(incident, each)
        if not items or moment_of(items[-1]["analysed_at"]) < span.start:
            return found
    return found


def cause_of(analysis: Json | None) -> str:
    """What an analysis takes for the cause, in words."""
    if analysis is None:
        return "not looked for"
    cause = analysis["cause"]
    if cause is None:
        return "not shown" if analysis["redacted"] else "none was found"
    told = f"{place_in_words(cause['entity']['place'])} ({cause['kind']})"
    return plain(told if analysis["is_known"] else f"unknown, perhaps {told}", 200)


async def gpus(reading: Reading, at: datetime | None = None) -> Json | None:
    """GPUs in figures; None where there are none."""
    query = reading.scope | _as_of(reading, at)
    told = await reading.get("GPUs", "/gpu/summary", **query)
    return told if told is not None and told["gpus"] else None


async def gpu_utilisation(reading: Reading, span: Span) -> list[tuple[datetime, float]]:
    """In percent, at the end of each day, as far back as it is known."""
    found: list[tuple[datetime, float]] = []
    left = span.buckets()
    while left:
        some, left = left[-_DAYS_AT_ONCE:], left[:-_DAYS_AT_ONCE]
        async with reading.at_once() as begin:
            asked = [(part.end, begin(_gpus_at, part.end)) for part in reversed(some)]
        for at, task in asked:
            told = task.result()
            if told is None:
                return found[::-1]  # That long ago nothing was kept, and so not before it either.
            if told["utilization_gpu_percent"] is not None:
                found.append((at, told["utilization_gpu_percent"]))
    return found[::-1]


async def _gpus_at(reading: Reading, at: datetime) -> Json | None:
    try:
        told: Json = await reading.reads.get("/gpu/summary", reading.scope | _as_of(reading, at))
    except Refused:
        return None
    return told


def mean_score(found: Sequence[Json]) -> float | None:
    """Of the clusters whose health is known."""
    scores = [each["health_score"] for each in found if each["health_score"] is not None]
    return sum(scores) / len(scores) if scores else None
