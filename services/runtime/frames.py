"""Events as the frames that live clients get: encoded once for everybody."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final
from uuid import UUID

import msgspec
from pydantic import ValidationError

from contracts.catalog import CATALOG, MEASURED, EventCatalog, UnknownEvent
from contracts.envelope import Event, rfc3339
from contracts.subjects import NO_CLUSTER, parse, token
from services.runtime.bus import Stored
from services.runtime.context import from_nanoseconds, nanoseconds
from services.runtime.ids import derived_id
from services.runtime.pull import Delivery

Names = Callable[[str], str | None]
"""The name of a cluster by its id, None for one that is not known."""


class Malformed(Exception):
    """A message of the log that is no event of ours: nothing can be told of it."""


class _Wire(msgspec.Struct, tag_field="type", tag="event"):
    """The frame on the wire; the payload passes through as it stands in the log."""

    event_id: str
    event_type: str
    sequence: int | None
    source: str
    cluster_id: str | None
    cluster_name: str | None
    timestamp: str
    logged_at: str | None
    payload: msgspec.Raw
    correlation_id: str | None
    causation_id: str | None
    actor: str | None
    redacted: bool | msgspec.UnsetType = msgspec.UNSET


class _Payload(msgspec.Struct):
    payload: msgspec.Raw


_ENCODER = msgspec.json.Encoder()
_PAYLOAD = msgspec.json.Decoder(_Payload)
_WIRE = msgspec.json.Decoder(_Wire)
_UNREAD: Final = object()


@dataclass(slots=True, eq=False)
class Frame:
    """One event, ready to be sent, with what filters look at."""

    sequence: int
    """Position in the log; of telemetry that in its own stream, which is not told."""
    event_type: str
    """Public name, also of a type or version that this program does not know."""
    cluster: str
    """Subject token of its cluster, ``-`` for none."""
    entity: str
    """``type:token``."""
    time: float
    """The log's time, Unix seconds."""
    text: str
    _stored_type: str = field(repr=False)
    _catalog: EventCatalog = field(repr=False)
    _namespace: object = field(default=_UNREAD, repr=False)
    spans: frozenset[str] = frozenset()
    """The clusters of what is of none, but about several."""

    @property
    def namespace(self) -> str | None:
        """The Kubernetes namespace it is about; the payload is read when somebody first asks."""
        if self._namespace is _UNREAD:
            self._namespace = self._read_namespace()
        return self._namespace if isinstance(self._namespace, str) else None

    def _read_namespace(self) -> str | None:
        payload = bytes(_PAYLOAD.decode(self.text).payload)
        try:
            return self._catalog.decode(self._stored_type, payload).namespace
        except (UnknownEvent, ValidationError):
            return None

    def only(self, clusters: frozenset[str]) -> "Frame":
        """As somebody may see it who may see these clusters; empty: all."""
        if not clusters or self.spans <= clusters:
            return self
        wire = _WIRE.decode(self.text)
        payload = redacted(self._catalog, self._stored_type, bytes(wire.payload), clusters)
        wire.payload, wire.redacted = msgspec.Raw(payload), True
        return replace(self, text=_ENCODER.encode(wire).decode(), spans=self.spans & clusters)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which events a client gets; an empty set lets all through."""

    event_types: frozenset[str] = frozenset()
    clusters: frozenset[str] = frozenset()
    namespaces: frozenset[str] = frozenset()
    entities: frozenset[str] = frozenset()
    """As `entity_token` writes them."""
    mine: frozenset[str] = frozenset()
    """Clusters that its client may see; of an event about others, too, these are left out."""

    def let(self, frame: Frame) -> Frame | None:
        """The event as it comes through, None if it does not."""
        return frame.only(self.mine) if self.accepts(frame) else None

    def accepts(self, frame: Frame) -> bool:
        """True if the event may come through; the filter on namespaces, the dear one, is last."""
        if self.event_types and frame.event_type not in self.event_types:
            return False
        if self.clusters and not self._has(frame):
            return False
        if self.entities and frame.entity not in self.entities:
            return False
        return not self.namespaces or frame.namespace in self.namespaces

    def _has(self, frame: Frame) -> bool:
        return frame.cluster in self.clusters or not self.clusters.isdisjoint(frame.spans)

    def wants(self, event_types: frozenset[str]) -> bool:
        """True if one of these types may come through."""
        return not (self.event_types and self.event_types.isdisjoint(event_types))


EVERYTHING = Filter()


@dataclass(frozen=True, slots=True)
class AnyOf:
    """What at least one of several filters lets through."""

    filters: tuple[Filter, ...]

    def let(self, frame: Frame) -> Frame | None:
        """The event as it comes through the first of them that it passes, None if there is none."""
        through = (each.let(frame) for each in self.filters)
        return next((seen for seen in through if seen is not None), None)

    def accepts(self, frame: Frame) -> bool:
        """True if one of them accepts it."""
        return any(each.accepts(frame) for each in self.filters)

    def wants(self, event_types: frozenset[str]) -> bool:
        """True if one of these types may come through one of them."""
        return any(each.wants(event_types) for each in self.filters)


Passes = Filter | AnyOf


def any_of(filters: Iterable[Filter]) -> Passes:
    """Filters as one: the same for the same filters in any order."""
    several = frozenset(filters)
    if len(several) == 1:
        return next(iter(several))
    return EVERYTHING if EVERYTHING in several else AnyOf(tuple(sorted(several, key=hash)))


def entity_token(entity: str) -> str:
    """``type:id``, where the id is the outside name, as frames carry it."""
    kind, _, name = entity.partition(":")
    return f"{kind}:{token(name)}"


@dataclass(frozen=True, slots=True)
class Encoder:
    """Makes frames of messages of the log."""

    names: Names
    catalog: EventCatalog = CATALOG

    def delivered(self, delivery: Delivery) -> Frame:
        """A frame of what a consumer handed out; Malformed if it is no event."""
        position = (delivery.sequence, delivery.time_ns)
        return self._frame(delivery.subject, delivery.headers, delivery.data, position)

    def stored(self, stored: Stored) -> Frame:
        """A frame of what a direct get brought; Malformed if it is no event."""
        position = (stored.sequence, nanoseconds(stored.time))
        return self._frame(stored.subject, stored.headers, stored.data, position)

    def _frame(
        self, subject: str, headers: Mapping[str, str], data: bytes, position: tuple[int, int]
    ) -> Frame:
        try:
            return self._encode(subject, headers, data, position)
        except KeyError as missing:
            raise Malformed(f"{subject}: no header {missing}") from None
        except ValueError as error:
            raise Malformed(f"{subject}: {error}") from None

    def _encode(
        self, subject: str, headers: Mapping[str, str], data: bytes, position: tuple[int, int]
    ) -> Frame:
        key = parse(subject).key
        cluster = None if key.cluster == NO_CLUSTER else key.cluster
        stored_type = headers["ce-type"]
        wire = _Wire(
            event_id=headers["ce-id"],
            event_type=self.catalog.public_name(stored_type),
            sequence=position[0],
            source=headers["ce-source"],
            cluster_id=cluster,
            cluster_name=None if cluster is None else self.names(cluster),
            timestamp=headers["ce-time"],
            logged_at=rfc3339(from_nanoseconds(position[1])),
            payload=msgspec.Raw(data),
            correlation_id=headers["ce-correlationid"],
            causation_id=headers["ce-causationid"],
            actor=headers["ce-actor"],
        )
        return Frame(
            sequence=position[0],
            event_type=wire.event_type,
            cluster=key.cluster,
            entity=f"{key.type}:{key.id}",
            time=position[1] / 1e9,
            text=_ENCODER.encode(wire).decode(),
            _stored_type=stored_type,
            _catalog=self.catalog,
            spans=self._spans(key.type, stored_type, data),
        )

    def _spans(self, kind: str, stored_type: str, data: bytes) -> frozenset[str]:
        if kind not in self.catalog.spanning:
            return frozenset()
        event = spanning(self.catalog, stored_type, data)
        return frozenset() if event is None else frozenset(map(str, event.of_clusters))


def spanning(catalog: EventCatalog, stored_type: str, data: bytes) -> Event | None:
    """An event that may be about several clusters; None if it cannot be read, so that only who may
    see everything sees it."""
    try:
        return catalog.decode(stored_type, data)
    except (UnknownEvent, ValidationError):
        return None


def redacted(
    catalog: EventCatalog, stored_type: str, data: bytes, clusters: Iterable[str]
) -> bytes:
    """The payload of an event as somebody may see it who may see these clusters, not all of its."""
    event = catalog.decode(stored_type, data).only(frozenset(map(UUID, clusters)))
    return event.model_dump_json().encode()


def measured_frame(delivery: Delivery, names: Names) -> Frame:
    """A frame of telemetry; Malformed if it is none that is shown, or broken."""
    _, kind, cluster, of = (*delivery.subject.split("."), "", "", "")[:4]
    measured = MEASURED.get(kind)
    if measured is None or not cluster:
        raise Malformed(f"{delivery.subject}: not a measurement that is shown")
    try:
        measured.message.model_validate_json(delivery.data)
    except ValidationError as error:
        raise Malformed(f"{delivery.subject}: {error.error_count()} errors") from None
    wire = _Wire(
        event_id=str(derived_id(delivery.subject, str(delivery.sequence))),
        event_type=measured.public,
        sequence=None,
        source=measured.source,
        cluster_id=None if cluster == NO_CLUSTER else cluster,
        cluster_name=None if cluster == NO_CLUSTER else names(cluster),
        timestamp=rfc3339(from_nanoseconds(delivery.time_ns)),
        logged_at=None,
        payload=msgspec.Raw(delivery.data),
        correlation_id=None,
        causation_id=None,
        actor=None,
    )
    return Frame(
        sequence=delivery.sequence,
        event_type=measured.public,
        cluster=cluster,
        entity=f"{measured.entity}:{cluster if of == NO_CLUSTER else of}",
        time=delivery.time_ns / 1e9,
        text=_ENCODER.encode(wire).decode(),
        _stored_type="",
        _catalog=CATALOG,
        _namespace=None,
    )
