"""Keys of chats: what was said in one is sealed with its own, and destroyed with it.

Crypto-erasure: events, mirrors, dead letters and backups of the log hold envelopes only, which
nothing opens once the row with the key is gone.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from contracts.chat import place
from services.runtime.clock import Clock
from services.runtime.database import Database
from services.runtime.vault.keys import Keys
from services.runtime.vault.sealing import KEY_BYTES, CannotOpen, Key, KeyRing, RandomBytes

_MAKE = """
insert into aiops.chat_key (session_id, envelope, created_at) values (%s, %s, %s)
on conflict (session_id) do nothing
"""


@dataclass(frozen=True, slots=True)
class Sealer:
    """Seals and opens what is of one session."""

    session_id: UUID
    ring: KeyRing

    def seal(self, text: str, kind: str, of: object = "") -> str:
        """An envelope as text, which opens only as the same kind of the same thing."""
        bound = place(self.session_id, kind, of)
        envelope = self.ring.seal(text.encode(errors="surrogatepass"), bound)
        return base64.urlsafe_b64encode(envelope).decode()

    def fingerprint(self, text: str) -> str:
        """The same for the same text of this session, in hex; without its key it tells nothing."""
        key = self.ring.current.material
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()

    def open(self, sealed: str, kind: str, of: object = "") -> str:
        """The text; CannotOpen for what was sealed as something else, or is damaged."""
        try:
            envelope = base64.urlsafe_b64decode(sealed)
        except ValueError:
            raise CannotOpen from None
        material = self.ring.open(envelope, place(self.session_id, kind, of))
        return bytes(material).decode(errors="surrogatepass")


@dataclass(frozen=True, slots=True)
class ChatKeys:
    """The durable table of keys."""

    database: Database
    keys: Keys
    clock: Clock
    random: RandomBytes = secrets.token_bytes

    async def make(self, session_id: UUID) -> Sealer:
        """A new key; the one that there is if the session has one."""
        key = self.keys.seal(self.random(KEY_BYTES), _place(session_id))
        await self.database.execute(_MAKE, (session_id, key, self.clock.now()))
        found = await self.find(session_id)
        if found is None:
            raise CannotOpen
        return found

    async def find(self, session_id: UUID) -> Sealer | None:
        """How what is in a session is read; None once it was erased. Asked anew each time, so that
        an erased one is erased for every process."""
        return (await self.find_each([session_id])).get(session_id)

    async def find_each(self, session_ids: Sequence[UUID]) -> dict[UUID, Sealer]:
        """The same of many."""
        rows = await self.database.fetch_all(
            "select session_id, envelope from aiops.chat_key where session_id = any(%s)",
            (list(session_ids),),
        )
        return {one: self._sealer(one, bytes(envelope)) for one, envelope in rows}

    def _sealer(self, session_id: UUID, envelope: bytes) -> Sealer:
        material = self.keys.open(envelope, _place(session_id))
        return Sealer(session_id, KeyRing((Key(bytes(material)),), self.random))

    async def destroy(self, session_id: UUID) -> None:
        """Nothing of the session can be read any more."""
        await self.database.execute(
            "delete from aiops.chat_key where session_id = %s", (session_id,)
        )


def _place(session_id: UUID) -> str:
    return f"chat-key/{session_id}"
