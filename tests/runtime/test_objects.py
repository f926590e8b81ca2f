"""Objects on the bus: whole or not at all, readable by NATS's own tools, and gone when removed."""

import pytest

from contracts.refusals import Code, Refused
from services.runtime import streams
from services.runtime.bus import Bus, Outgoing
from services.runtime.ids import new_id
from services.runtime.objects import MOST_BYTES, Objects, reports
from services.runtime.settings import Settings
from tests.kit.runtime import eventually

pytestmark = [pytest.mark.anyio, pytest.mark.nats]

LARGE = bytes(range(256)) * 4_000
"""Of several chunks."""


@pytest.fixture
def objects(bus: Bus) -> Objects:
    return reports(bus)


async def _messages(objects: Objects) -> int:
    found = await objects.bus.api(f"STREAM.INFO.{objects.stream}")
    return found["state"]["messages"]


@pytest.mark.parametrize("data", [b"", b"one", LARGE], ids=["empty", "small", "large"])
async def test_what_was_put_is_got(objects: Objects, data: bytes) -> None:
    name = new_id()
    stored = await objects.put(name, data, seconds=60)
    assert stored.size == len(data)
    assert await objects.get(name) == data


async def test_of_no_object_there_is_nothing(objects: Objects) -> None:
    assert await objects.get(new_id()) is None
    await objects.remove(new_id())


async def test_it_takes_the_place_of_one_with_its_name(objects: Objects) -> None:
    name = new_id()
    await objects.put(name, LARGE, seconds=60)
    await objects.put(name, b"new", seconds=60)
    assert await objects.get(name) == b"new"


async def test_of_a_removed_one_nothing_is_left(objects: Objects) -> None:
    name, other = new_id(), new_id()
    await objects.put(other, b"stays", seconds=60)
    before = await _messages(objects)
    await objects.put(name, LARGE, seconds=60)
    # A try that was cut off has left this.
    left = Outgoing(f"$O.reports.C.{name.hex}-cut", b"left", {})
    await objects.bus.publish(left.subject, left.data, left.headers)
    await objects.remove(name)
    assert await objects.get(name) is None
    await eventually(lambda: _is(objects, before))
    assert await objects.get(other) == b"stays"


async def _is(objects: Objects, messages: int) -> bool:
    return await _messages(objects) == messages


async def test_it_goes_when_its_time_is_over(objects: Objects) -> None:
    before = await _messages(objects)
    name = new_id()
    await objects.put(name, LARGE, seconds=1)
    await eventually(lambda: _is(objects, before))
    assert await objects.get(name) is None


async def test_the_library_of_nats_reads_it(objects: Objects) -> None:
    name = new_id()
    await objects.put(name, LARGE, seconds=60)
    library = await objects.bus.client.jetstream().object_store("reports")
    assert (await library.get(str(name))).data == LARGE


async def test_what_is_too_large_is_refused(objects: Objects) -> None:
    with pytest.raises(Refused, match="at most") as refused:
        await objects.put(new_id(), bytes(MOST_BYTES + 1), seconds=60)
    assert refused.value.code is Code.LIMIT_REACHED


async def test_a_full_store_says_so(objects: Objects, bus_settings: Settings) -> None:
    small = bus_settings.reports.model_copy(update={"max_bytes": 300_000})
    await streams.ensure(objects.bus, bus_settings.model_copy(update={"reports": small}))
    try:
        with pytest.raises(Refused, match="full") as refused:
            await objects.put(new_id(), LARGE, seconds=60)
    finally:
        await streams.ensure(objects.bus, bus_settings)
    assert refused.value.code is Code.LIMIT_REACHED
