"""JetStream's answers: acknowledgements, stored messages, and what can go wrong."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
from nats.aio.msg import Msg

from services.runtime.context import LOGGED_AT

_NOT_NOW = 503


class BusUnavailable(Exception):
    """The bus did not answer: not connected, no responder, no answer in time, or "not now"."""


class TooLarge(Exception):
    """A message has more bytes than the bus takes at once (2 MiB)."""


class JetStreamRefused(Exception):
    """JetStream answered with an error; ``code`` is its ``err_code``."""

    def __init__(self, code: int, description: str) -> None:
        super().__init__(f"{description} ({code})")
        self.code = code
        self.description = description


class TooManySubjects(Exception):
    """A batched direct get names more than 1,024 subjects."""


class ApiError(msgspec.Struct):
    """An error as JetStream tells it."""

    code: int = 0
    err_code: int = 0
    description: str = ""


class Ack(msgspec.Struct):
    """JetStream's acknowledgement of a publish."""

    seq: int = 0
    duplicate: bool = False
    error: ApiError | None = None


_ACK = msgspec.json.Decoder(Ack)


@dataclass(frozen=True, slots=True)
class Stored:
    """A message as a stream holds it."""

    subject: str
    headers: Mapping[str, str]
    data: bytes
    sequence: int
    time: str
    """RFC 3339 with nanoseconds: the server's, or in a copied log that of the origin."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message about to be published."""

    subject: str
    data: bytes
    headers: dict[str, str]


def read_ack(message: Msg) -> Ack:
    """The acknowledgement in a reply; BusUnavailable if nobody answers to this subject."""
    if message.headers and message.headers.get("Status") == "503":
        raise BusUnavailable("no stream takes this subject")
    ack = _ACK.decode(message.data)
    if ack.error is not None:
        raise refusal(ack.error)
    return ack


def refusal(told: ApiError) -> BusUnavailable | JetStreamRefused:
    """503 is "not now" (no leader, still starting, disk full), everything else is final."""
    if told.code == _NOT_NOW:
        return BusUnavailable(f"{told.description} ({told.err_code})")
    return JetStreamRefused(told.err_code, told.description)


def stored_of(message: Msg) -> Stored:
    """The message in the answer to a direct get."""
    headers = message.headers or {}
    return Stored(
        subject=headers["Nats-Subject"],
        headers=headers,
        data=message.data,
        sequence=int(headers["Nats-Sequence"]),
        time=headers.get(LOGGED_AT) or headers["Nats-Time-Stamp"],
    )
