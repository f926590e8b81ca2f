"""Our own pull loop over a JetStream consumer: one request outstanding, natural batching.

Four times cheaper than the library's fetch (bus-notes, section 0). A reader takes whatever has
arrived: one message when idle, many under load.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import msgspec
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from services.runtime.bus import Bus, BusUnavailable, JetStreamRefused, new_inbox
from services.runtime.context import LOGGED_AT, nanoseconds
from services.runtime.ids import new_secret

_HEARTBEAT = 2.0
_EXPIRES = 20.0
_SILENCE = 2 * _HEARTBEAT + 1.0
_NANO = 1_000_000_000


@dataclass(slots=True)
class Delivery:
    """A message as a consumer hands it out."""

    subject: str
    headers: dict[str, str]
    data: bytes
    reply: str
    sequence: int
    consumer: str
    consumer_sequence: int
    delivered: int
    """Which try this is; 1 is the first."""
    time_ns: int
    """The stream's own time, in a copied log that of its origin; Unix nanoseconds."""
    pending: int
    """Messages of the stream that this consumer has not handed out yet."""


def read_delivery(message: Msg) -> Delivery:
    """A message of a consumer taken apart."""
    fields = message.reply.split(".")
    at = 0 if len(fields) == 9 else 2
    headers = message.headers or {}
    copied = headers.get(LOGGED_AT)
    return Delivery(
        subject=message.subject,
        headers=headers,
        data=message.data,
        reply=message.reply,
        consumer=fields[at + 3],
        delivered=int(fields[at + 4]),
        sequence=int(fields[at + 5]),
        consumer_sequence=int(fields[at + 6]),
        time_ns=int(fields[at + 7]) if copied is None else nanoseconds(copied),
        pending=int(fields[at + 8]),
    )


@dataclass(frozen=True, slots=True)
class Durable:
    """A consumer that outlives its readers; several processes share it."""

    stream: str
    name: str
    filters: tuple[str, ...]
    ack_wait: float
    max_ack_pending: int

    def config(self) -> dict[str, Any]:
        """As JetStream's API takes it. Tries are counted by us, so the server never gives up."""
        return {
            "durable_name": self.name,
            "ack_policy": "explicit",
            "ack_wait": int(self.ack_wait * _NANO),
            "max_deliver": -1,
            "max_ack_pending": self.max_ack_pending,
            "filter_subjects": list(self.filters),
        }


@dataclass(frozen=True, slots=True)
class Ordered:
    """A private reader of a stream from a sequence on: nothing to acknowledge, remade when lost."""

    stream: str
    filters: tuple[str, ...] = ()
    newest: bool = False
    """True: begins with the last message of each subject, instead of all from the first one on."""

    def config(self, start: int) -> dict[str, Any]:
        """As JetStream's API takes it, from sequence ``start`` on."""
        begin: dict[str, Any] = {"deliver_policy": "by_start_sequence", "opt_start_seq": start}
        if self.newest and start == 1:
            begin = {"deliver_policy": "last_per_subject"}
        return begin | {
            "ack_policy": "none",
            "filter_subjects": list(self.filters),
            "mem_storage": True,
            "num_replicas": 1,
            "inactive_threshold": 60 * _NANO,
            "max_deliver": 1,
        }


@dataclass
class _Request:
    left: int
    reply: str
    last_heard: float


@dataclass
class PullReader:
    """Reads one consumer. Not shared between tasks."""

    bus: Bus
    consumer: Durable | Ordered
    start: int = 1
    """First sequence to read (ordered readers)."""
    batch: int = 1000
    max_bytes: int = 8 * 1024 * 1024
    """Bytes that one request may bring; the buffer holds twice as many at most."""
    skip: Callable[[bytes], bool] | None = None
    """Subjects that are passed over (ordered readers): for 4 instead of 12 microseconds each."""
    pending: int = field(default=0, init=False)
    """Messages of the stream behind the last one that was taken, as the server told it then."""
    _buffer: deque[Delivery] = field(default_factory=deque[Delivery], init=False)
    _bytes: int = field(default=0, init=False)
    _wake: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _request: _Request | None = field(default=None, init=False)
    _name: str = field(default="", init=False)
    _lost: bool = field(default=True, init=False)
    _hurried: bool = field(default=False, init=False)
    _next: int = field(default=1, init=False)
    _consumed: int = field(default=0, init=False)
    _skipped: tuple[int, int] = field(default=(0, 0), init=False)
    """The last message that was passed over: its sequence, and what was pending behind it."""
    _asked: int = field(default=0, init=False)
    _inbox: str = field(default="", init=False)
    _deafen: Callable[[], Awaitable[None]] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._next = self.start
        self.bus.reconnects.append(self._reconnected)

    @property
    def position(self) -> int:
        """The sequence that an ordered reader goes on with."""
        return self._next

    @property
    def waiting(self) -> Sequence[Delivery]:
        """What has arrived and was not taken yet."""
        return tuple(self._buffer)

    def seek(self, sequence: int) -> None:
        """Drop what is buffered and go on at ``sequence`` (ordered readers)."""
        self._next = sequence
        self._lose()

    def hurry(self) -> None:
        """Have a `take` that waits come back with nothing."""
        self._hurried = True
        self._wake.set()

    async def open(self) -> None:
        """Make or join the consumer, and ask for messages."""
        self._request = None
        self._drop()
        await self._listen()
        await self._remove()
        config = self._config()
        stream = self.consumer.stream
        name = config.get("durable_name") or f"r_{new_secret(9).replace('-', '0')}"
        self._name = name  # Also if nobody waits for the answer any more: it has to be removed.
        made = await self.bus.api(
            f"CONSUMER.CREATE.{stream}.{name}",
            {"stream_name": stream, "config": config | {"name": name}, "action": ""},
        )
        self.pending = made["num_pending"]
        self._lost = False
        self._consumed = 0
        await self._ask()

    async def _listen(self) -> None:
        """Hear our own inbox: deliveries come under their original subject, so it is not shared."""
        if self._deafen is None:
            self._inbox = new_inbox()
            skips = None if self.skip is None else self._skips
            inbox = f"{self._inbox}.*"
            self._deafen = await self.bus.client.hear(inbox, self._arrived, skips=skips)

    def _config(self) -> dict[str, Any]:
        if isinstance(self.consumer, Durable):
            return self.consumer.config()
        return self.consumer.config(self._next)

    async def close(self) -> None:
        """Stop reading; an ordered reader's consumer is removed."""
        self._request = None
        self.bus.reconnects.remove(self._reconnected)
        if self._deafen is not None:
            # Also while the bus is away: a forgotten one would come back with it.
            with suppress(NatsError):
                await self._deafen()
        await self._remove()

    async def _remove(self) -> None:
        """Take away an ordered reader's consumer; if that fails, the server does so later."""
        name, stream = self._name, self.consumer.stream
        if isinstance(self.consumer, Ordered) and name and self.bus.connected:
            with suppress(BusUnavailable, JetStreamRefused):
                await self.bus.api(f"CONSUMER.DELETE.{stream}.{name}", timeout=1.0)

    async def take(self, most: int, wait: float | None = None) -> list[Delivery]:
        """What has arrived, at most ``most``; waits for the first one, at most ``wait`` seconds.

        Remakes the request or the consumer when either was lost. BusUnavailable while the bus is
        away.
        """
        loop = asyncio.get_running_loop()
        deadline = None if wait is None else loop.time() + wait
        while not self._buffer:
            await self._keep_asking()
            self._wake.clear()
            if self._buffer:
                break
            if self._hurried:
                return self._nothing()
            patience = _SILENCE if deadline is None else max(0.0, deadline - loop.time())
            try:
                async with asyncio.timeout(min(_SILENCE, patience)):
                    await self._wake.wait()
            except TimeoutError:
                if deadline is not None and loop.time() >= deadline:
                    return self._nothing()
        taken = [self._buffer.popleft() for _ in range(min(most, len(self._buffer)))]
        self._bytes -= sum([len(delivery.data) for delivery in taken])
        self.pending = taken[-1].pending
        if isinstance(self.consumer, Ordered):
            self._next = taken[-1].sequence + 1
            self._pass_over()
        room = len(self._buffer) < self.batch and self._bytes < self.max_bytes
        if self._request is None and not self._lost and room:
            # Away: what was taken stays taken, and the next call says so.
            with suppress(BusUnavailable):
                await self._ask()
        return taken

    def _nothing(self) -> list[Delivery]:
        self._pass_over()
        return []

    def _pass_over(self) -> None:
        """All that came before was handed out: go on behind what was skipped after it."""
        sequence, pending = self._skipped
        if sequence >= self._next and not self._buffer:
            self._next, self.pending = sequence + 1, pending

    async def _keep_asking(self) -> None:
        request = self._request
        now = asyncio.get_running_loop().time()
        if self._lost or (request is not None and now - request.last_heard > _SILENCE):
            await self.open()
        elif request is None:
            await self._ask()

    async def _ask(self) -> None:
        self._asked += 1
        reply = f"{self._inbox}.{self._asked}"
        now = asyncio.get_running_loop().time()
        self._request = _Request(self.batch, reply, now)
        body = {
            "batch": self.batch,
            "max_bytes": self.max_bytes,
            "expires": int(_EXPIRES * _NANO),
            "idle_heartbeat": int(_HEARTBEAT * _NANO),
        }
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{self.consumer.stream}.{self._name}"
        try:
            await self.bus.emit(subject, msgspec.json.encode(body), reply=reply)
        except BusUnavailable:
            self._lose()
            raise

    def _arrived(self, message: Msg) -> None:
        request = self._request
        if request is not None:
            request.last_heard = asyncio.get_running_loop().time()
        if not message.reply.startswith("$JS.ACK."):
            if request is not None and message.subject == request.reply:
                self._status(message.headers or {})
            return
        delivery = read_delivery(message)
        if delivery.consumer != self._name or self._lost or not self._contiguous(delivery):
            return
        self._buffer.append(delivery)
        self._bytes += len(delivery.data)
        if request is not None:
            request.left -= 1
            if request.left == 0:
                self._request = None
        self._wake.set()

    def _skips(self, subject: bytes, reply: bytes) -> bool:
        """Count a message that is passed over, if it is one."""
        if self.skip is None or not reply.startswith(b"$JS.ACK.") or not self.skip(subject):
            return False
        fields = reply.split(b".")
        at = 0 if len(fields) == 9 else 2
        if self._lost or fields[at + 3].decode() != self._name:
            return False
        self._consumed += 1
        if int(fields[at + 6]) != self._consumed:
            self._lose()
            return True
        self._skipped = int(fields[at + 5]), int(fields[at + 8])
        request = self._request
        if request is not None:
            request.last_heard = asyncio.get_running_loop().time()
            request.left -= 1
            if request.left == 0:
                self._request = None
                self._wake.set()
        return True

    def _contiguous(self, delivery: Delivery) -> bool:
        """An ordered reader sees each message of its consumer; a gap means one was dropped."""
        if isinstance(self.consumer, Durable):
            return True
        self._consumed += 1
        if delivery.consumer_sequence == self._consumed:
            return True
        self._lose()
        return False

    def _status(self, headers: dict[str, str]) -> None:
        """100 is a heartbeat; the end of a request is not the end of its consumer, all else is.

        In a cluster a batch may be told to be complete before its last message is here.
        """
        status, text = headers.get("Status", ""), headers.get("Description", "").lower()
        if status == "100":
            return
        self._request = None
        over = status in {"404", "408"} or "exceed" in text or text == "batch completed"
        self._lost = self._lost or not over
        self._wake.set()

    def _drop(self) -> None:
        self._buffer.clear()
        self._bytes = 0
        self._skipped = 0, 0

    def _lose(self) -> None:
        self._request = None
        self._drop()
        self._lost = True
        self._wake.set()

    def _reconnected(self) -> None:
        self._lose()
