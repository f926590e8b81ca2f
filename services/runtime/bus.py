"""One NATS connection: requests over a shared inbox, JetStream publishes, direct reads.

nats-py carries the protocol; what is ours is the shared reply inbox, which makes a pipelined
JetStream publish six times cheaper than the library's own (bus-notes, section 3).
"""

import asyncio
import copy
import itertools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec
from nats.aio.msg import Msg
from nats.errors import BadHeaderError, BadSubjectError, Error as NatsError, MaxPayloadError

from services.runtime import wire
from services.runtime.answers import (
    Ack,
    ApiError,
    BusUnavailable,
    JetStreamRefused,
    Outgoing,
    Stored,
    TooLarge,
    TooManySubjects,
    read_ack,
    refusal,
    stored_of,
)
from services.runtime.ids import new_secret
from services.runtime.settings import NatsSettings

__all__ = [
    "Ack",
    "Bus",
    "BusUnavailable",
    "JetStreamRefused",
    "Outgoing",
    "Stored",
    "TooLarge",
    "TooManySubjects",
    "connect",
    "read_ack",
]

_LARGEST_BATCH = 1024
_PENDING_BYTES = 64 * 1024 * 1024
_PAGE_BYTES = 8 * 1024 * 1024


OUTCOME_INBOX = "_INBOX."
"""Where outcomes of commands go; outside publishers may listen there."""
INBOX = "_R."
"""Where everything else is answered; only the platform's own users may listen there."""


def new_inbox(prefix: str = INBOX) -> str:
    """A reply subject that nobody else has."""
    return prefix + new_secret(16).replace("-", "a").replace("_", "b")


class Bus:
    """A connection shared by everything in a process."""

    def __init__(
        self, client: wire.Connection, inbox: str = "", *, request_seconds: float = 2.0
    ) -> None:
        """``request_seconds``: how long an answer may take, where a call does not say."""
        self._client = client
        self._patience = request_seconds
        self._inbox = new_inbox(INBOX + inbox)
        self._outcomes = new_inbox(OUTCOME_INBOX)
        self._waiting: dict[str, asyncio.Future[Msg]] = {}
        self._streams: dict[str, Callable[[Msg], None]] = {}
        self._api = "$JS.API"
        self._tokens = itertools.count()
        self.reconnects: list[Callable[[], None]] = []

    @property
    def client(self) -> wire.Connection:
        """The library's connection, for adapters inside the runtime."""
        return self._client

    @property
    def connected(self) -> bool:
        """True while the server is reachable as far as the connection knows."""
        return self._client.is_connected

    def at(self, domain: str) -> "Bus":
        """The same connection, for JetStream's API and direct reads of a leaf node's server."""
        there = copy.copy(self)
        there._api = f"$JS.{domain}.API"
        return there

    async def open(self) -> None:
        """Listen on the shared inboxes."""
        for inbox in (self._inbox, self._outcomes):
            await self._client.hear(f"{inbox}.*", self._answered)

    async def close(self) -> None:
        """Send what is pending and hang up."""
        if not self._client.is_closed:
            try:
                await asyncio.wait_for(self._client.drain(), 2)
            except (NatsError, TimeoutError):
                await self._client.close()

    def _answered(self, message: Msg) -> None:
        token = message.subject.rpartition(".")[2]
        future = self._waiting.pop(token, None)
        if future is not None:
            if not future.done():
                future.set_result(message)
            return
        sink = self._streams.get(token)
        if sink is not None:
            sink(message)

    def inbox(self, sink: Callable[[Msg], None]) -> str:
        """A reply subject for many answers; give it back with `forget`."""
        token = str(next(self._tokens))
        self._streams[token] = sink
        return f"{self._inbox}.{token}"

    def expect(self, *, outcome: bool = False) -> tuple[str, asyncio.Future[Msg]]:
        """A reply subject for one answer, and the future of that answer."""
        token = str(next(self._tokens))
        future: asyncio.Future[Msg] = asyncio.get_running_loop().create_future()
        self._waiting[token] = future
        return f"{self._outcomes if outcome else self._inbox}.{token}", future

    def forget(self, reply: str) -> None:
        """Nothing more is expected on this reply subject."""
        token = reply.rpartition(".")[2]
        self._waiting.pop(token, None)
        self._streams.pop(token, None)

    async def emit(
        self,
        subject: str,
        data: bytes,
        headers: dict[str, str] | None = None,
        *,
        reply: str = "",
    ) -> None:
        """Publish without waiting for anything."""
        if not self._client.is_connected:
            raise BusUnavailable("not connected to NATS")
        try:
            if headers:
                await wire.publish(self._client, subject, data, headers, reply)
            else:
                await self._client.publish(subject, data, reply=reply)
        except MaxPayloadError:
            raise TooLarge(f"{len(data):,} bytes are more than the bus takes") from None
        except (BadSubjectError, BadHeaderError):
            raise  # Ours to mend: it would be refused again however long one waits.
        except (NatsError, OSError) as error:
            raise BusUnavailable(str(error)) from error

    async def request(
        self,
        subject: str,
        data: bytes = b"",
        headers: dict[str, str] | None = None,
        *,
        timeout: float | None = None,
    ) -> Msg:
        """Publish and wait for one answer; BusUnavailable after ``timeout`` seconds."""
        timeout = timeout or self._patience
        reply, future = self.expect()
        try:
            await self.emit(subject, data, headers, reply=reply)
            async with asyncio.timeout(timeout):
                return await future
        except TimeoutError:
            raise BusUnavailable(f"no answer on {subject.split('.')[0]} in {timeout:g} s") from None
        finally:
            self.forget(reply)

    async def publish(
        self,
        subject: str,
        data: bytes,
        headers: dict[str, str] | None = None,
        *,
        timeout: float | None = None,
    ) -> Ack:
        """Store one message in the stream that takes its subject."""
        return read_ack(await self.request(subject, data, headers, timeout=timeout))

    async def publish_each(
        self, messages: Sequence[Outgoing], *, timeout: float | None = None
    ) -> list[Ack | Exception]:
        """Store many messages, pipelined; each one has its own acknowledgement or error."""
        if not messages:
            return []
        expected = [self.expect() for _ in messages]
        try:
            for message, (reply, _) in zip(messages, expected, strict=True):
                await self.emit(message.subject, message.data, message.headers, reply=reply)
            await asyncio.wait(
                [future for _, future in expected], timeout=timeout or 2 * self._patience
            )
        except BusUnavailable as error:
            return [error for _ in messages]
        finally:
            for reply, _ in expected:
                self.forget(reply)
        return [_ack_or_error(future) for _, future in expected]

    async def publish_batch(
        self, messages: Sequence[Outgoing], *, timeout: float | None = None
    ) -> Ack:
        """Store many messages at once, all or none (JetStream atomic batch, at most 1,000)."""
        batch = new_secret(16)
        for number, message in enumerate(messages[:-1], start=1):
            marks = {"Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(number)}
            await self.emit(message.subject, message.data, message.headers | marks)
        last = messages[-1]
        marks = {
            "Nats-Batch-Id": batch,
            "Nats-Batch-Sequence": str(len(messages)),
            "Nats-Batch-Commit": "1",
        }
        timeout = timeout or 2 * self._patience
        return await self.publish(last.subject, last.data, last.headers | marks, timeout=timeout)

    async def api(
        self, name: str, body: Any = None, *, timeout: float | None = None
    ) -> dict[str, Any]:
        """Call the JetStream API, for example ``STREAM.INFO.EVT``."""
        data = b"" if body is None else msgspec.json.encode(body)
        timeout = timeout or 2.5 * self._patience
        message = await self.request(f"{self._api}.{name}", data, timeout=timeout)
        if message.headers and message.headers.get("Status") == "503":
            raise BusUnavailable("JetStream does not answer")
        answer: dict[str, Any] = msgspec.json.decode(message.data)
        error = answer.get("error")
        if error:
            raise refusal(msgspec.convert(error, ApiError))
        return answer

    async def get(
        self, stream: str, query: Mapping[str, Any], *, timeout: float | None = None
    ) -> Stored | None:
        """One message by direct get (``seq`` or ``last_by_subj``), None if there is none."""
        message = await self.request(
            f"{self._api}.DIRECT.GET.{stream}", msgspec.json.encode(query), timeout=timeout
        )
        status = (message.headers or {}).get("Status")
        if status == "404":
            return None
        if status is not None:
            raise BusUnavailable(f"direct get on {stream}: status {status}")
        return stored_of(message)

    async def get_many(
        self, stream: str, query: Mapping[str, Any], *, timeout: float | None = None
    ) -> list[Stored]:
        """Messages in order by one direct get (``next_by_subj``).

        Fewer than there are where the server ends the page by its size (64 MB).
        """
        return (await self._page(stream, query, timeout))[0]

    async def get_last(
        self, stream: str, filters: Sequence[str], *, timeout: float | None = None
    ) -> list[Stored]:
        """The last message of every subject under these filters, in order, as of one moment.

        All of them, however large; TooManySubjects if they are more than 1,024.
        """
        query: dict[str, Any] = {
            "multi_last": list(filters),
            "batch": _LARGEST_BATCH,
            "max_bytes": _PAGE_BYTES,
        }
        found, end = await self._page(stream, query, timeout)
        while int(end.get("Nats-Num-Pending", 0)):
            more = {"seq": found[-1].sequence + 1, "up_to_seq": int(end["Nats-UpTo-Sequence"])}
            page, end = await self._page(stream, query | more, timeout)
            if not page:
                raise BusUnavailable(f"batched direct get on {stream}: the rest did not come")
            found += page
        return found

    async def _page(
        self, stream: str, query: Mapping[str, Any], timeout: float | None
    ) -> tuple[list[Stored], Mapping[str, str]]:
        """The messages of one batched direct get, and the headers that ended it."""
        timeout = timeout or self._patience
        found: list[Stored] = []
        done: asyncio.Future[Mapping[str, str]] = asyncio.get_running_loop().create_future()

        def take(message: Msg) -> None:
            headers = message.headers or {}
            if "Status" not in headers:
                found.append(stored_of(message))
            elif not done.done():
                done.set_result(headers)

        reply = self.inbox(take)
        try:
            body = msgspec.json.encode(query)
            await self.emit(f"{self._api}.DIRECT.GET.{stream}", body, reply=reply)
            async with asyncio.timeout(timeout):
                end = await done
        except TimeoutError:
            raise BusUnavailable(f"no answer from {stream} in {timeout:g} s") from None
        finally:
            self.forget(reply)
        if end["Status"] == "413":
            raise TooManySubjects
        if end["Status"] not in {"204", "404"}:
            raise BusUnavailable(f"batched direct get on {stream}: status {end['Status']}")
        return found, end

    async def hear(
        self, subject: str, sink: Callable[[str, bytes], None]
    ) -> Callable[[], Awaitable[None]]:
        """Give subject and body of core messages to ``sink``, until what it gives is called."""
        return await self._client.hear(subject, lambda message: sink(message.subject, message.data))


def _ack_or_error(future: "asyncio.Future[Msg]") -> Ack | Exception:
    if not future.done():
        return BusUnavailable("no acknowledgement in time")
    try:
        return read_ack(future.result())
    except (BusUnavailable, JetStreamRefused) as error:
        return error


async def connect(settings: NatsSettings, name: str, *, patience: float = 30.0) -> Bus:
    """Connect, trying for ``patience`` seconds; BusUnavailable with one clear line otherwise."""
    deadline = asyncio.get_running_loop().time() + patience
    buses: list[Bus] = []

    async def reconnected() -> None:
        for bus in buses:
            for told in list(bus.reconnects):
                told()

    async def silent(_: Exception) -> None:
        """Connection errors show as BusUnavailable where something is asked."""

    while True:
        client = wire.Connection()
        try:
            # Asked to reconnect for ever, the library also tries its first connection for ever.
            async with asyncio.timeout_at(deadline):
                await client.connect(
                    [part.strip() for part in settings.url.split(",")],
                    name=name,
                    user=settings.user or None,
                    password=settings.password.get_secret_value() or None,
                    allow_reconnect=True,
                    connect_timeout=2,
                    reconnect_time_wait=0.1,  # pyright: ignore[reportArgumentType] - any number
                    max_reconnect_attempts=-1,
                    ping_interval=10,
                    max_outstanding_pings=2,
                    pending_size=_PENDING_BYTES,
                    error_cb=silent,
                    reconnected_cb=reconnected,
                )
            break
        except (NatsError, OSError, TimeoutError) as error:
            if asyncio.get_running_loop().time() >= deadline:
                reason = client.last_error or error or type(error).__name__
                raise BusUnavailable(f"cannot reach NATS: {reason}") from None
            await asyncio.sleep(0.1)
    bus = Bus(client, settings.inbox, request_seconds=settings.request_seconds)
    buses.append(bus)
    await bus.open()
    return bus
