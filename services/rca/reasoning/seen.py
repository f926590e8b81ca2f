"""What was seen live, as the reasoning takes it: like signals, but no event tells it."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated
from uuid import UUID, uuid5

from pydantic import Field

from contracts.incidents import Signal, SignalKind
from contracts.rca_seen import RELATED, RcaLive, RcaSeen
from services.rca.reasoning.places import Entity

UNSEEN = RcaLive()
"""Nothing was looked at live."""
_SPACE = UUID("6d0c2d3e-8f57-5a40-9e0a-51b2b8a3c6de")


class Observation(Signal):
    """Something that was seen live. ``sequence`` is its number below 0: -1 is the first one."""

    sequence: Annotated[int, Field(lt=0)]
    text: str
    """What was seen, in words."""
    is_dated: bool
    """False: nobody knows when it began, ``started_at`` is the earliest that it can have."""
    precision: timedelta
    """So much earlier than ``started_at`` it may have begun."""


def observations(live: RcaLive) -> tuple[Observation, ...]:
    """Of all that was seen, in its order.

    Without what is only said to be related: that is no sign that anything is wrong with it.
    """
    return tuple(
        _observed(number, each) for number, each in enumerate(live.seen) if each.name != RELATED
    )


def _observed(number: int, seen: RcaSeen) -> Observation:
    return Observation(
        id=uuid5(_SPACE, f"{seen.cluster_id}/{number}"),
        kind=SignalKind.STATUS,
        cluster_id=seen.cluster_id,
        name=seen.name,
        severity=seen.severity,
        where=seen.where,
        started_at=seen.since,
        sequence=-1 - number,
        text=seen.text,
        is_dated=seen.began_at is not None,
        precision=timedelta(seconds=seen.precision_seconds),
    )


def number_of(sequence: int) -> int | None:
    """Which of what was seen a sequence stands for; None for one of the log."""
    return -1 - sequence if sequence < 0 else None


@dataclass(frozen=True, slots=True)
class Calls:
    """Who is called by whom, directly or by way of others."""

    _above: Mapping[Entity, frozenset[Entity]] = field(
        default_factory=dict[Entity, frozenset[Entity]]
    )
    """Of everything that calls or is called: what waits for it."""

    def are_related(self, callee: Entity, caller: Entity) -> bool | None:
        """Whether the one is called by the other; None if the calls of either are not known."""
        if callee not in self._above or caller not in self._above:
            return None
        return caller in self._above[callee]


def calls(live: RcaLive) -> Calls:
    """The calls that were seen."""
    direct: dict[Entity, set[Entity]] = defaultdict(set)
    for each in live.calls:
        caller = Entity(each.cluster_id, each.caller)
        callee = Entity(each.cluster_id, each.callee)
        if caller != callee:
            direct[callee].add(caller)
            direct.setdefault(caller, set())
    return Calls({entity: _all_above(entity, direct) for entity in sorted(direct)})


def _all_above(entity: Entity, direct: Mapping[Entity, set[Entity]]) -> frozenset[Entity]:
    found: set[Entity] = set()
    left = [entity]
    while left:
        for each in direct[left.pop()] - found:
            found.add(each)
            left.append(each)
    return frozenset(found - {entity})
