"""Looks for planted secrets where none may be, in every form in which one may be written down."""

import base64
import json
import logging
import traceback
from collections.abc import AsyncGenerator, Generator, Iterable, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import quote, quote_plus

import httpx
import nats
import psycopg
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from psycopg import sql
from structlog.typing import EventDict

from services.runtime import streams
from services.runtime.bus import Bus
from services.runtime.logging import configure
from services.runtime.settings import TelemetrySettings

_SHORTEST = 8
"""Characters: what is shorter is found in anything."""
_PAGE = 512
_SECRET_FIELDS = frozenset({"token", "kubeconfig", "client_secret", "refresh_token"})

Places = Iterable[tuple[str, bytes]]
"""What is searched: where it is, and what is there."""


def forms(secret: str) -> frozenset[bytes]:
    """A secret as it is, and as JSON, URLs, hex and base64 of any offset show it."""
    raw = secret.encode("utf-8", "replace")
    written = {
        secret,
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
        quote(secret, safe="", errors="replace"),
        quote(secret, errors="replace"),
        quote_plus(secret, errors="replace"),
        raw.hex(),
        raw.hex().upper(),
        *_base64(raw),
    }
    return frozenset(text.encode("utf-8", "replace") for text in written if len(text) >= _SHORTEST)


def _base64(raw: bytes) -> Generator[str]:
    """What of its base64 is the same whatever stands before and behind it, for each offset."""
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + raw)
        first = -(-before * 8 // 6)
        last = (before + len(raw)) * 8 // 6
        text = encoded[first:last].decode()
        yield text
        yield text.replace("+", "-").replace("/", "_")


def lines_of(pem: str | bytes) -> list[str]:
    """The lines of a PEM text that hold the key itself; each of them is a secret."""
    text = pem.decode() if isinstance(pem, bytes) else pem
    return [line for line in text.splitlines() if line and not line.startswith("-----")]


def secrets_in(body: Any) -> list[str]:
    """The values in a request's body that must never be seen again."""
    if not isinstance(body, dict):
        return []
    fields = cast("Mapping[str, Any]", body)
    own = [fields[name] for name in _SECRET_FIELDS & fields.keys()]
    told = [value for value in own if isinstance(value, str) and len(value) >= _SHORTEST]
    return told + [found for value in fields.values() for found in secrets_in(value)]


@dataclass
class Planted:
    """Secrets by name, and all the forms in which they are looked for."""

    secrets: dict[str, frozenset[bytes]] = field(default_factory=dict[str, frozenset[bytes]])

    def plant(self, name: str, *secrets: str) -> None:
        """Look for these from now on."""
        for number, secret in enumerate(secrets):
            found = forms(secret)
            assert found, f"{name} is too short to be looked for"
            self.secrets[f"{name}#{number}"] = found

    def found_in(self, data: bytes) -> list[str]:
        """The names of those that are there."""
        return [name for name, each in self.secrets.items() if any(form in data for form in each)]

    def leaks(self, places: Places) -> list[str]:
        """Every place with a secret in it, and whose secret it is."""
        told = list(places)
        # All at once first, which is a hundred times faster than place by place.
        if not self.found_in(b"\0".join(data for _, data in told)):
            return []
        return [f"{place}: {name}" for place, data in told for name in self.found_in(data)]


def hidden(body: Any, answer: httpx.Response) -> None:
    """No secret of a request is in its answer, be it in the body or in a header."""
    planted = Planted()
    planted.plant("sent", *secrets_in(body))
    head = repr(answer.headers.raw).encode()
    assert planted.leaks([("headers", head), ("body", answer.content)]) == [], answer.text[:300]


@dataclass
class Lines:
    """Every line that was logged, by whomever, whole and with its traceback."""

    said: list[tuple[str, bytes]] = field(default_factory=list[tuple[str, bytes]])

    def take(self, _: Any, level: str, event: EventDict) -> EventDict:
        """A processor of structlog's, behind all that add something."""
        error = event.get("exc_info")
        told = "".join(traceback.format_exception(error)) if isinstance(error, Exception) else ""
        self.said.append((f"log {level}", f"{event!r} {event} {told}".encode("utf-8", "replace")))
        return event


class _Handler(logging.Handler):
    def __init__(self, lines: Lines) -> None:
        super().__init__(logging.DEBUG)
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        text = f"{self.format(record)} {record.args!r}".encode("utf-8", "replace")
        self._lines.said.append((f"log {record.name}", text))


@contextmanager
def listening_to_logs() -> Generator[Lines]:
    """Every line of every logger from DEBUG on, as a process sets them up; for a block's time."""
    lines, before, root = Lines(), structlog.get_config(), logging.getLogger()
    handlers, level = [*root.handlers], root.level
    configure(TelemetrySettings(log_level="DEBUG"), "everything")
    processors = [*structlog.get_config()["processors"]]
    structlog.configure(
        processors=[*processors[:-1], lines.take, processors[-1]],
        cache_logger_on_first_use=False,
    )
    root.addHandler(_Handler(lines))
    root.setLevel(logging.DEBUG)
    try:
        yield lines
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.configure(**before)
        structlog.contextvars.clear_contextvars()


@dataclass
class Traffic:
    """Every message that has passed the bus, with its headers."""

    said: list[tuple[str, bytes]] = field(default_factory=list[tuple[str, bytes]])
    dropped: int = 0

    async def take(self, message: Msg) -> None:
        """One message."""
        whole = f"{message.subject} {message.reply} {message.headers!r} ".encode() + message.data
        self.said.append((f"bus {message.subject}", whole))

    def of(self, prefix: str) -> list[tuple[str, bytes]]:
        """The messages on subjects that begin so."""
        return [each for each in self.said if each[0].startswith(f"bus {prefix}")]


@asynccontextmanager
async def listening_to_bus(url: str) -> AsyncGenerator[Traffic]:
    """A plain subscription to everything, for the time of a block."""
    traffic = Traffic()

    async def failed(error: Exception) -> None:
        del error
        traffic.dropped += 1  # A slow consumer: then nothing was proved.

    client: Client = await nats.connect(url, error_cb=failed)
    try:
        await client.subscribe(">", cb=traffic.take, pending_msgs_limit=-1, pending_bytes_limit=-1)
        await client.flush()
        yield traffic
        await client.flush()
    finally:
        await client.drain()


async def stored_on_bus(bus: Bus) -> list[tuple[str, bytes]]:
    """Every message of every stream, buckets of keys and values too."""
    found: list[tuple[str, bytes]] = []
    for name, configured in (await streams.configurations(bus)).items():
        for subjects in configured["subjects"]:
            start = 1
            query = {"next_by_subj": subjects, "batch": _PAGE}
            while page := await bus.get_many(name, query | {"seq": start}):
                found += [
                    (f"{name} {each.subject}", f"{each.headers!r} ".encode() + each.data)
                    for each in page
                ]
                start = page[-1].sequence + 1
    return found


def stored_in_database(url: str) -> list[tuple[str, bytes]]:
    """Every row of every table that is not PostgreSQL's own, as text; bytes both as hex and raw."""
    found: list[tuple[str, bytes]] = []
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "select schemaname, tablename from pg_tables"
            " where schemaname not in ('pg_catalog', 'information_schema')"
        ).fetchall()
        for schema, table in tables:
            where = sql.Identifier(schema, table)
            rows = connection.execute(sql.SQL("select t::text, t.* from {} t").format(where))
            for row in rows:
                raw = b" ".join(bytes(cell) for cell in row if isinstance(cell, bytes))
                found.append((f"{schema}.{table}", f"{row[0]} {row!r} ".encode() + raw))
    return found
