"""What is said on ``/ws``: a client subscribes to events, and gets them."""

from dataclasses import dataclass, field
from datetime import datetime

from gateway.live.ending import refused
from gateway.live.feed import Feed, Source, wanted
from gateway.live.guest import Standing
from gateway.live.incoming import read
from gateway.live.messages import Auth, Invalid, Ping, Subscribe, Unsubscribe
from gateway.live.replay_messages import Replay, ReplayControl
from gateway.live.replays import Replays, Stage
from gateway.live.talk import Talk
from services.runtime.principals import READING, Principal

MOST = 100
"""Subscriptions of one connection."""


@dataclass
class Subscriptions(Talk):
    """Several subscriptions, told by one feed, and replays beside them."""

    source: Source
    stage: Stage
    feed: Feed = field(init=False)
    _replays: Replays | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.feed = Feed(self.source, self.outlet)

    @property
    def position(self) -> int | None:
        """See `Talk`."""
        return self.feed.position

    @property
    def standings(self) -> list[Standing]:
        """See `Talk`."""
        return self.feed.standings

    async def hear(self, text: str, principal: Principal) -> None:
        """See `Talk`."""
        match read(text):
            case Subscribe() as message:
                await self._subscribe(message, principal)
            case Unsubscribe() as message:
                await self._unsubscribe(message)
            case Replay() as message:
                _may_read(principal)
                await self.replays.start(message, principal)
            case ReplayControl() as message:
                await self.replays.control(message)
            case Auth() | Ping() as message:
                await self.courtesy(message)

    @property
    def replays(self) -> Replays:
        """Made when they are asked for: most clients have none."""
        if self._replays is None:
            self._replays = Replays(self.stage, self.outlet, self.writer.over)
        return self._replays

    async def _subscribe(self, message: Subscribe, principal: Principal) -> None:
        _may_read(principal)
        what = wanted(message, principal, self.source.tail.catalog)
        if isinstance(what.since, datetime) and what.since > self.clock.now():
            raise Invalid("INVALID_SUBSCRIPTION", "since_time is in the future", what.id)
        held = self.feed.names
        if what.id not in held and len(held) >= MOST:
            raise Invalid("LIMIT_REACHED", f"at most {MOST} subscriptions a connection", what.id)
        await self.writer.stop()
        self.feed.put(what)
        await self.writer.start(self.feed.run)

    async def _unsubscribe(self, message: Unsubscribe) -> None:
        held = self.feed.names
        names = held if message.id is None else [name for name in held if name == message.id]
        if not names:
            raise Invalid("INVALID_SUBSCRIPTION", "there is no such subscription", message.id)
        await self.writer.stop()
        for name in names:
            if message.event_types:
                self.feed.less(name, message.event_types)
            else:
                self.feed.drop(name)
        await self.writer.start(self.feed.run)

    async def close(self) -> None:
        """See `Talk`."""
        await super().close()
        self.feed.close()
        if self._replays is not None:
            await self._replays.close()


def _may_read(principal: Principal) -> None:
    if not principal.may(READING):
        raise refused("PERMISSION_DENIED", f"{principal.name} may not read events")
