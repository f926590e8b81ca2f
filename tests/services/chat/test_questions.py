"""Fifty recorded questions: the tools they need, the figures that answer them, and no invention."""

import pytest

from contracts.personas import BUILT_IN
from services.chat.grounding import claims
from tests.services.chat.planted import planted
from tests.services.chat.questions.every import QUESTIONS
from tests.services.chat.questions.question import Question
from tests.services.chat.turns import WHY, turn
from tests.services.chat.world import World


@pytest.fixture(scope="module")
def world() -> World:
    return planted()


def test_there_are_ten_of_each_persona() -> None:
    personas = [each.persona for each in QUESTIONS]
    assert {each: personas.count(each) for each in personas} == dict.fromkeys(BUILT_IN, 10)


@pytest.mark.parametrize("asked", QUESTIONS, ids=lambda each: f"{each.persona}: {each.text}")
def test_a_recorded_question(asked: Question, world: World) -> None:
    told = turn(asked.asked(world), world, asked.persona)
    assert asked.missing_calls(told.calls, world) == []
    assert asked.missing_figures(told.text, world) == []
    assert told.text.endswith(
        f"*No model was used ({WHY}): this was put together from what the tools told by fixed"
        " rules.*"
    )


@pytest.mark.parametrize("asked", QUESTIONS, ids=lambda each: f"{each.persona}: {each.text}")
def test_every_figure_of_an_answer_was_told(asked: Question, world: World) -> None:
    told = turn(asked.asked(world), world, asked.persona)
    found = claims(told.text, told.rounds, told.question, WHY)
    assert [told.text[each.start : each.end] for each in found if each.is_unsupported] == []
    assert any(each.evidence for each in found)
