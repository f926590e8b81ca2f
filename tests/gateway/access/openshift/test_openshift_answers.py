"""Answers that are kept: bounds, and who pushes out whom."""

import pytest

from contracts.refusals import TryLater
from gateway.auth.openshift.answers import Answers, Keeping
from tests.gateway.access.oidc.logins import HandClock

pytestmark = pytest.mark.anyio


class Oracle:
    """Knows even numbers; remembers what it was asked."""

    def __init__(self, most: int = 3) -> None:
        self.clock = HandClock()
        self.answers = Answers[int, str](self.clock, Keeping(most=most))
        self.asked: list[int] = []
        self.broken = False

    async def get(self, question: int) -> str | None:
        async def ask() -> str | None:
            self.asked.append(question)
            if self.broken:
                raise TryLater("not now")
            return None if question % 2 else f"{question}"

        return await self.answers.get(question, ask)


async def test_the_oldest_answers_are_forgotten_first() -> None:
    oracle = Oracle()
    for question in (2, 4, 6, 8, 8, 6, 4, 2):
        assert await oracle.get(question) == f"{question}"
    assert oracle.asked == [2, 4, 6, 8, 2]


async def test_a_flood_of_noes_pushes_out_no_answer() -> None:
    oracle = Oracle()
    await oracle.get(2)
    for question in range(1, 2001, 2):
        assert await oracle.get(question) is None
    oracle.asked.clear()
    assert await oracle.get(2) == "2"
    assert await oracle.get(1999) is None
    assert oracle.asked == []
    assert await oracle.get(1) is None
    assert oracle.asked == [1]


async def test_an_answer_ends_a_minute_after_its_question() -> None:
    oracle = Oracle()
    slow = oracle.clock

    async def ask() -> str:
        oracle.asked.append(2)
        slow.on(5)
        return "2"

    await oracle.answers.get(2, ask)
    slow.on(54.9)
    await oracle.answers.get(2, ask)
    assert oracle.asked == [2]
    slow.on(0.2)
    await oracle.answers.get(2, ask)
    assert oracle.asked == [2, 2]


async def test_after_a_failure_nobody_is_asked_for_2_seconds() -> None:
    oracle = Oracle()
    oracle.broken = True
    for _ in range(3):
        with pytest.raises(TryLater, match="not now"):
            await oracle.get(2)
    oracle.broken = False
    with pytest.raises(TryLater, match="not now"):
        await oracle.get(4)
    assert oracle.asked == [2]
    oracle.clock.on(2)
    assert await oracle.get(4) == "4"
    assert await oracle.get(2) == "2"


async def test_an_error_of_our_own_is_told_and_not_kept() -> None:
    oracle = Oracle()

    async def ask() -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await oracle.answers.get(2, ask)
    assert await oracle.get(2) == "2"
