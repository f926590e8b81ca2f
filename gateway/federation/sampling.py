"""Reads whole traces that a search has found, a few at a time, until a deadline."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from contracts.telemetry import Budget, GetTrace
from gateway.federation.fleet import ClusterRef
from gateway.federation.gathering import Round, gather, side_by_side
from gateway.federation.memory import Room
from gateway.federation.otlp import Span
from gateway.federation.outcome import ClusterAnswer
from gateway.federation.sharing import SMALL
from gateway.federation.traces import TraceSummary, standing_for, united
from gateway.gate import Gate

_AT_ONCE = 8
_BUDGET = Budget(bytes=4 * 1024 * 1024)
"""Of one trace: a larger one is left out of a sample."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Traces that were read, and the clusters' answers as they stand after that."""

    traces: list[list[Span]]
    answers: list[ClusterAnswer]


async def read_whole(
    gate: Gate,
    found: Sequence[TraceSummary],
    answers: Sequence[ClusterAnswer],
    memory: Room,
    *,
    seconds: float,
    traceparent: str | None = None,
) -> Sample:
    """Every trace from the clusters that found it.

    A cluster whose search went well but of which no trace could be read stands there as failed.
    """
    ends = gate.clock.monotonic() + seconds
    clusters = {answer.cluster.id: answer.cluster for answer in answers}
    few = asyncio.Semaphore(_AT_ONCE)

    async def one(trace: TraceSummary) -> tuple[list[ClusterAnswer], list[Span]]:
        async with few:
            left = max(ends - gate.clock.monotonic(), 0.001)
            question = GetTrace(trace_id=trace.trace_id, budget=_BUDGET)
            asked = Round(_places(trace, clusters), question, left, traceparent)
            told = await gather(gate, asked, memory)
            if sum(len(part) for each in told for part in each.parts) <= SMALL:
                return united(told)
            return await asyncio.to_thread(united, told)

    read = await side_by_side(map(one, found))
    per_cluster: dict[UUID, list[ClusterAnswer]] = {}
    for told, _ in read:
        for answer in told:
            per_cluster.setdefault(answer.cluster.id, []).append(answer)
    stand = [standing_for(each, per_cluster.get(each.cluster.id, ())) for each in answers]
    return Sample([spans for _, spans in read if spans], stand)


def _places(trace: TraceSummary, clusters: Mapping[UUID, ClusterRef]) -> list[ClusterRef]:
    return [clusters[each.cluster_id] for each in trace.clusters]
