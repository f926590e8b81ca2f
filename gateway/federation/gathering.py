"""Asks many clusters with one budget for all of their answers together.

As `scatter`, but what comes is counted while it comes: no more than the budget is ever held.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from contracts.envelope import Query
from contracts.refusals import Code, Refused
from gateway.federation.fleet import ClusterRef
from gateway.federation.outcome import ClusterAnswer, Status
from gateway.gate import Gate
from services.runtime.asking import Answer, Asker, Place, Unanswered

MOST_BYTES = 128 * 1024 * 1024
MOST_SERIES = 200_000


@dataclass
class Room:
    """What is left of a query's budget, for all of its clusters."""

    bytes: int = MOST_BYTES
    series: int = MOST_SERIES

    def take(self, *, bytes: int = 0, series: int = 0) -> None:  # noqa: A002 - as the fields
        """Room for so much more; Refused with LIMIT_REACHED if there is none."""
        if bytes > self.bytes:
            raise _full("bytes of all clusters' answers", MOST_BYTES)
        if series > self.series:
            raise _full("series of all clusters", MOST_SERIES)
        self.bytes -= bytes
        self.series -= series


@dataclass(frozen=True, slots=True)
class Round:
    """One question to several clusters."""

    clusters: Sequence[ClusterRef]
    question: Query
    seconds: float
    traceparent: str | None = None


async def gather(gate: Gate, asked: Round, room: Room) -> list[ClusterAnswer]:
    """Ask all of them side by side; one entry for each, in their order, by the deadline.

    What does not fit into the room is an entry with LIMIT_REACHED; the others' answers stay.
    """
    asker = Asker(gate.runtime.bus, gate.clock)

    async def one(cluster: ClusterRef) -> ClusterAnswer:
        began = gate.clock.monotonic()
        answer = await _ask(asker, cluster, asked, room)
        took = round((gate.clock.monotonic() - began) * 1000, 1)
        return ClusterAnswer(cluster, **answer, took_ms=took)

    return list(await asyncio.gather(*map(one, asked.clusters)))


async def _ask(asker: Asker, cluster: ClusterRef, asked: Round, room: Room) -> dict[str, Any]:
    place = Place(cluster.site, str(cluster.id))
    parts: list[bytes] = []
    try:
        async with asker.ask(
            place, asked.question, seconds=asked.seconds, traceparent=asked.traceparent
        ) as answer:
            await _take(answer, parts, room)
    except Refused as refused:
        room.bytes += sum(map(len, parts))
        return _failed(refused.code, refused.message, refused.details)
    except Unanswered as nothing:
        room.bytes += sum(map(len, parts))
        return _failed(nothing.code, nothing.message, {})
    status = Status.PARTIAL if answer.trailer.get("warnings") else Status.SUCCESS
    return {"status": status, "parts": tuple(parts), "told": answer.trailer}


async def _take(answer: Answer, parts: list[bytes], room: Room) -> None:
    async for part in answer:
        room.take(bytes=len(part))
        parts.append(part)
    room.take(series=int(answer.trailer.get("count", 0)))


def _failed(code: Code, message: str, details: dict[str, Any]) -> dict[str, Any]:
    status = Status.TIMEOUT if code is Code.QUERY_TIMEOUT else Status.ERROR
    return {"status": status, "code": code, "message": message, "details": details}


def _full(what: str, most: int) -> Refused:
    text = f"no room for it: {most:,} {what} are the most; ask fewer clusters, or for less"
    return Refused(Code.LIMIT_REACHED, text, {"most": most})
