"""What goes over the live socket, in both directions."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeVar, cast
from uuid import UUID

import msgspec
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)

from contracts.envelope import Timestamp
from services.runtime.principals import Role

T = TypeVar("T")

LARGEST_MESSAGE = 64 * 1024
"""Bytes of one frame from a client."""

SubscriptionId = Annotated[str, StringConstraints(min_length=1, max_length=128)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=1024)]
Entity = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+:", max_length=4096)]
_MOST = 1000
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)


class LiveFrame(BaseModel):
    """What goes over a live socket as one frame."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Auth(LiveFrame):
    """Who I am; must come first, unless a session cookie came with the request."""

    type: Literal["auth"]
    token: Annotated[str, StringConstraints(max_length=4096)]


class Subscription(LiveFrame):
    """What to send; an empty list means all."""

    event_types: tuple[Name, ...] = Field(default=(), max_length=_MOST)
    cluster_filter: tuple[UUID, ...] = Field(default=(), max_length=_MOST)
    namespace_filter: tuple[Name, ...] = Field(default=(), max_length=_MOST)
    """Given: only events of these namespaces come, and none that are of no namespace."""
    entity_filter: tuple[Entity, ...] = Field(default=(), max_length=_MOST)
    """``type:id``."""
    since_sequence: int | None = Field(default=None, ge=0, lt=2**63)
    """Events after this one; without it, what happens from now on."""
    since_time: Annotated[Timestamp, Field(ge=_FIRST)] | None = None
    """Events that the log has stored at this time or later."""


class Subscribe(LiveFrame):
    """Send me events. A subscription with the same id, or also without one, is replaced.

    A connection has one position. Between a subscription's ``subscribed`` and its ``caught_up``
    come its own events alone, and the others wait; after that each event comes once, however many
    subscriptions want it.
    """

    type: Literal["subscribe"]
    id: SubscriptionId | None = None
    batch: bool = False
    """Leave to send several events in one frame, to this connection."""
    subscription: Subscription = Subscription()


class Unsubscribe(LiveFrame):
    """End the subscription with this id, or all; with types, end these only.

    What is left of a subscription is told by another ``subscribed``. A pong after it proves that
    it is done.
    """

    type: Literal["unsubscribe"]
    id: SubscriptionId | None = None
    event_types: tuple[Name, ...] = Field(default=(), max_length=_MOST)


class Ping(LiveFrame):
    """Are you there? The time stamp comes back as it is."""

    type: Literal["ping"]
    timestamp: str | int | float | None = None


_AUTH = TypeAdapter(Auth)


class AuthResponse(LiveFrame):
    """The login counts."""

    type: Literal["auth_response"] = "auth_response"
    status: Literal["authenticated"] = "authenticated"
    client_id: UUID
    user: str
    role: Role | None


class Subscribed(LiveFrame):
    """The subscription as it is in force; every event after ``sequence`` follows."""

    type: Literal["subscribed"] = "subscribed"
    id: str | None
    sequence: int
    event_types: tuple[str, ...]
    cluster_filter: tuple[str, ...]
    namespace_filter: tuple[str, ...]
    entity_filter: tuple[str, ...]


class CaughtUp(LiveFrame):
    """Everything up to ``sequence`` has been sent; what follows is live."""

    type: Literal["caught_up"] = "caught_up"
    id: str | None
    sequence: int


class Position(LiveFrame):
    """Everything up to ``sequence`` has been sent to live subscriptions: resume from there.

    Comes now and then where what happens is not for this client: otherwise, when it comes back,
    everything since its last own event would have to be looked through again.
    """

    type: Literal["position"] = "position"
    sequence: int


class Conflated(LiveFrame):
    """So many measurements were left out, as newer ones of the same entities have come."""

    type: Literal["conflated"] = "conflated"
    event_type: str
    count: int


class Pong(LiveFrame):
    """The answer to a ping."""

    type: Literal["pong"] = "pong"
    timestamp: str | int | float | None
    server_time: Timestamp


ErrorCode = Literal[
    "AUTH_FAILED",
    "AUTH_EXPIRED",
    "PERMISSION_DENIED",
    "INVALID_MESSAGE",
    "INVALID_SUBSCRIPTION",
    "RATE_LIMITED",
    "RESUME_EXPIRED",
    "INTERNAL_ERROR",
    "INVALID_LOGQL",
    "CLUSTER_NOT_FOUND",
    "LIMIT_REACHED",
    "OVERLOADED",
]


class ErrorFrame(LiveFrame):
    """Something was not right; the connection goes on, unless a close follows."""

    type: Literal["error"] = "error"
    code: ErrorCode
    message: str
    id: str | None = None
    oldest_sequence: int | None = None
    """With RESUME_EXPIRED: the oldest event there is; ``since_sequence`` may be one less."""


class Disconnect(LiveFrame):
    """The server hangs up; come back and go on after ``resume_sequence``.

    Every event up to there that any subscription wants was sent.
    """

    type: Literal["disconnect"] = "disconnect"
    reason: Literal["restart", "slow"]
    reconnect_after_ms: int
    resume_sequence: int | None


def encode(frame: LiveFrame) -> str:
    """A frame as it is sent; what is None and may be absent is left out of errors."""
    return frame.model_dump_json(exclude_none=isinstance(frame, ErrorFrame))


class Invalid(Exception):
    """A client's frame that cannot be taken: it is told so, and the connection goes on."""

    def __init__(self, code: ErrorCode, message: str, subscription: str | None = None) -> None:
        super().__init__(message)
        self.frame = ErrorFrame(code=code, message=message, id=subscription)


def read_as(frames: TypeAdapter[T], text: str, known: str) -> T:
    """One of several frames; Invalid for everything else, with the types that are known."""
    try:
        return frames.validate_json(text)
    except ValidationError as error:
        raise _why(text, error, known) from None


def token_in(text: str) -> str | None:
    """What a client logs in with; None if its frame is another one, or none."""
    try:
        return _AUTH.validate_json(text).token
    except ValidationError:
        return None


def _why(text: str, error: ValidationError, known: str) -> Invalid:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    if first["type"] == "json_invalid":
        return Invalid("INVALID_MESSAGE", "not valid JSON")
    if first["type"] in {"union_tag_invalid", "union_tag_not_found"}:
        return Invalid("INVALID_MESSAGE", f"unknown type; known: {known}")
    where = [str(part) for part in first["loc"][1:]]
    about = where[:1] == ["subscription"]
    message = f"{'.'.join(where)}: {first['msg']}" if where else first["msg"]
    return Invalid("INVALID_SUBSCRIPTION" if about else "INVALID_MESSAGE", message, _id_in(text))


def _id_in(text: str) -> str | None:
    try:
        told: Any = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None
    found = cast("dict[str, JsonValue]", told).get("id") if isinstance(told, dict) else None
    return found if isinstance(found, str) and len(found) <= 128 else None
