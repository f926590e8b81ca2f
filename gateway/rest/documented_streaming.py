"""Shapes of what is told of the live stream, for the OpenAPI document."""

from typing import Literal
from uuid import UUID

from contracts.envelope import Message, Timestamp
from gateway.rest.documented import Paged


class StreamingStatus(Message):
    """The live stream of the process that has answered; another one has its own."""

    instance: str
    """The process."""
    position: int
    """The last event that it has read from the log."""
    in_memory_from: int
    """Events after this one are sent from memory, older ones are read from the log."""
    error: str | None
    """Why it does not read on; null while it does."""
    telemetry_error: str | None
    """Why it reads no telemetry; null while it does."""
    clients: dict[str, int]
    """Connections by door: `ws`, `sse`, `logs`."""
    most_clients: int
    """Of all doors together."""
    subscriptions: int
    catching_up: int
    """Subscriptions that are being brought up to the present."""


class SubscriptionState(Message):
    """What a client is told."""

    client_id: UUID
    user: str | None
    id: str | None
    """As the client has named it; null: not at all."""
    event_types: list[str]
    """Empty, here and below: all."""
    cluster_filter: list[str]
    namespace_filter: list[str]
    entity_filter: list[str]
    batch: bool
    state: Literal["starting", "catching_up", "live"]
    position: int | None
    """Every event of it up to here was sent; null while it is starting."""
    lag: int | None
    """Positions of the log behind the process itself."""


class LiveClient(Message):
    """A connection."""

    client_id: UUID
    door: Literal["ws", "sse", "logs"]
    user: str | None
    """Null: not logged in yet."""
    role: str | None
    address: str | None
    """As the connection shows it: that of a proxy, if one is between."""
    connected_at: Timestamp
    sent: int
    """Frames."""
    stalled_seconds: float
    """For so long it has taken nothing of what waits for it."""
    subscriptions: int


class LiveClients(Paged):
    """A page of the clients of one process, the longest connected first."""

    instance: str
    items: list[LiveClient]


class LiveSubscriptions(Paged):
    """A page of the subscriptions of one process, by client."""

    instance: str
    items: list[SubscriptionState]
