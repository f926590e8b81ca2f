"""The envelope on the wire: contexts and events as CloudEvents headers, and back.

CloudEvents 1.0, NATS protocol binding (binary mode): attributes are headers, the body is the
payload alone.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from contracts.catalog import EventCatalog
from contracts.envelope import Context, Event, Recorded, rfc3339
from contracts.subjects import EntityKey, parse

LOGGED_AT = "aiops-logged-at"
"""In a copy of a log: when the event was logged at its origin, which counts as the log's time."""


def context_headers(at: datetime, context: Context) -> dict[str, str]:
    """What all events of one append have in common."""
    headers = {
        "ce-source": context.source,
        "ce-time": rfc3339(at),
        "ce-correlationid": str(context.correlation_id),
        "ce-causationid": str(context.causation_id),
        "ce-actor": context.actor,
        "ce-commandid": str(context.command_id),
    }
    if context.traceparent:
        headers["traceparent"] = context.traceparent
    if context.seen is not None:
        headers["ce-seen"] = str(context.seen)
    return headers


def event_headers(event: Event, key: EntityKey, event_id: UUID) -> dict[str, str]:
    """What one event has of its own."""
    text = str(event_id)
    return {
        "Nats-Msg-Id": text,
        "ce-id": text,
        "ce-type": event.names.type,
        "ce-subject": f"{key.type}/{key.id}",
    }


def log_time(text: str) -> datetime:
    """The log's time of a direct get (RFC 3339 with nanoseconds), cut to microseconds."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    moment = datetime.fromisoformat(whole).replace(tzinfo=UTC)
    return moment.replace(microsecond=int(fraction[:6].ljust(6, "0"))) if fraction else moment


def nanoseconds(text: str) -> int:
    """The log's time in full: RFC 3339 with up to nine digits as Unix nanoseconds."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    seconds = int(datetime.fromisoformat(whole).replace(tzinfo=UTC).timestamp())
    return seconds * 1_000_000_000 + int(fraction.ljust(9, "0"))


def exact(time_ns: int) -> str:
    """The inverse of `nanoseconds`."""
    seconds, rest = divmod(time_ns, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09}Z"


def from_nanoseconds(time_ns: int) -> datetime:
    """The log's time of a delivery, cut to microseconds."""
    seconds, rest = divmod(time_ns, 1_000_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest // 1000)


def recorded(
    catalog: EventCatalog,
    subject: str,
    headers: Mapping[str, str],
    data: bytes,
    position: tuple[int, datetime],
) -> Recorded:
    """An event read from the log; ``position`` is its sequence and the log's time.

    UnknownEvent for a type or version that this program does not know.
    """
    sequence, logged_at = position
    seen = headers.get("ce-seen")
    return Recorded(
        event=catalog.decode(headers["ce-type"], data),
        sequence=sequence,
        logged_at=logged_at,
        event_id=UUID(headers["ce-id"]),
        time=datetime.fromisoformat(headers["ce-time"]),
        source=headers["ce-source"],
        actor=headers["ce-actor"],
        correlation_id=UUID(headers["ce-correlationid"]),
        causation_id=UUID(headers["ce-causationid"]),
        command_id=UUID(headers["ce-commandid"]),
        version=parse(subject).version,
        traceparent=headers.get("traceparent"),
        seen=None if seen is None else int(seen),
    )
