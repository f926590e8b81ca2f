"""Where a message lives on the bus: subject and concurrency filter, built together."""

import hashlib
import re
from dataclasses import dataclass
from typing import NamedTuple

NO_CLUSTER = "-"
_TOKEN = re.compile(r"[A-Za-z0-9_-]+\Z")
_SAFE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
_LONGEST = 128
_EVENT_SUBJECT = re.compile(
    r"evt\.([A-Za-z0-9_=~-]+)\.([a-z0-9_]+)\.([A-Za-z0-9_=~-]+)\.([a-z0-9_]+)(?:\.([0-9]+))?\Z"
)


def token(name: str) -> str:
    """An outside name as one subject token: other bytes become ``=XX``, a long one its SHA-256.

    Injective: two names share a token only if they share a SHA-256. The result never holds
    ``. * >`` or white space. The empty name is ``=``; a hash is marked by ``=~``, which no
    escaped name contains.
    """
    if len(name) <= _LONGEST and is_plain_token(name):
        return name
    encoded = "".join(
        chr(byte) if byte in _SAFE else f"={byte:02X}"
        for byte in name.encode("utf-8", "surrogatepass")
    )
    if len(encoded) > _LONGEST:
        return "=~" + hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
    return encoded or "="


def is_plain_token(name: str) -> bool:
    """True for a name that may stand in a subject as it is."""
    return _TOKEN.match(name) is not None


class EntityKey(NamedTuple):
    """The entity an event belongs to: the unit of ordering and of optimistic concurrency.

    ``cluster`` and ``id`` are tokens (see `token`), ``cluster`` is ``-`` for what belongs to none.
    """

    cluster: str
    type: str
    id: str

    @property
    def filter(self) -> str:
        """Every event of this entity, and of no other."""
        return f"evt.{self.cluster}.{self.type}.{self.id}.>"

    def __str__(self) -> str:
        return f"{self.type}/{self.id}"


class Address(NamedTuple):
    """Subject of one event together with the filter that its expected sequence is checked on.

    The server does not check that the filter covers the subject, so nothing else may build them.
    """

    subject: str
    filter: str


def address(key: EntityKey, event: str, version: int | None) -> Address:
    """Where an event of an entity is appended; aggregates carry their version as the last token."""
    tail = event if version is None else f"{event}.{version}"
    return Address(f"evt.{key.cluster}.{key.type}.{key.id}.{tail}", key.filter)


@dataclass(frozen=True, slots=True)
class EventSubject:
    """An event's subject taken apart."""

    key: EntityKey
    event: str
    version: int | None


def parse(subject: str) -> EventSubject:
    """The inverse of `address`; ValueError for anything else."""
    match = _EVENT_SUBJECT.match(subject)
    if match is None:
        raise ValueError(f"not an event subject: {subject!r}")
    cluster, kind, entity_id, event, version = match.groups()
    key = EntityKey(cluster, kind, entity_id)
    return EventSubject(key, event, None if version is None else int(version))


def command_subject(publisher: str, area: str, name: str) -> str:
    """``cmd.<publisher>.<area>.<snake_name>``."""
    return f"cmd.{publisher}.{area}.{name}"
