"""Evidence: one thing that speaks for or against an entity as the cause."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "slow work",
    "slow calls",
    "broken work",
    "new errors",
    "early ends",
    "silence",
    "saturation",
    "flow",
]
Unit = Literal["seconds", "requests", "points", "share"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Something that was observed, how much it weighs, and how much it affected."""

    entity: str
    kind: Kind
    strength: float
    """From 0 to 1."""
    affected: float
    """How much there was of it, in ``unit``: of two entities with like evidence, the one with more
    of it comes first."""
    unit: Unit
    said: str
    """With the numbers it rests on."""
    against: bool = False
    """Whether it speaks against the entity as the cause."""
