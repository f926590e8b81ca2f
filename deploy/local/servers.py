"""The servers that the platform stands on: those configured, or else our own."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from deploy.local.keeper import Charge
from deploy.local.nats_publishers import OUTSIDE
from deploy.local.nats_server import EmbeddedNats, find_binary
from deploy.local.nats_users import SETUP, passwords
from deploy.local.ports import free_port
from deploy.local.postgres_server import EmbeddedPostgres
from services.runtime.settings import Settings


@dataclass(frozen=True, slots=True)
class Servers:
    """Which servers of our own run; None where the settings name one of others."""

    nats: EmbeddedNats | None
    postgres: EmbeddedPostgres | None

    @classmethod
    def chosen(
        cls, settings: Settings, environment: Mapping[str, str], users: tuple[str, ...]
    ) -> "Servers":
        """Our own for every server that the settings do not name."""
        own_nats, own_postgres = not settings.nats.url, not settings.database.url.get_secret_value()
        return cls(
            _nats(settings, environment, users) if own_nats else None,
            EmbeddedPostgres.at(settings.data_dir) if own_postgres else None,
        )

    @property
    def charges(self) -> tuple[Charge, ...]:
        """What has to be started."""
        servers = (self.nats, self.postgres)
        return tuple(
            Charge(server.program(), server.prepare, server.is_ready)
            for server in servers
            if server
        )

    @property
    def passwords(self) -> Mapping[str, str]:
        """By user of our own NATS server."""
        return self.nats.passwords if self.nats else {}

    def settings(self, settings: Settings) -> Settings:
        """The settings with the addresses of our own servers, as the user that may do all."""
        nats, database = settings.nats, settings.database
        if self.nats:
            password = SecretStr(self.nats.passwords[SETUP])
            update = {"url": self.nats.url, "user": SETUP, "password": password}
            nats = nats.model_copy(update=update)
        if self.postgres:
            database = database.model_copy(update={"url": SecretStr(self.postgres.url)})
        return settings.model_copy(update={"nats": nats, "database": database})

    def outside_url(self, settings: Settings) -> str:
        """Where a publisher from outside connects."""
        return self.nats.url_of(OUTSIDE) if self.nats else settings.nats.url


def _same_port(directory: Path) -> int:
    """The port of the last run, so that logins of publishers stay good; any if it is taken."""
    try:
        listen: str = json.loads((directory / "nats.conf").read_text())["listen"]
        return free_port(int(listen.rpartition(":")[2]))
    except (OSError, ValueError, KeyError):
        return free_port()


def _nats(
    settings: Settings, environment: Mapping[str, str], users: tuple[str, ...]
) -> EmbeddedNats:
    directory: Path = settings.data_dir
    return EmbeddedNats(
        directory,
        find_binary(environment),
        _same_port(directory),
        sync_interval=settings.nats.sync_interval,
        max_file_store=settings.nats.max_file_store,
        passwords=passwords(directory / "nats-users.json", *users),
    )
