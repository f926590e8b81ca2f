"""The whole platform, run by ``aiops up`` as a user would, in a directory that is thrown away."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Generator, Iterable, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import psycopg
from pydantic import SecretStr

from contracts.envelope import Context
from deploy.local.nats_users import SETUP, passwords
from services.runtime import bus as buses
from services.runtime.bus import Bus
from services.runtime.clock import SystemClock
from services.runtime.ids import new_id
from services.runtime.log import NOTHING, EventLog, Head
from services.runtime.settings import NatsSettings, environment
from tests.benchmarks import material
from tests.benchmarks.client import Address
from tests.benchmarks.kit import Cpu, log
from tests.kit.tree import ROOT

_START_WITHIN, _STOP_WITHIN = 120.0, 20.0
_APPENDED_AT_ONCE = 500
_SET = {"AIOPS_TELEMETRY__LOG_FORMAT": "json", "AIOPS_LIMITS__ENABLED": "false"}
"""Settings of it: benchmarks ask more often than anybody may."""


@dataclass(frozen=True)
class Platform:
    """A running platform."""

    directory: Path
    run: Mapping[str, Any]

    @property
    def address(self) -> Address:
        """The gateway, as an administrator."""
        url = urlsplit(str(self.run["gateway"]))
        return Address(url.hostname or "", url.port or 0, self.run["token"])

    @property
    def database(self) -> str:
        """URL of its PostgreSQL."""
        return self.run["database"]

    @property
    def parts(self) -> dict[str, int]:
        """Process ids by part; the launcher is one of them."""
        return {**self.run["parts"]}

    @property
    def cpu(self) -> Cpu:
        """CPU of all parts; the launcher, which does nothing while nothing fails, is left out."""
        return Cpu(self.parts)

    @asynccontextmanager
    async def bus(self) -> AsyncGenerator[Bus]:
        """A connection that may do everything."""
        where = urlsplit(str(self.run["nats"]))
        settings = NatsSettings(
            url=f"nats://{where.hostname}:{where.port}",
            user=SETUP,
            password=SecretStr(passwords(self.directory / "nats-users.json")[SETUP]),
        )
        connection = await buses.connect(settings, "benchmark")
        try:
            yield connection
        finally:
            await connection.close()

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows from its database."""
        with psycopg.connect(self.database, autocommit=True) as connection:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

    def sequence(self, projection: str) -> int:
        """How far a projection is."""
        rows = self.ask(
            f"select sequence from aiops.projection where name = '{projection}' and slot = 'live'"
        )
        return rows[0][0] if rows else 0

    def until_projected(self, last: int, *projections: str, within: float = 120.0) -> None:
        """Wait until these projections have reached a sequence."""
        deadline = time.monotonic() + within
        while any(self.sequence(each) < last for each in projections):
            if time.monotonic() > deadline:
                raise TimeoutError(f"projections have not reached {last}")
            time.sleep(0.05)


@contextmanager
def platform(
    more: Mapping[str, str] = MappingProxyType({}), kept: Path | None = None
) -> Generator[Platform]:
    """``aiops up`` for the time of a block, with these settings more; in a directory that is kept,
    or in one that is thrown away."""
    with tempfile.TemporaryDirectory(prefix="aiops-bench-") as name:
        directory, output = kept or Path(name), Path(name) / "launcher.log"
        with output.open("wb") as file:
            process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "deploy.cli.main", "up", "--no-browser"),
                    *("--data-dir", str(directory), "--port", "0"),
                ],
                cwd=ROOT,
                env={**environment(), **_SET, **more},
                stdout=file,
                stderr=subprocess.STDOUT,
            )
        try:
            yield Platform(directory, _ready(process, directory, output))
        finally:
            process.terminate()
            try:
                process.wait(_STOP_WITHIN)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _ready(process: subprocess.Popen[bytes], directory: Path, output: Path) -> dict[str, Any]:
    deadline = time.monotonic() + _START_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        try:
            run: dict[str, Any] = json.loads((directory / "run.json").read_text())
        except (FileNotFoundError, ValueError):
            time.sleep(0.05)
            continue
        return run
    raise RuntimeError(f"aiops up is not ready:\n{output.read_text()[-2000:]}")


async def register_cluster(address: Address) -> str:
    """A cluster to send alerts for; its id."""
    answer = await address.once("POST", "/api/v1/clusters/", registration("bench"))
    if answer.status != 201:
        raise RuntimeError(f"no cluster: {answer}")
    return json.loads(answer.body)["id"]


def registration(name: str) -> dict[str, Any]:
    """What a cluster is registered with."""
    return {
        "name": name,
        "display_name": f"{name}, rack 1",
        "api_server_url": f"https://api.{name}.example.com:6443",
        "cluster_type": "EDGE",
        "platform": "OPENSHIFT",
        "region": "eu-central",
        "environment": "PRODUCTION",
        "labels": {"team": "ran", "example.com/tier": "1"},
        "endpoints": {"prometheus_url": f"https://prometheus.{name}.example.com"},
    }


def event_log(bus: Bus) -> EventLog:
    """The log on a bus, with the default retention."""
    return EventLog(bus, timedelta(hours=2160))


def context() -> Context:
    """The envelope of an event that an ingestion has caused."""
    command = new_id()
    trace = f"00-{command.hex}-{command.hex[:16]}-00"
    return Context(command, "alertmanager", command, command, "/services/alerts", trace)


async def seed(bus: Bus, reports: Iterable[material.Report]) -> int:
    """Append the events of these reports as the alert service does; the last sequence."""
    written, last, heads = event_log(bus), 0, dict[int, Head]()
    for part in material.posts(list(reports), _APPENDED_AT_ONCE):
        changes = [(material.event(each), heads.get(each.number, NOTHING)) for each in part]
        answers = await written.append_each(changes, context(), SystemClock().now())
        for each, answer in zip(part, answers, strict=True):
            if isinstance(answer, Exception):
                raise answer
            heads[each.number], last = Head(answer), answer
    log(f"seeded the log up to {last:,}")
    return last
