"""What is said on a socket once it is known who the client is: one kind of talk for each path."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import ClassVar

from gateway.live.guest import Door, Standing
from gateway.live.messages import Auth, Invalid, Ping, Pong
from gateway.live.outlet import Outlet
from services.runtime.clock import Clock
from services.runtime.principals import Principal

Over = Callable[["asyncio.Future[None]"], None]
"""Told of a task that has ended."""


class Writer:
    """The one task that writes to a client by itself; what it dies of ends the connection."""

    __slots__ = ("_task", "over")

    def __init__(self, over: Over) -> None:
        self.over = over
        """Told of what else has ended."""
        self._task: asyncio.Task[None] | None = None

    async def start(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do this from now on, and nothing else."""
        await self.stop()
        self._task = watched(work(), self.over)

    async def stop(self) -> None:
        """Write nothing more; returns when that is so."""
        task, self._task = self._task, None
        await cancel(task)


@dataclass
class Talk(ABC):
    """Between one client and the server."""

    door: ClassVar[Door] = "ws"

    outlet: Outlet
    writer: Writer
    clock: Clock

    @property
    def position(self) -> int | None:
        """After which event a client goes on that has to come back; None if that is no matter."""
        return None

    @property
    def standings(self) -> list[Standing]:
        """Its subscriptions to events."""
        return []

    @abstractmethod
    async def hear(self, text: str, principal: Principal) -> None:
        """Do what a frame asks for; Invalid or Ended if that cannot be done."""

    async def courtesy(self, message: Auth | Ping) -> None:
        """Answer what may be said on every socket."""
        if isinstance(message, Auth):
            raise Invalid("INVALID_MESSAGE", "you are logged in already")
        now = self.clock.now()
        await self.outlet.say(Pong(timestamp=message.timestamp, server_time=now))

    async def close(self) -> None:
        """The connection is over."""
        await self.writer.stop()


Begin = Callable[[Outlet, Writer], Talk]
"""Begins what is said on a new connection."""


def watched(work: Awaitable[None], over: Over) -> "asyncio.Task[None]":
    """A task whose end is told."""
    task = asyncio.ensure_future(work)
    task.add_done_callback(over)
    return task


async def cancel(task: "asyncio.Task[None] | None") -> None:
    """End a task and wait until it has; what it died of was told to who watches it."""
    if task is not None:
        task.cancel()
        await asyncio.wait([task])
