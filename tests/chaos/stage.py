"""The platform on three NATS servers and a PostgreSQL that may fail, with clusters that report."""

import tempfile
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from services.runtime.settings import DatabaseSettings, NatsSettings, Settings
from tests.chaos.nats_cluster import NatsCluster, running_cluster
from tests.kit.embedded import PostgresServer, running_postgres
from tests.kit.hub import Hub, running_hub
from tests.kit.servers import quick_directory

_MB = 1_000_000
_STORE = 80 * _MB
"""What the log may have beside what the other streams have reserved."""
_RESERVED = {
    "AIOPS_RETENTION__TELEMETRY_BYTES": 60 * _MB,
    "AIOPS_RETENTION__COMMANDS_BYTES": 60 * _MB,
    "AIOPS_RETENTION__DEAD_LETTERS_BYTES": 10 * _MB,
    "AIOPS_REPORTS__MAX_BYTES": 10 * _MB,
}


@dataclass(frozen=True)
class Stage:
    """What runs."""

    hub: Hub
    nats: NatsCluster
    postgres: PostgresServer
    settings: Settings
    clusters: list[str]
    """Ids of those that post alerts; the first one is posted to by probes alone."""


@contextmanager
def stage(clusters: int, *, seconds: float) -> Generator[Stage]:
    """Everything, and a simulated fleet whose GPUs are sampled, for the time of a block."""
    with ExitStack() as stack:
        outside = stack.enter_context(tempfile.TemporaryDirectory(prefix="aiops-chaos-"))
        directory = stack.enter_context(quick_directory(Path(outside)))
        room = _STORE + int(seconds) * 2 * _MB
        nats = stack.enter_context(
            running_cluster(directory / "nats", sum(_RESERVED.values()) + room)
        )
        postgres = stack.enter_context(running_postgres(directory / "postgres"))
        told = {name: str(size) for name, size in _RESERVED.items()} | {
            "AIOPS_NATS__URL": nats.url,
            "AIOPS_NATS__REPLICAS": "3",
            "AIOPS_DATABASE__URL": postgres.url,
        }
        hub = stack.enter_context(running_hub(directory / "data", "--demo", **told))
        settings = Settings(
            data_dir=directory / "data",
            nats=NatsSettings(url=nats.url, replicas=3),
            database=DatabaseSettings(url=SecretStr(postgres.url)),
        )
        ids = [hub.register(f"chaos-{number}") for number in range(clusters + 1)]
        yield Stage(hub, nats, postgres, settings, ids)
