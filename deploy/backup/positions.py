"""Where durable readers stand, and what else is remembered of a stream by when it was made.

Positions are read before the streams are: what a reader had handled by then has left its traces in
the copy, and what it had not, it is given again. So nothing is lost, and a reader, which must
expect every message twice, may get the few that were in its hands.
"""

from datetime import datetime
from typing import Any

import msgspec

from deploy.backup.manifest import Consumer, Manifest
from services.runtime import streams
from services.runtime.bus import Bus
from services.runtime.database import Connection

_ABOUT = "aiops-snapshot"


async def consumers(bus: Bus, stream: str) -> list[Consumer]:
    """The durable readers of a stream."""
    found: list[Consumer] = []
    offset = 0
    while True:
        page = await bus.api(f"CONSUMER.LIST.{stream}", {"offset": offset})
        listed: list[dict[str, Any]] = page.get("consumers") or []
        found += [_consumer(stream, each) for each in listed if each["config"].get("durable_name")]
        offset += len(listed)
        if not listed or offset >= page["total"]:
            return found


def _consumer(stream: str, told: dict[str, Any]) -> Consumer:
    config = {name: value for name, value in told["config"].items() if name != "metadata"}
    return Consumer(stream, config, int(told["ack_floor"]["stream_seq"]))


async def place(bus: Bus, consumer: Consumer) -> None:
    """A reader that goes on after what it has handled.

    One that began with what was new cannot be set to a place: it is made as one that begins there
    (`services.runtime.reactions` takes it as it is).
    """
    config = consumer.config
    if config.get("deliver_policy") == "new":
        begin = {"deliver_policy": "by_start_sequence", "opt_start_seq": consumer.done + 1}
        config = config | begin
    name = config["durable_name"]
    made = {"stream_name": consumer.stream, "config": config | {"name": name}, "action": ""}
    await bus.api(f"CONSUMER.CREATE.{consumer.stream}.{name}", made)
    if config.get("deliver_policy") == "all" and consumer.done:
        place = {"seq": consumer.done + 1}
        await bus.api(f"CONSUMER.RESET.{consumer.stream}.{name}", place)


async def continue_numbering(bus: Bus, wanted: dict[str, Any], last: int) -> None:
    """An empty stream whose next message has the number after ``last``."""
    await bus.api(f"STREAM.CREATE.{wanted['name']}", wanted | {"first_seq": last + 1})


async def births(bus: Bus, manifest: Manifest) -> dict[str, str]:
    """When a stream was made that now is another one's successor: the old time, and the new."""
    found: dict[str, str] = {}
    for each in manifest.streams:
        found[each.born] = (await bus.api(f"STREAM.INFO.{each.name}"))["created"]
    return found


async def adopt_snapshots(bus: Bus, new: dict[str, str]) -> int:
    """Snapshots of followers are of the restored streams from now on; how many there were."""
    wanted = {"subjects_filter": "snap.*.*.0"}
    info = await bus.api(f"STREAM.INFO.{streams.SNAPSHOTS}", wanted)
    subjects: dict[str, int] = info["state"].get("subjects") or {}
    adopted = 0
    for subject in sorted(subjects):
        head = await bus.get(streams.SNAPSHOTS, {"last_by_subj": subject})
        about = None if head is None else _about(head.headers.get(_ABOUT, ""))
        born = new.get(about["source"]["birth"]) if about else None
        if head is None or about is None or born is None:
            continue
        about["source"]["birth"] = born
        told = {_ABOUT: msgspec.json.encode(about).decode()}
        await bus.publish(subject, head.data, told)
        adopted += 1
    return adopted


def _about(text: str) -> dict[str, Any] | None:
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.MsgspecError:
        return None


async def adopt_kept(connection: Connection, new: dict[str, str]) -> None:
    """Positions in the telemetry are in the restored stream."""
    for old, born in new.items():
        await connection.execute(
            "update aiops.kept set born = %s where born = %s",
            (datetime.fromisoformat(born), datetime.fromisoformat(old)),
        )
