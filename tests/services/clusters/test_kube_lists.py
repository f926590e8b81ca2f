"""Long lists of an API server, while all kinds of things go wrong in their middle."""

import asyncio
from collections.abc import AsyncGenerator

import httpx
import pytest

from deploy.simulator.faults import Fault, FaultKind
from deploy.simulator.fleet import Fleet as Simulated
from deploy.simulator.simulator import Options, RunningCluster, simulating
from services.clusters.kube_api import ApiFailureKind as Kind, Discovered
from services.runtime.clock import SystemClock
from tests.services.clusters.api_servers import (
    Fleet,
    Said,
    Scripted,
    asked,
    failure,
    page,
    reaching,
)

pytestmark = pytest.mark.anyio

WELL = ["", "1", "2"]
"""The pages of pods as they are asked for when nothing goes wrong."""


class Lists:
    """Discovers a cluster, sees which pages of pods are asked for, and does harm at some."""

    def __init__(self, fleet: Fleet, cluster: RunningCluster) -> None:
        self.cluster = cluster
        self.pages: list[str] = []
        """Each time a page was asked for: its number among the tokens, none for the first."""
        self.harm: dict[int, Fault] = {}
        """What the so-manieth request for pods meets, counted from 0."""
        self._tokens: list[str] = []
        self.api = fleet.api(cluster, before=self._before)

    async def discover(self, seconds: float = 30.0) -> Discovered:
        return await self.api.discover(seconds)

    def _before(self, request: httpx.Request) -> None:
        name, token = asked(request)
        if name != "pods":
            return
        if token is not None and token not in self._tokens:
            self._tokens.append(token)
        if len(self.pages) in self.harm:
            self.cluster.fail(self.harm[len(self.pages)])
        self.pages.append("" if token is None else str(self._tokens.index(token) + 1))


@pytest.fixture
async def lists() -> AsyncGenerator[Lists]:
    """A cluster with 1,200 pods: three pages."""
    started = simulating(Simulated.make(1, seed=7, pods=1200), Options(bad_tls=False))
    async with started as running, reaching(running) as reached:
        yield Lists(reached, reached.cluster("hub-1"))


async def test_a_long_list_is_read_page_by_page(lists: Lists) -> None:
    await lists.discover()
    assert lists.pages == WELL


@pytest.mark.parametrize(
    "fault",
    [
        Fault(FaultKind.RESET, times=1),
        Fault(FaultKind.STATUS, status=500, times=1),
        Fault(FaultKind.STATUS, status=503, retry_after=0, times=1),
        Fault(FaultKind.STATUS, status=504, times=1),
    ],
)
async def test_a_page_that_fails_is_asked_for_again_and_no_other(
    lists: Lists, fault: Fault
) -> None:
    unharmed = await lists.discover()
    lists.pages.clear()
    lists.harm = {1: fault}
    assert await lists.discover() == unharmed
    assert lists.pages == ["", "1", "1", "2"]


async def test_a_page_may_fail_three_times_in_a_row(lists: Lists) -> None:
    once = Fault(FaultKind.RESET, times=1)
    lists.harm = {1: once, 2: once, 3: once, 5: once}
    await lists.discover()
    assert lists.pages == ["", "1", "1", "1", "1", "2", "2"]


async def test_a_page_that_fails_a_fourth_time_ends_the_discovery(lists: Lists) -> None:
    lists.harm = {1: Fault(FaultKind.STATUS, status=500)}
    failed = await failure(lists.discover(), Kind.FAILING)
    assert lists.pages == ["", "1", "1", "1", "1"]
    assert failed.message == "the API server answered 500 to: list pods"


async def test_a_server_that_asks_for_patience_gets_it(lists: Lists) -> None:
    lists.harm = {1: Fault(FaultKind.STATUS, status=429, retry_after=1, times=1)}
    clock = SystemClock()
    began = clock.monotonic()
    await lists.discover()
    assert clock.monotonic() - began >= 1.0
    assert lists.pages == ["", "1", "1", "2"]


async def test_a_server_that_asks_for_too_much_patience_is_given_up(lists: Lists) -> None:
    lists.harm = {1: Fault(FaultKind.STATUS, status=429, retry_after=3600)}
    failed = await failure(lists.discover(), Kind.FAILING)
    assert failed.retry_after == 3600
    assert lists.pages == ["", "1"]


async def test_a_list_that_expires_half_way_begins_anew_and_counts_nothing_twice(
    lists: Lists,
) -> None:
    unharmed = await lists.discover()
    lists.pages.clear()
    lists.harm = {2: Fault(FaultKind.OLD_CONTINUE, times=1)}
    assert await lists.discover() == unharmed
    assert lists.pages == ["", "1", "2", "", "1", "2"]


async def test_a_list_that_always_expires_is_given_up(lists: Lists) -> None:
    lists.cluster.fail(FaultKind.OLD_CONTINUE)
    failed = await failure(lists.discover(), Kind.FAILING)
    assert lists.pages == ["", "1"] * 4
    assert (failed.status, "list pods" in failed.message) == (410, True)


async def test_a_server_that_hangs_is_left_at_the_deadline(lists: Lists) -> None:
    lists.cluster.fail(FaultKind.HANG)
    clock = SystemClock()
    began = clock.monotonic()
    failed = await failure(lists.discover(0.5), Kind.UNREACHABLE)
    assert 0.5 <= clock.monotonic() - began < 20.0
    assert "within 0.5 s" in failed.message
    assert not failed.answered


async def test_a_server_that_hangs_half_way_has_answered(lists: Lists) -> None:
    lists.harm = {1: Fault(FaultKind.HANG)}
    failed = await failure(lists.discover(5.0), Kind.FAILING)
    assert failed.answered
    assert lists.pages == ["", "1"]


async def test_what_is_waited_for_at_the_deadline_is_told(lists: Lists) -> None:
    lists.harm = {1: Fault(FaultKind.STATUS, status=429, retry_after=20)}
    failed = await failure(lists.discover(5.0), Kind.FAILING)
    assert "within 5 s" in failed.message
    assert "answered 429 to: list pods" in failed.message


class Silent(Scripted):
    """A server that takes a request and says nothing."""

    def __init__(self) -> None:
        super().__init__(lambda _: Said(page()), before=self._wait)
        self.reached = asyncio.Event()

    async def _wait(self) -> None:
        self.reached.set()
        await asyncio.Event().wait()


async def test_nothing_goes_on_running_after_the_deadline() -> None:
    server, running = Silent(), asyncio.all_tasks()
    await failure(server.api.discover(1.0), Kind.UNREACHABLE)
    assert asyncio.all_tasks() == running
    assert len(server.requests) == 1


async def test_a_cancelled_discovery_asks_for_nothing_more() -> None:
    server = Silent()
    task = asyncio.create_task(server.api.discover(30))
    await server.reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(server.requests) == 1


async def test_a_server_that_gives_the_same_token_again_is_not_asked_for_ever() -> None:
    server = Scripted(lambda _: Said(page(token="same")))
    await failure(server.api.discover(30), Kind.NOT_KUBERNETES)
    assert len(server.requests) == 2


async def test_a_server_whose_list_never_ends_is_left_after_two_thousand_pages() -> None:
    count = 0

    def answer(request: httpx.Request) -> Said:
        del request
        nonlocal count
        count += 1
        return Said(page(token=str(count)))

    failed = await failure(Scripted(answer).api.discover(60), Kind.NOT_KUBERNETES)
    assert count == 2000
    assert "never comes to an end with: list namespaces" in failed.message
