"""How commands find the platform: by the settings, else by what runs in the data directory."""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from deploy.cli.configured import settings_or_fail
from deploy.cli.output import fail
from deploy.local.nats_users import SETUP, passwords
from services.runtime import bus as buses
from services.runtime.bus import Bus, BusUnavailable
from services.runtime.database import Database
from services.runtime.settings import Settings, environment

_ALL = frozenset({"0.0.0.0", "::"})  # noqa: S104 - nothing listens because of it
_GATEWAY_VARIABLE, _TOKEN_VARIABLE = "AIOPS_GATEWAY_URL", "AIOPS_TOKEN"


@dataclass(frozen=True, slots=True)
class Hub:
    """A platform that can be talked to."""

    settings: Settings
    gateway: str
    token: str
    """Empty if there is no run.json: then commands over HTTP need `--token`."""
    parts: Mapping[str, int] = field(default_factory=dict[str, int])
    """Process numbers of what `aiops up` runs here."""


@dataclass(frozen=True, slots=True)
class Door:
    """A gateway, and the token that it is shown."""

    gateway: str
    token: str = field(repr=False)


def hub() -> Hub:
    """The platform of the settings, or the one that `aiops up` runs in the data directory."""
    settings = settings_or_fail()
    run = _running(settings)
    updates: dict[str, Any] = {}
    if not settings.nats.url and run:
        updates["nats"] = settings.nats.model_copy(update=_local_nats(settings, run["nats"]))
    if not settings.database.url.get_secret_value() and run:
        updates["database"] = settings.database.model_copy(
            update={"url": SecretStr(run["database"])}
        )
    effective = settings.model_copy(update=updates)
    if not effective.nats.url or not effective.database.url.get_secret_value():
        fail(
            f"nothing runs in {settings.data_dir} (no run.json): start it with `aiops up`, name"
            " another directory by AIOPS_DATA_DIR, or set AIOPS_NATS__URL and AIOPS_DATABASE__URL"
        )
    return Hub(effective, _gateway(settings, run), run.get("token", ""), run.get("parts", {}))


def gateway_of() -> Door:
    """The gateway that the environment names, or that runs here: enough for what only asks it.

    A token of what runs here is shown to nobody else.
    """
    given, settings = environment(), settings_or_fail()
    named, token = given.get(_GATEWAY_VARIABLE, ""), given.get(_TOKEN_VARIABLE, "")
    if named and not token:
        fail(f"{_TOKEN_VARIABLE} must hold a token for the gateway of {_GATEWAY_VARIABLE}")
    if not (token.isascii() and token.isprintable()):
        fail(f"{_TOKEN_VARIABLE} holds characters that no token has")
    run = {} if named else _running(settings)
    token = token or str(run.get("token", ""))
    if not token:
        fail(
            f"nothing runs in {settings.data_dir} (no run.json): start it with `aiops up`, name"
            " another directory by AIOPS_DATA_DIR, or set"
            f" {_GATEWAY_VARIABLE} and {_TOKEN_VARIABLE}"
        )
    return Door(named or _gateway(settings, run), token)


def _gateway(settings: Settings, run: dict[str, Any]) -> str:
    """One that listens on all addresses answers to this name, and to none like `0.0.0.0`."""
    host = "127.0.0.1" if settings.gateway.host in _ALL else settings.gateway.host
    return run.get("gateway") or f"http://{host}:{settings.gateway.port}"


def _running(settings: Settings) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads((settings.data_dir / "run.json").read_text())
    except (OSError, ValueError):
        return {}
    return found


def _local_nats(settings: Settings, outside: str) -> dict[str, Any]:
    """The owner of the data directory may do everything on its bus."""
    address = urlsplit(outside)
    password = passwords(settings.data_dir / "nats-users.json")[SETUP]
    return {
        "url": f"nats://{address.hostname}:{address.port}",
        "user": SETUP,
        "password": SecretStr(password),
    }


@asynccontextmanager
async def bus_of(found: Hub) -> AsyncGenerator[Bus]:
    """A connection to its bus."""
    try:
        connection = await buses.connect(found.settings.nats, "aiops-cli", patience=3.0)
    except BusUnavailable as error:
        fail(str(error))
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def database_of(found: Hub) -> AsyncGenerator[Database]:
    """Its database."""
    database = Database(found.settings.database, "cli")
    await database.open()
    try:
        yield database
    finally:
        await database.close()
