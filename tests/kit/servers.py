"""Which NATS and PostgreSQL the tests run against: given ones, containers, or those from wheels.

In this order: ``AIOPS_TEST_NATS_URL`` and ``AIOPS_TEST_DATABASE_URL``, containers where Docker
answers, the wheels. Given servers are wiped, so they must serve one test run at a time.
"""

import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest

from deploy.local.ports import free_port
from tests.kit.embedded import running_nats, running_postgres

NATS_VARIABLE = "AIOPS_TEST_NATS_URL"
DATABASE_VARIABLE = "AIOPS_TEST_DATABASE_URL"
_NATS_IMAGE = "nats:2.12"
_POSTGRES_IMAGE = "postgres:18"
_MEMORY = Path("/dev/shm")
_ROOM = 2 * 1024**3


@contextmanager
def quick_directory(otherwise: Path) -> Generator[Path]:
    """A directory in memory, where Linux has one with room, for the time of a block.

    Hundreds of databases come and go. On ext4 that costs more than all the rest of the tests: it
    looks, file by file, for a number that nobody has given back of late.
    """
    if not _MEMORY.is_mount() or shutil.disk_usage(_MEMORY).free < _ROOM:
        yield otherwise
        return
    directory = Path(tempfile.mkdtemp(prefix="aiops-tests-", dir=_MEMORY))
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


class Server(Protocol):
    """A server that tests may restart, on the main thread: it ends with that thread."""

    @property
    def url(self) -> str: ...
    def restart(self) -> None: ...


@dataclass(frozen=True)
class _Given:
    url: str

    def restart(self) -> None:
        pytest.skip("a given server is not ours to restart")


@dataclass(frozen=True)
class _Contained:
    url: str
    container: Any

    def restart(self) -> None:
        self.container.get_wrapped_container().restart(timeout=5)


@contextmanager
def bus_server(directory: Path) -> Generator[Server]:
    """A NATS server without users, for the time of a block."""
    given = _given(NATS_VARIABLE)
    if given:
        yield _Given(given)
    elif _docker_answers():
        with _nats_container() as server:
            yield server
    else:
        with running_nats(directory) as server:
            yield server


@contextmanager
def database_server(directory: Path) -> Generator[Server]:
    """A PostgreSQL server whose user may create databases, for the time of a block."""
    given = _given(DATABASE_VARIABLE)
    if given:
        yield _Given(given)
    elif _docker_answers():
        with _postgres_container() as server:
            yield server
    else:
        with running_postgres(directory) as server:
            yield server


def _given(variable: str) -> str:
    url = _environment(variable)
    if url and _environment("PYTEST_XDIST_WORKER"):
        pytest.fail(f"{variable} serves one test run at a time: leave out -n", pytrace=False)
    return url


def _environment(variable: str) -> str:
    # Not a setting of the platform: which servers the tests wipe.
    return os.environ.get(variable, "")  # noqa: TID251


def _docker_answers() -> bool:
    if not _environment("DOCKER_HOST") and not Path("/var/run/docker.sock").exists():
        return False
    import docker  # noqa: PLC0415 - slow, and of no use without its socket
    from docker.errors import DockerException  # noqa: PLC0415

    try:
        client = docker.from_env(timeout=2)
        try:
            return bool(client.ping())
        finally:
            client.close()
    except DockerException:
        return False


@contextmanager
def _nats_container() -> Generator[Server]:
    from testcontainers.core.container import DockerContainer  # noqa: PLC0415
    from testcontainers.core.waiting_utils import wait_for_logs  # noqa: PLC0415

    # A fixed port: Docker would give a restarted container another one.
    port = free_port()
    container: Any = DockerContainer(_NATS_IMAGE).with_bind_ports(4222, port).with_command("-js")
    with container:
        wait_for_logs(container, "Server is ready", timeout=30)
        yield _Contained(f"nats://{container.get_container_host_ip()}:{port}", container)


@contextmanager
def _postgres_container() -> Generator[Server]:
    from testcontainers.postgres import PostgresContainer  # noqa: PLC0415

    port = free_port()
    container: Any = PostgresContainer(_POSTGRES_IMAGE, driver=None).with_bind_ports(5432, port)
    with container:
        yield _Contained(container.get_connection_url(), container)
