"""Words are told in their order, as fast as they are taken, and none is lost."""

import asyncio
import json
from typing import Any

import pytest

from services.llm.streaming import Words
from services.runtime.replies import Gone
from tests.kit.runtime import until

pytestmark = pytest.mark.anyio


class Asker:
    """Takes what is sent, as fast as it may."""

    def __init__(self) -> None:
        self.parts: list[dict[str, Any]] = []
        self.gone = False
        self.free = asyncio.Event()
        self.free.set()

    async def send(self, part: bytes) -> None:
        """As `Asked.send`."""
        if self.gone:
            raise Gone
        self.parts += [json.loads(each) for each in part.decode().splitlines()]
        await self.free.wait()

    def words(self) -> Words:
        return Words(self.send)


async def test_each_word_comes_at_once_and_together_what_came_while_one_was_taken() -> None:
    asker = Asker()
    words = asker.words()
    async with words.telling():
        words.begins("")
        words.word("It ")
        await until(lambda: asker.parts)
        asker.free.clear()
        words.word("is ")
        await until(lambda: len(asker.parts) == 2)
        for each in ("down ", "since ", "noon."):
            words.word(each)
        asker.free.set()
        await until(lambda: len(asker.parts) == 3)
    assert asker.parts == [{"text": "It "}, {"text": "is "}, {"text": "down since noon."}]


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
