"""What becomes of the alerts of a cluster that leaves the fleet."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from contracts.alerts import AlertFired, pending_id
from contracts.envelope import Event
from services.alerts import handlers_polling, leaving
from services.runtime import schedules
from services.runtime.clock import SystemClock
from services.runtime.ids import new_id
from services.runtime.log import NOTHING
from tests.kit import builders
from tests.kit.gateway import API, Platform
from tests.kit.runtime import eventually
from tests.kit.worker import come_due

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]


def _alert(cluster: str, number: int) -> dict[str, Any]:
    return {"id": new_id(), "cluster_id": UUID(cluster), "fingerprint": f"{number:016x}"}


async def _tell(platform: Platform, events: list[Event]) -> None:
    context = builders.context(command_id=new_id())
    told = [(event, NOTHING) for event in events]
    written = await platform.gate.log.append_each(told, context, SystemClock().now())
    last = max(each for each in written if isinstance(each, int))
    assert await platform.gate.positions.wait("alerts", last, 20)


async def test_open_alerts_end_with_their_cluster(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster, other = [(await platform.register(watched=True))["id"] for _ in range(2)]
    fired: list[Event] = [
        AlertFired(alert=builders.alert(**_alert(of, number)))
        for of, count in ((cluster, 1_200), (other, 2))
        for number in range(count)
    ]
    own = pending_id(UUID(cluster), "f" * 16)
    pending = builders.pending(cluster_id=UUID(cluster), fingerprint="f" * 16, id=own)
    await _tell(platform, [*fired, pending])
    assert (await platform.http.delete(f"{API}/clusters/{cluster}")).status_code == 204

    async def open_ones() -> int:
        return (await platform.list("/alerts", cluster_id=cluster))["total"]

    async def ended() -> bool:
        return await open_ones() == 0

    await eventually(ended, within=30)
    past = await platform.list("/alerts/history", cluster_id=cluster)
    assert past["total"] == 1_200
    assert {item["ending"] for item in past["items"]} == {"GONE"}
    assert (await platform.list("/alerts", cluster_id=other))["total"] == 2

    # That nothing is known to be open ends no polls: what comes late ends with the next one.
    bus = platform.gate.runtime.bus
    await come_due(platform, handlers_polling.POLL, cluster)
    assert await schedules.scheduled(bus, handlers_polling.POLL, cluster) is not None
    await _tell(platform, [AlertFired(alert=builders.alert(**_alert(cluster, 9_000)))])
    await come_due(platform, handlers_polling.POLL, cluster)
    await eventually(ended, within=30)

    # After a day without anything new there are none.
    monkeypatch.setattr(leaving, "LATE", timedelta(0))

    async def over() -> bool:
        await come_due(platform, handlers_polling.POLL, cluster)
        return await schedules.scheduled(bus, handlers_polling.POLL, cluster) is None

    await eventually(over, within=30)
    assert (await platform.list("/alerts/history", cluster_id=cluster))["total"] == 1_201
