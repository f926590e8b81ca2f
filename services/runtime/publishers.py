"""Publishers of commands from outside, and what each may do: durable, asked at every command."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.runtime.clock import Clock
from services.runtime.database import Database
from services.runtime.principals import Principal, Role


@dataclass(frozen=True, slots=True)
class Publishers:
    """The table of publishers. Nothing is remembered, so that a removed one is refused at once."""

    database: Database
    clock: Clock

    async def put(self, publisher: Principal) -> None:
        """Take a publisher in, or change what it may do: it has one grant."""
        (grant,) = publisher.grants
        await self.database.execute(
            "insert into aiops.publisher (name, role, clusters, created_at)"
            " values (%s, %s, %s, %s)"
            " on conflict (name) do update set role = excluded.role, clusters = excluded.clusters",
            (
                publisher.name,
                grant.role,
                sorted(map(str, grant.scope.clusters or ())),
                self.clock.now(),
            ),
        )

    async def remove(self, name: str) -> bool:
        """Its commands are refused from now on; False if there is none of this name."""
        return (
            await self.database.execute("delete from aiops.publisher where name = %s", (name,)) > 0
        )

    async def find(self, name: str) -> Principal | None:
        """What a publisher may do, None for one that is not known (any more)."""
        row = await self.database.fetch_one(f"{_SELECT} where name = %s", (name,))
        return None if row is None else _principal(*row)

    async def all(self) -> list[Principal]:
        """Every publisher, by name."""
        rows = await self.database.fetch_all(f"{_SELECT} order by name")
        return [_principal(*row) for row in rows]


_SELECT = "select name, role, clusters from aiops.publisher"


def _principal(name: str, role: str, clusters: list[Any]) -> Principal:
    return Principal.of(name, Role(role), frozenset(UUID(str(cluster)) for cluster in clusters))
