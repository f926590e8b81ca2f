"""A turn of the analyst, to its end."""

from collections.abc import Collection
from dataclasses import dataclass

from contracts.conversing import WantedCall
from contracts.personas import BUILT_IN
from services.chat.analyst import next_said
from services.chat.steps import Round
from tests.services.chat.rows import NOW
from tests.services.chat.world import World

WHY = "no model is configured"


@dataclass(frozen=True)
class Turn:
    """What was called, and the answer."""

    question: str
    rounds: list[Round]
    text: str

    @property
    def calls(self) -> list[WantedCall]:
        return [call for each in self.rounds for call in each.calls]

    @property
    def tools(self) -> list[str]:
        return [each.name for each in self.calls]


def turn(
    question: str,
    world: World,
    persona: str = "default",
    *,
    capabilities: Collection[str] | None = None,
    begun: list[Round] | None = None,
) -> Turn:
    """With the tools of a persona, after the rounds that a model has begun."""
    allowed = BUILT_IN[persona].capabilities if capabilities is None else capabilities
    rounds = list(begun or ())
    for _ in range(5):
        turned = next_said(question, allowed, (), rounds, NOW, WHY)
        if not turned.calls:
            return Turn(question, rounds, turned.text)
        assert not turned.text
        assert {each.name for each in turned.calls} <= set(allowed)
        rounds.append(world.round(turned.calls))
    raise AssertionError("it comes to no end")
