"""What is said on ``/ws``: a client subscribes to events, and gets them."""

from dataclasses import dataclass, field

from gateway.live.ending import refused
from gateway.live.feed import Feed, Wanted, wanted
from gateway.live.messages import Auth, Invalid, Ping, Subscribe, Unsubscribe, read
from gateway.live.talk import Talk
from services.runtime.access import Principal, Role
from services.runtime.tail import Tail


@dataclass
class Subscriptions(Talk):
    """One subscription at a time."""

    tail: Tail
    _feed: Feed | None = field(default=None, init=False)

    @property
    def position(self) -> int | None:
        """See `Talk`."""
        return None if self._feed is None else self._feed.position

    async def hear(self, text: str, principal: Principal) -> None:
        """See `Talk`."""
        match read(text):
            case Subscribe() as message:
                if principal.role is Role.INGEST:
                    raise refused("PERMISSION_DENIED", "the role ingest may not read events")
                await self._follow(wanted(message, principal, self.tail.catalog))
            case Unsubscribe() as message:
                await self._unsubscribe(message)
            case Auth() | Ping() as message:
                await self.courtesy(message)

    async def _follow(self, what: Wanted | None) -> None:
        """Write this subscription from now on, and no other."""
        await self.writer.stop()
        self._feed = None
        if what is not None:
            self._feed = Feed(what, self.tail, self.outlet, self.clock)
            await self.writer.start(self._feed.run)

    async def _unsubscribe(self, message: Unsubscribe) -> None:
        feed = self._feed
        if feed is None or (message.id is not None and message.id != feed.wanted.id):
            raise Invalid("INVALID_SUBSCRIPTION", "there is no such subscription", message.id)
        catalog = self.tail.catalog
        await self.writer.stop()
        left = feed.without(message.event_types, catalog) if message.event_types else None
        await self._follow(left)
