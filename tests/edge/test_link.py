"""What a site keeps arrives at the hub, in order and once, whatever happens to the link."""

import pytest

from contracts.clusters import cluster_key
from contracts.subjects import EntityKey
from services.runtime.log import Head
from services.runtime.process import Runtime
from tests.edge.acting import at_hub, linking, numbers, register, tell
from tests.edge.kit import Link
from tests.kit import builders
from tests.kit.runtime import eventually, store

pytestmark = [pytest.mark.anyio, pytest.mark.nats]


async def _arrived(hub: Runtime, count: int) -> list[int]:
    async def enough() -> list[int]:
        found = numbers(hub.log, await at_hub(hub.log))
        return found if len(found) >= count else []

    return await eventually(enough, within=30)


async def _knows(site: Runtime, key: EntityKey) -> bool:
    return await site.log.head(key) is not None


@pytest.mark.usefixtures("link")
async def test_a_site_learns_of_its_own_clusters_and_of_no_others(
    hub: Runtime, site: Runtime
) -> None:
    other = await register(hub, site="hub")
    before = await register(hub)
    async with linking(hub):
        later = await register(hub, region="north-sea")
        await eventually(lambda: _knows(site, cluster_key(before)))
        await eventually(lambda: _knows(site, cluster_key(later)))
    told, said = await site.log.head(cluster_key(later)), await hub.log.head(cluster_key(later))
    assert told is not None
    assert said is not None
    assert (told.event, told.version) == (said.event, said.version)
    assert await site.log.head(cluster_key(other)) is None


@pytest.mark.usefixtures("link")
async def test_a_cluster_that_moves_away_is_no_longer_the_sites(
    hub: Runtime, site: Runtime
) -> None:
    cluster = await register(hub)
    async with linking(hub):
        await eventually(lambda: _knows(site, cluster_key(cluster)))
        last = await hub.log.head(cluster_key(cluster))
        assert last is not None
        moved = builders.updated(id=cluster, name="c-moved", site="hub", changed_fields=("site",))
        await store(hub.log, moved, after=Head(last.sequence, 1))

        async def gone() -> bool:
            return not await _knows(site, cluster_key(cluster))

        await eventually(gone)


@pytest.mark.usefixtures("link")
async def test_events_of_a_site_come_to_the_hub_in_order(hub: Runtime, site: Runtime) -> None:
    clusters = [await register(hub) for _ in range(3)]
    async with linking(hub):
        await tell(site, clusters, range(50))
        assert await _arrived(hub, 50) == list(range(50))


async def test_what_is_told_while_the_link_is_cut_comes_when_it_is_back(
    hub: Runtime, site: Runtime, link: Link
) -> None:
    clusters = [await register(hub) for _ in range(3)]
    async with linking(hub):
        await tell(site, clusters, range(20))
        await _arrived(hub, 20)
        link.cut()
        await tell(site, clusters, range(20, 60))
        assert len(await at_hub(hub.log)) == 20
        link.restore()
        assert await _arrived(hub, 60) == list(range(60))
