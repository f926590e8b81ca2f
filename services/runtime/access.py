"""API tokens, one-time login codes and sessions: durable, and only as SHA-256."""

import hashlib
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from services.runtime.clock import Clock
from services.runtime.database import Database, DatabaseUnavailable
from services.runtime.ids import new_id, new_secret

TOKEN_PREFIX = "aiops_"  # noqa: S105 - what every token begins with, so that scanners find leaks
_SESSION_AGE = timedelta(hours=12)
_CODE_AGE = timedelta(minutes=10)
_CACHE_SECONDS = 5.0
_GRACE_SECONDS = 900.0
_CACHE_SIZE = 10_000


class Role(StrEnum):
    """What a token may do; rights are spelled out where they are asked for."""

    ADMIN = "admin"
    OPERATOR = "operator"
    INGEST = "ingest"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking."""

    name: str
    role: Role
    clusters: frozenset[UUID] = frozenset()
    """The clusters that a token is for; empty: all of them."""

    @property
    def actor(self) -> str:
        """How events name them."""
        return self.name


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """What a new token shall be."""

    name: str
    role: Role
    clusters: tuple[UUID, ...] = ()
    age: timedelta | None = None
    """None: until it is revoked."""


def digest(secret: str) -> bytes:
    """What is stored of a secret. Secrets are random and long, so no salt and no slow hash."""
    return hashlib.sha256(secret.encode()).digest()


@dataclass
class Access:
    """Mints and checks what people and programs show."""

    database: Database
    clock: Clock
    _known: OrderedDict[bytes, tuple[float, Principal | None]] = field(
        default_factory=OrderedDict[bytes, tuple[float, Principal | None]]
    )
    _command_id_secret: str = field(default="", repr=False)

    async def mint_token(self, request: TokenRequest) -> tuple[UUID, str]:
        """A new token; the secret is told here and never again."""
        secret, token_id, now = TOKEN_PREFIX + new_secret(), new_id(), self.clock.now()
        await self.database.execute(
            "insert into aiops.token (id, name, hash, role, clusters, created_at, expires_at)"
            " values (%s, %s, %s, %s, %s, %s, %s)",
            (
                token_id,
                request.name,
                digest(secret),
                request.role.value,
                [str(cluster) for cluster in request.clusters],
                now,
                now + request.age if request.age else None,
            ),
        )
        return token_id, secret

    async def revoke(self, secret: str) -> None:
        """The token is worthless from now on (for other processes within 5 seconds)."""
        await self.database.execute(
            "update aiops.token set revoked_at = %s where hash = %s and revoked_at is null",
            (self.clock.now(), digest(secret)),
        )
        self._known.pop(digest(secret), None)

    async def revoke_by_id(self, token_id: UUID) -> bool:
        """As `revoke`, by the token's id; False if there is no valid one."""
        changed = await self.database.execute(
            "update aiops.token set revoked_at = %s where id = %s and revoked_at is null",
            (self.clock.now(), token_id),
        )
        if changed:
            # Whose hash it is, only the database knows; the others are looked up again.
            self._known.clear()
        return changed > 0

    async def mint_login_code(self) -> str:
        """A code that becomes an admin session once, within 10 minutes."""
        code = new_secret()
        await self.database.execute(
            "insert into aiops.login_code (hash, expires_at) values (%s, %s)",
            (digest(code), self.clock.now() + _CODE_AGE),
        )
        return code

    async def redeem(self, code: str) -> str | None:
        """The secret of a new session for a code, None if the code is not good (any more)."""
        now = self.clock.now()
        used = await self.database.execute(
            "delete from aiops.login_code where hash = %s and expires_at > %s", (digest(code), now)
        )
        if not used:
            return None
        secret = new_secret()
        await self.database.execute(
            "insert into aiops.session (hash, actor, role, created_at, expires_at)"
            " values (%s, 'admin', %s, %s, %s)",
            (digest(secret), Role.ADMIN.value, now, now + _SESSION_AGE),
        )
        return secret

    async def end_session(self, secret: str) -> None:
        """Log out."""
        await self.database.execute("delete from aiops.session where hash = %s", (digest(secret),))
        self._known.pop(digest(secret), None)

    async def principal(self, secret: str) -> Principal | None:
        """Whose token or session this is; remembered for 5 seconds."""
        key, now = digest(secret), self.clock.monotonic()
        known = self._known.get(key)
        if known is not None and now - known[0] < _CACHE_SECONDS:
            return known[1]
        try:
            found = await self._look_up(key)
        except DatabaseUnavailable:
            # The alert doors stay open while the database is away, for tokens known as good.
            if known is None or known[1] is None or now - known[0] > _GRACE_SECONDS:
                raise
            return known[1]
        self._known[key] = (now, found)
        self._known.move_to_end(key)
        while len(self._known) > _CACHE_SIZE:
            self._known.popitem(last=False)
        return found

    async def command_id_secret(self) -> str:
        """What all gateways of a platform mix into command ids that nobody else shall tell."""
        if not self._command_id_secret:
            row = await self.database.fetch_one("select secret from aiops.command_id_secret")
            if row is None:
                raise DatabaseUnavailable("the database is not set up yet")
            self._command_id_secret = row[0]
        return self._command_id_secret

    async def _look_up(self, key: bytes) -> Principal | None:
        now = self.clock.now()
        row = await self.database.fetch_one(
            "select name, role, clusters from aiops.token"
            " where hash = %s and revoked_at is null and (expires_at is null or expires_at > %s)"
            " union all"
            " select actor, role, '{}' from aiops.session where hash = %s and expires_at > %s",
            (key, now, key, now),
        )
        return None if row is None else _principal(*row)


def _principal(name: str, role: str, clusters: Iterable[Any]) -> Principal:
    return Principal(name, Role(role), frozenset(UUID(str(cluster)) for cluster in clusters))
