"""The one list of all parts: which services and projections run in which process, and on what."""

import importlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from services.runtime.settings import InvalidSettings, Settings, load_settings

IMAGE = "aiops-nextgen:0.1.0"
"""The image that every part runs from."""


@dataclass(frozen=True, slots=True)
class Infrastructure:
    """A server of others that the platform stands on."""

    name: str
    image: str


@dataclass(frozen=True, slots=True)
class Health:
    """Where a running part says that it can serve; `aiops up` gives it another port."""

    path: str
    port: int


@dataclass(frozen=True, slots=True)
class Part:
    """One process of the platform."""

    name: str
    needs: tuple[str, ...]
    """Parts that have finished, or infrastructure that answers, before this one starts."""
    services: tuple[str, ...] = ()
    projections: tuple[str, ...] = ()
    health: Health | None = None
    """None for a part that does its work and ends."""

    @property
    def command(self) -> tuple[str, ...]:
        """What starts it."""
        return ("aiops", "run", self.name)


SERVICES: Mapping[str, str] = {
    "access": "services.access.handlers:service",
    "clusters": "services.clusters.handlers:service",
    "alerts": "services.alerts.handlers:service",
    "operations": "services.operations.handlers:service",
    "telemetry": "services.telemetry.handlers:service",
    "gpu": "services.gpu.handlers:service",
    "cnf": "services.cnf.handlers:service",
    "anomalies": "services.anomalies.handlers:service",
    "incidents": "services.incidents.handlers:service",
    "rca": "services.rca.handlers:service",
    "replays": "services.replays.handlers:service",
    "reports": "services.reports.handlers:service",
    "personas": "services.personas.handlers:service",
    "llm": "services.llm.handlers:service",
    "chat": "services.chat.handlers:service",
}
PROJECTIONS: Mapping[str, str] = {
    "activity": "projections.activity.projector:projection",
    "fleet": "projections.fleet.projector:projection",
    "alerts": "projections.alerts.projector:projection",
    "gpu": "projections.gpu.projector:projection",
    "cnf": "projections.cnf.projector:projection",
    "anomalies": "projections.anomalies.projector:projection",
    "incidents": "projections.incidents.projector:projection",
    "rca": "projections.rca.projector:projection",
    "replays": "projections.replays.projector:projection",
    "reports": "projections.reports.projector:projection",
    "personas": "projections.personas.projector:projection",
    "conversations": "projections.conversations.projector:projection",
}
INFRASTRUCTURE: tuple[Infrastructure, ...] = (
    # Not the smallest variant: the health check needs its wget.
    Infrastructure("nats", "nats:2.15.1-alpine"),
    Infrastructure("postgres", "postgres:18"),
)
_SERVERS = tuple(server.name for server in INFRASTRUCTURE)
_READY = (*_SERVERS, "setup")

PARTS: tuple[Part, ...] = (
    Part("setup", needs=_SERVERS),
    Part("gateway", needs=_READY, health=Health("/ready", 8080)),
    Part(
        "projector",
        needs=_READY,
        projections=(
            "activity",
            "fleet",
            "alerts",
            "gpu",
            "cnf",
            "anomalies",
            "incidents",
            "rca",
            "replays",
            "reports",
            "personas",
            "conversations",
        ),
        health=Health("/ready", 8081),
    ),
    Part(
        "workers",
        needs=_READY,
        services=(
            "access",
            "clusters",
            "alerts",
            "operations",
            "telemetry",
            "gpu",
            "cnf",
            "anomalies",
            "incidents",
            "rca",
            "replays",
            "reports",
            "personas",
            "llm",
            "chat",
        ),
        health=Health("/ready", 8081),
    ),
)
SITE_PARTS: tuple[Part, ...] = (
    Part(
        "collector",
        needs=("nats", "setup"),
        services=("telemetry", "gpu", "cnf"),
        health=Health("/ready", 8081),
    ),
)
"""What runs at a far-edge site, beside `setup`."""


def part(name: str) -> Part:
    """The part of this name; KeyError if there is none."""
    return {each.name: each for each in (*PARTS, *SITE_PARTS)}[name]


def platform_settings(**values: Any) -> Settings:
    """The effective settings.

    InvalidSettings with one clear line for a wrong value, and for a projection that there is not.
    """
    settings = load_settings(**values)
    unknown = sorted(settings.projections.partitions.keys() - PROJECTIONS.keys())
    if unknown:
        known = ", ".join(sorted(PROJECTIONS))
        text = f"there is no projection {unknown[0]!r}, but {known}"
        raise InvalidSettings(f"AIOPS_PROJECTIONS__PARTITIONS: {text}")
    return settings


def load(target: str) -> Any:
    """The object that ``module:attribute`` names."""
    module, _, attribute = target.partition(":")
    return getattr(importlib.import_module(module), attribute)


def load_services(names: Iterable[str]) -> Iterator[Any]:
    """The services of these names."""
    return (load(SERVICES[name]) for name in names)


def load_projections(names: Iterable[str]) -> Iterator[Any]:
    """The projections of these names."""
    return (load(PROJECTIONS[name]) for name in names)
