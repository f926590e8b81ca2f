"""Reactions whose bus is away do next to nothing meanwhile, and nothing is left of that."""

import asyncio
from collections import Counter
from itertools import cycle

import pytest
from faststream._internal.endpoint.subscriber.supervisor import TaskCallbackSupervisor
from nats.aio.msg import Msg
from nats.errors import ConnectionClosedError, OutboundBufferLimitError
from nats.js.client import JetStreamContext

from services.runtime.bus import Bus
from services.runtime.log import EventLog
from services.runtime.settings import Settings
from tests.kit.reactions import Platform, Seen, discovery, started
from tests.kit.runtime import running, until

pytestmark = [pytest.mark.anyio, pytest.mark.nats]


async def test_no_task_that_reads_ends(
    bus: Bus, log: EventLog, bus_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another one would begin at once and the old one stay: a core, and memory without bound."""
    ended, tries = list[asyncio.Task[None]](), Counter[str]()
    away, fetch = asyncio.Event(), JetStreamContext.PullSubscription.fetch
    # The first comes where an answer does as the time is over: it is no error of nats-py's own.
    errors = cycle((asyncio.TimeoutError, OutboundBufferLimitError, ConnectionClosedError))

    async def fails(
        self: JetStreamContext.PullSubscription, batch: int = 1, timeout: float | None = 5
    ) -> list[Msg]:
        if away.is_set():
            error = next(errors)
            tries[error.__name__] += 1
            raise error
        return await fetch(self, batch, timeout)

    def note(_: TaskCallbackSupervisor, task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            ended.append(task)

    monkeypatch.setattr(JetStreamContext.PullSubscription, "fetch", fails)
    platform, seen = Platform(bus, log, bus_settings), Seen()
    reactions = platform.reactions(discovery(seen))
    async with running(reactions.run):
        await started(reactions)
        await asyncio.sleep(0)
        monkeypatch.setattr(TaskCallbackSupervisor, "__call__", note)
        away.set()
        await until(lambda: len(tries) == 3)
        await asyncio.sleep(1)
        away.clear()
        assert tries.total() < 40, "with pauses"
        assert ended == []
        await platform.register()
        await until(lambda: seen.events)
