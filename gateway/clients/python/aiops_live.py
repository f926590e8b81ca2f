"""A client of the live stream: every event once and in order, whatever breaks in between.

One file that needs nothing but ``websockets`` (14 or newer): copy it to where you need it.
"""

import asyncio
import json
import random
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, TypedDict, cast

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

BACK_OFF = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
"""Seconds before each try to connect again; the last one counts from then on."""
_PLAIN = {"compression": None, "ping_interval": None, "close_timeout": 2, "max_size": 4 << 20}
_PASSING = {"AUTH_EXPIRED", "RATE_LIMITED", "INTERNAL_ERROR", "OVERLOADED"}


class Subscription(TypedDict, total=False):
    """Which events to send; a filter that is empty or left out lets all through."""

    event_types: list[str]
    cluster_filter: list[str]
    namespace_filter: list[str]
    entity_filter: list[str]
    """``type:id`` each."""
    since_sequence: int
    """Begin with the event after this one; without it, and without a time, with the next news."""
    since_time: str
    """Begin with the events since then (RFC 3339)."""


class Event(TypedDict):
    """Something has happened."""

    type: Literal["event"]
    subscriptions: list[str]
    """For whom it counts: the one that catches up, or all that are live, of which some want it."""
    event_id: str
    event_type: str
    sequence: int | None
    """Its place in the log; None for telemetry, which is not resumed."""
    timestamp: str
    logged_at: str | None
    """When the log took it: `since_time`, replays and `as_of` count by it; None for telemetry."""
    payload: dict[str, Any]
    source: str
    cluster_id: str | None
    cluster_name: str | None
    correlation_id: str
    causation_id: str
    actor: str


class CaughtUp(TypedDict):
    """Everything up to ``sequence`` has come; what follows is live."""

    type: Literal["caught_up"]
    id: str
    """The subscription."""
    sequence: int


class Conflated(TypedDict):
    """So many events of telemetry were left out: newer ones of the same entities came."""

    type: Literal["conflated"]
    event_type: str
    count: int


class Reconnecting(TypedDict):
    """The connection is lost and will be made anew in so many seconds; no event is lost."""

    type: Literal["reconnecting"]
    reason: str
    seconds: float


Item: TypeAlias = Event | CaughtUp | Conflated | Reconnecting


class Refused(Exception):
    """The hub says no, and would say so again: change what it is asked, then go on iterating."""

    def __init__(self, frame: Mapping[str, Any]) -> None:
        super().__init__(f"{frame['code']}: {frame['message']}")
        self.code: str = frame["code"]
        self.subscription: str | None = frame.get("id")
        self.oldest_sequence: int | None = frame.get("oldest_sequence")
        """With `ResumeExpired`: the oldest event that is kept; one may resume after one less."""


class AuthFailed(Refused):
    """The token or session is not valid (any more)."""


class ResumeExpired(Refused):
    """What comes after the position is not kept any more: load the state anew, then `resume`."""


class _Lost(Exception):
    def __init__(self, reason: str, seconds: float | None = None) -> None:
        super().__init__(reason)
        self.seconds = seconds


@dataclass(eq=False)
class LiveStream:
    """Iterate over it: ``async with LiveStream(…) as stream: async for item in stream: …``.

    Who takes nothing reads nothing: 16 frames wait here, then the hub waits. If it cuts such a
    connection off in the end, a new one goes on where the old one was.
    """

    url: str
    """``wss://<hub>/ws``."""
    subscriptions: Mapping[str, Subscription]
    """By names of your own."""
    token: str | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """Of the handshake, for example a session's ``Cookie``."""
    options: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False)
    """More of ``websockets.connect``, for example ``ssl``."""
    batch: bool = True
    """Several events in one frame: cheaper for both sides."""
    quiet: float = 45.0
    """Seconds of silence after which the hub is asked whether it is there."""
    answer: float = 15.0
    """Seconds that it has to answer, also when the connection is made."""
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    random: Callable[[], float] = random.random

    def __post_init__(self) -> None:
        self.positions = {name: it.get("since_sequence") for name, it in self.subscriptions.items()}
        """The last sequence of each subscription: everything up to it was handed out."""
        self._resumed: set[str] = set()
        self._live: list[str] = []
        self._catching_up: str | None = None
        self._items: deque[Item] = deque()
        self._socket: ClientConnection | None = None
        self._coming: asyncio.Task[None] | None = None
        """Makes the next connection, also while nobody waits for an item."""
        self._failures = 0
        self._wait = 0.0
        self._pinged = False
        """True: the hub was asked whether it is there, and has said nothing since."""
        self._patience = 0.0
        """Until then the hub may be silent, by the loop's clock."""
        self._closed = asyncio.Event()

    async def __aenter__(self) -> "LiveStream":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def __aiter__(self) -> "LiveStream":
        return self

    async def __anext__(self) -> Item:
        """The next item, from a new connection where needed; `Refused` if the hub says no.

        One may wait for it as shortly as one likes: cut off, it goes on where it was.
        """
        while not self._items and not self._closed.is_set():
            try:
                self._take(await self._frame())
            except _Lost as lost:
                self._come_back(lost)
                await self._hang_up()
            except Refused:
                await self._hang_up()
                raise
        if self._closed.is_set():
            raise StopAsyncIteration
        item = self._items.popleft()
        if item["type"] == "event" and item["sequence"] is not None:
            self._reached(item["sequence"])
        return item

    def resume(self, subscription: str, after: int | None) -> None:
        """From the next connection on go on after this sequence, or (None) with the next news."""
        self.positions[subscription] = after
        self._resumed.add(subscription)

    async def close(self) -> None:
        """End the iteration, also one that waits."""
        self._closed.set()
        coming, self._coming = self._coming, None
        if coming is not None:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)
        if self._socket is not None:
            await self._socket.close()

    async def _hang_up(self) -> None:
        socket, self._socket = self._socket, None
        if socket is not None:
            socket.transport.abort()
            await socket.wait_closed()

    def _come_back(self, lost: _Lost) -> None:
        """After a while that differs from client to client: a hub restarts for all at once."""
        if lost.seconds is None:
            step = BACK_OFF[min(self._failures, len(BACK_OFF) - 1)]
            self._wait = step * (0.5 + self.random())
        else:
            self._wait = lost.seconds * (1.0 + self.random())
        self._failures += 1
        self._items.append({"type": "reconnecting", "reason": str(lost), "seconds": self._wait})

    async def _frame(self) -> dict[str, Any]:
        """The next frame; `_Lost` if the connection is."""
        try:
            if self._socket is None or self._coming is not None:
                await self._come()
            if self._socket is None:
                raise _Lost("closed")
            return await self._watched(self._socket)
        except (OSError, ConnectionClosed, InvalidHandshake) as error:
            raise _Lost(str(error) or type(error).__name__) from None

    async def _come(self) -> None:
        """Wait until there is a connection; whoever waits no longer does not end the try."""
        if self._coming is None:
            self._coming = asyncio.ensure_future(self._try())
        coming = self._coming
        await asyncio.wait([coming])
        self._coming = None
        if not coming.cancelled():
            coming.result()

    async def _try(self) -> None:
        """Connect, once it is time for it."""
        if self._wait:
            await self.sleep(self._wait)
        self._wait = 0.0
        self._socket = await self._connect()
        self._heard()

    async def _connect(self) -> ClientConnection:
        """Log in and subscribe; undone as a whole if it does not come to its end."""
        self._live.clear()
        self._catching_up = None
        own = {"additional_headers": self.headers, "open_timeout": self.answer}
        options: dict[str, Any] = {**_PLAIN, **own, **self.options}
        async with AsyncExitStack() as undo:
            socket = await undo.enter_async_context(connect(self.url, **options))
            async with asyncio.timeout(self.answer):
                if self.token is not None:
                    await _say(socket, type="auth", token=self.token)
                while (frame := await _read(socket))["type"] != "auth_response":
                    self._take(frame)
                for name in self.subscriptions:
                    asked = self._asked(name)
                    frame = {"id": name, "batch": self.batch, "subscription": asked}
                    await _say(socket, type="subscribe", **frame)
            undo.pop_all()
            return socket

    def _asked(self, name: str) -> dict[str, Any]:
        """From where the subscription stands, if that is known, otherwise from where it begins."""
        asked: dict[str, Any] = {**self.subscriptions[name]}
        since_time = asked.pop("since_time", None)
        asked.pop("since_sequence", None)
        position = self.positions[name]
        if position is not None:
            asked["since_sequence"] = position
        elif since_time is not None and name not in self._resumed:
            asked["since_time"] = since_time
        return asked

    async def _watched(self, socket: ClientConnection) -> dict[str, Any]:
        """The next frame; a hub that has said nothing for long is asked whether it is there."""
        while True:
            try:
                async with asyncio.timeout_at(self._patience):
                    frame = await _read(socket)
            except TimeoutError:
                if self._pinged:
                    raise
                self._pinged, self._patience = True, _now() + self.answer
                await _say(socket, type="ping")
            else:
                self._heard()
                return frame

    def _heard(self) -> None:
        """The hub is there."""
        self._pinged, self._patience = False, _now() + self.quiet

    def _take(self, frame: dict[str, Any]) -> None:
        """What a frame means; nothing was read before it that was not handed out."""
        match frame["type"]:
            case "event" | "events":
                self._items.extend(map(self._event, frame.get("events", [frame])))
            case "subscribed":
                self._failures = 0
                self._catching_up = frame["id"]
                self._reached(frame["sequence"])
            case "caught_up":
                self._live.append(frame["id"])
                self._catching_up = None
                self._reached(frame["sequence"])
                self._items.append(cast("CaughtUp", frame))
            case "position":
                self._reached(frame["sequence"])
            case "conflated":
                self._items.append(cast("Conflated", frame))
            case "disconnect":
                self._catching_up = None
                self._reached(frame["resume_sequence"] or 0)
                raise _Lost(frame["reason"], frame["reconnect_after_ms"] / 1000)
            case "error":
                _refuse(frame)
            case _:
                """A pong, or what a newer hub has to say."""

    def _event(self, event: dict[str, Any]) -> Event:
        event["subscriptions"] = self._standing()
        return cast("Event", event)

    def _standing(self) -> list[str]:
        """All that are live stand together; one that catches up stands alone."""
        return [*self._live] if self._catching_up is None else [self._catching_up]

    def _reached(self, sequence: int) -> None:
        for name in self._standing():
            self.positions[name] = max(self.positions[name] or 0, sequence)


def _refuse(frame: dict[str, Any]) -> None:
    code = frame["code"]
    if code in _PASSING:
        raise _Lost(f"{code}: {frame['message']}")
    if code == "INVALID_MESSAGE" and "id" not in frame:
        return  # a token was shown where none is needed: nothing else can be wrong
    raise {"AUTH_FAILED": AuthFailed, "RESUME_EXPIRED": ResumeExpired}.get(code, Refused)(frame)


def _now() -> float:
    return asyncio.get_running_loop().time()


async def _say(socket: ClientConnection, **frame: Any) -> None:
    await socket.send(json.dumps(frame))


async def _read(socket: ClientConnection) -> dict[str, Any]:
    return json.loads(await socket.recv())
