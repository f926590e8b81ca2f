"""Many clients of the live stream in a process of their own, told by lines what to do.

A line of JSON in, a line of JSON out. It says what CPU it has used, so that it can be seen whether
it was the one that could not keep up.
"""

import asyncio
import contextlib
import gc
import random
import resource
import subprocess
import sys
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
import uvloop

from tests.benchmarks.client import Address
from tests.benchmarks.kit import percentile
from tests.benchmarks.live_wire import Line, Seat, Told
from tests.kit.tree import ROOT

_AT_ONCE = 100
_PATIENCE = 60.0


@dataclass
class Crowd:
    """All clients of this process."""

    seats: list[Seat] = field(default_factory=list[Seat])
    told: Told = field(default_factory=Told)
    dropped: int = 0
    """Connections that the server has ended."""
    reconnects: int = 0
    _address: Address = field(default_factory=lambda: Address("", 0))
    _cpu: float = 0.0
    _back: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])
    _random: random.Random = field(default_factory=lambda: random.Random(7))

    async def open(
        self, host: str, port: int, token: str, count: int, kinds: Sequence[Mapping[str, Any]]
    ) -> dict[str, Any]:
        """Connect this many clients, of these kinds in turn, and wait until all have subscribed."""
        self._address = Address(host, port, token)
        began, gate = time.perf_counter(), asyncio.Semaphore(_AT_ONCE)
        fresh = [
            Seat(dict(kind["frame"]), kind["step"], kind.get("since", -1))
            for kind in (kinds[number % len(kinds)] for number in range(count))
        ]

        async def connect(seat: Seat) -> None:
            async with gate:
                await self._connect(seat)

        await asyncio.gather(*map(connect, fresh))
        self.seats += fresh
        return {"seconds": time.perf_counter() - began}

    async def _connect(self, seat: Seat) -> None:
        seat.line = line = Line(self._address, seat, self.told)
        line.lost = self._lost
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: line, self._address.host, self._address.port)
        async with asyncio.timeout(_PATIENCE):
            await line.ready

    def _lost(self, line: Line) -> None:
        self.dropped += any(seat.line is line for seat in self.seats)

    async def mark(self, keep: bool = True) -> dict[str, Any]:
        """Begin to measure."""
        gc.collect()
        gc.freeze()
        old, self.told = self.told, Told(keep)
        for seat in self.seats:
            seat.events = seat.gaps = seat.repeats = 0
            if seat.line is not None:
                seat.line.told = self.told
        del old
        self.dropped = self.reconnects = 0
        self._cpu = time.process_time()
        return {}

    async def stall(self, count: int) -> dict[str, Any]:
        """The last so many clients take nothing any more, and count no longer."""
        for _ in range(count):
            line = self.seats.pop().line
            if line is not None:
                line.stall()
        return {}

    async def churn(self, seconds: float, per_second: float) -> dict[str, Any]:
        """Hang up at random; each comes back within two seconds and goes on where it stood."""
        began, number = time.perf_counter(), 0
        while (now := time.perf_counter() - began) < seconds:
            number += 1
            seat = self._random.choice(self.seats)
            line, seat.line = seat.line, None
            if line is not None:
                line.abort()
                task = asyncio.create_task(self._return(seat))
                self._back.add(task)
                task.add_done_callback(self._back.discard)
            await asyncio.sleep(max(0.0, number / per_second - now))
        while self._back:
            await asyncio.wait(self._back)
        return {"reconnects": self.reconnects}

    async def _return(self, seat: Seat) -> None:
        pause = 2.0
        while seat.line is None:
            await asyncio.sleep(pause * self._random.random())
            try:
                await self._connect(seat)
                self.reconnects += 1
            except (OSError, TimeoutError):
                seat.line = None

    async def report(self, last: int, within: float = _PATIENCE) -> dict[str, Any]:
        """Wait until all have seen the log up to here; what was seen, and how late."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                while any(seat.last <= last - seat.step for seat in self.seats):  # noqa: ASYNC110
                    await asyncio.sleep(0.005)
        cpu, ended = time.process_time() - self._cpu, time.time()
        late = sorted(self.told.latencies())
        shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "p999": 0.999, "max": 1.0}
        return {
            "cpu": cpu,
            "ended": ended,
            "frames": self.told.frames,
            "bytes": self.told.size,
            "events": sum(seat.events for seat in self.seats),
            "gaps": sum(seat.gaps for seat in self.seats),
            "repeats": sum(seat.repeats for seat in self.seats),
            "behind": sum(seat.last <= last - seat.step for seat in self.seats),
            "dropped": self.dropped,
            **{name: percentile(late, share) * 1000 for name, share in shares.items() if late},
        }

    async def close(self) -> dict[str, Any]:
        """Hang up."""
        for seat in self.seats:
            line, seat.line = seat.line, None
            if line is not None:
                line.abort()
        self.seats.clear()
        return {}


@dataclass
class Load:
    """The other end: a crowd in its process."""

    process: subprocess.Popen[bytes]

    async def ask(self, do: str, **words: Any) -> dict[str, Any]:
        """Have something done; what came of it."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(msgspec.json.encode({"do": do, **words}) + b"\n")
        self.process.stdin.flush()
        line = await asyncio.to_thread(self.process.stdout.readline)
        answer: dict[str, Any] = msgspec.json.decode(line or b'{"error":"it has ended"}')
        if "error" in answer:
            raise RuntimeError(f"{do}: {answer['error']}")
        return answer


@contextmanager
def crowd() -> Generator[Load]:
    """Clients in a process of their own for the time of a block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.live_load"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        yield Load(process)
    finally:
        process.kill()
        process.communicate()


async def _main() -> None:
    crowd, reader = Crowd(), asyncio.StreamReader(2**24)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        words: dict[str, Any] = msgspec.json.decode(line)
        try:
            answer = await getattr(crowd, words.pop("do"))(**words)
        except Exception as error:  # noqa: BLE001 - it is told to who asked
            answer = {"error": f"{type(error).__name__}: {error}"}
        sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    gc.set_threshold(50_000, 20, 50)
    uvloop.run(_main())
