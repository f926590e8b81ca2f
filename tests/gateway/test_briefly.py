"""One answer for all who ask the same within a moment."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

import pytest

from gateway import briefly
from gateway.briefly import Briefly
from tests.kit import builders

pytestmark = pytest.mark.anyio


@dataclass
class _Clock:
    seconds: float = 0.0

    def now(self) -> datetime:
        return builders.at(self.seconds)

    def monotonic(self) -> float:
        return self.seconds


@dataclass
class _Work:
    """Takes its time, and answers how often it was asked."""

    clock: _Clock
    takes: float = 0.05
    asked: int = 0
    size: int = 0
    release: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self) -> bytes:
        self.asked += 1
        number = self.asked
        await self.release.wait()
        self.clock.seconds += self.takes
        return str(number).encode().ljust(self.size)


@pytest.fixture
def work() -> _Work:
    made = _Work(_Clock())
    made.release.set()
    return made


async def test_all_who_ask_at_once_are_given_one_answer(work: _Work) -> None:
    shared = Briefly(work.clock)
    work.release.clear()
    asked = [asyncio.create_task(shared.answered(("gpus",), work)) for _ in range(20)]
    await asyncio.sleep(0)
    work.release.set()
    assert set(await asyncio.gather(*asked)) == {b"1"}


async def test_an_answer_counts_ten_times_as_long_as_it_took(work: _Work) -> None:
    shared = Briefly(work.clock)
    await shared.answered(("gpus",), work)
    work.clock.seconds += 0.49
    assert await shared.answered(("gpus",), work) == b"1"
    work.clock.seconds += 0.02
    assert await shared.answered(("gpus",), work) == b"2"


async def test_no_answer_counts_for_more_than_a_second(work: _Work) -> None:
    shared, work.takes = Briefly(work.clock), 30.0
    await shared.answered(("gpus",), work)
    work.clock.seconds += 1.01
    assert await shared.answered(("gpus",), work) == b"2"


async def test_what_took_no_time_is_asked_anew(work: _Work) -> None:
    shared, work.takes = Briefly(work.clock), 0.0
    assert [await shared.answered(("gpus",), work) for _ in range(2)] == [b"1", b"2"]


async def test_another_question_has_an_answer_of_its_own(work: _Work) -> None:
    shared = Briefly(work.clock)
    questions = [("gpus", None), ("gpus", ("one",)), ("nodes", None)]
    assert [await shared.answered(each, work) for each in questions] == [b"1", b"2", b"3"]


async def test_a_failure_is_told_to_all_who_wait_and_not_kept(work: _Work) -> None:
    async def fails() -> bytes:
        await work.release.wait()
        raise ConnectionError("away")

    shared = Briefly(work.clock)
    asked = [asyncio.create_task(shared.answered(("gpus",), fails)) for _ in range(2)]
    told = await asyncio.gather(*asked, return_exceptions=True)
    assert [str(each) for each in told] == ["away", "away"]
    assert await shared.answered(("gpus",), work) == b"1"


async def test_what_is_kept_is_bounded(work: _Work, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(briefly, "_MOST_BYTES", 1_000)
    shared, work.takes, work.size = Briefly(work.clock), 0.2, 400
    for name in ("one", "two", "three"):
        await shared.answered((name,), work)
    assert await shared.answered(("three",), work) == b"3".ljust(400)
    assert await shared.answered(("one",), work) == b"4".ljust(400), "the oldest has gone"
