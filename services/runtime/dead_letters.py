"""Messages that could not be handled: kept with the error, listed, and published again on demand.

A letter is one message on a subject of its own; a retry replaces it by a marker on the same
subject, so that no part needs the right to delete from a stream.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contracts.envelope import rfc3339
from contracts.refusals import Code, Refused
from contracts.subjects import token
from services.runtime import metrics, streams
from services.runtime.bus import Bus, Stored

_MARK = "aiops-dl-"
_PAGE, _PAGE_BYTES = 256, 8 * 1024 * 1024
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
    kept = {
        name: _one_line(value) for name, value in failure.headers.items() if not _of_server(name)
    }
    kept |= {
        f"{_MARK}subject": failure.subject,
        f"{_MARK}message-id": _one_line(failure.message_id),
        f"{_MARK}error": _one_line(failure.error[:2000]),
        f"{_MARK}time": rfc3339(at),
        f"{_MARK}state": "dead",
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


async def letters(bus: Bus) -> AsyncIterator[DeadLetter]:
    """Every dead letter, oldest first, the retried ones too."""
    start = 1
    while True:
        query = {
            "seq": start,
            "batch": _PAGE,
            "max_bytes": _PAGE_BYTES,
            "next_by_subj": "dlq.>",
        }
        page = await bus.get_many(streams.DEAD_LETTERS, query)
        if not page:
            # A short page is not the last one: the server also ends a page by its size.
            return
        for stored in page:
            yield _letter(stored)
        start = page[-1].sequence + 1


async def retry(bus: Bus, sequence: int) -> DeadLetter:
    """Have a dead letter handled again; Refused if there is none to retry.

    A command is published again. An event is not, as that would append it to the log a second
    time: the mark on its letter is what the reaction that failed reads (`wanted_again`).
    """
    # JetStream takes no sequence below 1 for a question.
    stored = await bus.get(streams.DEAD_LETTERS, {"seq": sequence}) if sequence > 0 else None
    if stored is None or stored.headers.get(f"{_MARK}state") != "dead":
        raise Refused(Code.DEAD_LETTER_NOT_FOUND, f"there is no dead letter {sequence} to retry")
    letter = _letter(stored)
    if letter.stream != streams.EVENTS:
        await _publish_again(bus, stored, letter)
    marker = {name: value for name, value in stored.headers.items() if not _of_server(name)}
    await bus.publish(stored.subject, letter.body, marker | {f"{_MARK}state": "retried"})
    return letter


async def _publish_again(bus: Bus, stored: Stored, letter: DeadLetter) -> None:
    if not letter.subject.startswith(("cmd.", "due.")):
        text = f"dead letter {letter.sequence} is no message of ours"
        raise Refused(Code.DEAD_LETTER_NOT_FOUND, text)
    own = {name: value for name, value in stored.headers.items() if _is_own(name)}
    # The id keeps its first part, which is the command's; the rest gets it past deduplication.
    own["Nats-Msg-Id"] = f"{stored.headers[f'{_MARK}message-id']}:retry-{letter.sequence}"
    await bus.publish(letter.subject, letter.body, own)


def wanted_again(headers: Mapping[str, str]) -> int | None:
    """The position of the event that a letter's mark asks to be handled again, None for no mark."""
    sequence = headers.get(f"{_MARK}sequence")
    retried = headers.get(f"{_MARK}state") == "retried"
    return int(sequence) if retried and sequence else None


def _of_server(name: str) -> bool:
    return name.startswith("Nats-")


def _is_own(name: str) -> bool:
    return not _of_server(name) and not name.startswith(_MARK)


def command_id(message_id: str) -> UUID:
    """The command id in a message id, which a retry extends; ValueError if there is none."""
    return UUID(message_id.partition(":")[0])


def _letter(stored: Stored) -> DeadLetter:
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
        retried=headers.get(f"{_MARK}state") == "retried",
        body=stored.data,
    )
