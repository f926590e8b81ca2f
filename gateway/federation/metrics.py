"""Metrics of the fleet: one PromQL question to many clusters, and their answers put together."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import ClassVar
from uuid import UUID
from weakref import WeakKeyDictionary

from contracts.envelope import Query
from contracts.refusals import Code, Refused
from contracts.telemetry import Described, DescribeMetrics, QueryMetrics
from gateway.federation.answers import Federated, Made, combined, merged, united
from gateway.federation.cache import AnswerCache, CacheMark, key_of
from gateway.federation.combine import Aggregation
from gateway.federation.completeness import Completeness, completeness
from gateway.federation.fleet import ClusterRef, chosen
from gateway.federation.flights import Flights
from gateway.federation.gathering import Room, Round, gather
from gateway.federation.outcome import ClusterAnswer, Status
from gateway.federation.promql import Parsed, Returned, over_steps, parse
from gateway.gate import Gate
from services.runtime.bus import Bus

MOST_STEPS = 11_000
"""Of one series, as Prometheus itself."""
_INSTANT, _RANGE, _LONG, _DESCRIBED = 30.0, 60.0, 300.0, 300.0
_HOUR = 3600.0
_BACKEND = "prometheus"

_SMALL = 256 * 1024
"""Bytes that are put together at once; more of them in a thread, so that others go on."""

Put = Callable[[Sequence[ClusterAnswer]], Made]
"""Makes one answer of the clusters'."""


@dataclass(frozen=True, slots=True)
class Steps:
    """A range: from its start to its end in steps."""

    step: float
    """Seconds."""
    start: datetime | None = None
    """An hour before the end, if not given."""
    end: datetime | None = None
    """Now, at a whole step, if not given."""

    def at(self, now: datetime) -> tuple[datetime, datetime]:
        """Its start and its end; VALIDATION_FAILED where they make no sense."""
        whole = self.step if self.step <= _HOUR else 1.0
        end = self.end or datetime.fromtimestamp(now.timestamp() // whole * whole, UTC)
        start = self.start or _an_hour_before(end)
        seconds = (end - start).total_seconds()
        if seconds < 0:
            raise _wrong("start_time", "must not be after end_time")
        if seconds / self.step >= MOST_STEPS:
            raise _wrong("step", f"must cut the range into fewer than {MOST_STEPS} steps")
        return start, end


@dataclass(frozen=True, slots=True)
class MetricsWanted:
    """A question to the fleet's metrics: at one time, or at each step of a range."""

    query: str
    cluster_ids: tuple[UUID, ...] = ()
    """Empty: every cluster with a Prometheus that is not OFFLINE."""
    time: datetime | None = None
    """Now, if not given."""
    steps: Steps | None = None
    timeout: float = 30.0
    aggregation: Aggregation = Aggregation.MERGE
    fresh: bool = False
    """Not from the cache."""
    mine: frozenset[UUID] = frozenset()
    """The clusters that the asker may see; empty: all of them."""
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class DescriptionWanted:
    """A question about the series of the fleet themselves."""

    what: Described
    cluster_ids: tuple[UUID, ...] = ()
    match: tuple[str, ...] = ()
    label: str | None = None
    metric: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    limit: int | None = None
    timeout: float = 30.0
    fresh: bool = False
    mine: frozenset[UUID] = frozenset()
    """The clusters that the asker may see; empty: all of them."""
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class _Work:
    """What is to be asked of whom, and how its answers are put together."""

    kind: str
    told: tuple[object, ...]
    """All that makes the answer another one."""
    keep: float
    """Seconds."""
    question: Callable[[datetime], Query]
    """Made when it is asked: what says nothing of a time means now."""
    put: Put
    wanted: MetricsWanted | DescriptionWanted


class _Process:
    """What one process keeps and has under way."""

    _known: ClassVar[WeakKeyDictionary[Bus, "_Process"]] = WeakKeyDictionary()

    def __init__(self, gate: Gate) -> None:
        self.cache = AnswerCache(gate.runtime.bus, gate.clock)
        self.flights: Flights[Federated] = Flights()

    @classmethod
    def of(cls, gate: Gate) -> "_Process":
        """That of a gate: all that share its connection have it in common."""
        bus = gate.runtime.bus
        found = cls._known.get(bus)
        if found is None:
            found = cls._known[bus] = cls(gate)
        return found


async def query(gate: Gate, wanted: MetricsWanted) -> Federated:
    """Ask each cluster's Prometheus; INVALID_PROMQL before anything is sent.

    What went wrong with single clusters is in the answer; see `Federated.or_refused`.
    """
    parsed = parse(wanted.query)
    steps = wanted.steps
    if steps is not None:
        over_steps(parsed)
    if parsed.returns is Returned.STRING and wanted.aggregation is not Aggregation.MERGE:
        raise _wrong("aggregation", "must be MERGE: the query comes to a text")
    work = _Work(
        kind="metrics",
        told=(wanted.query, wanted.aggregation, wanted.time, steps),
        keep=_kept_for(steps, gate.clock.now()),
        question=partial(_question, wanted),
        put=_put(wanted, parsed),
        wanted=wanted,
    )
    return await _answered(gate, work)


async def describe(gate: Gate, wanted: DescriptionWanted) -> Federated:
    """What series, labels, values or metadata there are in any of the clusters."""
    for selector in wanted.match:
        parse(selector)
    if wanted.what is Described.SERIES and not wanted.match:
        raise _wrong("match[]", "must be given: series are chosen by a selector")
    question = DescribeMetrics(
        what=wanted.what,
        match=wanted.match,
        label=wanted.label,
        metric=wanted.metric,
        start=wanted.start,
        end=wanted.end,
        limit=wanted.limit,
    )
    work = _Work(
        kind="described",
        told=(question.model_dump_json(),),
        keep=_DESCRIBED,
        question=lambda _: question,
        put=partial(united, wanted.what, wanted.limit),
        wanted=wanted,
    )
    return await _answered(gate, work)


async def _answered(gate: Gate, work: _Work) -> Federated:
    began = gate.clock.monotonic()
    process = _Process.of(gate)
    clusters = await _visible(gate, work.wanted)
    key = key_of(work.kind, [(each.id, each.version) for each in clusters], *work.told)
    flight = f"{key} {work.wanted.timeout} {work.wanted.fresh}"
    answer = await process.flights.share(
        flight, lambda: _found_or_asked(gate, process.cache, work, clusters, key)
    )
    return answer.in_ms(round((gate.clock.monotonic() - began) * 1000, 1))


async def _visible(gate: Gate, wanted: MetricsWanted | DescriptionWanted) -> Sequence[ClusterRef]:
    foreign = set(wanted.cluster_ids) - wanted.mine if wanted.mine else None
    if foreign:
        raise Refused(Code.CLUSTER_NOT_FOUND, f"there is no cluster {min(map(str, foreign))}")
    found = await chosen(gate, wanted.cluster_ids, _BACKEND)
    return [each for each in found if not wanted.mine or each.id in wanted.mine]


async def _found_or_asked(
    gate: Gate, cache: AnswerCache, work: _Work, clusters: Sequence[ClusterRef], key: str
) -> Federated:
    wanted = work.wanted
    kept = None if wanted.fresh else await cache.get(key)
    if kept is not None:
        whole = Completeness(200, kept.clusters, kept.clusters, ())
        return Federated(kept, whole, CacheMark.HIT)
    question = work.question(gate.clock.now())
    asked = Round(clusters, question, wanted.timeout, wanted.traceparent)
    made = await _put_together(work.put, await gather(gate, asked, Room()))
    # What a faulty cluster had a part in is kept by nobody.
    if all(each.status is Status.SUCCESS for each in made.answers):
        await cache.put(key, made.kept, work.keep)
    mark = CacheMark.BYPASS if wanted.fresh else CacheMark.MISS
    return Federated(made.kept, completeness(made.answers), mark)


async def _put_together(put: Put, answers: list[ClusterAnswer]) -> Made:
    if sum(len(part) for each in answers for part in each.parts) <= _SMALL:
        return put(answers)
    return await asyncio.to_thread(put, answers)


def _question(wanted: MetricsWanted, now: datetime) -> Query:
    if wanted.steps is None:
        return QueryMetrics(query=wanted.query, time=wanted.time or now)
    start, end = wanted.steps.at(now)
    step = wanted.steps.step
    return QueryMetrics(query=wanted.query, start=start, end=end, step_seconds=step)


def _put(wanted: MetricsWanted, parsed: Parsed) -> Put:
    if wanted.aggregation is Aggregation.MERGE:
        return partial(merged, parsed)
    return partial(combined, wanted.aggregation, parsed)


def _kept_for(steps: Steps | None, now: datetime) -> float:
    if steps is None:
        return _INSTANT
    start, end = steps.at(now)
    return _LONG if (end - start).total_seconds() > _HOUR else _RANGE


def _an_hour_before(end: datetime) -> datetime:
    try:
        return end - timedelta(seconds=_HOUR)
    except OverflowError:
        raise _wrong("end_time", "is too early") from None


def _wrong(name: str, message: str) -> Refused:
    fields = [{"field": name, "message": message}]
    return Refused(Code.VALIDATION_FAILED, f"{name} {message}", {"fields": fields})
