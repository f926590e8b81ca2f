"""Keeps processes alive: starts them, restarts those that end, stops them in order."""

import asyncio
import subprocess
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field

from deploy.local.child import Program, ended, halt, last_lines, spawn
from deploy.local.errors import CannotStart
from services.runtime.clock import Clock, SystemClock

_FIRST_DELAY = 0.2
_LONGEST_DELAY = 5.0
_HEALTHY = 30.0
_TRIES = 3
_STEP = 0.02


def _nothing() -> None: ...


def _always() -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Charge:
    """One process to keep alive."""

    program: Program
    prepare: Callable[[], None] = _nothing
    """Runs before every start, in a thread."""
    is_ready: Callable[[], bool] = _always
    """Asked in a thread until it says yes."""


@dataclass(slots=True)
class _Kept:
    charge: Charge
    process: subprocess.Popen[bytes] | None = None
    task: asyncio.Task[None] | None = None
    failures: list[str] = field(default_factory=list[str])


@dataclass(slots=True)
class Backoff:
    """How long to wait before the next start of a process that ended."""

    next_delay: float = 0.0

    def after(self, lived: float) -> float:
        """At once the first time, then 0.2 to 5 s; a long life is forgiven."""
        if lived >= _HEALTHY:
            self.next_delay = 0.0
        delay = self.next_delay
        self.next_delay = min(_LONGEST_DELAY, max(_FIRST_DELAY, delay * 2))
        return delay


class Keeper:
    """The processes of one launcher."""

    def __init__(
        self,
        report: Callable[[str], None],
        on_start: Callable[[], None],
        clock: Clock | None = None,
    ) -> None:
        """``on_start`` is called after each start of a process."""
        self._report = report
        self._on_start = on_start
        self._clock = clock or SystemClock()
        self._kept: dict[str, _Kept] = {}

    @property
    def pids(self) -> dict[str, int]:
        """Process numbers by name."""
        return {name: kept.process.pid for name, kept in self._kept.items() if kept.process}

    @property
    def names(self) -> list[str]:
        """What is kept, in the order it was started in."""
        return list(self._kept)

    async def start(
        self, *charges: Charge, within: float, after: asyncio.Event | None = None
    ) -> None:
        """Start these together, return when all are ready; CannotStart with the end of a log.

        The time begins with what comes ``after``, if they wait for that themselves.
        """
        for charge in charges:
            kept = _Kept(charge)
            self._kept[charge.program.name] = kept
            kept.task = asyncio.create_task(self._keep(kept), name=charge.program.name)
        try:
            async with asyncio.TaskGroup() as group:
                for charge in charges:
                    kept = self._kept[charge.program.name]
                    group.create_task(self._until_ready(kept, within, after))
        except ExceptionGroup as failed:
            # One line is enough; the others are often its consequence.
            raise failed.exceptions[0] from None

    async def stop(self, names: Iterable[str], patience: float) -> None:
        """End these together; what does not end in time is killed."""
        chosen = [self._kept.pop(name) for name in names if name in self._kept]
        for kept in chosen:
            if kept.task is not None:
                kept.task.cancel()
                with suppress(asyncio.CancelledError):
                    await kept.task
        async with asyncio.TaskGroup() as group:
            for kept in chosen:
                if kept.process is not None:
                    group.create_task(self._end(kept.charge.program, kept.process, patience))

    async def _end(
        self, program: Program, process: subprocess.Popen[bytes], patience: float
    ) -> None:
        if not await halt(process, program.halt, patience):
            self._report(f"{program.name} did not end within {patience:g} s and was killed")

    async def _keep(self, kept: _Kept) -> None:
        backoff, name = Backoff(), kept.charge.program.name
        while True:
            began = self._clock.monotonic()
            reason = await self._run_once(kept)
            kept.failures.append(reason)
            delay = backoff.after(self._clock.monotonic() - began)
            self._report(f"{name} {reason}; starting it again in {delay:g} s")
            await asyncio.sleep(delay)

    async def _run_once(self, kept: _Kept) -> str:
        """Run the process to its end and say how that was."""
        try:
            await asyncio.to_thread(kept.charge.prepare)
            # On this thread: the process ends with the thread that started it.
            kept.process = spawn(kept.charge.program)
        except (OSError, CannotStart) as error:
            return f"could not be started: {error}"
        self._on_start()
        code = await ended(kept.process)
        return f"(process {kept.process.pid}) ended with {code}"

    async def _until_ready(self, kept: _Kept, within: float, after: asyncio.Event | None) -> None:
        deadline = self._clock.monotonic() + within
        program = kept.charge.program
        while kept.process is None or not await asyncio.to_thread(kept.charge.is_ready):
            never_ran = kept.process is None and kept.failures
            if never_ran or len(kept.failures) >= _TRIES:
                raise CannotStart(_explain(program, kept.failures[-1]))
            if after is not None and not after.is_set():
                deadline = self._clock.monotonic() + within
            if self._clock.monotonic() > deadline:
                raise CannotStart(_explain(program, f"is not ready after {within:g} s"))
            await asyncio.sleep(_STEP)


def _explain(program: Program, reason: str) -> str:
    end = last_lines(program.log)
    return f"{program.name} {reason} (log: {program.log})" + (f"\n{end}" if end else "")
