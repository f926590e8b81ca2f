"""A follower folds a stream in order and acts on all of it."""

import asyncio
from collections.abc import Callable, Sequence

import pytest

from contracts.catalog import EventCatalog
from contracts.envelope import Recorded
from contracts.refusals import TryLater
from services.runtime import metrics, process
from services.runtime.bus import Bus, BusUnavailable
from services.runtime.health import Finding
from services.runtime.log import Conflict, EventLog
from services.runtime.service import Service
from services.runtime.settings import Settings
from tests.kit.runtime import running, store, until
from tests.runtime.followers import kit
from tests.runtime.followers.kit import (
    LEDGER,
    SERVICE,
    Ledger,
    LedgerSettled,
    Makers,
    NoticeTaken,
    all_settled,
    host,
    log_on,
    notice,
)

pytestmark = [pytest.mark.anyio, pytest.mark.nats]


async def test_all_is_taken_in_order_and_settled_once(
    notices: EventLog, bus_settings: Settings
) -> None:
    makers = Makers()
    async with running(host(notices, bus_settings, makers).run):
        for start in range(0, 60, 20):
            await notice(notices, range(start, start + 20))
        assert sorted(await all_settled(notices, 60)) == [*range(60)]
        await until(lambda: not makers.last.open)
    taken = makers.last.taken
    assert taken == [*range(1, len(taken) + 1)]


async def test_nothing_is_decided_before_all_that_was_there_is_taken(
    notices: EventLog, bus_settings: Settings
) -> None:
    await notice(notices, range(700))
    makers = Makers()
    async with running(host(notices, bus_settings, makers).run):
        await until(lambda: makers.made and makers.last.acts)
    assert makers.last.acts[0] >= 700


async def test_events_for_others_at_the_end_keep_nobody_from_acting(
    notices: EventLog, bus_settings: Settings
) -> None:
    await notice(notices, range(3))
    for number in range(3):
        await notices.bus.publish(f"evt.-.other.{number}.told", b"{}")
    makers = Makers()
    async with running(host(notices, bus_settings, makers).run):
        assert await all_settled(notices, 3) == [0, 1, 2]
    assert makers.last.acts[0] == 3


async def test_it_acts_while_nothing_comes(notices: EventLog, bus_settings: Settings) -> None:
    makers = Makers()
    async with running(host(notices, bus_settings, makers).run):
        await until(lambda: makers.made and len(makers.last.acts) >= 5)
    assert makers.last.taken == []


async def test_one_that_rests_acts_seldom_while_nothing_comes_and_soon_once_something_does(
    notices: EventLog, bus_settings: Settings
) -> None:
    makers = Makers(rest=60)
    async with running(host(notices, bus_settings, makers).run):
        await until(lambda: makers.made and len(makers.last.acts) >= 2)
        await asyncio.sleep(0.5)
        assert len(makers.last.acts) == 2, "25 without a rest"
        await notice(notices, range(3))
        assert await all_settled(notices, 3) == [0, 1, 2]


@pytest.mark.parametrize(
    "error", [Conflict("somebody was first"), TryLater("soon", 0.01), BusUnavailable("away")]
)
async def test_an_act_that_cannot_be_now_is_tried_again(
    notices: EventLog, bus_settings: Settings, error: Exception
) -> None:
    errors = [error, error]

    def fail() -> None:
        if errors:
            raise errors.pop()

    def prepare(ledger: Ledger) -> None:
        ledger.before_act = fail

    makers = Makers(prepare=prepare)
    await notice(notices, range(2))
    async with running(host(notices, bus_settings, makers).run):
        assert await all_settled(notices, 2) == [0, 1]
    assert len(makers.made) == 1


async def test_acts_that_cannot_be_for_long_are_an_error(
    notices: EventLog, bus_settings: Settings
) -> None:
    def fail() -> None:
        raise Conflict("what it knows of is gone")

    def prepare(ledger: Ledger) -> None:
        ledger.before_act = fail

    follower = host(notices, bus_settings, Makers(prepare=prepare))
    async with running(follower.run):
        await until(lambda: follower.error)
        assert follower.error == "acts are refused: what it knows of is gone"


async def test_a_bug_in_an_act_has_the_fold_made_anew(
    notices: EventLog, bus_settings: Settings
) -> None:
    bugs = [ValueError("a bug")]

    def fail() -> None:
        if bugs:
            raise bugs.pop()

    def prepare(ledger: Ledger) -> None:
        ledger.before_act = fail

    makers = Makers(prepare=prepare)
    await notice(notices, range(2))
    follower = host(notices, bus_settings, makers)
    async with running(follower.run):
        await until(lambda: follower.error == "ValueError: a bug")
        assert await all_settled(notices, 2) == [0, 1]
        await until(lambda: follower.error is None)
    assert len(makers.made) == 2


async def test_a_fold_that_hangs_is_told_and_made_anew_under_a_lease_that_was_kept(
    notices: EventLog, bus_settings: Settings
) -> None:
    never = asyncio.Event()

    def prepare(ledger: Ledger) -> None:
        ledger.hangs = never if len(makers.made) == 0 else None

    makers, waiting = Makers(prepare=prepare), Makers()
    await notice(notices, range(2))
    rhythm = kit.Rhythm(act=0.02, snapshot=60, patience=6, lease=4)
    first, second = (host(notices, bus_settings, each, rhythm) for each in (makers, waiting))
    async with running(first.run):
        await until(lambda: first.held)
        async with running(second.run):
            await until(lambda: first.error or second.held)
            assert "take has not come back in time" in (first.error or "")
            assert await all_settled(notices, 2) == [0, 1]


async def test_a_fold_that_hangs_is_not_waited_for_at_the_end(
    notices: EventLog, bus_settings: Settings
) -> None:
    never = asyncio.Event()

    def prepare(ledger: Ledger) -> None:
        ledger.hangs = never

    await notice(notices, range(2))
    rhythm = kit.Rhythm(act=0.02, snapshot=60, patience=3600, grace=0.1)
    follower = host(notices, bus_settings, Makers(prepare=prepare), rhythm)
    async with running(follower.run):
        await until(lambda: follower.held)
    assert follower.held == frozenset()


def _fails_at(number: int) -> Callable[[Sequence[Recorded]], None]:
    def look(batch: Sequence[Recorded]) -> None:
        if any(isinstance(e.event, NoticeTaken) and e.event.number == number for e in batch):
            raise KeyError(number)

    return look


async def test_an_event_that_cannot_be_folded_is_passed_over(
    notices: EventLog, bus_settings: Settings
) -> None:
    def prepare(ledger: Ledger) -> None:
        ledger.before_take = _fails_at(3)

    makers = Makers(prepare=prepare)
    await notice(notices, range(8))
    before = _passed_over(makers) or 0
    async with running(host(notices, bus_settings, makers).run):
        assert await all_settled(notices, 7) == [0, 1, 2, 4, 5, 6, 7]
    assert _passed_over(makers) == before + 1


async def test_an_event_that_cannot_be_read_is_passed_over(
    notices: EventLog, bus_settings: Settings
) -> None:
    headers = {"ce-type": NoticeTaken.names.type}
    await notices.bus.publish("evt.-.notice.x.taken", b"{broken", headers)
    await notice(notices, range(2))
    makers = Makers()
    before = _passed_over(makers) or 0
    async with running(host(notices, bus_settings, makers).run):
        assert await all_settled(notices, 2) == [0, 1]
    assert makers.last.taken[:2] == [2, 3]
    assert _passed_over(makers) == before + 1


def _passed_over(makers: Makers) -> float | None:
    return metrics.REGISTRY.get_sample_value(
        "aiops_follower_skipped_total", {"follower": makers.follower.name}
    )


async def test_a_program_that_is_too_old_stops_and_leaves_it_to_a_newer_one(
    notices: EventLog, bus: Bus, bus_settings: Settings
) -> None:
    await notice(notices, range(2))
    await store(notices, LedgerSettled(numbers=(0, 1)))
    old = host(log_on(bus, bus_settings, EventCatalog([NoticeTaken])), bus_settings, Makers())
    makers = Makers()
    new = host(notices, bus_settings, makers)
    async with running(old.run):
        await until(lambda: old.error)
        assert old.error == f"this program cannot go on: {LedgerSettled.names.type}"
        await until(lambda: not old.held)
        async with running(new.run):
            await until(lambda: makers.made and makers.last.acts)
            assert (new.held, old.held) == ({0}, frozenset())
    head = await notices.head(LEDGER)
    assert head is not None
    assert makers.last.head.sequence == head.sequence


async def test_how_it_stands_is_told_in_words(notices: EventLog, bus_settings: Settings) -> None:
    await notice(notices, range(2))
    makers = Makers()
    follower = host(notices, bus_settings, makers)
    assert follower.detail == "another process follows"
    async with running(follower.run):
        await all_settled(notices, 2)
        await until(lambda: follower.detail == "at 3, 0 behind")


async def test_the_process_of_a_service_runs_its_followers_and_tells_how_they_stand(
    bus_settings: Settings,
) -> None:
    service, makers = Service(SERVICE), Makers()
    service.followers.append(makers.follower)
    runtime = await process.start("test", bus_settings)
    try:
        (loop,) = process.service_loops(runtime, [service])
        check = runtime.health.checks["follower.ledgers_ledger"]
        assert check() == Finding(ready=True, detail="another process follows")
        async with running(loop):
            await until(lambda: check() == Finding(ready=True, detail="at 0, 0 behind"))
    finally:
        await runtime.close()


def test_a_follower_has_a_description_and_a_name_of_its_own() -> None:
    service = Service(SERVICE)

    def ledger(snapshot: bytes | None) -> Ledger:
        """Settles what is noticed."""
        return Ledger()

    service.follows(NoticeTaken, LedgerSettled, version=1)(ledger)
    with pytest.raises(ValueError, match="two followers"):
        service.follows(NoticeTaken, version=1)(ledger)
    ledger.__doc__ = None
    with pytest.raises(ValueError, match="needs a docstring"):
        service.follows(NoticeTaken, version=1)(ledger)
    (follower,) = service.followers
    assert follower.name == "ledgers_ledger"
    assert follower.subjects == ("evt.*.ledger.*.settled.*", "evt.*.notice.*.taken")
