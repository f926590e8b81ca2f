"""Schedules are kept and fired by the bus, and what is due is done once by any worker."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from contracts.refusals import Poisoned, TryLater
from services.runtime import dead_letters, schedules, streams
from services.runtime.bus import Bus, JetStreamRefused
from services.runtime.due_worker import DueWorker
from services.runtime.log import EventLog
from services.runtime.schedules import Schedule, cancel, put, scheduled
from services.runtime.service import Due, Service
from services.runtime.settings import Settings
from services.runtime.store import Store
from tests.kit import builders
from tests.kit.runtime import UNTRACED, eventually, letters, running, until, with_workers

pytestmark = [pytest.mark.anyio, pytest.mark.nats]

Act = Callable[[Due, Store], Awaitable[None]]
EVERY_SECOND = Schedule("check", "edge-1", "@every 1s", b'{"a":1}')


@dataclass
class Checks:
    """Notes what was done, after doing what a test wants."""

    act: Act | None = None
    done: Counter[str] = field(default_factory=Counter[str])

    async def __call__(self, due: Due, store: Store) -> None:
        if self.act is not None:
            await self.act(due, store)
        self.done[due.id] += 1


@dataclass
class Hub:
    """A bus on which things are due."""

    bus: Bus
    log: EventLog
    settings: Settings

    def worker(self, checks: Checks, *, places: int = 8, **limits: float) -> DueWorker:
        service = Service("clusters")

        @service.when_due("check", places=places)
        async def check(due: Due, store: Store) -> None:
            """Do what the test wants."""
            await checks(due, store)

        settings = with_workers(self.settings, **limits)
        return DueWorker("clusters", service.due[0], self.bus, self.log, settings, UNTRACED)

    async def fire(self, *names: str) -> None:
        """As the server does when a schedule is due."""
        for name in names:
            await self.bus.publish(f"due.check.{name}", b"{}")

    async def left(self, name: str = "due_check") -> int:
        """Due messages that nobody has settled."""
        info = await self.bus.api(f"CONSUMER.INFO.{streams.SCHEDULES}.{name}")
        return info["num_pending"] + info["num_ack_pending"]

    async def settled(self) -> None:
        async def nothing_left() -> bool:
            return await self.left() == 0

        await eventually(nothing_left)


@pytest.fixture
def hub(bus: Bus, log: EventLog, bus_settings: Settings) -> Hub:
    return Hub(bus, log, bus_settings)


async def test_what_is_scheduled_is_done_again_and_again_until_it_is_cancelled(hub: Hub) -> None:
    bodies: list[bytes] = []

    async def note(due: Due, _: Store) -> None:
        bodies.append(due.body)

    checks = Checks(note)
    await put(hub.bus, EVERY_SECOND)
    assert await scheduled(hub.bus, "check", "edge-1") == "@every 1s"
    async with running(hub.worker(checks).run):
        await until(lambda: checks.done["edge-1"] >= 2)
        await cancel(hub.bus, "check", "edge-1")
        assert await scheduled(hub.bus, "check", "edge-1") is None
        await hub.settled()
        seen = checks.done["edge-1"]
        await asyncio.sleep(1.5)
    assert checks.done["edge-1"] == seen
    assert set(bodies) == {b'{"a":1}'}


async def test_another_schedule_replaces_the_one_before(bus: Bus) -> None:
    await put(bus, EVERY_SECOND)
    await put(bus, Schedule("check", "edge-1", "7,37 * * * * *"))
    assert await scheduled(bus, "check", "edge-1") == "7,37 * * * * *"


async def test_what_is_scheduled_may_be_done_at_once_for_a_first_time(hub: Hub) -> None:
    checks = Checks()
    async with running(hub.worker(checks).run):
        await put(hub.bus, Schedule("check", "edge-1", "0 0 0 1 1 *"), first=True)
        await until(lambda: checks.done["edge-1"] == 1)
        await hub.settled()
    assert checks.done["edge-1"] == 1


async def test_a_rule_that_the_bus_does_not_know_is_an_error(bus: Bus) -> None:
    with pytest.raises(JetStreamRefused):
        await put(bus, Schedule("check", "edge-1", "now and then"))


async def test_any_outside_name_may_be_scheduled(bus: Bus) -> None:
    odd = Schedule("check", "node.1/*>", "@every 30s")
    await put(bus, odd)
    assert await scheduled(bus, "check", "node.1/*>") == "@every 30s"


async def test_two_workers_share_what_is_due(hub: Hub) -> None:
    names = [f"edge-{number}" for number in range(40)]
    first, second = Checks(), Checks()
    async with running(hub.worker(first).run), running(hub.worker(second).run):
        await hub.fire(*names)
        await until(lambda: (first.done + second.done).total() >= 40)
        await hub.settled()
    assert first.done + second.done == Counter(names)


async def test_one_that_takes_long_delays_no_other(hub: Hub) -> None:
    release = asyncio.Event()

    async def hang(due: Due, _: Store) -> None:
        if due.id == "slow":
            await release.wait()

    checks = Checks(hang)
    async with running(hub.worker(checks, ack_wait=2).run):
        await hub.fire("slow", *[f"edge-{number}" for number in range(20)])
        await until(lambda: checks.done.total() == 20)
        # It is due again before it is done: that is not begun beside it, but after it.
        await hub.fire("slow")
        await asyncio.sleep(2.5)
        release.set()
        await hub.settled()
    assert checks.done["slow"] == 2


async def test_what_is_due_again_while_it_is_being_done_is_done_once_more(hub: Hub) -> None:
    go, begun = asyncio.Event(), 0

    async def slow(_: Due, __: Store) -> None:
        nonlocal begun
        begun += 1
        await go.wait()

    checks = Checks(slow)
    async with running(hub.worker(checks).run):
        await hub.fire("edge-1")
        await until(lambda: begun == 1)
        for _ in range(3):
            # What has changed meanwhile, such as credentials, the one in work has not seen.
            await hub.fire("edge-1")
            await asyncio.sleep(0.1)
        assert begun == 1
        go.set()
        await hub.settled()
    assert checks.done["edge-1"] == 2


async def test_what_was_missed_is_done_once(hub: Hub) -> None:
    checks = Checks()
    worker = hub.worker(checks)
    async with running(worker.run):
        await hub.fire("edge-1")
        await until(lambda: checks.done["edge-1"] == 1)
        await hub.settled()
    for _ in range(5):
        await hub.fire("edge-1", "edge-2")
    async with running(hub.worker(checks).run):
        await hub.settled()
        await until(lambda: checks.done["edge-2"] == 1)
    assert checks.done == Counter({"edge-1": 2, "edge-2": 1})


async def test_a_killed_worker_loses_nothing_that_was_due(hub: Hub) -> None:
    begun = asyncio.Event()

    async def die(_: Due, __: Store) -> None:
        begun.set()
        await asyncio.Event().wait()

    worker = hub.worker(Checks(die), ack_wait=1.0)
    loop = asyncio.ensure_future(worker.run(asyncio.Event()))
    await hub.fire("edge-1")
    await begun.wait()
    for task in [*worker._bench._running, loop]:
        task.cancel()
    await asyncio.gather(loop, return_exceptions=True)
    other = Checks()
    async with running(hub.worker(other, ack_wait=1.0).run):
        await until(lambda: other.done["edge-1"] == 1)


async def test_a_repeat_has_the_command_id_of_the_first_try(hub: Hub) -> None:
    ids: list[str] = []

    async def fail_once(_: Due, store: Store) -> None:
        ids.append(str(store.context.command_id))
        if len(ids) == 1:
            raise TryLater("not now", delay=0.01)

    checks = Checks(fail_once)
    async with running(hub.worker(checks).run):
        await hub.fire("edge-1")
        await until(lambda: checks.done["edge-1"] == 1)
    assert len(set(ids)) == 1


async def test_a_bug_is_buried_and_can_be_retried_by_hand(hub: Hub) -> None:
    cured = asyncio.Event()

    async def fail(_: Due, __: Store) -> None:
        if not cured.is_set():
            raise Poisoned("a bug")

    checks = Checks(fail)
    async with running(hub.worker(checks).run):
        await hub.fire("edge-1", "edge-2")
        await hub.settled()
        buried = await letters(hub.bus)
        assert {letter.subject for letter in buried} == {"due.check.edge-1", "due.check.edge-2"}
        assert {letter.error for letter in buried} == {"a bug"}
        cured.set()
        await dead_letters.retry(hub.bus, buried[0].sequence)
        await until(lambda: checks.done.total() == 1)


async def test_what_a_check_finds_is_appended_in_its_name(hub: Hub) -> None:
    async def find(due: Due, store: Store) -> None:
        event = builders.registered(name=due.id)
        await store.append([event], {})

    checks = Checks(find)
    async with running(hub.worker(checks).run):
        await hub.fire("edge-1")
        await until(lambda: checks.done["edge-1"] == 1)
    (stored,) = await hub.log.read(1, 10)
    assert stored.headers["ce-actor"] == "service:clusters"
    assert stored.headers["ce-source"] == "/services/clusters"


async def test_a_cancelled_schedule_ages_out(bus: Bus) -> None:
    await put(bus, EVERY_SECOND)
    await schedules.cancel(bus, "check", "edge-1")

    async def gone() -> bool:
        return await bus.get(streams.SCHEDULES, {"last_by_subj": "sch.check.edge-1"}) is None

    await eventually(gone)
