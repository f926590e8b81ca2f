"""Metrics of the fleet: one PromQL question to many clusters, and their answers put together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

from contracts.envelope import Query
from contracts.refusals import Code, Refused
from contracts.telemetry import Described, DescribeMetrics, QueryMetrics
from gateway.federation import sharing
from gateway.federation.answers import Federated, Made, combined, merged, united
from gateway.federation.combine import Aggregation
from gateway.federation.fleet import ClusterRef, chosen
from gateway.federation.gathering import Round, gather
from gateway.federation.memory import Room
from gateway.federation.promql import Parsed, Returned, over_steps, parse
from gateway.federation.sharing import Inquiry, Matter, Put, answered, put_together
from gateway.gate import Gate
from services.runtime.principals import NOWHERE, Scope

MOST_STEPS = 11_000
"""Of one series, as Prometheus itself."""
_HOUR = 3600.0
_BACKEND = "prometheus"

Ask = Callable[[datetime], Query]
"""Makes the question when it is asked: what says nothing of a time means now."""


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
    mine: Scope = NOWHERE
    """What the asker may read of."""
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
    mine: Scope = NOWHERE
    """What the asker may read of."""
    traceparent: str | None = None


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
    told = (wanted.query, wanted.aggregation, wanted.time, steps)
    matter = Matter("metrics", told, _kept_for(steps, gate.clock.now()))
    return await _answered(gate, wanted, matter, partial(_question, wanted), _put(wanted, parsed))


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
    matter = Matter("metric_names", (question.model_dump_json(),), sharing.DESCRIBED)
    put = partial(united, wanted.what, wanted.limit)
    return await _answered(gate, wanted, matter, lambda _: question, put)


async def _answered(
    gate: Gate, wanted: MetricsWanted | DescriptionWanted, matter: Matter, ask: Ask, put: Put
) -> Federated:
    clusters = await _visible(gate, wanted)

    async def asked(room: Room) -> Made:
        question = ask(gate.clock.now())
        round_ = Round(clusters, question, wanted.timeout, wanted.traceparent)
        return await put_together(put, await gather(gate, round_, room))

    return await answered(gate, Inquiry(matter, clusters, asked, wanted.timeout, wanted.fresh))


async def _visible(gate: Gate, wanted: MetricsWanted | DescriptionWanted) -> Sequence[ClusterRef]:
    return await chosen(gate, wanted.cluster_ids, _BACKEND, wanted.mine)


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
        return sharing.INSTANT
    return sharing.kept_for(*steps.at(now))


def _an_hour_before(end: datetime) -> datetime:
    try:
        return end - timedelta(seconds=_HOUR)
    except OverflowError:
        raise _wrong("end_time", "is too early") from None


def _wrong(name: str, message: str) -> Refused:
    fields = [{"field": name, "message": message}]
    return Refused(Code.VALIDATION_FAILED, f"{name} {message}", {"fields": fields})
