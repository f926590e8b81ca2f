"""Claims, and whether the log bears them out: nothing is told as fact that it does not.

A claim that one thing led to another cites the events of both. Code looks at each: it was given,
it is about the entity that is named, and the cause was there before its effect. A claim that does
not pass is a hypothesis, and is told as one.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta

from contracts.incidents import Signal
from services.rca.reasoning.places import Entity

SLACK = timedelta(seconds=1)
"""Clocks of exporters differ; what began less than this earlier is as good as together."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Something that is said of an entity, and the events that say so."""

    entity: Entity
    text: str
    sequences: tuple[int, ...]
    """Of the events that tell of the entity."""
    effects: tuple[int, ...] = ()
    """Of the events that tell what it led to, if it claims that."""
    is_fact: bool = False
    """Whether `checked` has found the log to bear it out."""


def checked(claim: Claim, log: Mapping[int, Signal], parts: Collection[Entity] = ()) -> Claim:
    """The claim, as fact if every event it cites is there, in order, and about its entity.

    ``log``: signals by the sequence of their events. ``parts`` of the entity count as the entity.
    """
    told = [log.get(sequence) for sequence in claim.sequences]
    effects = [log.get(sequence) for sequence in claim.effects]
    causes = [each for each in told if each is not None]
    followed = [each for each in effects if each is not None]
    whole = len(causes) == len(told) > 0 and len(followed) == len(effects)
    about = {claim.entity, *parts}
    fact = whole and all(_is_about(each, about) for each in causes) and _in_order(causes, followed)
    return Claim(claim.entity, claim.text, claim.sequences, claim.effects, fact)


def _is_about(signal: Signal, entities: Collection[Entity]) -> bool:
    words = signal.where or ("cluster",)
    return any(Entity(signal.cluster_id, word) in entities for word in words)


def _in_order(causes: list[Signal], effects: list[Signal]) -> bool:
    if not effects:
        return True
    first = min(each.started_at for each in causes)
    return all(each.started_at + SLACK >= first for each in effects)
