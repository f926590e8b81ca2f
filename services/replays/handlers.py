"""Starts replays, runs them, and stops those that nobody wants any more."""

import asyncio
from collections.abc import Awaitable, Callable
from weakref import WeakKeyDictionary

from contracts.catalog import UnknownEvent
from contracts.envelope import Recorded
from contracts.refusals import Code, Refused, TryLater
from contracts.replays import (
    CancelReplay,
    ReplayCompleted,
    ReplayEvent,
    ReplayFailed,
    ReplayKind,
    ReplayResult,
    ReplayStarted,
    StartReplay,
    replay_key,
)
from services.replays.correlation import correlate
from services.replays.rca import analyse
from services.replays.running import Cancelled, Run
from services.replays.service import service
from services.runtime.bus import BusUnavailable
from services.runtime.log import Head
from services.runtime.logging import logger
from services.runtime.rights import require_clusters
from services.runtime.store import Accepted, Store

__all__ = ["service"]

LONGEST = 900.0
"""Seconds that one replay may take."""
_MOST_AT_ONCE = 2
"""In one process; others wait for their turn."""
_TURNS: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()

_SAY = logger("replays")


def _last(_: ReplayEvent | None, last: ReplayEvent) -> ReplayEvent:
    return last


@service.handles(StartReplay)
async def start_replay(command: StartReplay, store: Store) -> Accepted:
    """Run a part of history again; it goes on after this was answered."""
    require_clusters(store.scope, command.asked.cluster_ids)
    if command.asked.start >= store.at:
        raise Refused(Code.VALIDATION_FAILED, "start is in the future: nothing has happened then")
    return await store.tell(ReplayStarted(replay_id=store.mint(), asked=command.asked))


@service.handles(CancelReplay)
async def cancel_replay(command: CancelReplay, store: Store) -> Accepted:
    """A replay is stopped; one that is over stays as it is. REPLAY_NOT_FOUND for no replay."""
    key = replay_key(command.replay_id)

    async def attempt() -> Accepted:
        known = await store.load(key, _last)
        if known.state is None:
            raise Refused(Code.REPLAY_NOT_FOUND, f"there is no replay {command.replay_id}")
        require_clusters(store.scope, known.state.asked.cluster_ids)
        if not isinstance(known.state, ReplayStarted):
            return Accepted(key.id, known.head.version, known.head.sequence)
        event = ReplayFailed(
            replay_id=command.replay_id,
            asked=known.state.asked,
            code="CANCELLED",
            reason="somebody has cancelled it",
        )
        return await store.append([event], {key: known.head})

    return await store.settle(attempt)


@service.on(ReplayStarted)
async def run_replay(recorded: Recorded, store: Store) -> None:
    """Run it and tell what came of it; from the start, where a worker died on the way."""
    started = recorded.event
    if not isinstance(started, ReplayStarted):
        return
    head = Head(recorded.sequence, recorded.version or 1)

    async def is_wanted() -> bool:
        last = await store.log.head(started.key)
        return last is not None and isinstance(last.event, ReplayStarted)

    async with _turn():
        if not await is_wanted():
            return
        run = Run(store.log, started.asked, recorded.logged_at, store.settings, is_wanted)
        try:
            told = await _told(started, run)
        except Cancelled:
            return

    async def attempt() -> Accepted:
        known = await store.load(started.key, _last)
        if known.head != head:
            return Accepted(started.key.id)  # It was cancelled meanwhile.
        return await store.append([told], {started.key: head})

    await store.settle(attempt)


def _turn() -> asyncio.Semaphore:
    return _TURNS.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(_MOST_AT_ONCE))


async def _told(started: ReplayStarted, run: Run) -> ReplayCompleted | ReplayFailed:
    one, asked = started.replay_id, started.asked
    try:
        async with asyncio.timeout(LONGEST):
            result = await _RUNS[asked.kind](run)
    except Refused as refused:
        code, reason = refused.code.name, refused.message
    except TimeoutError:
        code, reason = "TIMED_OUT", f"it took more than {LONGEST:.0f} s; take a shorter time"
    except (Cancelled, BusUnavailable, TryLater, UnknownEvent):
        raise
    except Exception as error:  # noqa: BLE001 - whoever waits is told; it would be the same again
        _SAY.exception("replay_failed", replay=str(one))
        code, reason = "INTERNAL_ERROR", f"{type(error).__name__}; the log of the worker says more"
    else:
        return ReplayCompleted(replay_id=one, asked=asked, result=result)
    return ReplayFailed(replay_id=one, asked=asked, code=code, reason=reason[:500])


async def _detection(run: Run) -> ReplayResult:
    # It takes numpy, and many an installation never runs one.
    from services.replays.detection import detect  # noqa: PLC0415

    return await detect(run)


_RUNS: dict[ReplayKind, Callable[[Run], Awaitable[ReplayResult]]] = {
    ReplayKind.CORRELATION: correlate,
    ReplayKind.DETECTION: _detection,
    ReplayKind.RCA: analyse,
}
