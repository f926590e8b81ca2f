"""Browsers' logins as they are kept: whose they are, how they came about, until when."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from contracts.access import LoginMethod
from services.runtime.clock import Clock
from services.runtime.database import Database
from services.runtime.principals import Grant, Principal, Role


@dataclass(frozen=True, slots=True)
class Session:
    """A browser's login."""

    id: UUID
    actor: str
    method: LoginMethod
    groups: frozenset[str] = frozenset()
    """Those that the identity provider has named at the login; of a code there are none."""
    secret: str = field(default="", repr=False)
    """What the browser shows; known only when it begins."""

    @property
    def actor_told(self) -> str:
        """How events name whose it is."""
        return self.principal(()).actor

    def principal(self, grants: tuple[Grant, ...]) -> Principal:
        """Who shows it, with what their groups were given; who came by a code may do everything."""
        if self.method is LoginMethod.CODE:
            return Principal.of(self.actor, Role.ADMIN)
        return Principal(self.actor, grants, self.method)


@dataclass(frozen=True, slots=True)
class KnownSession:
    """What is kept of a session that is good."""

    session: Session
    address: str | None
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None


_OF_GROUPS = "bindings"
"""In place of a role: what users may do is in no table. A process of an older version knows no
such role, and lets nobody in by it."""
_COLUMNS = "id, actor, method, groups"
_KNOWN = f"select {_COLUMNS}, address, created_at, expires_at, last_used_at from aiops.session"  # noqa: S608


@dataclass
class Sessions:
    """The table of sessions; of secrets it has hashes only."""

    database: Database
    clock: Clock
    age: timedelta

    async def begin(self, session: Session, key: bytes, address: str | None) -> None:
        """Keep a new one; those that have run out are gone for good."""
        now = self.clock.now()
        await self.database.execute("delete from aiops.session where expires_at <= %s", (now,))
        await self.database.execute(
            "insert into aiops.session (id, hash, actor, role, method, groups, address, created_at,"
            " expires_at) values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                session.id,
                key,
                session.actor,
                Role.ADMIN.value if session.method is LoginMethod.CODE else _OF_GROUPS,
                session.method.value,
                sorted(session.groups),
                address,
                now,
                now + self.age,
            ),
        )

    async def listing(
        self, owner: Session | None, offset: int, limit: int
    ) -> tuple[int, list[KnownSession]]:
        """How many there are of one user or of everybody, and some of them, the newest first."""
        which, values = "expires_at > %s", [self.clock.now()]
        if owner is not None:
            which, values = f"{which} and {_SAME_USER}", [*values, *_user(owner)]
        count = await self.database.fetch_one(
            f"select count(*) from aiops.session where {which}",  # noqa: S608
            values,
        )
        rows = await self.database.fetch_all(
            f"{_KNOWN} where {which} order by created_at desc, id desc limit %s offset %s",
            (*values, limit, offset),
        )
        return (count[0] if count else 0), [_known(row) for row in rows]

    async def end(self, key: bytes) -> list[Session]:
        """The one with this hash ends; what has ended."""
        return await self._end("hash = %s", (key,))

    async def end_by_id(self, session_id: UUID, owner: Session | None) -> list[Session]:
        """The one with this id ends if it is that of the user; None: whosever it is."""
        if owner is None:
            return await self._end("id = %s", (session_id,))
        return await self._end(f"id = %s and {_SAME_USER}", (session_id, *_user(owner)))

    async def end_all(self, actor: str, method: LoginMethod | None) -> list[Session]:
        """All of somebody; users of different ways to log in may share a name."""
        if method is None:
            return await self._end("actor = %s", (actor,))
        return await self._end(_SAME_USER, (actor, method.value))

    async def _end(self, which: str, values: Iterable[object]) -> list[Session]:
        rows = await self.database.fetch_all(
            f"delete from aiops.session where {which} returning {_COLUMNS}",  # noqa: S608
            tuple(values),
        )
        return [session_of(*row) for row in rows]


_SAME_USER = "actor = %s and method = %s"


def _user(session: Session) -> tuple[str, str]:
    return session.actor, session.method.value


def session_of(session_id: UUID, actor: str, method: str, groups: Iterable[str]) -> Session:
    """A session as its row tells it."""
    return Session(session_id, actor, LoginMethod(method), frozenset(groups))


def _known(row: tuple[Any, ...]) -> KnownSession:
    session_id, actor, method, groups, *rest = row
    return KnownSession(session_of(session_id, actor, method, groups), *rest)
