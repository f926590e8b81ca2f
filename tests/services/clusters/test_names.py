"""Names are unique among live clusters, whoever races and wherever a handler is cut off."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import cast
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings as tuned, strategies as st

from contracts.clusters import (
    ClusterDeleted,
    ClusterEvent,
    ClusterNameEvent,
    ClusterNameFreed,
    ClusterNameTaken,
    ClusterRegistered,
    ClusterUpdated,
    DeleteCluster,
    RegisterCluster,
    UpdateCluster,
    cluster_key,
    cluster_name_key,
)
from contracts.refusals import Code, Refused, TryLater
from services.clusters import handlers
from services.runtime import bus as buses, process
from services.runtime.answers import Ack, Outgoing
from services.runtime.bus import Bus
from services.runtime.clock import SystemClock
from services.runtime.ids import new_id
from services.runtime.log import EventLog
from services.runtime.settings import Settings
from services.runtime.store import Accepted, Store
from tests.kit import builders
from tests.kit.streams import fresh_streams

pytestmark = pytest.mark.nats

NAMES = ("alpha", "beta")
LATER = timedelta(minutes=2)
Command = RegisterCluster | UpdateCluster | DeleteCluster
Step = tuple[str, int, str, float | None]
"""What is done, to which cluster, under which name, and at which append its worker dies."""
Wave = tuple[list[Step], bool]
"""Steps at the same time, and whether those that were cut off come again."""


class Killed(Exception):
    """The worker has died."""


@dataclass
class Cut(EventLog):
    """A log whose user dies at an append: before it, or after it and before the answer."""

    left: float = float("inf")
    """Appends until then; half of one more means that it is stored, but nobody hears of it."""

    async def _publish(self, messages: Sequence[Outgoing]) -> Ack:
        if self.left < 0.5:
            raise Killed
        ack = await super()._publish(messages)
        self.left -= 1
        if self.left < 0:
            raise Killed
        return ack


@dataclass
class Fleet:
    """Commands on a real log, handled by workers that may die."""

    bus: Bus
    settings: Settings
    clusters: list[UUID] = field(default_factory=list[UUID])

    @property
    def log(self) -> EventLog:
        return process.event_log(self.bus, self.settings)

    async def handle(
        self, command: Command, command_id: UUID, *, dies: float | None = None, later: bool = False
    ) -> Accepted | Code | None:
        """What becomes of a command, None if its worker dies."""
        log = self.log
        cut = Cut(log.bus, log.facts_age, left=float("inf") if dies is None else dies)
        at = SystemClock().now() + (LATER if later else timedelta())
        store = Store(cut, builders.context(command_id=command_id), at, self.settings)
        try:
            match command:
                case RegisterCluster():
                    return await handlers.register(command, store)
                case UpdateCluster():
                    return await handlers.update(command, store)
                case DeleteCluster():
                    return await handlers.delete(command, store)
        except Refused as refused:
            return refused.code
        except (Killed, TryLater):
            return None

    async def register(
        self, name: str, command_id: UUID | None = None, *, dies: float | None = None,
        later: bool = False,
    ) -> Accepted | Code | None:  # fmt: skip
        command = builders.register(name=name)
        return await self.handle(command, command_id or new_id(), dies=dies, later=later)

    async def check(self) -> dict[str, UUID]:
        """Read the whole log: who holds which name at its end; no name had two clusters ever."""
        holders: dict[str, UUID] = {}
        live: dict[UUID, str] = {}
        for stored in await self.log.read(1, 10_000):
            entry = self.log.catalog.decode(stored.headers["ce-type"], stored.data)
            match cast(ClusterEvent | ClusterNameEvent, entry):
                case ClusterNameTaken() as taken:
                    holders[taken.name] = taken.cluster_id
                case ClusterNameFreed() as freed:
                    assert holders.pop(freed.name) == freed.cluster_id
                case ClusterRegistered() | ClusterUpdated() as told:
                    live[told.cluster.id] = told.cluster.name
                    assert holders[told.cluster.name] == told.cluster.id
                case ClusterDeleted() as ended:
                    live.pop(ended.cluster_id, None)
            assert len(set(live.values())) == len(live), "a name has two live clusters"
        assert {name: holders[name] for name in live.values()} == {
            name: cluster for cluster, name in live.items()
        }
        return holders


@pytest.fixture
def fleet(bus: Bus, bus_settings: Settings) -> Fleet:
    return Fleet(bus, bus_settings)


CUTS = st.sampled_from([None, None, None, 0, 0.5, 1, 1.5])
STEPS = st.tuples(
    st.sampled_from(["register", "register", "rename", "delete"]),
    st.integers(min_value=0, max_value=3),
    st.sampled_from(NAMES),
    CUTS,
)
WAVES = st.lists(
    st.tuples(st.lists(STEPS, min_size=1, max_size=4), st.booleans()), min_size=1, max_size=4
)


def _command(fleet: Fleet, what: str, number: int, name: str) -> Command:
    known = fleet.clusters[number % len(fleet.clusters)] if fleet.clusters else UUID(int=1)
    match what:
        case "rename":
            return UpdateCluster(cluster_id=known, patch={"name": name})
        case "delete":
            return DeleteCluster(cluster_id=known)
        case _:
            return builders.register(name=name)


async def _play(settings: Settings, waves: list[Wave]) -> None:
    await fresh_streams(settings)
    bus = await buses.connect(settings.nats, "names")
    fleet = Fleet(bus, settings)
    try:
        for steps, again in waves:
            commands = [(_command(fleet, *step[:3]), new_id(), step[3]) for step in steps]
            done = await asyncio.gather(
                *(fleet.handle(command, name, dies=dies) for command, name, dies in commands)
            )
            # Those whose worker has died come again, or never: somebody has purged the queue.
            left = [
                (command, name)
                for (command, name, _), result in zip(commands, done, strict=True)
                if result is None and again
            ]
            done += await asyncio.gather(*(fleet.handle(*each) for each in left))
            assert None not in done[len(commands) :]
            fleet.clusters += [
                UUID(result.id) for result in done if isinstance(result, Accepted) and result.id
            ]
            await fleet.check()
        # Whatever was cut off for good: two minutes later every name can be had, or is in use.
        for name in NAMES:
            granted = await fleet.register(name, later=True)
            assert isinstance(granted, Accepted) or granted is Code.CLUSTER_ALREADY_EXISTS
            holder = (await fleet.check())[name]
            last = await fleet.log.head(cluster_key(holder))
            assert last is not None
            assert not isinstance(last.event, ClusterDeleted)
    finally:
        await bus.close()


def test_no_name_has_two_clusters_and_none_is_lost(bus_settings: Settings) -> None:
    @given(WAVES)
    @tuned(
        max_examples=40,
        deadline=None,
        suppress_health_check=(HealthCheck.too_slow, HealthCheck.nested_given),
    )
    def _machine(waves: list[Wave]) -> None:
        asyncio.run(_play(bus_settings, waves))

    _machine()


@pytest.mark.anyio
@pytest.mark.parametrize("dies", [0, 0.5, 1, 1.5])
async def test_a_registration_that_was_cut_off_goes_on_when_it_comes_again(
    fleet: Fleet, dies: float
) -> None:
    command_id = new_id()
    assert await fleet.register("alpha", command_id, dies=dies) is None
    done = await fleet.register("alpha", command_id)
    assert isinstance(done, Accepted)
    assert await fleet.check() == {"alpha": UUID(done.id)}
    assert (await fleet.log.bounds())[1] == 2


@pytest.mark.anyio
async def test_a_name_that_was_reserved_before_is_not_reserved_again(fleet: Fleet) -> None:
    command_id = new_id()
    assert await fleet.register("alpha", command_id, dies=1) is None
    # The first thing that it appends now is the registration.
    assert await fleet.register("alpha", command_id, dies=0.5) is None
    assert (await fleet.log.bounds())[1] == 2


@pytest.mark.anyio
async def test_a_name_that_is_being_registered_is_taken(fleet: Fleet) -> None:
    assert await fleet.register("alpha", dies=1) is None
    assert await fleet.register("alpha") is Code.CLUSTER_ALREADY_EXISTS


@pytest.mark.anyio
async def test_a_registration_that_never_comes_again_lets_go_of_its_name(fleet: Fleet) -> None:
    lost = new_id()
    assert await fleet.register("alpha", lost, dies=1) is None
    second = await fleet.register("alpha", later=True)
    assert isinstance(second, Accepted)
    # It comes again after all: too late.
    assert await fleet.register("alpha", lost) is Code.VERSION_CONFLICT
    assert await fleet.check() == {"alpha": UUID(second.id)}


@pytest.mark.anyio
@pytest.mark.parametrize("dies", [0, 0.5, 1, 1.5, 2, 2.5])
async def test_whoever_ends_a_lost_registration_may_be_cut_off_too(
    fleet: Fleet, dies: float
) -> None:
    assert await fleet.register("alpha", dies=1) is None
    second = new_id()
    assert await fleet.register("alpha", second, dies=dies, later=True) is None
    done = await fleet.register("alpha", second, later=True)
    assert isinstance(done, Accepted)
    assert await fleet.check() == {"alpha": UUID(done.id)}


@pytest.mark.anyio
async def test_a_cluster_whose_name_was_given_up_is_never_registered_beside(fleet: Fleet) -> None:
    lost = new_id()
    assert await fleet.register("alpha", lost, dies=1) is None
    both = await asyncio.gather(fleet.register("alpha", lost), fleet.register("alpha", later=True))
    assert len([each for each in both if isinstance(each, Accepted)]) == 1
    last = await fleet.log.head(cluster_name_key("alpha"))
    assert last is not None
    assert len(await fleet.check()) == 1
