"""Readers of a restored hub go on where they were: nothing is lost, and nothing done twice."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from nats.aio.msg import Msg

from contracts.clusters import ClusterRegistered
from deploy.backup import positions, streams as copies
from deploy.backup.folder import begun
from deploy.backup.manifest import StreamPart
from services.runtime import streams
from services.runtime.bus import Bus, new_inbox
from services.runtime.followers.snapshots import Snapshots, Source
from services.runtime.log import EventLog
from services.runtime.pull import Durable
from services.runtime.reactions import Reactions
from services.runtime.service import Service
from services.runtime.settings import Settings
from services.runtime.store import Store
from services.runtime.tracing import UNTRACED

pytestmark = [pytest.mark.anyio, pytest.mark.nats]


async def _pulled(bus: Bus, stream: str, name: str, count: int, acked: int) -> list[int]:
    """Sequences of what a consumer gives; the first few are acknowledged."""
    found: asyncio.Queue[Msg] = asyncio.Queue()
    inbox = new_inbox()
    deafen = await bus.client.hear(inbox, found.put_nowait)
    wanted = json.dumps({"batch": count, "no_wait": True}).encode()
    await bus.emit(f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{name}", wanted, reply=inbox)
    sequences: list[int] = []
    while len(sequences) < count:
        message = await asyncio.wait_for(found.get(), 10)
        if message.headers and message.headers.get("Status"):
            break
        sequences.append(message.metadata.sequence.stream)
        if len(sequences) <= acked:
            await bus.request(message.reply, b"+ACK")
    await deafen()
    return sequences


async def _copied(bus: Bus, settings: Settings, directory: Path, *names: str) -> None:
    """These streams are taken, removed and put back, with their readers."""
    readers = [each for name in names for each in await positions.consumers(bus, name)]
    parts: list[StreamPart] = []
    with begun(directory / "backup") as folder:
        for name in names:
            with folder.part(f"stream-{name}") as file:
                parts.append(await (await copies.begin(bus, name)).save(file, lambda _: None))
    for each in parts:
        await bus.api(f"STREAM.DELETE.{each.name}")
        await copies.restore(bus, directory / "backup", each, 1, lambda _: None)
    for reader in readers:
        await positions.place(bus, reader)
    new = {each.born: (await bus.api(f"STREAM.INFO.{each.name}"))["created"] for each in parts}
    await positions.adopt_snapshots(bus, new)
    await streams.ensure(bus, settings)


def _service() -> Service:
    service = Service("watching")

    @service.on(ClusterRegistered)
    async def look(event: Any, store: Store) -> None:
        """Look at a new cluster."""

    return service


async def _with_reactions(bus: Bus, log: EventLog, settings: Settings) -> str:
    """Reactions start and stop; why one of them does not read, if it does not."""
    reactions = Reactions([_service()], bus, log, settings, UNTRACED)
    stopping = asyncio.Event()
    running = asyncio.create_task(reactions.run(stopping))
    async with asyncio.timeout(20):
        while not reactions.healthy:  # noqa: ASYNC110 - it does not tell
            await asyncio.sleep(0.02)
    stopping.set()
    await running
    return reactions.detail


async def test_a_reaction_goes_on_after_what_it_had_handled(
    bus: Bus, log: EventLog, bus_settings: Settings, tmp_path: Path
) -> None:
    subject = "evt.one.cluster.one.registered."
    await bus.publish(f"{subject}1", b"{}")
    await _with_reactions(bus, log, bus_settings)
    for number in range(2, 12):
        await bus.publish(f"{subject}{number}", b"{}")
    name = "watching_look"
    assert await _pulled(bus, "EVT", name, 6, acked=4) == [2, 3, 4, 5, 6, 7]
    await _copied(bus, bus_settings, tmp_path, "EVT", "DLQ")
    # The two that were in hand come again, nothing else does, and nothing is left out.
    assert await _pulled(bus, "EVT", name, 100, acked=100) == [6, 7, 8, 9, 10, 11]
    assert await _with_reactions(bus, log, bus_settings) == ""
    ack = await bus.publish(f"{subject}12", b"{}")
    assert await _pulled(bus, "EVT", name, 100, acked=0) == [ack.seq] == [12]


async def test_what_was_due_and_done_is_not_due_again(
    bus: Bus, bus_settings: Settings, tmp_path: Path
) -> None:
    durable = Durable(streams.SCHEDULES, "due_check", ("due.check.*",), 30, 8)
    config = durable.config() | {"name": durable.name}
    made = {"stream_name": "SCH", "config": config, "action": ""}
    await bus.api("CONSUMER.CREATE.SCH.due_check", made)
    for number in range(4):
        await bus.publish(f"due.check.c{number}", b"{}", {"Nats-TTL": "300s"})
    assert await _pulled(bus, "SCH", "due_check", 3, acked=3) == [1, 2, 3]
    await _copied(bus, bus_settings, tmp_path, "SCH")
    await bus.api("CONSUMER.CREATE.SCH.due_check", made)
    assert await _pulled(bus, "SCH", "due_check", 100, acked=0) == [4]


async def test_a_snapshot_is_of_the_restored_stream(
    bus: Bus, bus_settings: Settings, tmp_path: Path
) -> None:
    born = (await bus.api("STREAM.INFO.EVT"))["created"]
    snapshots = Snapshots(bus, "looker", 0)
    await snapshots.take_over()
    state = b"learned" * 200_000
    await snapshots.save(state, Source(1, 1, born), 0 + 5)
    await asyncio.sleep(0.01)
    await _copied(bus, bus_settings, tmp_path, "EVT", "SNAP")
    now = (await bus.api("STREAM.INFO.EVT"))["created"]
    assert now != born
    kept = await Snapshots(bus, "looker", 0).take_over()
    assert kept.source == Source(1, 1, now)
    assert (kept.sequence, kept.state) == (5, state)


async def test_a_stream_that_is_left_goes_on_counting(bus: Bus, bus_settings: Settings) -> None:
    wanted = next(e for e in streams.definitions(bus_settings) if e["name"] == streams.COMMANDS)
    await bus.api("STREAM.DELETE.CMD")
    await positions.continue_numbering(bus, wanted, 41)
    await streams.ensure(bus, bus_settings)
    assert (await bus.publish("cmd.gateway.alerts.nothing", b"{}")).seq == 42
