"""The loop of every worker: takes messages of a durable consumer, so many in work at once.

What is in hand is kept alive however long it takes; at the end what was begun is finished, and
what was not goes back.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from services.runtime.bus import Bus, BusUnavailable
from services.runtime.logging import logger
from services.runtime.pull import Delivery, Durable, PullReader

_LOOK_UP = 0.2
_AWAY_PAUSE = 0.5
_UNSETTLED_PAUSE = 1.0
_GRACE = 5.0


@dataclass
class Bench:
    """Where the messages of one consumer are worked on.

    ``work`` settles its message itself. BusUnavailable from it is no failure: the same message is
    worked on again; anything else gives it back.
    """

    bus: Bus
    consumer: Durable
    places: int
    """Messages in work at once."""
    work: Callable[[Delivery], Awaitable[None]]
    _freed: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _running: dict[asyncio.Task[None], Delivery] = field(
        default_factory=dict[asyncio.Task[None], Delivery], init=False
    )

    def __post_init__(self) -> None:
        self._say = logger("bench", consumer=self.consumer.name)

    async def run(self, stopping: asyncio.Event, going: Callable[[], bool]) -> None:
        """Work until told to stop, or until ``going`` is false; then finish what is in work."""
        reader = PullReader(self.bus, self.consumer, batch=self.places)
        beat = asyncio.create_task(self._keep_alive(reader))
        try:
            while not stopping.is_set() and going():
                await self._take(reader)
        finally:
            for delivery in reader.waiting:
                await self.give_back(delivery, 0)
            await reader.close()
            await self._wind_up()
            beat.cancel()

    async def answer(self, delivery: Delivery, word: bytes) -> None:
        """Settle a message: ``+ACK``, ``+TERM``. Unheard, it comes again."""
        try:
            await self.bus.emit(delivery.reply, word)
        except BusUnavailable:
            return  # It comes again, and its handler finds what it has done.

    async def give_back(self, delivery: Delivery, delay: float) -> None:
        """Have a message come again after ``delay`` seconds."""
        await self.answer(delivery, b'-NAK {"delay": %d}' % int(delay * 1e9))

    async def _take(self, reader: PullReader) -> None:
        """Take as many as can be begun at once; the others wait in the reader, kept alive."""
        free = self.places - len(self._running)
        try:
            if free <= 0:
                self._freed.clear()
                async with asyncio.timeout(_LOOK_UP):
                    await self._freed.wait()
                return
            deliveries = await reader.take(free, wait=_LOOK_UP)
        except TimeoutError:
            return
        except BusUnavailable:
            await asyncio.sleep(_AWAY_PAUSE)
            return
        for delivery in deliveries:
            task = asyncio.create_task(self._work(delivery))
            self._running[task] = delivery
            task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        del self._running[task]
        self._freed.set()

    async def _work(self, delivery: Delivery) -> None:
        while True:
            try:
                return await self.work(delivery)
            except BusUnavailable as error:
                self._say.warning("bus_away", reason=str(error))
                await asyncio.sleep(_AWAY_PAUSE)
            except Exception:  # noqa: BLE001 - what the bus itself refuses; it comes again
                self._say.exception("not_settled", subject=delivery.subject)
                return await self.give_back(delivery, _UNSETTLED_PAUSE)

    async def _wind_up(self) -> None:
        """Let what is in work finish; what takes longer is given up and comes again."""
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=_GRACE)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _keep_alive(self, reader: PullReader) -> None:
        """Tell the server that messages in hand are not lost, however long they take."""
        pause = self.consumer.ack_wait / 3
        while True:
            await asyncio.sleep(pause)
            for delivery in [*self._running.values(), *reader.waiting]:
                await self.answer(delivery, b"+WPI")
