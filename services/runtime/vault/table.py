"""Secrets in PostgreSQL, which sees envelopes only."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from services.runtime.clock import Clock
from services.runtime.database import Connection, Database
from services.runtime.vault.keys import Keys
from services.runtime.vault.material import Material, fingerprint
from services.runtime.vault.sealing import CannotOpen, key_id
from services.runtime.vault.store import Resealed

# The first of the two numbers of an advisory lock: a cluster's secrets.
_CLUSTER_LOCK = 4_201_003
_LOCK = "select pg_advisory_xact_lock(%s, hashtext(%s))"
_PUT = """
insert into aiops.secret (cluster_id, name, envelope, key_id, fingerprint, updated_at)
select %s, *, %s from unnest(%s::text[], %s::bytea[], %s::text[], %s::text[])
on conflict (cluster_id, name) do update set
    envelope = excluded.envelope, key_id = excluded.key_id,
    fingerprint = excluded.fingerprint, updated_at = excluded.updated_at
"""
_OLDER = """
select cluster_id, name, envelope from aiops.secret
where key_id <> %s and key_id = any(%s) and (cluster_id, name) > (%s, %s)
order by cluster_id, name limit %s
"""
# Whoever has put a new secret in place meanwhile must not get the old one back.
_RESEAL = """
update aiops.secret set envelope = %s, key_id = %s
where cluster_id = %s and name = %s and envelope = %s
"""


class _Row(NamedTuple):
    cluster_id: UUID
    name: str
    envelope: bytes


_BEFORE_ALL = _Row(UUID(int=0), "", b"")


@dataclass(frozen=True, slots=True)
class TableSecrets:
    """The secrets of an installation that has no Kubernetes to keep them; a `SecretStore`."""

    database: Database
    keys: Keys
    clock: Clock

    async def put(self, cluster_id: UUID, name: str, material: bytes) -> None:
        """Keep a secret, in place of one of the same name."""
        await self.database.execute(_PUT, self._rows(cluster_id, {name: material}))

    async def replace(self, cluster_id: UUID, materials: Mapping[str, bytes]) -> None:
        """Keep these secrets and no others, in one transaction."""
        async with self._alone(cluster_id) as connection:
            await connection.execute(
                "delete from aiops.secret where cluster_id = %s and name <> all(%s)",
                (cluster_id, list(materials)),
            )
            await connection.execute(_PUT.encode(), self._rows(cluster_id, materials))

    async def get(self, cluster_id: UUID, name: str) -> Material | None:
        """A secret, or None; CannotOpen if it is damaged or its key is lost."""
        row = await self.database.fetch_one(
            "select envelope from aiops.secret where cluster_id = %s and name = %s",
            (cluster_id, name),
        )
        return None if row is None else self.keys.open(bytes(row[0]), _place(cluster_id, name))

    async def names(self, cluster_id: UUID) -> tuple[str, ...]:
        """The names of a cluster's secrets, in order."""
        rows = await self.database.fetch_all(
            'select name from aiops.secret where cluster_id = %s order by name collate "C"',
            (cluster_id,),
        )
        return tuple(name for (name,) in rows)

    async def delete(self, cluster_id: UUID, name: str) -> bool:
        """Remove a secret; False if there was none."""
        removed = await self.database.execute(
            "delete from aiops.secret where cluster_id = %s and name = %s", (cluster_id, name)
        )
        return removed > 0

    async def destroy(self, cluster_id: UUID) -> None:
        """Remove every secret of a cluster."""
        async with self._alone(cluster_id) as connection:
            await connection.execute(
                "delete from aiops.secret where cluster_id = %s", (cluster_id,)
            )

    async def reseal(self, limit: int) -> Resealed:
        """Bring up to ``limit`` secrets under the current key, in bounded reads.

        Damaged ones are passed over, so that they do not stand in the way of those behind them.
        """
        await asyncio.to_thread(self.keys.refresh)
        done, damaged, last = 0, 0, _BEFORE_ALL
        while done < limit and (page := await self._older(last, limit - done)):
            for row in page:
                try:
                    done += await self._reseal(row)
                except CannotOpen:
                    damaged += 1
            last = page[-1]
        return await self._left(done, damaged)

    async def _older(self, after: _Row, limit: int) -> list[_Row]:
        known = [key.id for key in self.keys.ring.keys]
        place = (after.cluster_id, after.name)
        rows = await self.database.fetch_all(_OLDER, (known[0], known, *place, limit))
        return [_Row(cluster_id, name, bytes(envelope)) for cluster_id, name, envelope in rows]

    async def _reseal(self, row: _Row) -> int:
        place = _place(row.cluster_id, row.name)
        sealed = self.keys.seal(self.keys.open(row.envelope, place), place)
        return await self.database.execute(
            _RESEAL, (sealed, key_id(sealed), row.cluster_id, row.name, row.envelope)
        )

    async def _left(self, done: int, damaged: int) -> Resealed:
        known = [key.id for key in self.keys.ring.keys]
        row = await self.database.fetch_one(
            "select count(*) filter (where key_id = any(%s)), count(*) from aiops.secret"
            " where key_id <> %s",
            (known, known[0]),
        )
        readable, older = row or (0, 0)
        left = max(readable - damaged, 0)
        return Resealed(done, left, older - left)

    def _rows(self, cluster_id: UUID, materials: Mapping[str, bytes]) -> tuple[object, ...]:
        sealed = {
            name: self.keys.seal(material, _place(cluster_id, name))
            for name, material in materials.items()
        }
        return (
            cluster_id,
            self.clock.now(),
            list(sealed),
            list(sealed.values()),
            [key_id(envelope) for envelope in sealed.values()],
            [fingerprint(material) for material in materials.values()],
        )

    @asynccontextmanager
    async def _alone(self, cluster_id: UUID) -> AsyncGenerator[Connection]:
        """A transaction beside which nobody else changes several secrets of this cluster."""
        async with self.database.connection() as connection, connection.transaction():
            await connection.execute(_LOCK, (_CLUSTER_LOCK, str(cluster_id)))
            yield connection


def _place(cluster_id: UUID, name: str) -> str:
    """What an envelope is bound to: moved to another cluster or name, it does not open."""
    return f"secret/{cluster_id}/{name}"
