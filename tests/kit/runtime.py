"""Runs parts of the runtime against a real bus, and waits for what they do."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar
from uuid import UUID

from contracts.envelope import Context, Event
from services.runtime import dead_letters
from services.runtime.bus import Bus, BusUnavailable
from services.runtime.dead_letters import DeadLetter
from services.runtime.ids import new_id
from services.runtime.log import Appended, EventLog, Head
from services.runtime.settings import Settings, WorkerSettings
from services.runtime.tracing import Tracing
from tests.kit import builders

T = TypeVar("T")

Loop = Callable[[asyncio.Event], Awaitable[None]]
UNTRACED = Tracing("test", None)
_PATIENCE = 30.0
"""Seconds: only a guard. A loaded machine may take long, and a part of the runtime takes its time
to stop where the bus does not answer."""


async def eventually(look: Callable[[], Awaitable[T]], *, within: float = _PATIENCE) -> T:
    """The first result that is true, asked for again and again; fails after ``within`` seconds."""
    async with asyncio.timeout(within):
        while not (found := await look()):  # noqa: ASYNC110 - asks anew each time
            await asyncio.sleep(0.01)
    return found


async def until(condition: Callable[[], object], *, within: float = _PATIENCE) -> None:
    """Wait until a condition holds; fails after ``within`` seconds."""
    async with asyncio.timeout(within):
        while not condition():  # noqa: ASYNC110 - any condition, not only one's own event
            await asyncio.sleep(0.005)


@asynccontextmanager
async def running(loop: Loop) -> AsyncGenerator[asyncio.Task[None]]:
    """Run a loop for the time of a block, then stop it as a signal would."""
    stopping = asyncio.Event()
    task = asyncio.ensure_future(_as_task(loop, stopping))
    try:
        yield task
    finally:
        stopping.set()
        if not task.cancelled():
            await asyncio.wait_for(task, _PATIENCE)


async def _as_task(loop: Loop, stopping: asyncio.Event) -> None:
    await loop(stopping)


async def letters(bus: Bus) -> list[DeadLetter]:
    """All dead letters."""
    return [letter async for letter in dead_letters.letters(bus)]


async def store(
    log: EventLog, event: Event, *, after: Head | None = None, command_id: UUID | None = None
) -> Appended:
    """Append one event by a command of its own; ``after`` says where its entity stands."""
    context = builders.context(command_id=command_id or new_id())
    expected = {} if after is None else {event.key: after}
    return await log.append([event], expected, context, builders.at())


async def store_each(
    log: EventLog, changes: Sequence[tuple[Event, Head]], context: Context | None = None
) -> list[int]:
    """Append events of different entities, each for itself; their sequences.

    What a busy bus has not acknowledged in time is sent again, as services do.
    """
    told = context or builders.context(command_id=new_id())

    async def stored() -> list[int]:
        answers = await log.append_each(changes, told, builders.at())
        missing = [answer for answer in answers if not isinstance(answer, int)]
        assert all(isinstance(answer, BusUnavailable) for answer in missing), missing
        return [] if missing else [answer for answer in answers if isinstance(answer, int)]

    return await eventually(stored)


def with_workers(settings: Settings, **changes: float) -> Settings:
    """Settings with other limits for workers."""
    workers = WorkerSettings.model_validate(settings.workers.model_dump() | changes)
    return settings.model_copy(update={"workers": workers})
