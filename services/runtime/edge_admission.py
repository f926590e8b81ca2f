"""What the hub takes over from a far-edge site: it is believed for its own clusters alone."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import msgspec

from contracts.catalog import CATALOG, EventCatalog
from contracts.subjects import parse
from services.runtime import streams
from services.runtime.answers import Outgoing, Stored
from services.runtime.edge import ORIGIN, SITE_KINDS
from services.runtime.edge_fleet import SiteFleet

_IDS = ("ce-id", "ce-correlationid", "ce-causationid", "ce-commandid")
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")


class Origin(NamedTuple):
    """Where a message of the hub's has come from."""

    site: str
    born: str
    """When the site's stream was made: sequences of another one say nothing of it."""
    sequence: int

    @classmethod
    def of(cls, stored: Stored) -> "Origin | None":
        """As the message says; None for one of the hub's own."""
        parts = stored.headers.get(ORIGIN, "").split(" ")
        if len(parts) != 3 or not parts[2].isdecimal():
            return None
        return cls(parts[0], parts[1], int(parts[2]))

    def __str__(self) -> str:
        return f"{self.site} {self.born} {self.sequence}"


class _Measure(msgspec.Struct):
    cluster_id: str | None = None


@dataclass(frozen=True, slots=True)
class Admission:
    """Decides over the messages of one site."""

    site: str
    fleet: SiteFleet
    catalog: EventCatalog = CATALOG

    def refusal(self, stream: str, stored: Stored) -> str:
        """Why a message is not taken over; empty if it is.

        UnknownEvent for an event that a newer program has written: it waits until the hub is new.
        """
        if stream == streams.EVENTS:
            return self._event(stored)
        return self._measure(stored)

    def _event(self, stored: Stored) -> str:
        try:
            where = parse(stored.subject)
            if where.key.type not in SITE_KINDS:
                return "not a site's to tell"
            if not self.fleet.belongs(where.key.cluster, self.site):
                return "of a cluster that is not the site's"
            _require_envelope(stored.headers)
            event = self.catalog.decode(stored.headers["ce-type"], stored.data)
        except (KeyError, ValueError):
            return "broken"
        # Facts alone: whoever may write versions can stop an aggregate for ever.
        if (where.key, where.event, where.version) != (event.key, event.names.token, None):
            return "under a subject that is not its own"
        return ""

    def _measure(self, stored: Stored) -> str:
        tel, _, rest = stored.subject.partition(".")
        cluster = rest.split(".")[1] if rest.count(".") >= 1 else ""
        if tel != "tel" or not self.fleet.belongs(cluster, self.site):
            return "of a cluster that is not the site's"
        try:
            told = msgspec.json.decode(stored.data, type=_Measure)
        except (ValueError, RecursionError):
            return "broken"
        return "" if told.cluster_id in {None, cluster} else "under a subject that is not its own"


def _require_envelope(headers: Mapping[str, str]) -> None:
    """KeyError or ValueError unless every reader of the log can read these (`context.recorded`).

    By their shape: making objects of them took a third of the time of taking over an event.
    """
    if not all(_ID.match(headers[name]) for name in _IDS):
        raise ValueError("not an id")
    if datetime.fromisoformat(headers["ce-time"]).tzinfo is None:
        raise ValueError("a time without a zone")
    if not headers["ce-source"] or not headers["ce-actor"]:
        raise ValueError("by nobody")


def as_taken(stored: Stored, origin: Origin) -> Outgoing:
    """A site's message as the hub stores it.

    Its message id stays behind: within two minutes the hub takes in what a site told over hours,
    and would take two of them for one. What keeps each from being stored twice is its origin.
    """
    kept = {name: text for name, text in stored.headers.items() if name[:5] != "Nats-"}
    kept[ORIGIN] = str(origin)
    lifetime = stored.headers.get("Nats-TTL")
    if lifetime:
        kept["Nats-TTL"] = lifetime
    return Outgoing(stored.subject, stored.data, kept)
