"""Buses on which the loading of a file is interrupted."""

import random
from typing import Any

from services.runtime.bus import Bus, BusUnavailable, Outgoing


class Stopped(Exception):
    """As if the program was killed."""


class Flaky:
    """A bus of which some pages arrive in part, after which the program is gone."""

    def __init__(self, bus: Bus, chance: random.Random) -> None:
        self._bus = bus
        self._chance = chance
        self.left = 1

    async def api(self, name: str, body: Any = None) -> Any:
        return await self._bus.api(name, body)

    async def get(self, stream: str, query: Any) -> Any:
        return await self._bus.get(stream, query)

    async def publish_each(self, messages: list[Outgoing]) -> Any:
        if self.left:
            self.left -= 1
            return await self._bus.publish_each(messages)
        part = messages[: self._chance.randrange(len(messages))]
        await self._bus.publish_each(part, timeout=60)
        raise Stopped


class Stopping(Flaky):
    """A bus with which the program is gone after ten events."""

    def __init__(self, bus: Bus) -> None:
        super().__init__(bus, random.Random(0))

    async def publish_each(self, messages: list[Outgoing]) -> Any:
        await self._bus.publish_each(messages[:10])
        raise Stopped


class Absent(Flaky):
    """A bus that leaves the first of each kind of question without an answer."""

    def __init__(self, bus: Bus) -> None:
        super().__init__(bus, random.Random(0))
        self.left_out: list[str] = []

    async def api(self, name: str, body: Any = None) -> Any:
        self._leave_out(name)
        return await super().api(name, body)

    async def get(self, stream: str, query: Any) -> Any:
        self._leave_out(stream)
        return await super().get(stream, query)

    def _leave_out(self, what: str) -> None:
        if what not in self.left_out:
            self.left_out.append(what)
            raise BusUnavailable("no answer on $JS in 2 s")


class Meddler:
    """A bus to which somebody else writes after the first page."""

    def __init__(self, bus: Bus, meddle: Any) -> None:
        self._bus = bus
        self._meddle = meddle
        self._done = 0

    async def api(self, name: str, body: Any = None) -> Any:
        return await self._bus.api(name, body)

    async def get(self, stream: str, query: Any) -> Any:
        return await self._bus.get(stream, query)

    async def publish_each(self, messages: list[Outgoing]) -> Any:
        if self._done == 500:
            await self._meddle(self._done)
        self._done += len(messages)
        return await self._bus.publish_each(messages)


class Lossy(Flaky):
    """A bus that loses messages and acknowledgements, but does not stop."""

    async def publish_each(self, messages: list[Outgoing]) -> Any:
        stored = self._chance.randrange(len(messages) + 1)
        answers = await self._bus.publish_each(messages[:stored])
        told = self._chance.randrange(len(messages) + 1)
        lost = BusUnavailable("no acknowledgement in time")
        return [*answers[:told], *[lost for _ in messages[min(told, stored) :]]]
