"""Closed and open loops over bare connections.

Open loop: request *i* is due at *start + i / rate*, whatever became of those before it, and its
latency counts from then. A server that stalls is so charged with everything that had to wait.
"""

import asyncio
import itertools
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.benchmarks.client import Address, Answer, Connection

Requests = Callable[[int], bytes]
"""The request of a number."""


@dataclass
class Outcome:
    """What a loop has seen."""

    latencies: list[float] = field(default_factory=list[float])
    """Seconds, of requests that were granted."""
    refused: list[Answer] = field(default_factory=list[Answer])
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Granted requests a second."""
        return len(self.latencies) / self.seconds

    def take(self, answer: Answer, since: float) -> None:
        if answer.status < 300:
            self.latencies.append(time.perf_counter() - since)
        else:
            self.refused.append(answer)


@asynccontextmanager
async def connections(address: Address, count: int) -> AsyncGenerator[Sequence[Connection]]:
    """Connections for the time of a block."""
    opened = [await address.connect() for _ in range(count)]
    try:
        yield opened
    finally:
        for each in opened:
            each.close()


async def closed_loop(
    address: Address,
    requests: Requests,
    *,
    width: int,
    seconds: float = float("inf"),
    count: int | None = None,
) -> Outcome:
    """``width`` connections, each asking again as soon as it is answered."""
    found, numbers = Outcome(), itertools.count()

    async def ask(connection: Connection, until: float) -> None:
        while time.perf_counter() < until:
            number = next(numbers)
            if count is not None and number >= count:
                return
            since = time.perf_counter()
            found.take(await connection.ask(requests(number)), since)

    async with connections(address, width) as opened:
        began = time.perf_counter()
        await asyncio.gather(*(ask(each, began + seconds) for each in opened))
        found.seconds = time.perf_counter() - began
    return found


async def open_loop(
    address: Address, requests: Sequence[bytes], *, rate: float, width: int = 64
) -> tuple[Outcome, float]:
    """All requests at a fixed rate; also the time at which the first one was due.

    At most ``width`` are under way; those beyond are sent late, but were due in time.
    """
    found, numbers = Outcome(), iter(range(len(requests)))
    async with connections(address, width) as opened:
        began = time.perf_counter() + 0.05

        async def ask(connection: Connection) -> None:
            for number in numbers:
                due = began + number / rate
                early = due - time.perf_counter()
                if early > 0:
                    await asyncio.sleep(early)
                found.take(await connection.ask(requests[number]), due)

        await asyncio.gather(*(ask(each) for each in opened))
        found.seconds = time.perf_counter() - began
    return found, began
