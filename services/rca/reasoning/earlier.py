"""What analyses of earlier incidents have found: what was a cause before may be one again. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from contracts.spoken import place_in_words
from services.rca.reasoning.claims import Claim
from services.rca.reasoning.knowledge import Class
from services.rca.reasoning.places import Entity

_MOST = 0.1
"""What a cause may gain so at most, of what it lacks: no wrong answer may make itself true."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """Known causes of incidents that were before."""

    causes: Mapping[tuple[Entity, str], tuple[int, ...]] = field(
        default_factory=dict[tuple[Entity, str], tuple[int, ...]]
    )
    """By entity and kind the positions of the analyses that say so, one of each incident."""
    days: int = 0
    """How far back was read."""

    def prior(self, entity: Entity, kind: Class) -> float:
        """A share of what is left to 1: half of the most for one incident, then less for each."""
        return _MOST * (1 - 0.5 ** len(self._told(entity, kind)))

    def claims(self, entity: Entity, kind: Class) -> Iterable[Claim]:
        """That it was a cause before, if it was. Each event cited says just that."""
        told = self._told(entity, kind)
        if told:
            many = f"{len(told)} incident{'' if len(told) == 1 else 's'}"
            since = f"the last {self.days} days" if self.days > 1 else "the last day"
            what = "" if kind.value == entity.kind else f" ({kind.value})"
            text = f"{place_in_words(entity.word)}{what} was the cause of {many} in {since}"
            yield Claim(entity, text, told, is_fact=True)

    def _told(self, entity: Entity, kind: Class) -> tuple[int, ...]:
        return self.causes.get((entity, kind.value), ())


NOTHING = Earlier()
