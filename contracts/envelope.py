"""What every message is: base classes, names and the envelope around a payload."""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    PlainSerializer,
    WithJsonSchema,
)

from contracts.subjects import NO_CLUSTER, EntityKey


def rfc3339(moment: datetime) -> str:
    """RFC 3339 in UTC with a ``Z``, microseconds only when there are any."""
    return moment.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("out of range in UTC") from None


Timestamp = Annotated[
    AwareDatetime,
    AfterValidator(_in_utc),
    PlainSerializer(rfc3339, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""A moment, kept in UTC whatever zone it was told in; refuses a time without a zone."""

_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z0-9]+")


def _words(name: str) -> list[str]:
    return [word.lower() for word in _WORDS.findall(name)]


def public_name(message: type[BaseModel]) -> str:
    """As a message is called on the WebSocket, for example ``CLUSTER_HEALTH_CHECKED``."""
    return "_".join(_words(message.__name__)).upper()


class Message(BaseModel):
    """A frozen message that knows exactly its own fields."""

    # What is wrong is told without its value, which may be a secret or what somebody has said.
    model_config = ConfigDict(
        frozen=True, extra="forbid", ser_json_timedelta="float", hide_input_in_errors=True
    )


@dataclass(frozen=True, slots=True)
class EventNames:
    """The three names of one event class."""

    type: str
    """``ce-type``, for example ``aiops.cluster.registered.v1``."""
    token: str
    """Subject token, for example ``registered``."""
    public: str
    """On the WebSocket and in REST, for example ``CLUSTER_REGISTERED``."""


def event_names(class_name: str, entity: str, version: int) -> EventNames:
    """One class gives three names; a trailing ``V2`` in the class name is not part of them."""
    words = _words(re.sub(r"V\d+\Z", "", class_name))
    entity_words = entity.split("_")
    size = len(entity_words) if words[: len(entity_words)] == entity_words else 1
    area, token = "_".join(words[:size]), "_".join(words[size:])
    return EventNames(f"aiops.{area}.{token}.v{version}", token, "_".join(words).upper())


class Event(Message):
    """A fact. Subclasses say which entity it belongs to and, by `key`, which one it is.

    An *aggregate's* event carries the aggregate's version in its subject. A *fact*'s last event
    carries the whole state, so it has no version and its head is all there is to load.
    """

    entity: ClassVar[str]
    aggregate: ClassVar[bool] = True
    expires: ClassVar[bool] = False
    """True for what was observed outside: it ages out of the log by the retention setting."""
    version: ClassVar[int] = 1
    spans: ClassVar[bool] = False
    """True for what may be about several clusters: see `of_clusters` and `only`."""
    names: ClassVar[EventNames]

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if hasattr(cls, "entity"):
            cls.names = event_names(cls.__name__, cls.entity, cls.version)

    @property
    def key(self) -> EntityKey:
        """The entity this event belongs to."""
        raise NotImplementedError

    @property
    def namespace(self) -> str | None:
        """The Kubernetes namespace it is about, for the live stream's filter."""
        return None

    @property
    def of_clusters(self) -> frozenset[UUID]:
        """The clusters that it is about."""
        cluster = self.key.cluster
        return frozenset() if cluster == NO_CLUSTER else frozenset({UUID(cluster)})

    def only(self, clusters: Collection[UUID]) -> Self:
        """As somebody may see it who may see these of its clusters, but not all of them."""
        return self


class Command(Message):
    """A request to change state, which may be refused."""

    area: ClassVar[str]

    @classmethod
    def snake_name(cls) -> str:
        """The last token of its subject, for example ``register_cluster``."""
        return "_".join(_words(cls.__name__))


class Query(Message):
    """A question on the bus: ``qry.<site>.<cluster>.<name>``, to projections ``qry.-.<name>``."""

    lasting: ClassVar[bool] = False
    """True if its answer goes on for as long as somebody listens."""

    @classmethod
    def snake_name(cls) -> str:
        """The last token of its subject, for example ``get_cluster``."""
        return "_".join(_words(cls.__name__))


@dataclass(frozen=True, slots=True)
class Context:
    """On whose behalf and because of what something happens; becomes the envelope of its events."""

    command_id: UUID
    actor: str
    correlation_id: UUID
    causation_id: UUID
    source: str
    traceparent: str | None = None
    seen: int | None = None
    """The position up to which whoever decides has read the log, where that counts."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event as it stands in the log."""

    event: Event
    sequence: int
    """Position in the log: the global order and the resume token."""
    logged_at: datetime
    """The log's own time, monotonic in `sequence`."""
    event_id: UUID
    time: datetime
    """When it was decided: what domain code sees."""
    source: str
    actor: str
    correlation_id: UUID
    causation_id: UUID
    command_id: UUID
    version: int | None = None
    """The aggregate's version; None for a fact."""
    traceparent: str | None = field(default=None, repr=False)
    seen: int | None = None
    """The position up to which whoever decided had read the log; None where it was not told."""
