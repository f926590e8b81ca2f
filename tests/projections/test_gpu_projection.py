"""What stands about GPUs: folded from events, kept as it was, and made again by a rebuild."""

from typing import Any
from uuid import UUID

import pytest

from contracts.envelope import Event
from contracts.subjects import EntityKey
from projections.gpu.projector import projection
from projections.gpu.view import CROSSING, STANDING, XID
from services.runtime.bus import Bus
from services.runtime.log import NOTHING, EventLog, Head
from services.runtime.settings import Settings
from tests.kit import builders
from tests.kit.gpu_builders import (
    GPU_UUID,
    NODE,
    gpu_disappeared,
    gpu_reappeared,
    threshold_crossed,
    xid_error,
)
from tests.kit.projections import ask, dump, hosting, reached
from tests.kit.runtime import until
from tests.kit.samples import at

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

_BOTH = ("TEMPERATURE", "MEMORY_USED")
_LIFE: tuple[Event, ...] = (
    threshold_crossed(),
    xid_error(standing={"xid": 79, "raised": ("TEMPERATURE",)}),
    threshold_crossed(metric="MEMORY_USED", value=98.0, threshold=97.0, standing={"raised": _BOTH}),
    threshold_crossed(crossing="CLEARED", value=70.0, standing={"raised": ("MEMORY_USED",)}),
    xid_error(xid=31, description=None, standing={"xid": 31, "raised": ("MEMORY_USED",)}),
    gpu_disappeared(),
    gpu_reappeared(),
)


async def _append(log: EventLog, *events: Event) -> list[int]:
    heads: dict[EntityKey, Head] = {}
    written: list[int] = []
    for number, event in enumerate(events):
        context = builders.context(command_id=UUID(int=number))
        head = heads.get(event.key, NOTHING)
        appended = await log.append([event], {event.key: head}, context, at(number))
        heads[event.key] = Head(appended.sequence)
        written.append(appended.sequence)
    return written


async def test_what_stands_is_what_the_last_event_says(
    bus: Bus, log: EventLog, settings: Settings
) -> None:
    async with hosting(bus, settings, projection):
        written = await _append(log, builders.registered(), *_LIFE)
        await reached(settings, projection, written[-1])

        def then(event: int, columns: str, table: Any) -> list[tuple[Any, ...]]:
            source = table.source("gpu", written[event])
            return sorted(ask(settings, f"select {columns} from {source} t"))

        raised = [then(event, "present, raised", STANDING) for event in range(8)]
        assert raised == [
            [],
            [(True, ["TEMPERATURE"])],
            [(True, ["TEMPERATURE"])],
            [(True, ["TEMPERATURE", "MEMORY_USED"])],
            [(True, ["MEMORY_USED"])],
            [(True, ["MEMORY_USED"])],
            [(False, [])],
            [(True, [])],
        ]
        crossings = [then(event, "metric, value, threshold", CROSSING) for event in range(8)]
        temperature, memory = ("TEMPERATURE", 91.0, 85.0), ("MEMORY_USED", 98.0, 97.0)
        assert crossings == [
            [], [temperature], [temperature], [memory, temperature], [memory], [memory], [], [],
        ]  # fmt: skip
        xids = [then(event, "xid, description", XID) for event in range(8)]
        first, second = (79, "GPU has fallen off the bus"), (31, None)
        assert xids == [[], [], [first], [first], [first], [second], [second], [second]]
        assert then(6, "uuid, node_name, namespace, last_seen_at", STANDING) == [
            (GPU_UUID, NODE, "training", at())
        ]


async def test_a_rebuild_makes_the_same_rows(bus: Bus, log: EventLog, settings: Settings) -> None:
    async with hosting(bus, settings, projection) as hosts:
        written = await _append(log, builders.registered(), *_LIFE)
        await reached(settings, projection, written[-1])
        before = dump(settings, projection)
        hosts["gpu"].rebuild()
        await until(lambda: hosts["gpu"].rebuilds == 1)
        assert dump(settings, projection) == before
