"""Samples of network functions are stored and told: each once, whoever looks, and how often."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest

from contracts.clusters import CnfType
from contracts.cnf import ClockState, CnfArea, CnfUpdate, ReadCnf
from contracts.envelope import Query
from services.cnf import domain, handlers, telling
from services.cnf.handlers import LOOK, service
from services.runtime import schedules, streams
from services.runtime.answering import Answering
from services.runtime.bus import TooManySubjects
from services.runtime.due_worker import DueWorker
from services.runtime.ids import new_id
from services.runtime.replies import Asked
from services.runtime.service import QueryHandler
from services.runtime.settings import CollectorSettings
from tests.kit import builders
from tests.kit.gpu_builders import cnf_update
from tests.kit.runtime import UNTRACED, eventually, running
from tests.runtime.outbound.origins import answer, says
from tests.services.cnf import objects
from tests.services.cnf.looking import Hub
from tests.services.cnf.recordings import exposed, samples

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

ROUTE = next(route for route in service.due if route.kind == LOOK)
SITE = "tower-7"


def clocks(hub: Hub, state: int = 1) -> None:
    """The clock of the recorded slave is in this state."""
    text = exposed("ptp-slave.prom")
    clock = 'openshift_ptp_clock_state{iface="ens2fx",node="NODE_NAME",process="ptp4l"}'
    hub.prometheus.series = samples(text.replace(f"{clock} 1", f"{clock} {state}"))


async def states(hub: Hub, cluster_id: UUID) -> list[tuple[str, str | None, str]]:
    return [(each.name, each.old_state, each.new_state) for each in await hub.events(cluster_id)]


async def test_a_sample_is_stored_and_what_changes_is_told(hub: Hub) -> None:
    hub.functions()
    clocks(hub)
    cluster_id = await hub.cluster()
    await hub.look(cluster_id)
    assert await hub.events(cluster_id) == []
    clocks(hub, 2)
    crashing: Any = {"containerStatuses": [{"state": {"waiting": {"reason": "CrashLoopBackOff"}}}]}
    hub.api.pods[0] = objects.pod("du-0", asks={"openshift.io/du_fronthaul": "8"}, **crashing)
    await hub.look(cluster_id)
    await hub.look(cluster_id)
    assert [
        (each.area, each.name, each.old_state, each.new_state)
        for each in await hub.events(cluster_id)
    ] == [
        (CnfArea.PTP, "NODE_NAME/ens2fx", "LOCKED", "HOLDOVER"),
        (CnfArea.SRIOV, "worker-1/openshift.io/du_fronthaul", None, "EXHAUSTED"),
        (CnfArea.WORKLOAD, "du-site-1/du-0", "RUNNING", "CRASHING"),
    ]
    first, *_, last = await hub.samples(cluster_id)
    assert first.interval_seconds == 60
    assert last.workloads is not None
    assert (last.workloads[0].cnf_type, last.workloads[0].reason) == (
        CnfType.VDU,
        "CrashLoopBackOff",
    )


async def test_what_was_due_and_comes_again_has_no_second_effect(hub: Hub) -> None:
    clocks(hub, 2)
    cluster_id, command_id = await hub.cluster(), new_id()
    for _ in range(3):
        await hub.look(cluster_id, command_id)
    assert len(await hub.samples(cluster_id)) == 1
    assert await states(hub, cluster_id) == [("NODE_NAME/ens2fx", None, "HOLDOVER")]


async def test_workers_that_race_tell_each_change_once(hub: Hub) -> None:
    clocks(hub, 2)
    cluster_id = await hub.cluster()
    await asyncio.gather(*(hub.look(cluster_id) for _ in range(6)))
    assert await states(hub, cluster_id) == [("NODE_NAME/ens2fx", None, "HOLDOVER")]


@pytest.mark.parametrize("where", ["decide", "publish"])
async def test_a_worker_that_dies_leaves_events_and_sample_to_the_next(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    hub.functions()
    cluster_id = await hub.cluster()
    await hub.look(cluster_id)
    made = hub.collector
    quick = made.settings.workers.model_copy(update={"ack_wait": 0.5})
    settings = made.settings.model_copy(update={"workers": quick})
    reached, bus = asyncio.Event(), made.log.bus
    dying, whole = (bus, bus.publish) if where == "publish" else (telling.domain, domain.decide)

    def dies(*given: Any) -> Any:
        if where == "publish" and not given[0].startswith("tel.cnf."):
            return whole(*given)
        reached.set()
        raise asyncio.CancelledError

    async def samples_are(number: int) -> bool:
        return len(await hub.samples(cluster_id)) == number

    def worker() -> DueWorker:
        return DueWorker("cnf", ROUTE, made.log.bus, made.log, settings, UNTRACED, made.outside)

    del hub.api.pods[0]
    await bus.publish(f"due.{LOOK}.{cluster_id}", b"")
    monkeypatch.setattr(dying, where, dies)
    async with running(worker().run):
        await reached.wait()
    monkeypatch.setattr(dying, where, whole)
    async with running(worker().run):
        await eventually(lambda: samples_are(2))
    assert await states(hub, cluster_id) == [("du-site-1/du-0", "RUNNING", "GONE")]


async def test_a_cluster_with_more_histories_than_one_read_brings(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    clocks(hub, 2)
    cluster_id = await hub.cluster()
    await hub.look(cluster_id)
    bus, whole = hub.collector.log.bus, hub.collector.log.bus.get_last

    async def get_last(stream: str, filters: list[str], **more: Any) -> Any:
        if filters == [f"evt.{cluster_id}.cnf.>"]:
            raise TooManySubjects
        return await whole(stream, filters, **more)

    monkeypatch.setattr(bus, "get_last", get_last)
    await hub.look(cluster_id)
    clocks(hub, 1)
    await hub.look(cluster_id)
    assert [each[2] for each in await states(hub, cluster_id)] == ["HOLDOVER", "LOCKED"]


async def test_what_a_later_sample_decided_stands(hub: Hub) -> None:
    clocks(hub, 2)
    cluster_id = await hub.cluster()
    late = hub.store()
    await hub.look(cluster_id)
    (sample,) = await hub.samples(cluster_id)
    assert sample.ptp is not None
    locked = tuple(
        each.model_copy(update={"clock_state": ClockState.LOCKED}) for each in sample.ptp
    )
    await telling.tell(None, sample.model_copy(update={"ptp": locked}), late)
    assert [each[2] for each in await states(hub, cluster_id)] == ["HOLDOVER"]


async def test_dropped_packets_are_told_by_the_rate_between_two_samples(hub: Hub) -> None:
    def port(dropped: int) -> None:
        line = f'dpdk_imissed{{namespace="du-site-1",pod="du-0",params="0"}} {dropped}\n'
        hub.prometheus.series = samples(line)

    cluster_id = await hub.cluster()
    for ahead, dropped in ((0, 5), (60, 605), (120, 605), (180, 9)):
        hub.collector.clock.ahead = ahead
        port(dropped)
        await hub.look(cluster_id)
    told = [(each.new_state, each.value) for each in await hub.events(cluster_id)]
    assert [state for state, _ in told] == ["DROPPING", "OK"]
    assert told[0][1] == pytest.approx(10.0, rel=0.1)


async def test_a_cluster_that_does_not_answer_says_why_and_changes_nothing(hub: Hub) -> None:
    hub.functions()
    clocks(hub, 2)
    cluster_id = await hub.cluster()
    await hub.look(cluster_id)
    hub.prometheus.ill = says(answer(b"", "503 Service Unavailable"))
    hub.api.refused = dict.fromkeys(hub.api.asked, 401)
    await hub.look(cluster_id)
    *_, last = await hub.samples(cluster_id)
    assert last.workloads is last.ptp is None
    assert set(last.missing) == {"workloads", "ptp", "sriov", "dpdk"}
    assert len(await hub.events(cluster_id)) == 1


async def test_an_unreadable_sample_of_another_version_is_passed_over(hub: Hub) -> None:
    clocks(hub, 2)
    cluster_id = await hub.cluster()
    await hub.collector.log.bus.publish(f"tel.cnf.{cluster_id}.-", b'{"from": "elsewhere"}')
    await hub.look(cluster_id)
    assert len(await hub.events(cluster_id)) == 1


@pytest.mark.parametrize(
    ("kind", "discovered", "every"),
    [
        ("SPOKE", True, 60),
        ("FAR_EDGE", True, 120),
        ("SPOKE", False, 300),
        ("SPOKE", None, 300),
    ],
)
async def test_how_often_a_cluster_is_looked_at(
    hub: Hub, kind: str, discovered: bool | None, every: int
) -> None:
    cluster_id = await hub.cluster(kind=kind, discovered=discovered)
    event = builders.registered(id=cluster_id)
    await handlers.schedule_looks(builders.recorded(event), hub.store())
    assert await hub.rule(cluster_id) == schedules.spread(cluster_id, every)
    await hub.look(cluster_id)
    assert await hub.rule(cluster_id) == schedules.spread(cluster_id, every)


async def test_a_cluster_without_network_functions_is_not_asked(hub: Hub) -> None:
    clocks(hub)
    cluster_id = await hub.cluster(discovered=False)
    await hub.look(cluster_id)
    assert hub.prometheus.asked == hub.api.asked == []
    assert await hub.samples(cluster_id) == []


async def test_where_discovery_knows_nothing_what_is_found_decides(hub: Hub) -> None:
    cluster_id = await hub.cluster(discovered=None, login=False)
    await hub.look(cluster_id)
    assert await hub.samples(cluster_id) == []
    assert await hub.rule(cluster_id) == schedules.spread(cluster_id, 300)
    clocks(hub)
    await hub.look(cluster_id)
    assert len(await hub.samples(cluster_id)) == 1
    assert await hub.rule(cluster_id) == schedules.spread(cluster_id, 60)
    # As long as it does not answer, it stays at that.
    hub.prometheus.ill = says(answer(b"", "503 Service Unavailable"))
    await handlers.look(_due(cluster_id, 60), hub.store())
    assert await hub.rule(cluster_id) == schedules.spread(cluster_id, 60)


def _due(cluster_id: UUID, every: int) -> Any:
    rule = schedules.spread(cluster_id, every).encode()
    return handlers.Due(str(cluster_id), rule, builders.at())


async def test_what_discovery_finds_no_more_is_looked_at_until_it_is_gone(hub: Hub) -> None:
    clocks(hub)
    cluster_id = await hub.cluster(discovered=False)
    await hub.look(cluster_id)
    assert await hub.samples(cluster_id) == []
    told = cnf_update(cluster_id=cluster_id, sampled_at=hub.collector.clock.now())
    await telling.tell(None, told, hub.store())
    await hub.look(cluster_id)
    hub.prometheus.series = []
    for _ in range(3):
        await hub.look(cluster_id)
    *_, last_but_one, last = await hub.samples(cluster_id)
    assert last_but_one.ptp
    assert (last.ptp, last.interval_seconds) == ((), 300)
    assert len(await hub.samples(cluster_id)) == 3, "then it is known that there are none"


async def test_a_sample_says_when_the_next_one_is_due(hub: Hub) -> None:
    cluster_id = await hub.cluster(discovered=None)
    for series, every in ((True, 60), (False, 300)):
        clocks(hub)
        if not series:
            hub.prometheus.series = []
        await hub.look(cluster_id)
        *_, last = await hub.samples(cluster_id)
        assert last.interval_seconds == every
        assert await hub.rule(cluster_id) == schedules.spread(cluster_id, every)


async def test_discovery_changes_how_often(hub: Hub) -> None:
    cluster_id = await hub.cluster(discovered=None)
    await hub.discovered(cluster_id, functions=True)
    event = builders.capabilities_changed(cluster_id=cluster_id)
    await handlers.schedule_looks(builders.recorded(event), hub.store())
    assert await hub.rule(cluster_id) == schedules.spread(cluster_id, 60)


async def test_looks_can_be_switched_off(hub: Hub) -> None:
    off = CollectorSettings(cnf_seconds=0)
    hub.collector.settings = hub.collector.settings.model_copy(update={"collector": off})
    clocks(hub)
    cluster_id = await hub.cluster()
    await hub.look(cluster_id)
    assert await hub.samples(cluster_id) == []
    assert await hub.rule(cluster_id) == schedules.spread(cluster_id, 300)


async def test_a_deleted_cluster_is_looked_at_no_more(hub: Hub) -> None:
    clocks(hub)
    cluster_id = await hub.cluster()
    await hub.look(cluster_id)
    await hub.deleted(cluster_id)
    await hub.look(cluster_id)
    assert await hub.rule(cluster_id) is None
    assert len(await hub.samples(cluster_id)) == 1


@asynccontextmanager
async def site(hub: Hub, read: QueryHandler | None = None) -> AsyncGenerator[None]:
    """The collector of a far-edge site, on the same bus."""
    made = hub.collector
    routes: dict[type[Query], QueryHandler] = {ReadCnf: read or service.queries[ReadCnf]}
    settings, clock = made.settings, made.clock
    answering = Answering(
        SITE, "cnf", routes, made.log.bus, made.log, settings, UNTRACED, made.outside, clock
    )
    async with running(answering.run):
        yield


async def test_a_site_is_asked_for_what_it_reaches(hub: Hub) -> None:
    clocks(hub, 2)
    cluster_id = await hub.cluster(kind="FAR_EDGE", site=SITE, discovered=None)
    await hub.look(cluster_id)
    assert await hub.samples(cluster_id) == []
    async with site(hub):
        await hub.look(cluster_id)
    (sample,) = await hub.samples(cluster_id)
    assert sample.interval_seconds == 120
    assert hub.api.asked == []
    assert await states(hub, cluster_id) == [("NODE_NAME/ens2fx", None, "HOLDOVER")]


@pytest.mark.parametrize("told", [b"[]", cnf_update().model_dump_json().encode(), b"x" * 2_000_000])
async def test_a_site_that_tells_nonsense_is_not_believed(hub: Hub, told: bytes) -> None:
    async def read(query: ReadCnf, asked: Asked) -> Mapping[str, Any]:
        del query
        await asked.send(told)
        return {}

    cluster_id = await hub.cluster(kind="FAR_EDGE", site=SITE)
    async with site(hub, read):
        await hub.look(cluster_id)
    assert await hub.samples(cluster_id) == []


async def test_samples_are_small(hub: Hub) -> None:
    hub.functions()
    cluster_id = await hub.cluster()
    await hub.look(cluster_id)
    query = {"last_by_subj": f"tel.cnf.{cluster_id}.-"}
    stored = await hub.collector.log.bus.get(streams.TELEMETRY, query)
    assert stored is not None
    assert len(stored.data) < 2_000
    assert CnfUpdate.model_validate_json(stored.data).cluster_id == cluster_id
