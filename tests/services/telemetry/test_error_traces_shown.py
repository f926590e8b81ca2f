"""Error traces of a registered cluster on the whole platform: scheduled, told, and shown."""

from collections.abc import AsyncGenerator
from datetime import timedelta
from uuid import UUID

import pytest

from services.runtime import schedules
from services.runtime.clock import SystemClock
from services.runtime.settings import Settings
from services.telemetry.handlers_error_traces import LOOK
from tests.kit.gateway import API, Platform, platform_on
from tests.kit.live import serving
from tests.kit.runtime import eventually
from tests.kit.worker import come_due
from tests.services.telemetry.fake_tempo import found, tempo

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]


@pytest.fixture
async def platform(settings: Settings) -> AsyncGenerator[Platform]:
    async with platform_on(settings) as running:
        yield running


async def _rule(platform: Platform, cluster: str) -> str | None:
    return await schedules.scheduled(platform.gate.runtime.bus, LOOK, cluster)


async def test_an_error_trace_is_on_the_live_stream_and_in_the_list_of_its_cluster(
    platform: Platform,
) -> None:
    at = SystemClock().now() - timedelta(seconds=20)
    async with tempo() as made, tempo() as quiet, serving(platform.gate.log) as stream:
        made.traces = [found(0xAB, at)]
        quiet.traces = [found(0xCD, at)]
        cluster, other = [
            (await platform.register(endpoints={"tempo_url": each.url}))["id"]
            for each in (made, quiet)
        ]
        async with stream.client() as client:
            # From the beginning: a look may have been due already.
            await client.subscribe(
                event_types=["TRACE_RECEIVED"], cluster_filter=[cluster], since_sequence=0
            )
            for each in (other, cluster):
                await come_due(platform, LOOK, each)
            while not client.events:
                await client.next()
        (frame,) = client.events
        assert (frame["event_type"], frame["cluster_id"]) == ("TRACE_RECEIVED", cluster)
        assert frame["payload"]["trace_id"] == f"{0xAB:032x}"
        await platform.settle()
        for asked in (cluster, other):
            listed = await platform.list("/events", cluster_id=asked, event_type="TRACE_RECEIVED")
            assert [each["cluster_id"] for each in listed["items"]] == [asked]
        await come_due(platform, LOOK, cluster)
        await platform.settle()
        listed = await platform.list("/events", event_type="TRACE_RECEIVED")
        assert sorted(each["cluster_id"] for each in listed["items"]) == sorted([cluster, other])
        assert len(made.asked) >= 2


async def test_looks_are_scheduled_with_a_cluster_and_end_with_it(platform: Platform) -> None:
    async with tempo() as made:
        cluster = (await platform.register(endpoints={"tempo_url": made.url}))["id"]
        rule = await eventually(lambda: _rule(platform, cluster))
        assert rule == schedules.spread(UUID(cluster), 60)
        assert (await platform.http.delete(f"{API}/clusters/{cluster}")).status_code < 300

        async def ended() -> bool:
            return await _rule(platform, cluster) is None

        await eventually(ended)


async def test_a_tempo_that_is_added_later_is_looked_at(platform: Platform) -> None:
    async with tempo() as made:
        cluster = (await platform.register())["id"]
        rule = await eventually(lambda: _rule(platform, cluster))
        assert rule == schedules.spread(UUID(cluster), 300)
        changed = {"endpoints": {"tempo_url": made.url}}
        await platform.http.patch(f"{API}/clusters/{cluster}", json=changed)
        await come_due(platform, LOOK, cluster)
        assert await _rule(platform, cluster) == schedules.spread(UUID(cluster), 60)
        assert made.asked
