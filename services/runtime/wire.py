"""Messages onto nats-py's connection and off it, without its costly ways of doing both.

nats-py checks and copies every header by itself: 25 of the 88 microseconds of an append (15,200
against 11,200 appends a second from 64 tasks, 2 cores, 2026-11-23). It looks at every letter of
every name that it reads: 12 microseconds for the headers of an event, against 4.5 here. And each
message passes a queue and a task on its way to a callback, two more turns of the event loop. What
is written and read is the same (NATS client protocol, HPUB and HMSG); what is used of it is not
public: the lock file pins the version, and every test with a bus would notice a change.
"""

from collections.abc import Awaitable, Callable

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import BadHeaderError, BadSubjectError, MaxPayloadError

from services.runtime.logging import logger

Sink = Callable[[Msg], None]
Skips = Callable[[bytes, bytes], bool]
"""Whether a message is passed over, by its subject and reply: before anything is read of it."""

_BLANK = " \t\n\r\v\f"


class Connection(Client):
    """A connection that reads headers faster and hands messages over at once."""

    def __init__(self) -> None:
        super().__init__()
        self._sinks: dict[int, Sink] = {}
        self._skips: dict[int, Skips] = {}

    async def hear(
        self, subject: str, sink: Sink, *, queue: str = "", skips: Skips | None = None
    ) -> Callable[[], Awaitable[None]]:
        """Give each message to ``sink``, which must not take long; gives the function that ends it.

        Nothing is queued here, so nothing can overflow: who is slow holds up the whole connection.
        """

        async def early(message: Msg) -> None:
            sink(message)  # Came before we knew under which number.

        subscription = await self.subscribe(subject, queue=queue, cb=early)  # pyright: ignore[reportUnknownMemberType]
        number = subscription._id  # pyright: ignore[reportPrivateUsage]
        self._sinks[number] = sink
        if skips is not None:
            self._skips[number] = skips

        async def stop() -> None:
            self._sinks.pop(number, None)
            self._skips.pop(number, None)
            await subscription.unsubscribe()

        return stop

    async def _process_msg(
        self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: bytes
    ) -> None:
        sink = self._sinks.get(sid)
        if sink is None:
            await super()._process_msg(sid, subject, reply, data, headers)
            return
        skips = self._skips.get(sid) if self._skips else None
        if skips is not None and skips(subject, reply):
            return
        told = await self._process_headers(headers)  # pyright: ignore[reportUnknownMemberType]
        try:
            sink(self._build_message(sid, subject, reply, data, told))
        except Exception:  # noqa: BLE001 - a bug of ours must not end the connection
            logger("bus").exception("message_dropped", subject=subject.decode())

    @staticmethod
    def _parse_header_lines(raw: bytes) -> dict[str, str]:
        """``Name: value`` lines; without a name of printable ASCII a line says nothing."""
        found: dict[str, str] = {}
        for line in raw.decode("utf-8", "replace").split("\r\n"):
            name, colon, value = line.partition(":")
            key = name.strip(_BLANK)
            if colon and key.isascii() and key.isprintable() and " " not in key:
                found[key] = value.strip(_BLANK)
        return found


async def publish(
    client: Client, subject: str, data: bytes, headers: dict[str, str], reply: str
) -> None:
    """As `Client.publish`; BadSubjectError, BadHeaderError for a line break, MaxPayloadError."""
    if " " in subject or " " in reply or not (subject + reply).isprintable():
        raise BadSubjectError
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    if lines.count("\n") != len(headers) or lines.count("\r") != len(headers):
        raise BadHeaderError
    head = f"NATS/1.0\r\n{lines}\r\n".encode()
    size = len(head) + len(data)
    if size > client.max_payload:
        raise MaxPayloadError
    start = f"HPUB {subject} {reply} {len(head)} {size}\r\n".encode()
    await client._send_command(start + head + data + b"\r\n")  # pyright: ignore[reportPrivateUsage]
    flusher = client._flush_queue  # pyright: ignore[reportPrivateUsage]
    if flusher is not None and flusher.empty():
        await client._flush_pending()  # pyright: ignore[reportPrivateUsage]
