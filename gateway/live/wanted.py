"""What a subscription asks for, once it was found good."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from contracts.catalog import EventCatalog
from gateway.live.messages import Invalid, Subscribe, Subscribed
from services.runtime.frames import Filter, entity_token
from services.runtime.principals import Principal


@dataclass(frozen=True)
class Wanted:
    """A subscription that was found good."""

    id: str | None
    since: int | datetime | None
    """Events after this position of the log, of this time of the log on, or from now on."""
    passes: Filter
    entities: tuple[str, ...]
    """As the client wrote them."""
    batch: bool = False

    def without(self, event_types: Iterable[str], known: frozenset[str]) -> "Wanted | None":
        """The subscription less these types; None if nothing is left."""
        left = (self.passes.event_types or known) - frozenset(event_types)
        if not left:
            return None
        return replace(self, passes=replace(self.passes, event_types=left))

    def answer(self, position: int) -> Subscribed:
        """As the client is told of it."""
        return Subscribed(
            id=self.id,
            sequence=position,
            event_types=tuple(sorted(self.passes.event_types)),
            cluster_filter=tuple(sorted(self.passes.clusters)),
            namespace_filter=tuple(sorted(self.passes.namespaces)),
            entity_filter=self.entities,
        )


def wanted(message: Subscribe, principal: Principal, catalog: EventCatalog) -> Wanted:
    """Check a subscription against what there is and what this principal may see; or Invalid."""
    asked = message.subscription
    unknown = sorted(set(asked.event_types) - catalog.shown_names)
    if unknown:
        raise Invalid("INVALID_SUBSCRIPTION", f"unknown event types: {_few(unknown)}", message.id)
    if asked.since_sequence is not None and asked.since_time is not None:
        raise Invalid("INVALID_SUBSCRIPTION", "since_sequence or since_time, not both", message.id)
    if asked.cluster_filter and not any(map(principal.reads.has, asked.cluster_filter)):
        raise Invalid("PERMISSION_DENIED", "none of these clusters is yours", message.id)
    passes = Filter(
        event_types=frozenset(asked.event_types),
        clusters=frozenset(map(str, principal.reads.narrow(asked.cluster_filter))),
        namespaces=frozenset(asked.namespace_filter),
        entities=frozenset(map(entity_token, asked.entity_filter)),
        mine=frozenset(map(str, principal.reads.narrow())),
    )
    since = asked.since_time if asked.since_sequence is None else asked.since_sequence
    return Wanted(message.id, since, passes, asked.entity_filter, message.batch)


def _few(names: Iterable[str]) -> str:
    return ", ".join(name[:64] for name in list(names)[:5])
