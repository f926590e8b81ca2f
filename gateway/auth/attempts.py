"""Logins that have begun at an identity provider, kept until the browser comes back."""

from dataclasses import dataclass, field
from datetime import timedelta

from gateway.auth.identity import Attempt
from services.runtime.access import digest
from services.runtime.clock import Clock
from services.runtime.database import Database
from services.runtime.ids import new_secret

AGE = timedelta(minutes=10)
_MOST = 10_000
"""At once: whoever begins more than there are people makes no room of the database's his own."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A login that has begun, and what ties it to the browser that has begun it."""

    attempt: Attempt
    browser: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Attempts:
    """The table of them: each is good for ten minutes, once."""

    database: Database
    clock: Clock

    async def begin(self, back: str) -> Begun:
        """Begin a login; ``back``: a path of ours where the browser goes afterwards."""
        begun = Begun(Attempt(new_secret(), new_secret(48), new_secret(), back), new_secret())
        now = self.clock.now()
        await self.database.execute(
            "delete from aiops.login_attempt where expires_at <= %s or state_hash in (select"
            " state_hash from aiops.login_attempt order by expires_at desc offset %s)",
            (now, _MOST),
        )
        await self.database.execute(
            "insert into aiops.login_attempt values (%s, %s, %s, %s, %s, %s)",
            (
                digest(begun.attempt.state),
                digest(begun.browser),
                begun.attempt.verifier,
                begun.attempt.nonce,
                back,
                now + AGE,
            ),
        )
        return begun

    async def take(self, state: str, browser: str) -> Attempt | None:
        """The attempt with this state, of this browser; it is gone from now on, good or not."""
        row = await self.database.fetch_one(
            "delete from aiops.login_attempt where state_hash = %s"
            " returning browser_hash, verifier, nonce, back, expires_at",
            (digest(state),),
        )
        if row is None or row[0] != digest(browser) or row[4] <= self.clock.now():
            return None
        return Attempt(state, row[1], row[2], row[3])
