"""Finds and ends processes that a killed run left on a data directory, before a new one uses it."""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from signal import SIGKILL, SIGTERM, Signals

from deploy.local.errors import CannotStart
from services.runtime.clock import SystemClock

_PROCESSES = Path("/proc")
_STEP = 0.01


class Stubborn(CannotStart):
    """A process of an earlier run does not end."""


def working_in(directory: Path) -> list[int]:
    """Processes whose working directory this is: a PostgreSQL server and its backends."""
    return _processes(lambda process: (process / "cwd").readlink() == directory)


def running_with(argument: Path) -> list[int]:
    """Processes that have this path among their arguments."""
    wanted = os.fsencode(argument)
    return _processes(lambda process: wanted in (process / "cmdline").read_bytes().split(b"\0"))


def clear(find: Callable[[], list[int]], grace: float = 3.0) -> None:
    """Return when no such process is left: most end by themselves, the others are made to."""
    for signal, patience in ((None, grace), (SIGTERM, 0.5), (SIGKILL, 2.0)):
        if signal is not None:
            _send(find(), signal)
        if _are_gone(find, patience):
            return
    raise Stubborn(f"processes of an earlier run do not end: {find()}")


def can_look() -> bool:
    """True where the system shows its processes as files."""
    return (_PROCESSES / "self").exists()


def _processes(matches: Callable[[Path], bool]) -> list[int]:
    found: list[int] = []
    for entry in _PROCESSES.glob("[0-9]*"):
        with suppress(OSError):
            if int(entry.name) != os.getpid() and matches(entry):
                found.append(int(entry.name))
    return found


def _send(pids: list[int], signal: Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal)


def _are_gone(find: Callable[[], list[int]], patience: float) -> bool:
    clock = SystemClock()
    deadline = clock.monotonic() + patience
    while find():
        if clock.monotonic() > deadline:
            return False
        time.sleep(_STEP)
    return True
