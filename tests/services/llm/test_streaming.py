"""Words are told in their order: the first at once, later ones together, and none is lost."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from services.llm.streaming import PAUSE, Words
from services.runtime.replies import Gone
from tests.kit.runtime import until

pytestmark = pytest.mark.anyio


class Asker:
    """Takes what is sent, and sets off what was put off."""

    def __init__(self) -> None:
        self.parts: list[dict[str, Any]] = []
        self.later: list[tuple[float, Callable[[], object]]] = []
        self.gone = False

    async def send(self, part: bytes) -> None:
        """As `Asked.send`."""
        if self.gone:
            raise Gone
        self.parts += [json.loads(each) for each in part.decode().splitlines()]

    def put_off(self, seconds: float, call: Callable[[], object]) -> None:
        """As a loop's ``call_later``."""
        self.later.append((seconds, call))

    def words(self) -> Words:
        return Words(self.send, self.put_off)


async def test_the_first_word_comes_at_once_and_later_ones_together() -> None:
    asker = Asker()
    words = asker.words()
    async with words.telling():
        words.begins("")
        words.word("It ")
        await until(lambda: asker.parts)
        for each in ("is ", "down ", "since "):
            words.word(each)
        assert asker.parts == [{"text": "It "}]
        ((seconds, due),) = asker.later
        assert seconds == PAUSE
        due()
        await until(lambda: len(asker.parts) == 2)
        words.word("noon.")
        assert len(asker.later) == 2
    assert asker.parts == [{"text": "It "}, {"text": "is down since "}, {"text": "noon."}]


async def test_when_another_begins_what_was_said_does_not_count() -> None:
    asker = Asker()
    words = asker.words()
    async with words.telling():
        words.begins("")
        words.word("It ")
        await until(lambda: asker.parts)
        words.word("never shown ")
        words.begins("a: answered 500")
        words.word("Well ")
        await until(lambda: len(asker.parts) == 3)
    assert asker.parts == [{"text": "It "}, {"restart": "a: answered 500"}, {"text": "Well "}]


async def test_of_one_that_said_nothing_nothing_is_told() -> None:
    asker = Asker()
    words = asker.words()
    async with words.telling():
        words.begins("")
        words.begins("a: answered 500")
        words.word("Well")
    assert asker.parts == [{"text": "Well"}]


async def test_who_has_gone_is_told_nothing_and_it_is_known() -> None:
    asker = Asker()
    words = asker.words()
    asker.gone = True

    async def said() -> None:
        async with words.telling():
            words.begins("")
            words.word("It ")

    with pytest.raises(Gone):
        await said()


async def test_a_failure_beside_is_the_one_that_is_told() -> None:
    asker = Asker()
    words = asker.words()
    asker.gone = True

    async def said() -> None:
        async with words.telling():
            words.word("It ")
            raise ValueError("ours")

    with pytest.raises(ValueError, match="ours"):
        await said()
