"""Real servers for tests, run by the same code as the one-machine launcher.

A server ends with the thread that started it: start it on the main thread.
"""

import subprocess
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from deploy.local.child import Program, last_lines, spawn
from deploy.local.nats_server import EmbeddedNats, find_binary
from deploy.local.nats_users import passwords
from deploy.local.ports import free_port
from deploy.local.postgres_server import EmbeddedPostgres

_PATIENCE = 20.0

power_may_fail = True
"""False: nothing is synchronised with the disk. Processes may be killed all the same, since what
they wrote stays with the kernel; of benchmarks the disk is a part."""


class _Server(Protocol):
    def prepare(self) -> None: ...
    def program(self) -> Program: ...
    def is_ready(self) -> bool: ...


ServerT = TypeVar("ServerT", bound=_Server)


@dataclass
class Running(Generic[ServerT]):
    """A running server that can be killed and started again on the same files."""

    server: ServerT
    process: subprocess.Popen[bytes] = field(init=False)

    def __post_init__(self) -> None:
        self.start()

    @property
    def pid(self) -> int:
        return self.process.pid

    def program(self) -> Program:
        """How it is run."""
        return self.server.program()

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.server.prepare()
        program = self.program()
        self.process = spawn(program)
        deadline = time.monotonic() + _PATIENCE
        while not self.server.is_ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"{program.name} did not start:\n{last_lines(program.log)}")
            time.sleep(0.005)

    def kill(self) -> None:
        """SIGKILL, as a crash would."""
        self.process.kill()
        self.process.wait()

    def restart(self) -> None:
        """Stop it if it runs, then start it on the same address and files."""
        self.stop()
        self.start()

    def stop(self) -> None:
        """End it cleanly."""
        self.process.send_signal(self.server.program().halt)
        try:
            self.process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()


@dataclass
class NatsServer(Running[EmbeddedNats]):
    """A NATS server with JetStream; ``passwords`` is empty if it has no users."""

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def passwords(self) -> Mapping[str, str]:
        return self.server.passwords

    def url_of(self, user: str) -> str:
        """The address with a user's credentials."""
        return self.server.url_of(user)


@dataclass
class PostgresServer(Running[EmbeddedPostgres]):
    """A PostgreSQL server with one database."""

    @property
    def url(self) -> str:
        return self.server.url

    def program(self) -> Program:
        program = super().program()
        if power_may_fail:
            return program
        careless = ("-c", "fsync=off", "-c", "full_page_writes=off")
        return replace(program, argv=(*program.argv, *careless))

    def start(self) -> None:
        super().start()
        self.server.finish()


def start_nats(directory: Path, *, users: bool = False, monitor: bool = False) -> NatsServer:
    """Start a NATS server below this directory, with the platform's users or with none."""
    known = passwords(directory / "nats-users.json") if users else {}
    server = EmbeddedNats(
        directory,
        find_binary({}),
        free_port(),
        passwords=known,
        sync_interval="1s" if power_may_fail else "1h",
        monitor_port=free_port() if monitor else 0,
    )
    return NatsServer(server)


def start_postgres(directory: Path) -> PostgresServer:
    """Start a PostgreSQL server below this directory."""
    return PostgresServer(EmbeddedPostgres.at(directory))


@contextmanager
def running_nats(directory: Path, *, users: bool = False) -> Generator[NatsServer]:
    """A NATS server for the time of a block."""
    server = start_nats(directory, users=users)
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def running_postgres(directory: Path) -> Generator[PostgresServer]:
    """A PostgreSQL server for the time of a block."""
    server = start_postgres(directory)
    try:
        yield server
    finally:
        server.stop()
