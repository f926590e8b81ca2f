"""Asks each cluster over the bus, all at the same time, and waits no longer than the deadline."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from contracts.envelope import Query
from contracts.refusals import Code, Refused
from gateway.federation.fleet import ClusterRef
from gateway.gate import Gate
from services.runtime.asking import Asker, Place, Unanswered

_LATE = frozenset({Code.QUERY_TIMEOUT})


class Status(StrEnum):
    """What came of asking one cluster."""

    SUCCESS = "SUCCESS"
    ERROR = "ERROR"
    TIMEOUT = "TIMEOUT"
    PARTIAL = "PARTIAL"
    """It answered, and said that this is not all: see its warnings."""


@dataclass(frozen=True, slots=True)
class ClusterAnswer:
    """What one cluster has answered, or why it has not."""

    cluster: ClusterRef
    status: Status
    parts: tuple[bytes, ...] = field(default=(), repr=False)
    """The backend's own JSON, in the order in which it came."""
    told: dict[str, Any] = field(default_factory=dict[str, Any])
    """What was said of the whole (`contracts.telemetry.Told`)."""
    code: Code | None = None
    message: str | None = None
    details: dict[str, Any] = field(default_factory=dict[str, Any])
    took_ms: float = 0.0

    @property
    def body(self) -> bytes:
        """The whole answer as one."""
        return self.parts[0] if len(self.parts) == 1 else b"".join(self.parts)


async def scatter(
    gate: Gate,
    clusters: Sequence[ClusterRef],
    question: Callable[[ClusterRef], Query],
    *,
    seconds: float,
    traceparent: str | None = None,
) -> list[ClusterAnswer]:
    """Ask all of them side by side; one entry for each, in their order, by the deadline."""
    asker = Asker(gate.runtime.bus, gate.clock)

    async def one(cluster: ClusterRef) -> ClusterAnswer:
        began = gate.clock.monotonic()
        found = await _ask(asker, cluster, question(cluster), seconds, traceparent)
        took = round((gate.clock.monotonic() - began) * 1000, 1)
        return ClusterAnswer(cluster, *found, took_ms=took)

    return list(await asyncio.gather(*map(one, clusters)))


async def _ask(
    asker: Asker, cluster: ClusterRef, query: Query, seconds: float, traceparent: str | None
) -> tuple[Any, ...]:
    place = Place(cluster.site, str(cluster.id))
    try:
        async with asker.ask(place, query, seconds=seconds, traceparent=traceparent) as answer:
            parts = tuple([part async for part in answer])
        status = Status.PARTIAL if answer.trailer.get("warnings") else Status.SUCCESS
    except Refused as refused:
        late = refused.code in _LATE
        status = Status.TIMEOUT if late else Status.ERROR
        return status, (), {}, refused.code, refused.message, refused.details
    except Unanswered as nothing:
        status = Status.TIMEOUT if nothing.code in _LATE else Status.ERROR
        return status, (), {}, nothing.code, nothing.message, {}
    return status, parts, answer.trailer, None, None, {}
