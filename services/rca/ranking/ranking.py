"""Candidates in order: all evidence weighed together, what speaks against each, and whether the
cause is known at all."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.rca.ranking.evidence import Evidence, Kind, Unit

_SUREST = 0.99
"""No single kind of evidence is certain."""
_NOTHING = 0.02
"""Weight below which evidence is not worth telling."""
KNOWN = 0.4
"""Score from which on the first candidate is named as the cause."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entity that may be the cause, and why."""

    entity: str
    score: float
    """From 0 to 1."""
    reasons: tuple[Evidence, ...]
    """The strongest first."""
    doubts: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Ranking:
    """All candidates, the most likely first."""

    candidates: tuple[Candidate, ...]

    @property
    def cause(self) -> Candidate | None:
        """The first candidate if there is enough that speaks for it; null: the cause is unknown."""
        first = next(iter(self.candidates), None)
        return first if first is not None and first.score >= KNOWN else None


def rank(evidence: Iterable[Evidence], others: Iterable[str] = ()) -> Ranking:
    """Weigh evidence; ``others`` have none, and come last by their names.

    Evidence of one unit is compared: what affected less counts less, by the square root. Kinds are
    taken as independent of each other; evidence against weakens its own kind only. The same
    evidence, in whatever order, gives the same ranking.
    """
    by_entity: dict[str, list[Evidence]] = {entity: [] for entity in others}
    for each in sorted(evidence, key=_order):
        by_entity.setdefault(each.entity, []).append(each)
    most = _most(each for some in by_entity.values() for each in some)
    candidates = [_candidate(entity, some, most) for entity, some in by_entity.items()]
    return Ranking(tuple(sorted(candidates, key=_place)))


def _most(evidence: Iterable[Evidence]) -> Mapping[Unit, float]:
    most: dict[Unit, float] = defaultdict(float)
    for each in evidence:
        if not each.against:
            most[each.unit] = max(most[each.unit], each.affected)
    return most


def _candidate(entity: str, evidence: Sequence[Evidence], most: Mapping[Unit, float]) -> Candidate:
    weights: dict[Kind, float] = defaultdict(float)
    for each in evidence:
        if not each.against:
            weights[each.kind] = max(weights[each.kind], _weight(each, most))
    for each in evidence:
        if each.against and each.kind in weights:
            weights[each.kind] *= 1 - each.strength
    left = math.prod(1 - min(_SUREST, weight) for weight in weights.values())
    reasons = [each for each in evidence if not each.against and _weight(each, most) > _NOTHING]
    reasons.sort(key=lambda each: -_weight(each, most))
    doubts = tuple(each for each in evidence if each.against)
    return Candidate(entity, 1 - left, tuple(reasons), doubts)


def _weight(evidence: Evidence, most: Mapping[Unit, float]) -> float:
    whole = most[evidence.unit]
    return evidence.strength * math.sqrt(evidence.affected / whole) if whole else 0.0


def _order(evidence: Evidence) -> tuple[str, str, bool, float, str, float, str]:
    """By all that it has: equal ones alone have no order."""
    first = evidence.entity, evidence.kind, evidence.against, -evidence.strength, evidence.said
    return *first, -evidence.affected, evidence.unit


def _place(candidate: Candidate) -> tuple[float, float, str]:
    affected = max((each.affected for each in candidate.reasons), default=0.0)
    return -candidate.score, -affected, candidate.entity
