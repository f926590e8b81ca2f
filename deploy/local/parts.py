"""The parts of the platform as the launcher runs them: command, environment, readiness."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from deploy.local.child import Program
from deploy.local.keeper import Charge
from deploy.local.ports import answers, free_port
from deploy.platform import PARTS
from services.runtime.settings import Settings

SETUP = "setup"
GATEWAY = "gateway"
_LOADED_WITHIN = 3600.0


@dataclass(frozen=True, slots=True)
class PartCommand:
    """One process of the platform; ``ready`` is the path that answers 200 when it can serve."""

    name: str
    argv: tuple[str, ...]
    ready: str = ""
    within: float = 120.0
    """Seconds that one which does its work and ends may take."""
    beside: bool = True
    """Whether others may be started meanwhile."""


def platform_parts() -> tuple[PartCommand, ...]:
    """Every part that the platform has, run by this environment's Python."""
    return tuple(
        PartCommand(
            part.name,
            (sys.executable, "-m", "deploy.run", part.name),
            part.health.path if part.health else "",
        )
        for part in PARTS
    )


def replaying_parts(file: Path) -> tuple[PartCommand, ...]:
    """What shows a copy of a log: set-up loads it from this file, and no service runs."""
    argv = (sys.executable, "-m", "deploy.cli.replaying", str(file.absolute()))
    services = {part.name for part in PARTS if part.services}
    return tuple(
        replace(part, argv=argv, within=_LOADED_WITHIN, beside=False)
        if part.name == SETUP
        else part
        for part in platform_parts()
        if part.name not in services
    )


@dataclass(frozen=True, slots=True)
class Wiring:
    """What every part is told: where the servers are, and who it is to them."""

    settings: Settings
    """Effective: with the servers that run and the port that was chosen."""
    environment: Mapping[str, str]
    passwords: Mapping[str, str]
    """By NATS user; none for a server of others, where all are the user in the settings."""

    @property
    def host(self) -> str:
        """An address that the gateway answers on."""
        host = self.settings.gateway.host
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - read, not bound

    @property
    def gateway(self) -> str:
        """The gateway's URL."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.settings.gateway.port}"

    def program(self, part: PartCommand, health_port: int = 0) -> Program:
        """A part with its environment; its log is named for it."""
        return Program(
            name=part.name,
            argv=part.argv,
            environment=self._environment(part.name, health_port),
            log=self.logs / f"{part.name}.log",
        )

    def charge(self, part: PartCommand) -> Charge:
        """A part to keep alive, ready when its path answers."""
        if part.name == GATEWAY:
            port, program = self.settings.gateway.port, self.program(part)
        else:
            port = free_port() if part.ready else 0
            program = self.program(part, port)
        host = self.host if part.name == GATEWAY else "127.0.0.1"
        if not part.ready:
            return Charge(program)
        return Charge(program, is_ready=lambda: answers(host, port, part.ready))

    @property
    def logs(self) -> Path:
        """Where the logs are."""
        return self.settings.data_dir / "logs"

    def _environment(self, name: str, health_port: int) -> dict[str, str]:
        settings = self.settings
        password = settings.nats.password.get_secret_value()
        user = name if name in self.passwords else settings.nats.user
        return {
            **self.environment,
            "AIOPS_DATA_DIR": str(settings.data_dir),
            "AIOPS_NATS__URL": settings.nats.url,
            "AIOPS_NATS__USER": user,
            "AIOPS_NATS__PASSWORD": self.passwords.get(name, password),
            "AIOPS_DATABASE__URL": settings.database.url.get_secret_value(),
            "AIOPS_GATEWAY__HOST": settings.gateway.host,
            "AIOPS_GATEWAY__PORT": str(settings.gateway.port),
            "AIOPS_HEALTH_PORT": str(health_port),
        }
