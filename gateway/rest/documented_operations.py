"""Shapes of what is told of the platform itself, for the OpenAPI document."""

from typing import Literal

from contracts.envelope import Message, Timestamp


class PartitionState(Message):
    """The share of a build that one writer folds: the events of some clusters."""

    partition: int
    sequence: int
    """The last event of the log that it is past."""
    lag: int | None
    rate: float | None
    error: str | None


class ProjectionBuild(Message):
    """One set of a projection's tables: the live one, or one that is being built anew beside it."""

    name: str
    slot: Literal["live", "next"]
    version: int
    """Of the program that has made it."""
    state: Literal["live", "rebuilding", "stopped"]
    error: str | None
    """Why it is stopped."""
    sequence: int
    """The last event of the log that its rows tell of."""
    log_sequence: int | None
    """The last event of the log; null while the bus is away."""
    lag: int | None
    """Events that it has still to fold; null if no process has told it."""
    rate: float | None
    """Events folded a second, over the last five."""
    poison_events: int
    """Events of its projection that were set aside as they could not be folded."""
    updated_at: Timestamp
    """When it has moved last."""
    partitions: list[PartitionState]
    """Empty for a build that has but one writer."""


class ProjectionList(Message):
    """Every build of every projection."""

    items: list[ProjectionBuild]


class ConsumerState(Message):
    """A reader of a stream."""

    name: str
    durable: bool
    """False for a reader that goes with its process."""
    filters: list[str]
    pending: int
    """Messages that it has still to be given."""
    ack_pending: int
    """Given to a reader, and not acknowledged yet."""
    redelivered: int
    waiting: int
    """Requests for messages that wait for some."""
    delivered_sequence: int
    """The last message of the stream that it was given."""
    last_active: Timestamp | None
    """When it was given a message last."""


class StreamLimits(Message):
    """How much a stream may hold; null for no limit."""

    bytes: int | None
    messages: int | None
    age_seconds: float | None
    fullness: float | None
    """The larger of bytes and messages as parts of their limits, 0 to 1; null without either."""
    when_full: Literal["old", "new"]
    """The oldest messages make room, or new ones are refused."""


class StreamState(Message):
    """A stream of the bus with its readers."""

    name: str
    subjects: list[str]
    messages: int
    bytes: int
    first_sequence: int
    last_sequence: int
    first_at: Timestamp | None
    """Null while it is empty."""
    last_at: Timestamp | None
    replicas: int
    limits: StreamLimits
    consumers: list[ConsumerState]
    consumers_truncated: bool
    """True if it has more readers than are shown."""


class StreamList(Message):
    """Every stream of the bus."""

    items: list[StreamState]


class DeadLetterItem(Message):
    """A message that could not be handled."""

    id: int
    stream: str
    consumer: str
    """Who could not handle it: an area of commands, or a reaction."""
    subject: str
    """Where it was published first."""
    original_sequence: int | None
    """Its position in its stream."""
    error: str
    failed_at: Timestamp
    retried: bool
    body: str | None
    """Its JSON with what is named like a secret masked, cut at a bound; null for what is no JSON,
    or too large to be looked through."""
    body_bytes: int
    truncated: bool
    """True if more of the body was stored than is shown."""


class DeadLetterList(Message):
    """A part of the dead letters, oldest first."""

    items: list[DeadLetterItem]
    next_cursor: str | None
