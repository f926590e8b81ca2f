"""When a cluster's GPUs are sampled: often where there are some, seldom where there are none."""

from collections.abc import AsyncGenerator

import pytest

from contracts.clusters import Cluster
from contracts.envelope import Event
from contracts.refusals import Code, Refused
from services.gpu import handlers
from services.gpu.schedule import SELDOM, Known, schedule
from services.runtime import schedules
from services.runtime.log import EventLog
from services.runtime.settings import CollectorSettings, Settings
from tests.kit import builders
from tests.services.gpu.sampled_hub import Hub, sampling_hub

pytestmark = [pytest.mark.anyio, pytest.mark.nats]


@pytest.fixture
async def hub(
    log: EventLog, bus_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[Hub]:
    async with sampling_hub(log, bus_settings, monkeypatch) as made:
        yield made


def every(hub: Hub, seconds: int) -> str:
    return schedules.spread(hub.cluster_id, seconds)


async def react(hub: Hub, event: Event) -> None:
    """The service hears of an event."""
    await hub.append(event)
    last = await hub.collector.log.head(event.key)
    assert last is not None
    await handlers.schedule_samples(last, hub.store())


@pytest.mark.parametrize(
    ("kind", "set_to", "interval", "seconds"),
    [
        ("SPOKE", 15, 15, 13.0),
        ("SPOKE", 60, 60, 58.0),
        ("SPOKE", 10, 10, 8.0),
        ("FAR_EDGE", 15, 60, 30.0),
        ("FAR_EDGE", 120, 120, 30.0),
        ("FAR_EDGE", 0, 0, 30.0),
    ],
)
def test_a_far_edge_is_sampled_seldom_and_a_sample_ends_before_the_next(
    kind: str, set_to: int, interval: int, seconds: float
) -> None:
    made = Settings(collector=CollectorSettings(gpu_seconds=set_to))
    known = Known(Cluster.model_validate(builders.cluster(cluster_type=kind).model_dump()))
    assert (known.interval(made), known.seconds(made)) == (interval, seconds)
    assert known.asked(made) == (interval > 0)


async def test_a_new_cluster_is_looked_at_seldom_until_gpus_are_discovered(hub: Hub) -> None:
    await hub.discovered(gpus=False)
    await react(hub, builders.updated(id=hub.cluster_id))
    assert await hub.rule() == every(hub, SELDOM)
    for gpus, seconds in ((True, 15), (False, SELDOM)):
        found = builders.capabilities(has_gpu_nodes=gpus)
        changed = builders.capabilities_changed(cluster_id=hub.cluster_id, capabilities=found)
        await react(hub, changed)
        assert await hub.rule() == every(hub, seconds)


async def test_a_cluster_that_has_left_is_sampled_no_more(hub: Hub) -> None:
    await hub.sample()
    assert await hub.rule() == every(hub, 15)
    await react(hub, builders.deleted(cluster_id=hub.cluster_id))
    assert await hub.rule() is None
    await schedules.put(hub.collector.log.bus, schedule(hub.cluster_id, 15))
    await hub.sample()
    assert await hub.rule() is None
    assert len(hub.fake.asked) == 1


async def test_without_gpus_nothing_is_asked(hub: Hub) -> None:
    await hub.discovered(gpus=False)
    await hub.sample()
    assert (hub.fake.asked, await hub.rule()) == ([], every(hub, SELDOM))


async def test_what_discovery_does_not_know_is_found_out(hub: Hub) -> None:
    cluster_id = await hub.collector.cluster("http://127.0.0.1:1")
    hub.cluster_id = cluster_id
    nodes, hub.fake.nodes = hub.fake.nodes, {}
    await hub.sample()
    assert await hub.rule() == every(hub, SELDOM)
    hub.fake.nodes = nodes
    await hub.sample()
    assert await hub.rule() == every(hub, 15)
    # From silence nothing follows.
    hub.fake.fails = Refused(Code.CLUSTER_UNREACHABLE, "no answer")
    await hub.sample()
    assert await hub.rule() == every(hub, 15)
    hub.fake.fails, hub.fake.nodes = None, {}
    await hub.sample()
    assert await hub.rule() == every(hub, SELDOM)
    hub.fake.fails = Refused(Code.CLUSTER_UNREACHABLE, "no answer")
    await hub.sample()
    assert await hub.rule() == every(hub, SELDOM)


async def test_other_settings_change_the_schedule_at_the_next_sample(hub: Hub) -> None:
    await hub.sample()
    for seconds, rule in ((30, 30), (0, SELDOM)):
        collector = CollectorSettings(gpu_seconds=seconds)
        made = hub.collector.settings.model_copy(update={"collector": collector})
        hub.collector.settings = made
        await hub.sample()
        assert await hub.rule() == every(hub, rule)
    assert len(hub.fake.asked) == 2
