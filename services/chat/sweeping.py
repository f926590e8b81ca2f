"""Keys that no chat needs: of sessions that never began, or that are over."""

from datetime import timedelta
from uuid import UUID

from contracts.chat import ChatSessionDeleted, chat_key
from services.runtime.bus import Bus
from services.runtime.chat_keys import ChatKeys
from services.runtime.logging import logger
from services.runtime.schedules import Schedule, put, scheduled
from services.runtime.store import Store

KEYS = "keys"
"""In place of a session's id: all of them are looked at."""
_UNUSED = timedelta(days=1)
"""A key is made just before its session; so long after that its session has begun, or never will.
"""
_HOURLY = "7 23 * * * *"
_MOST = 500
"""That are looked at in one go, the oldest first: no session lives for ever."""
_OLDEST = """
select session_id from aiops.chat_key where created_at < %s order by created_at limit %s
"""
_SAY = logger("chat")


async def keep_sweeping(bus: Bus, kind: str) -> None:
    """Have it done every hour, from the first chat on."""
    if await scheduled(bus, kind, KEYS) != _HOURLY:
        await put(bus, Schedule(kind, KEYS, _HOURLY, keep=3600))


async def sweep(store: Store) -> None:
    """Destroy keys of sessions that never began or are over; all others stay.

    So a command that was lost leaves no key for ever, nor does a worker that died between the end
    of a session and its key's.
    """
    keys = await store.outside.chat_keys()
    gone = [each for each in await _oldest(keys, store) if await _is_unused(store, each)]
    for each in gone:
        await keys.destroy(each)
    if gone:
        _SAY.info("unused_keys_destroyed", keys=len(gone))


async def _oldest(keys: ChatKeys, store: Store) -> list[UUID]:
    before = store.outside.clock.now() - _UNUSED
    rows = await keys.database.fetch_all(_OLDEST, (before, _MOST))
    return [row[0] for row in rows]


async def _is_unused(store: Store, session_id: UUID) -> bool:
    last = await store.log.head(chat_key(session_id))
    return last is None or isinstance(last.event, ChatSessionDeleted)
