"""Which event a read stands at that asks how it was, and when it may answer."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from contracts.refusals import Code, Refused
from deploy.platform import PROJECTIONS, load_projections
from gateway.gate import Gate
from gateway.rest import as_of
from gateway.rest.as_of import AsOf
from services.runtime import streams
from services.runtime.context import log_time
from services.runtime.ids import new_id
from tests.kit import builders
from tests.kit.gateway import Platform, alert
from tests.kit.runtime import store

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

TICK = timedelta(microseconds=1)


async def _time(platform: Platform, sequence: int) -> datetime:
    stored = await platform.gate.log.at(sequence)
    assert stored is not None
    return log_time(stored.time)


async def _at(platform: Platform, moment: datetime, projection: str = "fleet") -> int:
    found = await as_of.find(platform.gate, moment, None, projection)
    assert found is not None
    return found.sequence


async def _refused(gate: Gate, moment: datetime | None, sequence: int | None) -> tuple[Code, str]:
    with pytest.raises(Refused) as told:
        await as_of.find(gate, moment, sequence, "fleet")
    fields = told.value.details.get("fields", [{"field": ""}])
    return told.value.code, fields[0]["field"]


def test_what_projections_read_is_what_their_projectors_say() -> None:
    read = {each.name: set(each.filters) for each in load_projections(PROJECTIONS)}
    assert {name: set(subjects) for name, subjects in as_of.READS.items()} == read


async def test_who_asks_for_neither_is_answered_as_of_now(platform: Platform) -> None:
    assert await as_of.find(platform.gate, None, None, "fleet") is None
    assert as_of.headers(None) == {}


async def test_a_time_stands_for_the_last_event_that_the_log_had_then(platform: Platform) -> None:
    await platform.register()
    await platform.register()
    await platform.settle()
    last = await platform.last_sequence()
    for sequence in range(1, last + 1):
        time = await _time(platform, sequence)
        assert await _at(platform, time) == sequence
        assert await _at(platform, time - TICK) == sequence - 1
    assert await _at(platform, datetime(1, 1, 1, tzinfo=UTC)) == 0


async def test_a_zone_is_taken_into_account_and_the_time_is_given_back_in_utc(
    platform: Platform,
) -> None:
    await platform.register()
    moment = platform.gate.clock.now()
    summer = moment.astimezone(datetime.fromisoformat("2026-01-01T00:00+02:00").tzinfo)
    found = await as_of.find(platform.gate, summer, None, "fleet")
    assert found is not None
    assert found == AsOf(await platform.last_sequence(), moment)
    assert found.at is not None
    assert found.at.tzinfo is UTC
    assert as_of.headers(found) == {"X-As-Of-Sequence": str(found.sequence)}


async def test_now_includes_what_was_just_written(platform: Platform) -> None:
    for _ in range(5):
        await platform.register()
        last = await platform.last_sequence()
        now = platform.gate.clock.now()
        for projection in as_of.READS:
            assert await _at(platform, now, projection) == last


async def test_a_sequence_stands_for_itself_and_tells_its_time(platform: Platform) -> None:
    await platform.register()
    last = await platform.last_sequence()
    found = await as_of.find(platform.gate, None, last, "fleet")
    assert found == AsOf(last, await _time(platform, last))
    assert await as_of.find(platform.gate, None, 0, "fleet") == AsOf(0, None)


async def test_events_that_a_projection_does_not_read_keep_nobody_waiting(
    platform: Platform,
) -> None:
    cluster = await platform.register()
    await platform.report(cluster["id"], alert(1))
    last = await platform.last_sequence()
    assert await _at(platform, platform.gate.clock.now(), "fleet") == last
    assert await platform.gate.positions.wait("fleet", last, 0) is False


async def test_what_cannot_be_answered_is_refused(platform: Platform) -> None:
    gate, last = platform.gate, await platform.last_sequence()
    now = gate.clock.now()
    wrong = Code.VALIDATION_FAILED
    assert await _refused(gate, now.replace(tzinfo=None), None) == (wrong, "as_of")
    assert await _refused(gate, now + timedelta(seconds=30), None) == (wrong, "as_of")
    assert await _refused(gate, datetime.max.replace(tzinfo=UTC), None) == (wrong, "as_of")
    assert await _refused(gate, None, last + 1000) == (wrong, "as_of_sequence")
    assert await _refused(gate, now, last) == (wrong, "as_of_sequence")


@asynccontextmanager
async def _no_projector(platform: Platform) -> AsyncGenerator[Gate]:
    """Projections stand still for the time of a block; gives a gate of little patience."""
    gateway = platform.settings.gateway.model_copy(update={"write_timeout": 0.3})
    settings = platform.settings.model_copy(update={"gateway": gateway})
    await platform.projector.stop()
    try:
        yield replace(platform.gate, runtime=replace(platform.gate.runtime, settings=settings))
    finally:
        await platform.projector.start()


async def test_a_projection_that_is_behind_is_waited_for_and_then_refused(
    platform: Platform,
) -> None:
    await platform.register()
    await platform.settle()
    before = await platform.last_sequence()
    async with _no_projector(platform) as gate:
        await store(gate.log, builders.registered(id=new_id(), name="late"))
        now, last = gate.clock.now(), await platform.last_sequence()
        assert last > before
        assert await _refused(gate, now, None) == (Code.PROJECTION_BEHIND, "")
        assert await _refused(gate, None, last) == (Code.PROJECTION_BEHIND, "")
        # What was folded already is answered meanwhile.
        assert await as_of.find(gate, await _time(platform, before), None, "fleet") is not None
    assert await _at(platform, now) == last


async def test_events_that_have_aged_out_of_the_log_count_as_before(platform: Platform) -> None:
    cluster = await platform.register()
    for number in range(1, 4):
        await platform.report(cluster["id"], alert(number))
    await platform.settle()
    last = await platform.last_sequence()
    times = {sequence: await _time(platform, sequence) for sequence in range(last - 3, last + 1)}
    for sequence in range(last - 2, last + 1):
        await platform.gate.runtime.bus.api(
            f"STREAM.MSG.DELETE.{streams.EVENTS}", {"seq": sequence}
        )
    for sequence, time in times.items():
        assert await _at(platform, time, "alerts") == sequence
    assert await as_of.find(platform.gate, None, last, "alerts") == AsOf(last, None)
