"""API tokens, one-time login codes and sessions: durable, and only as SHA-256."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from contracts.access import LoginMethod
from services.runtime.clock import Clock
from services.runtime.database import Database, DatabaseUnavailable
from services.runtime.ids import new_id, new_secret
from services.runtime.principals import Grant, Principal, Role
from services.runtime.sessions import KnownSession, Session, Sessions, session_of

TOKEN_PREFIX = "aiops_"  # noqa: S105 - what every token begins with, so that scanners find leaks
_SESSION_AGE = timedelta(hours=12)
_CODE_AGE = timedelta(minutes=10)
_CACHE_SECONDS = 5.0
_GRACE_SECONDS = 900.0
_CACHE_SIZE = 10_000
_KEEP_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """What a new token shall be."""

    name: str
    role: Role
    clusters: tuple[UUID, ...] = ()
    age: timedelta | None = None
    """None: until it is revoked, or until ``until``."""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class KnownToken:
    """What is kept of a token."""

    id: UUID
    name: str
    role: Role
    clusters: list[UUID]
    created_at: datetime
    created_by: str | None
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


Granted = Callable[[frozenset[str]], tuple[Grant, ...]]
"""What the users of these groups together may do now."""


def _nothing(_: frozenset[str]) -> tuple[Grant, ...]:
    return ()


_Shown = Principal | Session | None
"""Whose token it was, or which session, or neither."""


def digest(secret: str) -> bytes:
    """What is stored of a secret. Secrets are random and long, so no salt and no slow hash."""
    return hashlib.sha256(secret.encode()).digest()


@dataclass
class Access:
    """Mints and checks what people and programs show."""

    database: Database
    clock: Clock
    granted: Granted = _nothing
    """Asked at every request: it has to remember."""
    session_age: timedelta = _SESSION_AGE
    _known: OrderedDict[bytes, tuple[float, _Shown]] = field(
        default_factory=OrderedDict[bytes, tuple[float, _Shown]]
    )
    _used: dict[bytes, datetime] = field(default_factory=dict[bytes, datetime], repr=False)
    """What was shown, and when last; not kept yet."""
    _changes: int = 0
    """How often somebody's rights have changed: what was looked up before is not remembered."""
    _command_id_secret: str = field(default="", repr=False)

    async def mint_token(self, request: TokenRequest) -> tuple[UUID, str]:
        """A new token; the secret is told here and never again."""
        token_id = new_id()
        return token_id, await self.keep_token(token_id, request)

    async def keep_token(self, token_id: UUID, request: TokenRequest, by: str | None = None) -> str:
        """The secret of the token with this id; kept again, it has another one."""
        secret, now = TOKEN_PREFIX + new_secret(), self.clock.now()
        await self.database.execute(
            "insert into aiops.token (id, name, hash, role, clusters, created_at, expires_at,"
            " created_by) values (%s, %s, %s, %s, %s, %s, %s, %s)"
            " on conflict (id) do update set hash = excluded.hash",
            (
                token_id,
                request.name,
                digest(secret),
                request.role.value,
                [str(cluster) for cluster in request.clusters],
                now,
                now + request.age if request.age else request.until,
                by,
            ),
        )
        return secret

    async def tokens(self, offset: int, limit: int) -> tuple[int, list[KnownToken]]:
        """How many tokens there are, and some of them, the newest first."""
        count = await self.database.fetch_one("select count(*) from aiops.token")
        rows = await self.database.fetch_all(
            f"{_TOKENS} order by created_at desc, id desc limit %s offset %s", (limit, offset)
        )
        return (count[0] if count else 0), [_token(row) for row in rows]

    async def token(self, token_id: UUID) -> KnownToken | None:
        """One token."""
        row = await self.database.fetch_one(f"{_TOKENS} where id = %s", (token_id,))
        return None if row is None else _token(row)

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

    async def redeem(self, code: str, address: str | None = None) -> Session | None:
        """A new session for a code, None if the code is not good (any more)."""
        used = await self.database.execute(
            "delete from aiops.login_code where hash = %s and expires_at > %s",
            (digest(code), self.clock.now()),
        )
        if not used:
            return None
        return await self.begin_session("admin", LoginMethod.CODE, frozenset(), address)

    async def begin_session(
        self, actor: str, method: LoginMethod, groups: frozenset[str], address: str | None
    ) -> Session:
        """Somebody is logged in, with what these groups may do; by a code with everything."""
        session = Session(new_id(), actor, method, groups, new_secret())
        await self._sessions.begin(session, digest(session.secret), address)
        return session

    async def session(self, secret: str) -> Session | None:
        """The session that a browser shows; remembered as long as `principal`."""
        found = await self._shown(secret)
        return found if isinstance(found, Session) else None

    async def sessions(
        self, owner: Session | None, offset: int, limit: int
    ) -> tuple[int, list[KnownSession]]:
        """How many good sessions there are, and some of them, the newest first.

        Those of the same user as this session; with None everybody's.
        """
        return await self._sessions.listing(owner, offset, limit)

    async def end_session(self, secret: str) -> Session | None:
        """Log out; the session that has ended, None if there was none."""
        self._known.pop(digest(secret), None)
        ended = await self._sessions.end(digest(secret))
        return ended[0] if ended else None

    async def end_session_by_id(self, session_id: UUID, owner: Session | None) -> Session | None:
        """End one session of the same user as another, with None anybody's; None: there is none."""
        ended = self._forgotten(await self._sessions.end_by_id(session_id, owner))
        return ended[0] if ended else None

    async def end_sessions(self, actor: str, method: LoginMethod | None = None) -> list[Session]:
        """Log somebody out everywhere (elsewhere within 5 seconds); what has ended.

        With a method only who has logged in that way: others may have the same name.
        """
        return self._forgotten(await self._sessions.end_all(actor, method))

    def _forgotten(self, ended: list[Session]) -> list[Session]:
        ids = {each.id for each in ended}
        for key, (_, known) in list(self._known.items()):
            if isinstance(known, Session) and known.id in ids:
                self._known.pop(key)
        return ended

    @property
    def _sessions(self) -> Sessions:
        return Sessions(self.database, self.clock, self.session_age)

    async def principal(self, secret: str) -> Principal | None:
        """Whose token or session this is, remembered for 5 seconds; with what groups may do now."""
        found = await self._shown(secret)
        if isinstance(found, Session):
            return found.principal(self.granted(found.groups))
        return found

    async def ends(self, secret: str) -> datetime | None:
        """When a token or session will count no more; None if never, or if it is none of ours."""
        key = digest(secret)
        row = await self.database.fetch_one(
            "select expires_at from aiops.token where hash = %s"
            " union all select expires_at from aiops.session where hash = %s",
            (key, key),
        )
        return None if row is None else row[0]

    async def _shown(self, secret: str) -> _Shown:
        key, now, changes = digest(secret), self.clock.monotonic(), self._changes
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
        # Rights that have changed while this was on its way: it counts now, and is asked anew.
        self._known[key] = (now if changes == self._changes else now - _CACHE_SECONDS, found)
        if found is not None:
            self._used[key] = self.clock.now()
        self._known.move_to_end(key)
        while len(self._known) > _CACHE_SIZE:
            self._known.popitem(last=False)
        return found

    async def run(self, stopping: asyncio.Event) -> None:
        """Keep now and then when tokens and sessions were shown last."""
        while not stopping.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(_KEEP_SECONDS):
                    await stopping.wait()
            with suppress(DatabaseUnavailable):
                await self.keep_used()

    async def keep_used(self) -> None:
        """Keep when tokens and sessions were shown last."""
        used, self._used = self._used, {}
        if not used:
            return
        for table in ("token", "session"):
            await self.database.execute(
                f"update aiops.{table} t set last_used_at = u.at"  # noqa: S608 - our own names
                " from unnest(%s::bytea[], %s::timestamptz[]) as u(hash, at) where t.hash = u.hash",
                (list(used), list(used.values())),
            )

    def forget(self) -> None:
        """Somebody's rights have changed: everybody is looked up again."""
        self._changes += 1
        past = self.clock.monotonic() - _CACHE_SECONDS
        for key, (at, known) in self._known.items():
            self._known[key] = (min(at, past), known)

    async def command_id_secret(self) -> str:
        """What all gateways of a platform mix into command ids that nobody else shall tell."""
        if not self._command_id_secret:
            row = await self.database.fetch_one("select secret from aiops.command_id_secret")
            if row is None:
                raise DatabaseUnavailable("the database is not set up yet")
            self._command_id_secret = row[0]
        return self._command_id_secret

    async def _look_up(self, key: bytes) -> _Shown:
        now = self.clock.now()
        row = await self.database.fetch_one(
            "select name, role, clusters, null::uuid, null, null, id from aiops.token"
            " where hash = %s and revoked_at is null and (expires_at is null or expires_at > %s)"
            " union all"
            " select actor, role, '{}', id, method, groups, null from aiops.session"
            " where hash = %s and expires_at > %s",
            (key, now, key, now),
        )
        if row is None:
            return None
        name, role, clusters, session_id, method, groups, token_id = row
        if session_id is None:
            return replace(_principal(name, role, clusters), token_id=token_id)
        return session_of(session_id, name, method, groups)


_TOKENS = """select id, name, role, clusters, created_at, created_by, expires_at, revoked_at,
    last_used_at from aiops.token"""


def _token(row: tuple[Any, ...]) -> KnownToken:
    token_id, name, role, clusters, *rest = row
    return KnownToken(token_id, name, Role(role), [UUID(each) for each in clusters], *rest)


def _principal(name: str, role: str, clusters: Iterable[Any]) -> Principal:
    return Principal.of(name, Role(role), (UUID(str(cluster)) for cluster in clusters))
