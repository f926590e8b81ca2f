"""Whoever runs the projection of alerts tells on the bus which are open."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import msgspec
import pytest

from contracts.alerts import AlertFired, OpenAlert, OpenAlerts
from contracts.envelope import Event
from contracts.refusals import Code
from projections.alerts.projector import projection
from services.runtime import process
from services.runtime.asking import PROJECTIONS, Asker, Unanswered
from services.runtime.bus import Bus
from services.runtime.log import NOTHING, EventLog
from services.runtime.settings import Settings
from tests.kit import builders
from tests.kit.projections import reached

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

_OTHER = UUID(int=7)


@asynccontextmanager
async def _projector(settings: Settings) -> AsyncGenerator[None]:
    runtime = await process.start("projector", settings)
    stopping = asyncio.Event()
    loops = process.assemble(runtime, [], [projection])
    tasks = [asyncio.ensure_future(loop(stopping)) for loop in loops]
    try:
        yield
    finally:
        stopping.set()
        await asyncio.gather(*tasks)
        await runtime.close()


async def _tell(log: EventLog, settings: Settings, *events: Event) -> None:
    told = [(event, NOTHING) for event in events]
    appended = await log.append_each(told, builders.context(), builders.at())
    last = max(each for each in appended if isinstance(each, int))
    await reached(settings, projection, last)


async def _asked(bus: Bus, query: OpenAlerts) -> list[OpenAlert]:
    async with Asker(bus).ask(PROJECTIONS, query, seconds=5) as answer:
        body = b"".join([part async for part in answer])
    found = [OpenAlert.model_validate(each) for each in msgspec.json.decode(body)]
    assert answer.trailer["count"] == len(found)
    return found


def _fired(number: int, *, expires: float | None = None, **changes: Any) -> AlertFired:
    values: dict[str, Any] = {
        "id": UUID(int=number),
        "fingerprint": f"{number:016x}",
        "starts_at": builders.at(number),
    }
    fired = AlertFired(alert=builders.alert(**(values | changes)))
    expires_at = None if expires is None else builders.at(expires)
    return fired.model_copy(update={"expires_at": expires_at})


async def test_open_alerts_are_told_newest_first(
    bus: Bus, log: EventLog, settings: Settings
) -> None:
    async with _projector(settings):
        pending = builders.pending(fingerprint="f" * 16, starts_at=builders.at(9))
        ended = builders.resolved(id=UUID(int=3), fingerprint=f"{3:016x}")
        silenced = builders.silenced(silenced_by=("s",), fingerprint=f"{2:016x}")
        await _tell(
            log, settings, _fired(1), _fired(2, expires=60), ended, pending, silenced,
            _fired(4, cluster_id=_OTHER),
        )  # fmt: skip
        found = await _asked(bus, OpenAlerts(cluster_id=pending.alert.cluster_id))
        assert [(each.state, each.fingerprint, each.silenced_by) for each in found] == [
            ("PENDING", "f" * 16, ()),
            ("FIRING", f"{2:016x}", ("s",)),
            ("FIRING", f"{1:016x}", ()),
        ]
        assert [each.expires_at for each in found] == [None, builders.at(60), None]
        assert found[0].id == pending.alert.id
        assert {each.cluster_id for each in await _asked(bus, OpenAlerts())} == {
            pending.alert.cluster_id,
            _OTHER,
        }


async def test_those_that_have_expired_are_told_alone(
    bus: Bus, log: EventLog, settings: Settings
) -> None:
    async with _projector(settings):
        await _tell(log, settings, _fired(1), _fired(2, expires=60), _fired(3, expires=61))
        later = OpenAlerts(expired_before=builders.at(61))
        assert [each.id for each in await _asked(bus, later)] == [UUID(int=2)]
        assert await _asked(bus, OpenAlerts(expired_before=builders.at(60))) == []


async def test_very_many_are_told_in_parts_that_make_one_whole(
    bus: Bus, log: EventLog, settings: Settings
) -> None:
    async with _projector(settings):
        at_once = (_fired(number, starts_at=builders.at(1)) for number in range(11_000))
        await _tell(log, settings, *at_once)
        found = await _asked(bus, OpenAlerts())
        assert [each.id.int for each in found] == [*range(10_999, -1, -1)]
        assert len(await _asked(bus, OpenAlerts(limit=5_001))) == 5_001


async def test_without_a_projector_it_is_said_at_once(bus: Bus) -> None:
    with pytest.raises(Unanswered) as told:
        async with asyncio.timeout(20), Asker(bus).ask(PROJECTIONS, OpenAlerts(), seconds=30) as it:
            assert [part async for part in it] == []
    assert told.value.code is Code.PROJECTION_BEHIND
