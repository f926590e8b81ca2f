"""What the bus holds: every stream with its limits, how full it is, and who reads it."""

import asyncio
from typing import Any, cast

from services.runtime.bus import Bus, BusUnavailable

_PATIENCE = 4.0
_MOST_CONSUMERS = 256
_NANO = 1_000_000_000
_NEVER = "0001-01-01T00:00:00Z"

Json = dict[str, Any]


async def states(bus: Bus) -> list[Json]:
    """Every stream by name; BusUnavailable if not all is told within four seconds."""
    try:
        async with asyncio.timeout(_PATIENCE):
            found = await _listed(bus, "STREAM.LIST", "streams", None)
            readers = await asyncio.gather(*(_consumers(bus, each) for each in found))
    except TimeoutError:
        raise BusUnavailable("the streams were not told in time") from None
    told = [_stream(each, of) for each, of in zip(found, readers, strict=True)]
    return sorted(told, key=lambda each: each["name"])


async def _consumers(bus: Bus, stream: Json) -> list[Json]:
    if not stream["state"]["consumer_count"]:
        return []
    name = stream["config"]["name"]
    return await _listed(bus, f"CONSUMER.LIST.{name}", "consumers", _MOST_CONSUMERS)


async def _listed(bus: Bus, what: str, field: str, most: int | None) -> list[Json]:
    """All pages of a list of the server's, or those up to ``most`` items."""
    found: list[Json] = []
    while True:
        page = await bus.api(what, {"offset": len(found)})
        listed = cast("list[Json]", page.get(field) or [])
        found += listed
        if not listed or len(found) >= page["total"] or (most and len(found) >= most):
            return found[:most]


def _stream(told: Json, consumers: list[Json]) -> Json:
    config, state = told["config"], told["state"]
    return {
        "name": config["name"],
        "subjects": config.get("subjects") or [],
        "messages": state["messages"],
        "bytes": state["bytes"],
        "first_sequence": state["first_seq"],
        "last_sequence": state["last_seq"],
        "first_at": _moment(state["first_ts"]) if state["messages"] else None,
        "last_at": _moment(state["last_ts"]),
        "replicas": config["num_replicas"],
        "limits": _limits(config, state),
        "consumers": sorted(map(_consumer, consumers), key=lambda each: each["name"]),
        "consumers_truncated": state["consumer_count"] > len(consumers),
    }


def _limits(config: Json, state: Json) -> Json:
    of_bytes, of_messages = _limit(config["max_bytes"]), _limit(config["max_msgs"])
    parts = [
        held / limit
        for held, limit in ((state["bytes"], of_bytes), (state["messages"], of_messages))
        if limit
    ]
    return {
        "bytes": of_bytes,
        "messages": of_messages,
        "age_seconds": config["max_age"] / _NANO if config["max_age"] else None,
        "fullness": round(max(parts), 4) if parts else None,
        "when_full": config["discard"],
    }


def _limit(number: int) -> int | None:
    return number if number > 0 else None


def _consumer(told: Json) -> Json:
    config, delivered = told["config"], told["delivered"]
    one = config.get("filter_subject")
    return {
        "name": told["name"],
        "durable": bool(config.get("durable_name")),
        "filters": config.get("filter_subjects") or ([one] if one else []),
        "pending": told["num_pending"],
        "ack_pending": told["num_ack_pending"],
        "redelivered": told["num_redelivered"],
        "waiting": told["num_waiting"],
        "delivered_sequence": delivered["stream_seq"],
        "last_active": _moment(delivered.get("last_active", _NEVER)),
    }


def _moment(text: str) -> str | None:
    """A time of the server's, null for "never"; nanoseconds are cut to what others can read."""
    if text == _NEVER:
        return None
    whole, dot, fraction = text.removesuffix("Z").partition(".")
    return f"{whole}{dot}{fraction[:6]}Z"
