"""What the alerts projection is compared with: the same work by hand, for this one case only.

Its own pull on nats-py (1,000 a request, nothing acknowledged, the next request before the write),
msgspec, the last row of every key, COPY into a temporary table, one upsert and the position in one
transaction. The tables are ours, with their indexes, and our triggers on request.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import nats
from nats.aio.client import Client
from nats.aio.msg import Msg

from projections.alerts.view import OPEN, PAST, WAS
from services.runtime.database import Connection
from services.runtime.ids import new_id

_BATCH = 1000
_SCHEMA = "raw"
_STREAM = "EVT"


class _Alert(msgspec.Struct):
    id: UUID
    fingerprint: str
    cluster_id: UUID
    alertname: str
    severity: str
    state: str
    labels: dict[str, str]
    annotations: msgspec.Raw
    starts_at: datetime
    first_seen_at: datetime
    ends_at: datetime | None = None
    generator_url: str | None = None


class _Fact(msgspec.Struct):
    alert: _Alert


_DECODER = msgspec.json.Decoder(_Fact)


async def make_table(connection: Connection, *, tally: bool) -> None:
    """Our tables and indexes in a schema of its own; positions."""
    await connection.execute(f"create schema {_SCHEMA}".encode())
    for table in (PAST, WAS, OPEN if tally else replace(OPEN, more="")):
        await connection.execute(table.create(_SCHEMA).encode())
    await connection.execute(b"create table raw.position (name text, sequence int8)")


class RawLoop:
    """Pull, decode, write; then the next batch, which has arrived meanwhile."""

    def __init__(
        self, url: str, connection: Connection, mine: Callable[[str], bool] | None = None
    ) -> None:
        """``mine``: whether to fold events of a subject; all, if it is not given."""
        self._url = url
        self._connection = connection
        self._mine = mine
        self._position = str(new_id())
        self._arrived: asyncio.Queue[list[Msg]] = asyncio.Queue()
        self._batch: list[Msg] = []
        names = [column.name for column in OPEN.columns]
        listed = ", ".join(names)
        fixed = {*OPEN.key, *OPEN.kept}
        updates = ", ".join(f"{name} = excluded.{name}" for name in names if name not in fixed)
        self._copy = f"copy fresh ({listed}) from stdin (format binary)".encode()
        self._upserts = [
            f"insert into {_SCHEMA}.{table} as t ({listed}) select {listed} from fresh"
            f" where (state = 'RESOLVED') = {ended}"
            f" on conflict (id) do update set {updates} where t.seq < excluded.seq".encode()
            for table, ended in (("past", True), ("open", False))
        ]
        self._ended = (
            f"delete from {_SCHEMA}.open t using fresh u"
            f" where t.id = u.id and u.state = 'RESOLVED' and t.seq < u.seq"
        ).encode()
        self._types = [column.type for column in OPEN.columns]

    async def prepare(self) -> None:
        """A temporary twin of the tables, and a position of one's own."""
        await self._connection.execute(
            f"create temp table fresh (like {_SCHEMA}.past) on commit delete rows".encode()
        )
        await self._connection.execute(
            b"insert into raw.position values (%s, 0)", (self._position,)
        )

    async def run(self, last: int) -> None:
        """Fold until this sequence."""
        client = await nats.connect(self._url, pending_size=64 * 1024 * 1024)
        try:
            await self._consume(client, last)
        finally:
            await client.close()

    async def _consume(self, client: Client, last: int) -> None:
        inbox = client.new_inbox()
        await client.subscribe(inbox, cb=self._take, pending_bytes_limit=512 * 1024 * 1024)
        consumer = f"raw_{new_id().hex}"
        config: dict[str, Any] = {
            "name": consumer,
            "ack_policy": "none",
            "deliver_policy": "all",
            "filter_subjects": ["evt.*.alert.>"],
            "mem_storage": True,
            "inactive_threshold": 60_000_000_000,
        }
        body = msgspec.json.encode({"stream_name": _STREAM, "config": config, "action": ""})
        await client.request(f"$JS.API.CONSUMER.CREATE.{_STREAM}.{consumer}", body)
        ask = f"$JS.API.CONSUMER.MSG.NEXT.{_STREAM}.{consumer}"
        wanted = msgspec.json.encode({"batch": _BATCH, "expires": 2_000_000_000})
        await client.publish(ask, wanted, reply=inbox)
        done = 0
        while done < last:
            messages = await self._arrived.get()
            await client.publish(ask, wanted, reply=inbox)
            done = await self._write(messages)

    async def _take(self, message: Msg) -> None:
        if message.reply.startswith("$JS.ACK"):
            self._batch.append(message)
            pending = message.reply.endswith(".0")
            if len(self._batch) < _BATCH and not pending:
                return
        if self._batch:
            full, self._batch = self._batch, []
            self._arrived.put_nowait(full)

    async def _write(self, messages: list[Msg]) -> int:
        rows: dict[UUID, tuple[Any, ...]] = {}
        sequence = 0
        for message in messages:
            sequence = int(message.reply.split(".")[5])
            if self._mine is not None and not self._mine(message.subject):
                continue
            alert = _DECODER.decode(message.data).alert
            rows[alert.id] = _row(alert, sequence)
        connection = self._connection
        async with connection.transaction():
            async with connection.cursor().copy(self._copy) as copy:
                copy.set_types(self._types)
                for row in rows.values():
                    await copy.write_row(row)
            for statement in (*self._upserts, self._ended):
                await connection.execute(statement)
            await connection.execute(
                b"update raw.position set sequence = %s where name = %s",
                (sequence, self._position),
            )
        return sequence


def _row(alert: _Alert, sequence: int) -> tuple[Any, ...]:
    return (
        alert.id,
        alert.cluster_id,
        alert.state,
        alert.severity,
        alert.starts_at,
        alert.ends_at,
        alert.first_seen_at,
        alert.first_seen_at,
        None,
        1,
        None if alert.ends_at is None else "REPORTED",
        alert.labels.get("namespace"),
        alert.alertname,
        alert.fingerprint,
        alert.labels,
        alert.annotations,
        alert.generator_url,
        None,
        sequence,
    )
