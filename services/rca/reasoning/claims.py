"""Claims, and whether the log bears them out: nothing is told as fact that it does not.

A claim that one thing led to another cites the events of both. Code looks at each: it was given,
it is about the entity that is named, and the cause was there before its effect, by the clocks of
their sources and by the log's order. A claim that does not pass is a hypothesis, and is told as
one.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from contracts.incidents import Signal
from services.rca.reasoning.places import Entity, subject
from services.rca.reasoning.seen import Observation

SLACK = timedelta(seconds=1)
"""Clocks of exporters differ; what began less than this earlier is as good as together."""
_NO_PARTS: Mapping[Entity, Collection[Entity]] = {}


@dataclass(frozen=True, slots=True)
class Claim:
    """Something that is said of an entity, and the events that say so."""

    entity: Entity
    text: str
    sequences: tuple[int, ...]
    """Of the events that tell of the entity; below 0 of what was seen live (`Observation`)."""
    effects: tuple[int, ...] = ()
    """Of the events that tell what it led to, if it claims that."""
    affected: Entity | None = None
    """What these are about."""
    is_fact: bool = False
    """Whether `checked` has found the log to bear it out."""


def checked(
    claim: Claim, log: Mapping[int, Signal], parts: Mapping[Entity, Collection[Entity]] = _NO_PARTS
) -> Claim:
    """The claim, as fact if every event it cites is there, in order, and about its entity.

    ``log``: signals by the sequence of their events. ``parts`` of an entity count as the entity.
    """
    told = [log.get(sequence) for sequence in claim.sequences]
    effects = [log.get(sequence) for sequence in claim.effects]
    causes = [each for each in told if each is not None]
    followed = [each for each in effects if each is not None]
    whole = len(causes) == len(told) > 0 and len(followed) == len(effects)
    fact = (
        whole
        and _are_about(causes, claim.entity, parts)
        and _are_about(followed, claim.affected, parts)
        and _in_order(causes, followed)
    )
    return replace(claim, is_fact=fact)


def _are_about(
    signals: Iterable[Signal], entity: Entity | None, parts: Mapping[Entity, Collection[Entity]]
) -> bool:
    about = frozenset[Entity]() if entity is None else {entity, *parts.get(entity, ())}
    return all(not about.isdisjoint(_named(each)) for each in signals)


def _named(signal: Signal) -> set[Entity]:
    """All that a signal has words for, and what it is about where it has none."""
    return {subject(signal), *(Entity(signal.cluster_id, word) for word in signal.where)}


def _in_order(causes: list[Signal], effects: list[Signal]) -> bool:
    if not effects:
        return True
    if not all(each.is_dated for each in (*causes, *effects) if isinstance(each, Observation)):
        return False
    first = min(each.started_at for each in causes)
    # What was seen live has no place in the log's order: its source's clock is all there is.
    logged = min((each.sequence for each in causes if each.sequence > 0), default=0)
    return all(
        _earliest(each) + SLACK >= first and (each.sequence < 0 or each.sequence > logged)
        for each in effects
    )


def _earliest(signal: Signal) -> datetime:
    """When it can have begun at the earliest."""
    if isinstance(signal, Observation):
        return signal.started_at - signal.precision
    return signal.started_at
