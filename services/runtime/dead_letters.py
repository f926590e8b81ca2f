"""Messages that could not be handled: kept with the error, listed, and published again on demand.

A letter is one message on a subject of its own; a retry and a drop replace it by a marker on the
same subject, so that no part needs the right to delete from a stream.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from contracts.envelope import rfc3339
from contracts.refusals import Code, Refused
from contracts.subjects import token
from services.runtime import metrics, streams
from services.runtime.bus import Bus, BusUnavailable, JetStreamRefused, Stored

_MARK = "aiops-dl-"
_PAGE, _PAGE_BYTES = 256, 8 * 1024 * 1024
_MOVED_ON = frozenset({10071, 10164})
"""Another message has taken the letter's place; replicated streams tell it by the second code."""
_SKEW = timedelta(minutes=5)
"""By how much the clock of the process that has failed may be ahead of the stream's."""
_FIRST, _LAST = datetime(1971, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
"""Times of letters lie between; others cannot be reckoned with in every zone."""
_PATIENCE = 4.0
_DEAD, _RETRYING, _RETRIED, _DROPPED = "dead", "retrying", "retried", "dropped"
LARGEST_BODY = 1_000_000


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that could not be handled."""

    sequence: int
    """Its position in the stream DLQ: the name under which it is retried."""
    stream: str
    consumer: str
    subject: str
    """Where it was published first."""
    original_sequence: int | None
    error: str
    failed_at: str
    retried: bool
    body: bytes
    """Empty if it is larger than was asked for."""
    body_bytes: int
    """How large it is."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What failed where: a message, who read it, and why it cannot be handled."""

    stream: str
    consumer: str
    subject: str
    headers: Mapping[str, str]
    data: bytes
    error: str
    message_id: str
    sequence: int | None = None


async def bury(bus: Bus, failure: Failure, at: datetime) -> None:
    """Store a dead letter; returns when it is durable. The same failure twice is one letter."""
    kept = {name: _one_line(value) for name, value in failure.headers.items() if _is_own(name)}
    kept |= {
        f"{_MARK}subject": failure.subject,
        f"{_MARK}message-id": _one_line(failure.message_id),
        f"{_MARK}error": _one_line(failure.error[:2000]),
        f"{_MARK}time": rfc3339(at),
        f"{_MARK}state": _DEAD,
    }
    if failure.sequence is not None:
        kept[f"{_MARK}sequence"] = str(failure.sequence)
    subject = _subject(failure.stream, failure.consumer, failure.message_id)
    await bus.publish(subject, failure.data[:LARGEST_BODY], kept)
    metrics.DEAD_LETTERS.labels(failure.stream, failure.consumer).inc()


def _one_line(text: str) -> str:
    """What a header can hold: no line breaks, and only what UTF-8 knows."""
    return text.encode(errors="replace").decode().translate({10: " ", 13: " "})


def _subject(stream: str, consumer: str, message_id: str) -> str:
    return f"dlq.{token(stream)}.{token(consumer)}.{token(message_id)}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which dead letters are looked for; None for any."""

    stream: str | None = None
    consumer: str | None = None
    since: datetime | None = None
    """Those that failed at this time or later."""
    retried: bool = False
    """Those that were retried, too."""
    largest: int = LARGEST_BODY
    """Bytes: of a letter whose body is larger, the body is left out."""

    @property
    def subject(self) -> str:
        """Where they lie in the stream."""
        stream = "*" if self.stream is None else token(self.stream)
        consumer = "*" if self.consumer is None else token(self.consumer)
        return f"dlq.{stream}.{consumer}.*"

    def has(self, letter: DeadLetter) -> bool:
        """True if this one is looked for."""
        if letter.retried and not self.retried:
            return False
        # Both are RFC 3339 in UTC, but only one may have a fraction.
        return self.since is None or datetime.fromisoformat(letter.failed_at) >= self.since


ANY = Wanted(retried=True)


async def letters(bus: Bus, wanted: Wanted = ANY, after: int = 0) -> AsyncIterator[DeadLetter]:
    """Dead letters, oldest first, those behind position ``after``; dropped ones are none any more.

    Each request to the bus has a time-out: BusUnavailable while it is away.
    """
    start: dict[str, object] = {"seq": after + 1}
    if wanted.since is not None and not after:
        since = min(max(wanted.since, _FIRST), _LAST)
        start = {"start_time": rfc3339(since - _SKEW)}
    async for stored in _all(bus, wanted.subject, start):
        if _state(stored) != _DROPPED and wanted.has(letter := _letter(stored, wanted.largest)):
            yield letter


async def _all(bus: Bus, subject: str, start: dict[str, object]) -> AsyncIterator[Stored]:
    query: dict[str, object] = {"batch": _PAGE, "max_bytes": _PAGE_BYTES, "next_by_subj": subject}
    # A short page is not the last one: the server also ends a page by its size.
    while page := await bus.get_many(streams.DEAD_LETTERS, query | start):
        for stored in page:
            yield stored
        start = {"seq": page[-1].sequence + 1}


async def part(
    bus: Bus, wanted: Wanted, after: int, limit: int
) -> tuple[list[DeadLetter], int | None]:
    """At most ``limit`` letters behind ``after``; the position to go on behind, None at the end.

    BusUnavailable if they are not found within four seconds.
    """
    found: list[DeadLetter] = []
    try:
        async with asyncio.timeout(_PATIENCE):
            async for letter in letters(bus, wanted, after):
                found.append(letter)
                if len(found) > limit:
                    return found[:limit], found[limit - 1].sequence
    except TimeoutError:
        text = "the dead letters could not be searched in time; ask for a stream or a later time"
        raise BusUnavailable(text) from None
    return found, None


async def find(bus: Bus, sequence: int) -> DeadLetter:
    """One letter, a retried one too; Refused if there is none."""
    stored = await _stored(bus, sequence)
    if stored is None or _state(stored) == _DROPPED:
        raise _unknown(sequence)
    return _letter(stored)


async def retry(bus: Bus, sequence: int) -> DeadLetter:
    """Have a dead letter handled again; Refused if there is none to retry.

    A command is published again. An event is not, as that would append it to the log a second
    time: the mark on its letter is what the reaction that failed reads (`wanted_again`).
    """
    stored = await _to_retry(bus, sequence)
    letter = _letter(stored)
    if letter.stream == streams.EVENTS:
        if await _mark(bus, stored, _RETRIED) is None:
            raise _unknown(sequence)
        return letter
    _require_ours(letter)
    # First it is decided, so that nobody publishes what somebody else has given up.
    taken = stored if _state(stored) == _RETRYING else await _mark(bus, stored, _RETRYING)
    if taken is None:
        raise _unknown(sequence)
    await _publish_again(bus, taken, letter)
    # Not marked, if it has failed again and lies there anew by now.
    await _mark(bus, taken, _RETRIED)
    return letter


async def drop(bus: Bus, sequence: int) -> DeadLetter:
    """Give a dead letter up: its body is gone, and it is listed no more; Refused if there is none.

    One that was retried may be dropped as well: what it was retried for goes on. One that is being
    retried may not: it is published, even if that takes another try.
    """
    stored = await _stored(bus, sequence)
    if stored is None or _state(stored) == _DROPPED:
        raise _unknown(sequence)
    if _state(stored) == _RETRYING:
        text = f"dead letter {sequence} is being published again; a retry ends that"
        raise Refused(Code.DEAD_LETTER_NOT_FOUND, text)
    if await _mark(bus, replace(stored, data=b""), _DROPPED) is None:
        raise _unknown(sequence)
    return _letter(stored)


async def _stored(bus: Bus, sequence: int) -> Stored | None:
    # JetStream takes no sequence below 1 for a question.
    return await bus.get(streams.DEAD_LETTERS, {"seq": sequence}) if sequence > 0 else None


async def _to_retry(bus: Bus, sequence: int) -> Stored:
    """What is dead, or was taken for a retry that has not come to its end."""
    stored = await _stored(bus, sequence)
    if stored is None and sequence > 0:
        stored = await _half_retried(bus, sequence)
    if stored is None or _state(stored) not in {_DEAD, _RETRYING}:
        raise _unknown(sequence)
    return stored


async def _half_retried(bus: Bus, sequence: int) -> Stored | None:
    """The letter that lay at this position until a try began that was cut off, if there is one."""
    try:
        async with asyncio.timeout(_PATIENCE):
            async for stored in _all(bus, ANY.subject, {"seq": sequence + 1}):
                if _state(stored) == _RETRYING and _first_position(stored) == sequence:
                    return stored
    except TimeoutError:
        raise BusUnavailable("the dead letters could not be searched in time") from None
    return None


def _first_position(stored: Stored) -> int:
    """Where a letter lay before it was marked."""
    return int(stored.headers.get(f"{_MARK}letter", stored.sequence))


def _unknown(sequence: int) -> Refused:
    return Refused(Code.DEAD_LETTER_NOT_FOUND, f"there is no dead letter {sequence}")


async def _mark(bus: Bus, stored: Stored, state: str) -> Stored | None:
    """Put a marker in a letter's place; None if another message has taken it before."""
    kept = {name: value for name, value in stored.headers.items() if not _of_server(name)}
    kept |= {f"{_MARK}state": state, f"{_MARK}letter": str(_first_position(stored))}
    expected = {"Nats-Expected-Last-Subject-Sequence": str(stored.sequence)}
    try:
        ack = await bus.publish(stored.subject, stored.data, kept | expected)
    except JetStreamRefused as error:
        if error.code not in _MOVED_ON:
            raise
        return None
    return replace(stored, sequence=ack.seq, headers=kept)


def _state(stored: Stored) -> str:
    return stored.headers.get(f"{_MARK}state", "")


def _require_ours(letter: DeadLetter) -> None:
    if not letter.subject.startswith(("cmd.", "due.")):
        text = f"dead letter {letter.sequence} is no message of ours"
        raise Refused(Code.DEAD_LETTER_NOT_FOUND, text)


async def _publish_again(bus: Bus, stored: Stored, letter: DeadLetter) -> None:
    own = {name: value for name, value in stored.headers.items() if _is_own(name)}
    # The id keeps its first part, which is the command's; the rest gets it past deduplication.
    # Whoever goes on with a try that was cut off says the same, so that it is published once.
    message_id = stored.headers[f"{_MARK}message-id"]
    own["Nats-Msg-Id"] = f"{message_id}:retry-{_first_position(stored)}"
    await bus.publish(letter.subject, letter.body, own)


def wanted_again(headers: Mapping[str, str]) -> int | None:
    """The position of the event that a letter's mark asks to be handled again, None for no mark."""
    sequence = headers.get(f"{_MARK}sequence")
    retried = headers.get(f"{_MARK}state") == _RETRIED
    return int(sequence) if retried and sequence else None


def _of_server(name: str) -> bool:
    return name.startswith("Nats-")


def _is_own(name: str) -> bool:
    return not _of_server(name) and not name.startswith(_MARK)


def command_id(message_id: str) -> UUID:
    """The command id in a message id, which a retry extends; ValueError if there is none."""
    return UUID(message_id.partition(":")[0])


def _letter(stored: Stored, largest: int = LARGEST_BODY) -> DeadLetter:
    headers = stored.headers
    _, stream, consumer, _ = stored.subject.split(".")
    sequence = headers.get(f"{_MARK}sequence")
    return DeadLetter(
        sequence=stored.sequence,
        stream=stream,
        consumer=consumer,
        subject=headers.get(f"{_MARK}subject", ""),
        original_sequence=int(sequence) if sequence else None,
        error=headers.get(f"{_MARK}error", ""),
        failed_at=headers.get(f"{_MARK}time", ""),
        retried=_state(stored) == _RETRIED,
        body=stored.data if len(stored.data) <= largest else b"",
        body_bytes=len(stored.data),
    )
