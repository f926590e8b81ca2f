"""One-time references: material waits, sealed, for the one command that will take it.

A command carries a reference and never the material. Each step is one statement, so that of two
commands that ask at once only one is given it.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.runtime.database import Database
from services.runtime.ids import new_id, new_secret
from services.runtime.vault.keys import Keys
from services.runtime.vault.material import Material, require_small

AGE = timedelta(minutes=10)
LARGEST = 1_500_000
"""Bytes of one deposit: a kubeconfig of many contexts, and JSON around it."""
_SWEPT_AT_ONCE = 1000
_DEPOSIT = """
insert into aiops.deposit (id, hash, bound_to, envelope, expires_at) values (%s, %s, %s, %s, %s)
"""
# Who waits here for another's update sees the row as it left it, and then gets none.
_WITHDRAW = """
update aiops.deposit set command_id = %s
where hash = %s and bound_to = %s and expires_at > %s and coalesce(command_id, %s) = %s
returning id, envelope
"""
_SWEEP = """
delete from aiops.deposit where id in (
    select id from aiops.deposit where expires_at <= %s limit %s for update skip locked
)
"""


@dataclass(frozen=True, slots=True)
class References:
    """Material between the door that took it in and the service that keeps it."""

    database: Database
    keys: Keys

    async def deposit(self, material: bytes, bound_to: str, at: datetime) -> str:
        """Lay material down for ten minutes; gives an unguessable reference, told only here.

        Refused for more than 1.5 MB.
        """
        require_small(material, LARGEST)
        deposit_id, reference = new_id(), new_secret()
        envelope = self.keys.seal(material, _place(deposit_id, bound_to))
        await self.database.execute(
            _DEPOSIT, (deposit_id, _hash(reference), bound_to, envelope, at + AGE)
        )
        return reference

    async def withdraw(
        self, reference: str, bound_to: str, command_id: UUID, at: datetime
    ) -> Material | None:
        """The material, for the first command that asks and for repeats of that same command.

        None for everybody else, for another ``bound_to`` (which uses nothing up), and after ten
        minutes.
        """
        # A read to the database: asked again after a lost connection, it gives the same.
        row = await self.database.fetch_one(
            _WITHDRAW, (command_id, _hash(reference), bound_to, at, command_id, command_id)
        )
        return None if row is None else self.keys.open(bytes(row[1]), _place(row[0], bound_to))

    async def settle(self, reference: str) -> None:
        """Destroy the material: its command has done its work, or has been refused."""
        await self.database.execute(
            "delete from aiops.deposit where hash = %s", (_hash(reference),)
        )

    async def sweep(self, at: datetime) -> int:
        """Remove up to 1,000 that have expired; gives how many it were."""
        return await self.database.execute(_SWEEP, (at, _SWEPT_AT_ONCE))


def for_cluster(cluster_id: UUID) -> str:
    """What a reference to a cluster's new credentials is bound to."""
    return f"credentials/{cluster_id}"


FOR_IMPORT = "import"
"""What a reference to a kubeconfig of many clusters is bound to."""


def _hash(reference: str) -> bytes:
    """References are random and long, so no salt and no slow hash."""
    return hashlib.sha256(reference.encode(errors="surrogatepass")).digest()


def _place(deposit_id: UUID, bound_to: str) -> str:
    return f"deposit/{deposit_id}/{bound_to}"
