"""A hub with something in every place, and what is asked of it and of one that is restored."""

import asyncio
import hashlib
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import psycopg
from psycopg import sql

from contracts.alerts import AlertFired
from contracts.envelope import Event
from contracts.outcomes import Outcome
from deploy.backup import taking
from deploy.backup.manifest import Manifest
from deploy.backup.progress import Bars
from deploy.platform import PROJECTIONS
from services.runtime import outcomes, schedules, streams
from services.runtime.access import Access, TokenRequest
from services.runtime.bus import Bus
from services.runtime.chat_keys import ChatKeys
from services.runtime.clock import SystemClock
from services.runtime.database import Database
from services.runtime.ids import new_id
from services.runtime.log import NOTHING, EventLog
from services.runtime.objects import reports
from services.runtime.outside import vault_keys
from services.runtime.principals import Role
from services.runtime.settings import DatabaseSettings, Settings, environment
from services.runtime.vault.table import TableSecrets
from tests.kit.alert_builders import fired
from tests.kit.builders import CLUSTER_ID, at, context, registered, status_changed
from tests.kit.tree import ROOT

SPACE = UUID(int=5)
WORDS = "correct horse battery"
SECRET = b'{"token": "of a cluster"}'
ERASED, CHAT = uuid5(SPACE, "erased"), uuid5(SPACE, "chat")


@dataclass
class Before:
    """A hub with something in every place."""

    settings: Settings
    bus: Bus
    log: EventLog
    token: str = ""
    ended: str = ""


def quiet() -> Bars:
    return Bars(lambda _: None, shown=False)


async def append_each(log: EventLog, *events: Event) -> None:
    for event in events:
        await log.append([event], {event.key: NOTHING}, context(command_id=new_id()), at())


def an_alert(number: int) -> AlertFired:
    return fired(id=uuid5(SPACE, str(number)), fingerprint=f"{number:016x}")


@asynccontextmanager
async def opened(settings: Settings) -> AsyncGenerator[Database]:
    database = Database(settings.database, "test")
    await database.open()
    try:
        yield database
    finally:
        await database.close()


async def furnished(settings: Settings, bus: Bus, log: EventLog) -> Before:
    before = Before(settings, bus, log)
    await append_each(log, registered(), status_changed(), *map(an_alert, range(40)))
    # Gaps, as an erasure and an expiry leave them.
    for sequence in (1, 7, 8, 30):
        await bus.api("STREAM.MSG.DELETE.EVT", {"seq": sequence})
    await schedules.put(bus, schedules.Schedule("check", "one", "@at 2099-01-01T00:00:00Z"))
    await outcomes.put(bus, Outcome(command_id=CHAT, outcome="accepted"), "somebody")
    await reports(bus).put(CHAT, b"a report" * 50_000, seconds=3600)
    await bus.publish("dlq.CMD.alerts.5", b"{}", {"aiops-error": "broken"})
    await bus.publish("tel.gpu.one.-", b"{}")
    await bus.publish("cmd.gateway.alerts.nothing", b"{}")
    clock = SystemClock()
    async with opened(settings) as database:
        access = Access(database, clock)
        _, before.token = await access.mint_token(TokenRequest("mine", Role.VIEWER))
        _, before.ended = await access.mint_token(TokenRequest("run", Role.ADMIN))
        await TableSecrets(database, vault_keys(settings), clock).put(CLUSTER_ID, "a", SECRET)
        keys = ChatKeys(database, vault_keys(settings), clock)
        await keys.make(CHAT)
        await keys.make(ERASED)
        await keys.destroy(ERASED)
    return before


async def taken_meanwhile(before: Before, target: Path) -> Manifest:
    """While somebody goes on appending."""
    stopping = asyncio.Event()

    async def flow() -> None:
        number = 1000
        while not stopping.is_set():
            await append_each(before.log, an_alert(number := number + 1))

    flowing = asyncio.create_task(flow())
    await asyncio.sleep(0.2)
    source = taking.Source(before.bus, before.settings, before.ended)
    try:
        wanted = taking.Wanted(target, at(), WORDS)
        return await taking.take(source, wanted, quiet())
    finally:
        await asyncio.sleep(0.1)
        stopping.set()
        await flowing


async def messages_of(bus: Bus, stream: str, last: int) -> list[Any]:
    reads = (bus.get(stream, {"seq": number}) for number in range(1, last + 1))
    return await asyncio.gather(*reads)


async def checksums(settings: Settings) -> dict[str, tuple[int, str]]:
    """Every table of every projection: how many rows, and their checksum."""
    url = settings.database.url.get_secret_value()
    found: dict[str, tuple[int, str]] = {}
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        cursor = await connection.execute(
            "select schemaname, tablename from pg_tables where schemaname = any(%s) order by 1, 2",
            (list(PROJECTIONS),),
        )
        for schema, table in await cursor.fetchall():
            query = sql.SQL("select t::text from {} t order by 1").format(
                sql.Identifier(schema, table)
            )
            rows = [row[0] for row in await (await connection.execute(query)).fetchall()]
            digest = hashlib.sha256("\n".join(rows).encode()).hexdigest()
            found[f"{schema}.{table}"] = len(rows), digest
    return found


async def fold_all(settings: Settings, **more: str) -> None:
    """All projections have the whole log."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "deploy.backup.rebuilding", *PROJECTIONS),
        cwd=ROOT,
        env=environment() | in_environment(settings) | more,
    )
    assert await process.wait() == 0


def names_in(directory: Path) -> list[str]:
    return sorted(each.name for each in directory.iterdir())


def target_of(settings: Settings, database: DatabaseSettings, directory: Path) -> Settings:
    return settings.model_copy(update={"data_dir": directory, "database": database})


async def empty_bus(bus: Bus) -> None:
    for name in await streams.configurations(bus):
        await bus.api(f"STREAM.DELETE.{name}")


def in_environment(settings: Settings) -> dict[str, str]:
    return {
        "AIOPS_NATS__URL": settings.nats.url,
        "AIOPS_DATABASE__URL": settings.database.url.get_secret_value(),
    }
