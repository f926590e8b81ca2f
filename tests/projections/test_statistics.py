"""PostgreSQL knows how large a table has become before its own look at it, which takes a minute."""

from uuid import UUID

import pytest

from projections.alerts.projector import projection as alerts
from services.runtime.bus import Bus
from services.runtime.log import NOTHING, EventLog
from services.runtime.settings import Settings
from tests.kit import builders
from tests.kit.projections import ask, hosting, reached
from tests.kit.runtime import eventually, store_each

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

_LOOKS = (
    "select coalesce(sum(analyze_count), 0) from pg_stat_user_tables where schemaname = 'alerts'"
)


async def test_a_table_that_has_grown_is_looked_at_anew(
    bus: Bus, log: EventLog, settings: Settings
) -> None:
    async def fired(count: int, start: int) -> int:
        events = [
            builders.fired(id=UUID(int=n + 1), fingerprint=f"{n:016x}")
            for n in range(start, start + count)
        ]
        return max(await store_each(log, [(event, NOTHING) for event in events]))

    async def looked_at() -> bool:
        return ask(settings, _LOOKS)[0][0] > 0

    async with hosting(bus, settings, alerts):
        await reached(settings, alerts, await fired(500, 0))
        assert ask(settings, _LOOKS)[0][0] == 0
        last = 0
        for start in range(500, 11_000, 3_500):
            last = await fired(3_500, start)
        await reached(settings, alerts, last)
        await eventually(looked_at)
    known = "select max(reltuples) from pg_class where relnamespace = 'alerts'::regnamespace"
    assert ask(settings, known)[0][0] > 5_000
