"""Writes what is generated from code: OpenAPI of the gateway, AsyncAPI of the bus, their page."""

import json
from pathlib import Path

from deploy.catalogue.page import Catalogue
from deploy.platform import PROJECTIONS, SERVICES, load_projections, load_services
from gateway.app import build
from gateway.auth.bindings import Bindings
from gateway.auth.trail import Trail
from gateway.briefly import Briefly
from gateway.directory import Directory
from gateway.gate import Gate
from gateway.openapi import document
from gateway.parts import Parts
from gateway.positions import Positions
from services.runtime.access import Access
from services.runtime.asyncapi import asyncapi
from services.runtime.bus import Bus
from services.runtime.clock import SystemClock
from services.runtime.command_bus import CommandBus
from services.runtime.database import Database
from services.runtime.health import Health
from services.runtime.outside import Outside
from services.runtime.process import Runtime, event_log, projection_operations
from services.runtime.settings import Settings
from services.runtime.tracing import Tracing
from services.runtime.wire import Connection

FOLDER = Path(__file__).parents[1] / "contracts" / "generated"


def _unconnected_gate(settings: Settings) -> Gate:
    """A gate that is wired and connected to nothing."""
    bus, clock = Bus(Connection()), SystemClock()
    log = event_log(bus, settings)
    tracing, outside = Tracing("export", None), Outside(settings, "export")
    runtime = Runtime("export", settings, bus, log, tracing, Health("export"), outside)
    database = Database(settings.database, "export")
    commands, directory = CommandBus(bus, "gateway"), Directory(bus, database)
    trail = Trail(commands, clock)
    return Gate(
        runtime=runtime,
        database=database,
        access=Access(database, clock),
        commands=commands,
        positions=Positions(bus, database),
        parts=Parts(bus, clock),
        directory=directory,
        trail=trail,
        bindings=Bindings(settings.access, directory, trail, log),
        clock=clock,
        briefly=Briefly(clock),
    )


def path_of(name: str) -> Path:
    """Where one of them lies: pages for people beside the contracts' README."""
    return (FOLDER.parent if name.endswith(".md") else FOLDER) / name


def documents() -> dict[str, str]:
    """Every generated file by name."""
    gate = _unconnected_gate(Settings())
    services = [*load_services(SERVICES), projection_operations({})]
    projections = [*load_projections(PROJECTIONS)]
    of_the_bus = asyncapi(services, projections)
    return {
        "openapi.json": document(build(gate)).decode() + "\n",
        "asyncapi.json": json.dumps(of_the_bus, indent=2, sort_keys=True) + "\n",
        "EVENTS.md": Catalogue(services, projections).page(),
    }


def main() -> None:
    """Write them."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in documents().items():
        path_of(name).write_text(text)


if __name__ == "__main__":
    main()
