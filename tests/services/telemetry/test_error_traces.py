"""New error traces of a cluster become events: each once, however often and by whom looked at."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from contracts.clusters import Checked, cluster_key
from contracts.envelope import Event
from contracts.telemetry import BackendCircuitOpened, TraceReceived, circuit_key
from services.runtime import metrics, schedules, streams
from services.runtime.backends.breaker import FAILURES, REST
from services.runtime.due_worker import DueWorker
from services.runtime.ids import new_id
from services.runtime.log import Head
from services.runtime.service import Due
from services.runtime.settings import CollectorSettings
from services.runtime.store import Store
from services.telemetry import error_traces, handlers_error_traces as looking
from services.telemetry.error_traces import EACH, MOST, Looks
from services.telemetry.error_traces_search import LIMIT
from services.telemetry.service import service
from tests.kit import builders
from tests.kit.runtime import UNTRACED, eventually, letters, running, until
from tests.runtime.outbound.origins import answer, says
from tests.services.telemetry.collecting import Collector
from tests.services.telemetry.fake_tempo import FakeTempo, found, tempo
from tests.services.telemetry.simulated_backends import FAULTY, ill

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]
NOBODY = "http://127.0.0.1:1"
ROUTE = next(route for route in service.due if route.kind == looking.LOOK)


@dataclass
class Hub:
    """A worker, a cluster with a Tempo, and what is told of it."""

    collector: Collector
    tempo: FakeTempo
    cluster_id: UUID

    def at(self, seconds_ago: float = 30) -> datetime:
        return self.collector.clock.now() - timedelta(seconds=seconds_ago)

    def fails(self, *numbers: int, seconds_ago: float = 30, **changes: Any) -> None:
        """New error traces in the Tempo."""
        self.tempo.traces += [found(each, self.at(seconds_ago), **changes) for each in numbers]

    def store(self, command_id: UUID | None = None) -> Store:
        made = self.collector
        context = builders.context(command_id=command_id or new_id())
        return Store(made.log, context, made.clock.now(), made.settings, made.outside)

    async def look(self, command_id: UUID | None = None) -> None:
        await looking.look(Due(str(self.cluster_id), b"", self.at(0)), self.store(command_id))

    async def events(self) -> list[Event]:
        """All that is told of error traces of the cluster, in order."""
        log = self.collector.log
        query = {"seq": 1, "batch": 1_000, "next_by_subj": f"evt.{self.cluster_id}.trace.>"}
        stored = await log.bus.get_many(streams.EVENTS, query)
        return [log.catalog.decode(each.headers["ce-type"], each.data) for each in stored]

    async def told(self) -> list[int]:
        """The numbers of the traces that were told."""
        told = [each for each in await self.events() if isinstance(each, TraceReceived)]
        return [int(each.trace_id, 16) for each in told]

    async def update(self, **changes: Any) -> None:
        """Change the registration."""
        log = self.collector.log
        last = await log.head(cluster_key(self.cluster_id))
        assert last is not None
        event = builders.updated(id=self.cluster_id, **changes)
        head = Head(last.sequence, last.version or 0)
        context = builders.context(command_id=new_id())
        await log.append([event], {event.key: head}, context, builders.at())

    async def rule(self) -> str | None:
        return await schedules.scheduled(self.collector.log.bus, looking.LOOK, str(self.cluster_id))


@pytest.fixture(autouse=True)
def unlooked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that has not looked at anything yet."""
    monkeypatch.setattr(looking, "_looks", Looks())


@pytest.fixture
async def hub(collector: Collector) -> AsyncGenerator[Hub]:
    async with tempo() as made:
        cluster_id = await collector.cluster(NOBODY, tempo_url=made.url)
        await Hub(collector, made, cluster_id).update(
            cluster_type="SPOKE", endpoints={"tempo_url": made.url}
        )
        yield Hub(collector, made, cluster_id)


def another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """What this one remembers is forgotten."""
    monkeypatch.setattr(looking, "_looks", Looks())


async def test_a_new_error_trace_is_told_once(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    at = hub.at()
    hub.tempo.traces = [found(0xAB, at)]
    await hub.look()
    (told,) = await hub.events()
    assert told == TraceReceived(
        cluster_id=hub.cluster_id,
        trace_id=f"{0xAB:032x}",
        root_service="shop",
        root_operation="POST /orders",
        started_at=at,
        duration_ms=412,
        span_count=5,
        error_count=2,
    )
    await hub.look()
    another_process(monkeypatch)
    await hub.look()
    assert len(hub.tempo.asked) == 3
    assert await hub.told() == [0xAB]
    hub.fails(0xAC)
    await hub.look()
    assert await hub.told() == [0xAB, 0xAC]


async def test_workers_that_race_tell_each_trace_once(hub: Hub) -> None:
    hub.fails(*range(1, 1 + EACH))
    await asyncio.gather(*(hub.look() for _ in range(6)))
    assert sorted(await hub.told()) == [*range(1, 1 + EACH)]


async def test_what_was_due_and_comes_again_has_no_second_effect(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.fails(1)
    command_id = new_id()
    await hub.look(command_id)
    another_process(monkeypatch)
    hub.fails(2)
    await hub.look(command_id)
    assert await hub.told() == [1, 2]


async def test_a_worker_that_dies_at_it_leaves_it_to_the_next(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.fails(1)
    bus, settings = hub.collector.log.bus, hub.collector.settings
    quick = settings.workers.model_copy(update={"ack_wait": 0.5})
    settings = settings.model_copy(update={"workers": quick})
    reached = asyncio.Event()
    whole = looking.pick

    def dies(*_: Any) -> Any:
        reached.set()
        raise asyncio.CancelledError

    def worker() -> DueWorker:
        return DueWorker(
            "telemetry", ROUTE, bus, hub.collector.log, settings, UNTRACED, hub.collector.outside
        )

    monkeypatch.setattr(looking, "pick", dies)
    async with running(worker().run):
        await bus.publish(f"due.{looking.LOOK}.{hub.cluster_id}", b"")
        await reached.wait()
    monkeypatch.setattr(looking, "pick", whole)
    async with running(worker().run):
        await eventually(hub.told)
    assert await hub.told() == [1]


async def test_the_rate_is_limited_and_what_is_left_out_is_counted(hub: Hub) -> None:
    before = _left_out()
    hub.fails(*range(1, 41), service="noisy")
    hub.fails(*range(41, 44), service="quiet", seconds_ago=60)
    await hub.look()
    told = [each for each in await hub.events() if isinstance(each, TraceReceived)]
    similar = [(each.root_service, each.similar) for each in told]
    assert similar == [("noisy", 40 - EACH), ("quiet", 3 - EACH), ("noisy", 0), ("quiet", 0)]
    assert _left_out() - before == 43 - 2 * EACH
    await hub.look()
    assert len(await hub.events()) == len(told), "what was left out is not told later"
    for number in range(30):
        hub.fails(100 + number, rootTraceName=f"GET /{number}")
    await hub.look()
    assert len(await hub.events()) == len(told) + MOST


def _left_out() -> float:
    name, labels = "aiops_error_traces_total", {"result": "left_out"}
    return metrics.REGISTRY.get_sample_value(name, labels) or 0.0


async def test_a_flood_of_one_service_does_not_crowd_others_out_of_the_answer(hub: Hub) -> None:
    hub.fails(*range(1, LIMIT + 50), service="noisy")
    hub.fails(5_000, service="quiet", seconds_ago=90)
    await hub.look()
    assert 5_000 in await hub.told()
    assert [form["q"] for form in hub.tempo.asked] == [
        "{ status = error }",
        '{ status = error && rootServiceName != "noisy" }',
    ]


async def test_a_look_reaches_back_to_the_last_one_and_a_little_further(hub: Hub) -> None:
    await hub.look()
    hub.collector.clock.ahead += 60
    await hub.look()
    hub.collector.clock.ahead += 7_200
    await hub.look()
    spans = [int(form["end"]) - int(form["start"]) for form in hub.tempo.asked]
    furthest = error_traces.FURTHEST.total_seconds()
    wanted = [furthest, 60 + error_traces.OVERLAP.total_seconds(), furthest]
    assert [abs(one - other) <= 3 for one, other in zip(spans, wanted, strict=True)] == [True] * 3


async def test_a_trace_whose_root_is_not_there_yet_is_told_with_it(hub: Hub) -> None:
    hub.fails(7, rootServiceName="<root span not yet received>", rootTraceName="")
    hub.fails(8, seconds_ago=90, rootServiceName="", rootTraceName="", serviceStats=None)
    await hub.look()
    (rootless,) = await hub.events()
    assert isinstance(rootless, TraceReceived)
    assert (rootless.root_service, rootless.span_count, rootless.error_count) == (None, None, 2)
    hub.tempo.traces[0] |= {"rootServiceName": "late"}
    await hub.look()
    assert await hub.told() == [8, 7]


@pytest.mark.parametrize("how", sorted(FAULTY.keys() - {"wrong shape", "huge"}))
async def test_an_ill_tempo_tells_nothing_and_is_looked_at_again(hub: Hub, how: str) -> None:
    hub.fails(1)
    hub.tempo.ill = ill(how)
    await hub.look()
    await hub.look()
    assert await hub.events() == []
    hub.tempo.ill = None
    await hub.look()
    assert await hub.told() == [1]


@pytest.mark.parametrize(
    "changes",
    [
        {"traceID": "not hex"},
        {"traceID": "ab\n"},
        {"startTimeUnixNano": "soon"},
        {"durationMs": -1},
        {"rootServiceName": 7},
        {"serviceStats": {"shop": {"spanCount": "many"}}},
    ],
)
async def test_what_is_not_of_tempos_api_is_not_told(hub: Hub, changes: dict[str, Any]) -> None:
    body = msgspec.json.encode({"traces": [found(1, hub.at()) | changes]})
    hub.tempo.ill = says(answer(body))
    await hub.look()
    assert len(hub.tempo.asked) == 1
    assert await hub.events() == []


async def test_a_tempo_that_hangs_or_fails_is_left_alone_and_told_once(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
        await asyncio.sleep(60)

    # Long enough to count: with less than a second a timeout says nothing about the Tempo.
    monkeypatch.setattr(looking, "_SECONDS", 3.0)
    hub.tempo.ill = hang
    await asyncio.gather(*(hub.look() for _ in range(FAILURES)))
    assert len(hub.tempo.asked) == FAILURES
    for _ in range(3):
        await hub.look()
    assert len(hub.tempo.asked) == FAILURES, "while it is left alone nobody looks"
    hub.tempo.ill = ill("500")
    for _ in range(3):
        hub.collector.clock.ahead += REST
        await hub.look()
    assert len(hub.tempo.asked) == FAILURES + 3
    circuit = await hub.collector.log.load(circuit_key(hub.cluster_id, Checked.TEMPO))
    assert [type(each.event) for each in circuit] == [BackendCircuitOpened]


async def test_a_cluster_that_has_left_is_looked_at_no_more(hub: Hub) -> None:
    bus, name = hub.collector.log.bus, str(hub.cluster_id)
    await schedules.put(bus, schedules.Schedule(looking.LOOK, name, "0 * * * * *"))
    log, last = hub.collector.log, await hub.collector.log.head(cluster_key(hub.cluster_id))
    assert last is not None
    gone = builders.deleted(cluster_id=hub.cluster_id)
    head = Head(last.sequence, last.version or 0)
    await log.append([gone], {gone.key: head}, builders.context(command_id=new_id()), hub.at())
    await hub.look()
    assert hub.tempo.asked == []
    assert await hub.rule() is None


async def test_a_tempo_that_has_moved_is_asked_where_it_is(hub: Hub) -> None:
    await hub.look()
    async with tempo() as other:
        await hub.update(cluster_type="SPOKE", endpoints={"tempo_url": other.url})
        other.traces = [found(3, hub.at())]
        await hub.look()
        assert (len(hub.tempo.asked), len(other.asked)) == (1, 1)
    assert await hub.told() == [3]


@pytest.mark.parametrize(
    ("changes", "interval", "looked"),
    [
        ({"cluster_type": "SPOKE"}, 60, 1),
        ({"cluster_type": "EDGE"}, 300, 1),
        ({"cluster_type": "FAR_EDGE"}, 300, 0),
        ({"cluster_type": "HUB", "endpoints": {}}, 300, 0),
    ],
)
async def test_how_often_a_cluster_is_looked_at_follows_what_it_is(
    hub: Hub, changes: dict[str, Any], interval: int, looked: int
) -> None:
    await hub.update(**({"endpoints": {"tempo_url": hub.tempo.url}} | changes))
    await hub.look()
    assert await hub.rule() == schedules.spread(hub.cluster_id, interval)
    assert len(hub.tempo.asked) == looked


async def test_looks_may_be_slower_or_left_out_by_a_setting(hub: Hub) -> None:
    for seconds, interval, looked in ((120, 120, 1), (0, 300, 1), (30, 30, 2)):
        collector = CollectorSettings(error_traces_seconds=seconds)
        hub.collector.settings = hub.collector.settings.model_copy(update={"collector": collector})
        await hub.look()
        assert await hub.rule() == schedules.spread(hub.cluster_id, interval)
        assert len(hub.tempo.asked) == looked
    with pytest.raises(ValueError, match="must be 0, 10"):
        CollectorSettings(error_traces_seconds=7)


async def test_an_ill_tempo_makes_no_dead_letter(hub: Hub) -> None:
    hub.tempo.ill = ill("500")
    bus = hub.collector.log.bus
    worker = DueWorker(
        "telemetry",
        ROUTE,
        bus,
        hub.collector.log,
        hub.collector.settings,
        UNTRACED,
        hub.collector.outside,
    )
    async with running(worker.run):
        await bus.publish(f"due.{looking.LOOK}.{hub.cluster_id}", b"")
        await until(lambda: hub.tempo.asked)

        async def settled() -> bool:
            consumer = f"CONSUMER.INFO.{streams.SCHEDULES}.due_{looking.LOOK}"
            info = await bus.api(consumer)
            return not info["num_pending"] and not info["num_ack_pending"]

        await eventually(settled)
    assert len(hub.tempo.asked) == 1
    assert await letters(bus) == []
