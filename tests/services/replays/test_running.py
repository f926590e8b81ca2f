"""A replay on the real log: limits, cancelling half-way, dying on the way, and being told once."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from contracts.envelope import Recorded
from contracts.refusals import Code, Refused
from contracts.replays import (
    CancelReplay,
    ReplayAsked,
    ReplayCompleted,
    ReplayFailed,
    ReplayKind,
    ReplayResult,
    StartReplay,
    replay_key,
)
from services.replays import handlers
from services.replays.correlation import correlate
from services.replays.running import Cancelled, Run
from services.runtime.clock import SystemClock
from services.runtime.ids import new_id
from services.runtime.log import NOTHING, EventLog
from services.runtime.principals import EVERYWHERE, NOWHERE, Scope
from services.runtime.settings import Settings
from services.runtime.store import Store
from tests.kit import builders
from tests.kit.replay_builders import replay_result
from tests.kit.runtime import store_each
from tests.services.incidents.correlating.kit import pods

pytestmark = [pytest.mark.anyio, pytest.mark.nats]


def _asked(**changes: Any) -> ReplayAsked:
    now, hour = SystemClock().now(), timedelta(hours=1)
    values = {"kind": ReplayKind.CORRELATION, "start": now - hour, "end": now + hour}
    return ReplayAsked.model_validate(values | changes)


class Hub:
    """The log, and the handlers of the service."""

    def __init__(self, log: EventLog, settings: Settings) -> None:
        self.log, self.settings = log, settings

    def store(self, scope: Scope = EVERYWHERE) -> Store:
        context = builders.context(command_id=new_id())
        return Store(self.log, context, SystemClock().now(), self.settings, scope=scope)

    async def start(self, **changes: Any) -> Recorded:
        command = StartReplay(asked=_asked(**changes))
        accepted = await handlers.start_replay(command, self.store())
        stored = await self.log.head(replay_key(UUID(accepted.id)))
        assert stored is not None
        return stored

    async def cancel(self, replay_id: UUID) -> None:
        await handlers.cancel_replay(CancelReplay(replay_id=replay_id), self.store())

    async def told(self, started: Recorded) -> Sequence[type]:
        found = await self.log.load_part(started.event.key, 1, 10)
        return [type(each.event) for each in found]

    async def trouble(self, count: int) -> None:
        await store_each(self.log, [(event, NOTHING) for event in pods(count)])

    def run(self, asked: ReplayAsked, *, until: int = 1_000_000, **limits: Any) -> Run:
        """One that is wanted for so many looks."""
        looks = iter(range(until))

        async def is_wanted() -> bool:
            return next(looks, None) is not None

        return Run(self.log, asked, SystemClock().now(), self.settings, is_wanted, **limits)


@pytest.fixture
def hub(log: EventLog, bus_settings: Settings) -> Hub:
    return Hub(log, bus_settings)


async def test_more_than_is_read_is_refused(hub: Hub) -> None:
    await hub.trouble(8)
    assert (await correlate(hub.run(_asked(), most_events=8))).events == 8
    with pytest.raises(Refused) as refused:
        await correlate(hub.run(_asked(), most_events=7))
    assert refused.value.code is Code.LIMIT_REACHED


async def test_what_is_not_wanted_any_more_stops_half_way(hub: Hub) -> None:
    await hub.trouble(3)
    with pytest.raises(Cancelled):
        await correlate(hub.run(_asked(), until=0))


async def test_cancelled_half_way_nothing_else_is_told_of_it(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = await hub.start()

    async def half_way(run: Run) -> ReplayResult:
        await hub.cancel(UUID(started.event.key.id))
        await run.require_wanted()
        raise AssertionError("it went on")

    monkeypatch.setitem(handlers._RUNS, ReplayKind.CORRELATION, half_way)
    await handlers.run_replay(started, hub.store())
    assert (await hub.told(started))[1:] == [ReplayFailed]


async def test_cancelled_as_it_ends_it_stays_cancelled(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = await hub.start()

    async def too_late(_: Run) -> ReplayResult:
        await hub.cancel(UUID(started.event.key.id))
        return replay_result()

    monkeypatch.setitem(handlers._RUNS, ReplayKind.CORRELATION, too_late)
    await handlers.run_replay(started, hub.store())
    assert (await hub.told(started))[1:] == [ReplayFailed]


async def test_it_is_told_once_whoever_runs_it_again(hub: Hub) -> None:
    started = await hub.start()
    for _ in range(2):  # As after a worker that died before it said that it was done.
        await handlers.run_replay(started, hub.store())
    await hub.cancel(UUID(started.event.key.id))
    assert (await hub.told(started))[1:] == [ReplayCompleted]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Refused(Code.LIMIT_REACHED, "too much"), "LIMIT_REACHED"),
        (TimeoutError(), "TIMED_OUT"),
        (RuntimeError("broken"), "INTERNAL_ERROR"),
    ],
)
async def test_why_it_came_to_nothing_is_told(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, error: Exception, code: str
) -> None:
    started = await hub.start()

    async def fails(_: Run) -> ReplayResult:
        raise error

    monkeypatch.setitem(handlers._RUNS, ReplayKind.CORRELATION, fails)
    await handlers.run_replay(started, hub.store())
    last = await hub.log.head(started.event.key)
    assert last is not None
    assert isinstance(last.event, ReplayFailed)
    assert last.event.code == code
    assert "broken" not in last.event.reason


async def test_there_has_to_be_one_to_cancel(hub: Hub) -> None:
    with pytest.raises(Refused) as refused:
        await hub.cancel(new_id())
    assert refused.value.code is Code.REPLAY_NOT_FOUND


async def test_who_may_do_nothing_here_starts_and_cancels_nothing(hub: Hub) -> None:
    started = await hub.start()
    command = CancelReplay(replay_id=UUID(started.event.key.id))
    for attempt in (
        handlers.cancel_replay(command, hub.store(NOWHERE)),
        handlers.start_replay(StartReplay(asked=_asked()), hub.store(NOWHERE)),
    ):
        with pytest.raises(Refused) as refused:
            await attempt
        assert refused.value.code is Code.PERMISSION_DENIED
