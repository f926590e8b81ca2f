"""Whatever breaks while the hub takes over what a site has kept: each event once, in order."""

import asyncio

import pytest

from contracts.edge import edge_link_key
from services.runtime import streams
from services.runtime.answers import Ack, BusUnavailable, Outgoing
from services.runtime.bus import Bus, connect
from services.runtime.edge import position_subject
from services.runtime.process import Runtime
from tests.edge.acting import at_hub, linking, numbers, register, tell
from tests.edge.kit import SITE, Ends, Link
from tests.kit.runtime import eventually

pytestmark = [pytest.mark.anyio, pytest.mark.nats]


async def _count(hub: Runtime) -> int:
    return len(await at_hub(hub.log))


async def _until(hub: Runtime, count: int) -> None:
    async def enough() -> bool:
        return await _count(hub) >= count

    await eventually(enough, within=30)


async def _all(hub: Runtime, count: int) -> None:
    """All have come, and nothing comes after them."""
    async with linking(hub) as end:
        await _until(hub, count)

        async def caught_up() -> bool:
            return end.reached >= count

        await eventually(caught_up, within=30)
    assert numbers(hub.log, await at_hub(hub.log)) == list(range(count))


@pytest.mark.usefixtures("link")
async def test_a_worker_that_dies_at_any_moment(hub: Runtime, site: Runtime) -> None:
    clusters = [await register(hub) for _ in range(4)]
    await tell(site, clusters, range(30))
    for number in range(1, 5):
        async with linking(hub):
            await _until(hub, 30 * number)
            telling = asyncio.create_task(
                tell(site, clusters, range(30 * number, 30 * number + 30))
            )
            await _until(hub, 30 * number + 5)
        await telling
    await _all(hub, 150)


@pytest.mark.usefixtures("link")
async def test_an_append_whose_acknowledgement_is_lost(
    hub: Runtime, site: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    clusters = [await register(hub) for _ in range(4)]
    batch, lost = Bus.publish_batch, [0]

    async def unlucky(bus: Bus, messages: list[Outgoing], *, timeout: float = 4.0) -> Ack:
        ack = await batch(bus, messages, timeout=timeout)
        lost[0] += 1
        if lost[0] % 2:
            raise BusUnavailable("the acknowledgement was lost")
        return ack

    monkeypatch.setattr(Bus, "publish_batch", unlucky)
    await tell(site, clusters, range(40))
    async with linking(hub):
        await _until(hub, 40)
        await tell(site, clusters, range(40, 80))
        await _until(hub, 80)
    assert lost[0] > 1
    await _all(hub, 80)


@pytest.mark.usefixtures("link")
async def test_a_position_that_was_lost(ends: Ends, hub: Runtime, site: Runtime) -> None:
    clusters = [await register(hub) for _ in range(4)]
    await tell(site, clusters, range(40))
    async with linking(hub):
        await _until(hub, 40)
    setup = await connect(ends.site.server.nats("setup"), "test")
    purged = {"filter": position_subject(SITE, streams.EVENTS)}
    assert (await setup.api(f"STREAM.PURGE.{streams.FROM_HUB}", purged))["purged"] == 1
    await setup.close()
    await tell(site, clusters, range(40, 60))
    await _all(hub, 60)


async def test_a_hub_server_that_restarts(
    ends: Ends, hub: Runtime, site: Runtime, link: Link
) -> None:
    del link
    clusters = [await register(hub) for _ in range(4)]
    async with linking(hub):
        await tell(site, clusters, range(20))
        await _until(hub, 20)
        await asyncio.to_thread(ends.hub.kill)
        await tell(site, clusters, range(20, 60))
        ends.hub.start()
        await eventually(lambda: _answers(hub), within=30)
        await _until(hub, 60)
    await _all(hub, 60)


async def test_a_site_server_that_restarts(
    ends: Ends, hub: Runtime, site: Runtime, link: Link
) -> None:
    del link
    clusters = [await register(hub) for _ in range(4)]
    async with linking(hub):
        await tell(site, clusters, range(20))
        await _until(hub, 20)
        await asyncio.to_thread(ends.site.kill)
        ends.site.start()
        await eventually(lambda: _answers(site), within=30)
        await tell(site, clusters, range(20, 60))
        await _until(hub, 60)
    await _all(hub, 60)


async def _answers(runtime: Runtime) -> bool:
    try:
        await runtime.log.head(edge_link_key(SITE))
    except BusUnavailable:
        return False
    return True
