"""A link that is lost, and one that is there again, are events; a full site says so."""

from uuid import UUID

import pytest

from contracts.edge import EdgeLinkLost, EdgeLinkRestored, edge_link_key
from contracts.envelope import Event
from services.runtime import metrics, streams
from services.runtime.answers import BusUnavailable
from services.runtime.bus import connect
from services.runtime.process import Runtime
from tests.edge.acting import at_hub, counted, linking, numbers, register, tell
from tests.edge.kit import OTHER_SITE, SITE, Ends, Link
from tests.kit.runtime import eventually, until

pytestmark = [pytest.mark.anyio, pytest.mark.nats]


async def _told(hub: Runtime, kind: type[Event], site: str = SITE) -> Event:
    async def found() -> Event | None:
        last = await hub.log.head(edge_link_key(site))
        return last.event if last and isinstance(last.event, kind) else None

    event = await eventually(found, within=20)
    assert event is not None
    return event


def _up() -> float | None:
    return metrics.REGISTRY.get_sample_value("aiops_edge_link_up", {"site": SITE})


async def test_a_cut_link_is_lost_and_then_restored(
    hub: Runtime, site: Runtime, link: Link
) -> None:
    cluster = await register(hub)
    async with linking(hub):
        await tell(site, [cluster], range(1))
        await eventually(lambda: at_hub(hub.log))
        assert await hub.log.head(edge_link_key(SITE)) is None, "nothing has happened to it"
        link.cut()
        lost = await _told(hub, EdgeLinkLost)
        await tell(site, [cluster], range(1, 6))
        link.restore()
        restored = await _told(hub, EdgeLinkRestored)
        await until(lambda: _up() == 1)
    assert _up() is None, "whoever looks after it from now on tells of it"
    assert isinstance(lost, EdgeLinkLost)
    assert isinstance(restored, EdgeLinkRestored)
    assert restored.lost_at == lost.since
    assert 0 <= restored.waiting <= 5


async def test_a_lost_link_is_told_once_whoever_looks_after_it(
    hub: Runtime, site: Runtime, link: Link
) -> None:
    del site
    link.cut()
    for _ in range(2):
        async with linking(hub) as end:
            await _told(hub, EdgeLinkLost)

            await until(lambda end=end: end.silent > 4 * end.lost_after)
    assert len(await at_hub(hub.log, "edge_link")) == 1


async def test_a_site_that_never_came_is_lost(hub: Runtime) -> None:
    async with linking(hub, OTHER_SITE):
        lost = await _told(hub, EdgeLinkLost, OTHER_SITE)
    assert isinstance(lost, EdgeLinkLost)


async def test_a_full_buffer_refuses_events_and_keeps_what_it_has(
    ends: Ends, hub: Runtime, site: Runtime, link: Link
) -> None:
    link.cut()
    cluster = await register(hub)
    setup = await connect(ends.site.server.nats("setup"), "test")
    config = (await setup.api(f"STREAM.INFO.{streams.EVENTS}"))["config"]
    assert (config["discard"], config["max_bytes"]) == ("new", 4_000_000_000)
    await setup.api(f"STREAM.UPDATE.{streams.EVENTS}", config | {"max_bytes": 20_000})
    lost = counted("aiops_edge_not_kept_total")
    with pytest.raises(BusUnavailable, match="maximum bytes"):
        await tell(site, [cluster], range(1000))
    assert counted("aiops_edge_not_kept_total") == lost + 1
    kept = int((await setup.api(f"STREAM.INFO.{streams.EVENTS}"))["state"]["messages"])
    assert kept > 5
    link.restore()
    async with linking(hub):

        async def arrived() -> bool:
            return numbers(hub.log, await at_hub(hub.log)) == list(range(kept))

        await eventually(arrived, within=30)
    await setup.close()


async def test_full_telemetry_makes_room_for_the_newest(ends: Ends, site: Runtime) -> None:
    setup = await connect(ends.site.server.nats("setup"), "test")
    config = (await setup.api(f"STREAM.INFO.{streams.TELEMETRY}"))["config"]
    await setup.api(f"STREAM.UPDATE.{streams.TELEMETRY}", config | {"max_bytes": 20_000})
    for number in range(500):
        await site.bus.publish(f"tel.gpu.{UUID(int=1)}.n", b"%d" % number + b" " * 200)
    last = await site.bus.get(streams.TELEMETRY, {"last_by_subj": "tel.>"})
    state = (await setup.api(f"STREAM.INFO.{streams.TELEMETRY}"))["state"]
    await setup.close()
    assert last is not None
    assert last.data.strip() == b"499"
    assert state["messages"] < 500
