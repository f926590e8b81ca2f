"""Runs parts of the runtime against a real bus, and waits for what they do."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TypeVar
from uuid import UUID

from contracts.envelope import Context, Event
from contracts.subjects import EntityKey
from services.runtime import dead_letters
from services.runtime.bus import Bus, BusUnavailable
from services.runtime.dead_letters import DeadLetter
from services.runtime.ids import new_id
from services.runtime.log import Appended, Conflict, EventLog, Head
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
    """Append facts of different entities, each for itself; their sequences.

    What a busy bus has not acknowledged in time is sent again, unless it is there all the same.
    """
    told, found = context or builders.context(command_id=new_id()), dict[EntityKey, int]()

    async def all_found() -> bool:
        left = [(event, head) for event, head in changes if event.key not in found]
        answers = await log.append_each(left, told, builders.at())
        tried = [(event, answer) for (event, _), answer in zip(left, answers, strict=True)]
        found.update({event.key: answer for event, answer in tried if isinstance(answer, int)})
        with suppress(BusUnavailable):
            known = await log.heads(e.key for e, answer in tried if isinstance(answer, Conflict))
            assert all(known[e.key].event == e for e, _ in left if e.key in known), "conflicts"
            found.update({key: recorded.sequence for key, recorded in known.items()})
        return len(found) == len(changes)

    await eventually(all_found, within=2 * _PATIENCE)
    return [found[event.key] for event, _ in changes]


def with_workers(settings: Settings, **changes: float) -> Settings:
    """Settings with other limits for workers."""
    workers = WorkerSettings.model_validate(settings.workers.model_dump() | changes)
    return settings.model_copy(update={"workers": workers})
