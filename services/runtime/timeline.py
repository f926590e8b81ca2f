"""Where a time of the log stands among a stream's positions, and since when the log is whole."""

from datetime import datetime, timedelta
from typing import Any

from services.runtime import streams
from services.runtime.bus import Bus, BusUnavailable, JetStreamRefused, Stored
from services.runtime.context import log_time

EVERYTHING = {streams.EVENTS: "evt.>", streams.TELEMETRY: "tel.>"}
"""The subject of all messages of a stream that can be read by time."""
_NO_MESSAGE = 10037


async def following(bus: Bus, stream: str, position: int) -> Stored | None:
    """The first message at or after a position, as some copy of the stream has it."""
    query = {"seq": max(position, 1), "next_by_subj": EVERYTHING[stream]}
    return await bus.get(stream, query)


async def leader_has(bus: Bus, position: int) -> int | None:
    """Position of the first event at or after this one; None if there is none.

    By the leader of the log: a copy, which answers `following`, may be behind.
    """
    body = {"seq": position, "next_by_subj": EVERYTHING[streams.EVENTS]}
    try:
        found = await bus.api(f"STREAM.MSG.GET.{streams.EVENTS}", body)
    except JetStreamRefused as error:
        if error.code != _NO_MESSAGE:
            raise BusUnavailable(str(error)) from None
        return None
    return int(found["message"]["seq"])


async def first_at(bus: Bus, stream: str, moment: datetime, begin: int, end: int) -> int:
    """The first position of ``begin`` to ``end`` that is not before a time, else ``end + 1``.

    By halving, since the times of a copied log are known to its messages alone
    (`context.LOGGED_AT`): some twenty reads of a fraction of a millisecond.
    """
    low, high = begin, end + 1
    while low < high:
        middle = (low + high) // 2
        found = await following(bus, stream, middle)
        if found is None or log_time(found.time) >= moment:
            high = middle
        else:
            low = found.sequence + 1
    return low


async def whole_from(bus: Bus, info: dict[str, Any], facts_age: timedelta) -> datetime | None:
    """Since when every event is there; None if nothing was ever removed.

    Facts age out among events that stay, so what is left does not tell. ``info`` is what the
    server has told of the log.
    """
    state = info["state"]
    first, removed = int(state["first_seq"]), int(state.get("num_deleted", 0))
    kept = log_time(info["ts"]) - facts_age
    if first > 1:
        oldest = await following(bus, streams.EVENTS, first)
        return None if oldest is None else max(log_time(oldest.time), kept)
    return kept if removed else None
