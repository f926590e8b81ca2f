"""Starts programs that end with their parent, each with its own log; waits for and ends them."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL, SIGTERM, Signals

_TETHER = Path(__file__).with_name("tether.py")
_LOG_LIMIT = 10_000_000


@dataclass(frozen=True, slots=True)
class Account:
    """The system user that a program runs as.

    ``reach``: it may pass directories that are closed to it, because the data directory or the
    environment lies below one (``/root``).
    """

    name: str
    uid: int
    gid: int
    reach: bool = False


@dataclass(frozen=True, slots=True)
class Program:
    """What to run, and which signals end it."""

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str]
    log: Path
    account: Account | None = None
    directory: Path | None = None
    halt: Signals = SIGTERM
    orphaned: Signals = SIGKILL


def spawn(program: Program) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own.

    It ends when the *thread* that called this ends, so call it from one that lives as long.
    """
    _rotate(program.log)
    descriptor = os.open(program.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        return subprocess.Popen(  # noqa: S603 - our own list of programs
            tethered(program),
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=subprocess.STDOUT,
            env=dict(program.environment),
            cwd=program.directory,
            start_new_session=True,
        )
    finally:
        os.close(descriptor)


def tethered(program: Program) -> list[str]:
    """The command line that runs a program as its account and tied to this process."""
    account = program.account or Account("", -1, -1)
    tie = (os.getpid(), int(program.orphaned), account.uid, account.gid, int(account.reach))
    return [
        *(sys.executable, "-I", "-S", str(_TETHER), ":".join(map(str, tie))),
        *program.argv,
    ]


async def ended(process: subprocess.Popen[bytes]) -> int:
    """Wait for a process without a thread."""
    if sys.platform != "linux":
        while process.poll() is None:  # noqa: ASYNC110 - nothing there tells of an end
            await asyncio.sleep(0.05)
        return process.wait()
    if process.poll() is not None:
        return process.wait()
    loop, gone = asyncio.get_running_loop(), asyncio.Event()
    descriptor = os.pidfd_open(process.pid)
    try:
        loop.add_reader(descriptor, gone.set)
        await gone.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)
    return process.wait()


async def halt(process: subprocess.Popen[bytes], signal: Signals, patience: float) -> bool:
    """End a process, at the latest after ``patience`` seconds; False if it had to be killed."""
    process.send_signal(signal)
    try:
        await asyncio.wait_for(ended(process), patience)
    except TimeoutError:
        process.kill()
        await ended(process)
        return False
    return True


def last_lines(log: Path, count: int = 8) -> str:
    """The end of a log, for the message about a program that did not start."""
    try:
        text = log.read_text(errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-count:])


def _rotate(log: Path) -> None:
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > _LOG_LIMIT:
        log.replace(log.with_name(log.name + ".1"))
