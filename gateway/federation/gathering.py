"""Asks many clusters with one budget for all of their answers together.

What comes is counted while it comes: no more than the budget is ever held.
"""

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from contracts.envelope import Query
from contracts.refusals import Code, Refused
from gateway.federation.fleet import ClusterRef
from gateway.federation.memory import NoMemory, Room
from gateway.federation.outcome import ClusterAnswer, Status
from gateway.gate import Gate
from services.runtime.asking import Answer, Asker, Place, Unanswered

T = TypeVar("T")


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
    NoMemory, and nobody is asked any longer, if the process has none left.
    """
    asker = Asker(gate.runtime.bus, gate.clock)

    async def one(cluster: ClusterRef) -> ClusterAnswer:
        began = gate.clock.monotonic()
        answer = await _ask(asker, cluster, asked, room)
        took = round((gate.clock.monotonic() - began) * 1000, 1)
        return ClusterAnswer(cluster, **answer, took_ms=took)

    return await side_by_side(map(one, asked.clusters))


async def side_by_side(works: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """What comes of all, in their order; if one of them fails, the others end and it is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each) for each in works]
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return [each.result() for each in tasks]


async def _ask(asker: Asker, cluster: ClusterRef, asked: Round, room: Room) -> dict[str, Any]:
    place = Place(cluster.site, str(cluster.id))
    parts: list[bytes] = []
    try:
        async with (
            # For what waits for memory, too.
            asyncio.timeout(asked.seconds),
            asker.ask(
                place, asked.question, seconds=asked.seconds, traceparent=asked.traceparent
            ) as answer,
        ):
            await _take(answer, parts, room)
    except NoMemory:
        raise
    except Refused as refused:
        failed = _failed(refused.code, refused.message, refused.details)
    except Unanswered as nothing:
        failed = _failed(nothing.code, nothing.message, {})
    except TimeoutError:
        failed = _failed(Code.QUERY_TIMEOUT, "no answer in time", {})
    else:
        status = Status.PARTIAL if answer.trailer.get("warnings") else Status.SUCCESS
        return {"status": status, "parts": tuple(parts), "told": answer.trailer}
    room.put_back(sum(map(len, parts)))
    return failed


async def _take(answer: Answer, parts: list[bytes], room: Room) -> None:
    async for part in answer:
        await room.take(bytes=len(part))
        parts.append(part)
    await room.take(series=int(answer.trailer.get("count", 0)))


def _failed(code: Code, message: str, details: dict[str, Any]) -> dict[str, Any]:
    status = Status.TIMEOUT if code is Code.QUERY_TIMEOUT else Status.ERROR
    return {"status": status, "code": code, "message": message, "details": details}
