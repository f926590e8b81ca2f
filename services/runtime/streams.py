"""The only place that makes or changes streams.

`ensure` creates what is missing and upgrades what differs in place; it runs once, by the part
`setup`, with the one NATS user that may. Decisions and their reasons: design.md, section 2.
"""

from collections.abc import Mapping
from typing import Any

from services.runtime.bus import Bus, JetStreamRefused
from services.runtime.settings import Settings

EVENTS = "EVT"
TELEMETRY = "TEL"
COMMANDS = "CMD"
DEAD_LETTERS = "DLQ"
OUTCOMES = "KV_outcomes"
QUERY_CACHE = "KV_query_cache"
REPORTS = "OBJ_reports"
SCHEDULES = "SCH"
LEASES = "LEASE"
SNAPSHOTS = "SNAP"
FROM_HUB = "HUB"
"""At a far-edge site: what the hub tells it (`services.runtime.edge`)."""
TOLD_BY_HUB = "_H"

_SECOND = 1_000_000_000
_NOT_FOUND = 10059
_DUPLICATES = 120 * _SECOND


def definitions(settings: Settings) -> list[dict[str, Any]]:
    """Every stream as JetStream's API takes it; durations in nanoseconds."""
    common = _common(settings)
    evt, tel = _recorded(settings, common)
    if settings.edge.worker:
        return _of_a_site(settings, evt, tel)
    return [evt, tel, *_of_the_hub(settings, common)]


def _common(settings: Settings) -> dict[str, Any]:
    return {
        "storage": "file",
        "num_replicas": settings.nats.replicas,
        "allow_direct": True,
        "retention": "limits",
        "discard": "old",
        "compression": "none",
        # Spelled out: a limit that somebody has set by hand would silently eat the record.
        "max_age": 0,
        "max_bytes": -1,
        "max_msgs": -1,
        "max_msgs_per_subject": -1,
        "max_msg_size": -1,
    }


def _recorded(settings: Settings, common: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Events and telemetry."""
    keep = settings.retention
    evt: dict[str, Any] = common | {
        "name": EVENTS,
        "subjects": ["evt.>"],
        "allow_atomic": True,
        "allow_msg_ttl": True,
        "duplicate_window": _DUPLICATES,
    }
    tel: dict[str, Any] = common | {
        "name": TELEMETRY,
        "subjects": ["tel.>"],
        "compression": "s2",
        "max_age": keep.telemetry_hours * 3600 * _SECOND,
        "max_bytes": keep.telemetry_bytes,
        "duplicate_window": _DUPLICATES,
    }
    return evt, tel


def _of_a_site(
    settings: Settings, evt: dict[str, Any], tel: dict[str, Any]
) -> list[dict[str, Any]]:
    """What a site buffers while it is cut off, and what the hub tells it.

    Events that find no room are refused, so that whoever tells them knows; of telemetry the newest
    is worth most, so the oldest makes room.
    """
    keep = settings.edge
    return [
        evt
        | {
            "discard": "new",
            "max_bytes": keep.buffer_bytes,
            "max_age": keep.buffer_hours * 3600 * _SECOND,
        },
        tel | {"max_bytes": keep.buffer_bytes},
        _common(settings)
        | {
            "name": FROM_HUB,
            "subjects": [f"{TOLD_BY_HUB}.{settings.site}.>"],
            "max_msgs_per_subject": 1,
            "duplicate_window": _DUPLICATES,
        },
    ]


def _of_the_hub(settings: Settings, common: dict[str, Any]) -> list[dict[str, Any]]:
    keep = settings.retention
    return [
        common
        | {
            "name": COMMANDS,
            "subjects": ["cmd.>"],
            "retention": "workqueue",
            # Who may publish one kind of command could hold all of a stream's open batches.
            "allow_atomic": False,
            # What was acknowledged is never dropped for what comes after it: that is refused.
            "discard": "new",
            "max_bytes": keep.commands_bytes,
            "duplicate_window": _DUPLICATES,
        },
        common
        | {
            "name": DEAD_LETTERS,
            "subjects": ["dlq.>"],
            "max_msgs_per_subject": 1,
            "max_age": keep.dead_letters_days * 24 * 3600 * _SECOND,
            "max_bytes": keep.dead_letters_bytes,
            "duplicate_window": _DUPLICATES,
        },
        common
        | {
            "name": SCHEDULES,
            "subjects": ["sch.>", "due.>"],
            "allow_msg_schedules": True,
            "allow_msg_ttl": True,
            # A check that was missed is not made up: only the newest of each counts.
            "max_msgs_per_subject": 1,
            "duplicate_window": _DUPLICATES,
        },
        common
        | {
            "name": LEASES,
            # In files: a server that forgot its leases at a restart would give one to a second
            # holder while the first may still go by its own.
            "subjects": ["lease.>"],
            "allow_msg_ttl": True,
            "max_msgs_per_subject": 1,
            "duplicate_window": _DUPLICATES,
        },
        common
        | {
            "name": SNAPSHOTS,
            "subjects": ["snap.>"],
            # One is several messages where it is large: all of them or none.
            "allow_atomic": True,
            "allow_msg_ttl": True,
            "compression": "s2",
            "max_msgs_per_subject": 1,
            "duplicate_window": _DUPLICATES,
        },
        common
        | {
            "name": OUTCOMES,
            "subjects": ["$KV.outcomes.>"],
            "max_msgs_per_subject": 1,
            "allow_rollup_hdrs": True,
            "deny_delete": True,
            "discard": "new",
            "max_age": 24 * 3600 * _SECOND,
            "duplicate_window": _DUPLICATES,
        },
        common
        | {
            # A bucket of NATS's object store (`services.runtime.objects`).
            "name": REPORTS,
            "subjects": ["$O.reports.C.>", "$O.reports.M.>"],
            "allow_msg_ttl": True,
            # Whoever may delete nothing removes one by what takes its place.
            "allow_rollup_hdrs": True,
            "discard": "new",
            "max_bytes": settings.reports.max_bytes,
            "duplicate_window": _DUPLICATES,
        },
        common
        | {
            "name": QUERY_CACHE,
            "subjects": ["$KV.query_cache.>"],
            # A cache: what is lost with its server is asked again.
            "storage": "memory",
            "num_replicas": 1,
            "max_msgs_per_subject": 1,
            "allow_msg_ttl": True,
            "max_age": 300 * _SECOND,
            "max_bytes": 64 * 1024 * 1024,
            "duplicate_window": _DUPLICATES,
        },
    ]


async def ensure(bus: Bus, settings: Settings) -> None:
    """Every stream exists with exactly our settings."""
    for wanted in definitions(settings):
        try:
            current = (await bus.api(f"STREAM.INFO.{wanted['name']}"))["config"]
        except JetStreamRefused as error:
            if error.code != _NOT_FOUND:
                raise
            await bus.api(f"STREAM.CREATE.{wanted['name']}", wanted)
            continue
        if not is_as_wanted(current, wanted):
            await bus.api(f"STREAM.UPDATE.{wanted['name']}", current | wanted)


def is_as_wanted(current: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """True if a stream has our settings; what is off is left out of a server's answer."""
    return all(current.get(name, False) == value for name, value in wanted.items())


async def configurations(bus: Bus) -> dict[str, dict[str, Any]]:
    """The configuration of every stream as the server has it, by name."""
    found: dict[str, dict[str, Any]] = {}
    while True:
        page = await bus.api("STREAM.LIST", {"offset": len(found)})
        listed: list[dict[str, Any]] = page.get("streams") or []
        for stream in listed:
            found[stream["config"]["name"]] = stream["config"]
        if not listed or len(found) >= page["total"]:
            return found
