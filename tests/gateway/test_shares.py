"""Room is shared: nobody can take all of it, and whoever was given least is served first."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings as hypothesis_settings, strategies as st

from contracts.refusals import Code, Refused
from gateway.shares import Shares
from tests.kit.runtime import until

pytestmark = pytest.mark.anyio


@dataclass
class Room:
    """Shares of a test, and who holds or waits for one."""

    size: int = 100
    patience: float = 30.0
    most_waiting: int = 1000
    taken: int = 0
    order: list[str] = field(default_factory=list[str])
    """Sources by the time at which they were served."""
    shares: Shares = field(init=False)

    def __post_init__(self) -> None:
        self.shares = Shares(
            self.size, patience=self.patience, most_waiting=self.most_waiting, told=self._told
        )

    def _told(self, taken: int) -> None:
        self.taken = taken

    def post(self, source: str, size: int = 1, *, held: asyncio.Event) -> "asyncio.Task[None]":
        """Hold a share until told to give it back."""

        async def hold() -> None:
            async with self.shares.share(source, size):
                self.order.append(source)
                await held.wait()

        return asyncio.ensure_future(hold())


async def _begun(*tasks: "asyncio.Task[None]") -> None:
    """All of them have asked: each either holds a share or waits for it."""
    for _ in range(len(tasks) + 2):
        await asyncio.sleep(0)


async def _refused(task: "asyncio.Task[None]") -> Code:
    with pytest.raises(Refused) as told:
        await task
    return told.value.code


async def test_one_source_alone_leaves_half_of_the_room_free() -> None:
    room, held = Room(100), asyncio.Event()
    posts = [room.post("storm", 10, held=held) for _ in range(20)]
    await _begun(*posts)
    assert room.taken == 50
    quiet = room.post("quiet", 10, held=held)
    await _begun(quiet)
    assert room.order[-1] == "quiet", "there is room for whoever comes"
    held.set()
    await asyncio.gather(*posts, quiet)
    assert room.taken == 0


async def test_sources_that_want_all_of_it_get_equal_parts() -> None:
    room, held = Room(120), asyncio.Event()
    posts = [room.post(source, held=held) for _ in range(200) for source in "abc"]
    await _begun(*posts)
    parts = [room.order.count(source) for source in "abc"]
    assert max(parts) - min(parts) <= 1
    assert room.taken == sum(parts) <= 120 * 3 / 4
    held.set()
    await asyncio.gather(*posts)


async def test_what_is_larger_than_the_room_is_given_when_nobody_holds_any() -> None:
    room, held, small = Room(10), asyncio.Event(), asyncio.Event()
    first = room.post("other", 1, held=small)
    large = room.post("large", 1000, held=held)
    await _begun(first, large)
    assert room.order == ["other"]
    small.set()
    await until(lambda: room.order == ["other", "large"])
    held.set()
    await asyncio.gather(first, large)


async def test_a_source_is_served_in_its_own_order() -> None:
    room, held, served = Room(2), asyncio.Event(), list[int]()
    first = room.post("a", held=held)
    await _begun(first)

    async def wait(number: int) -> None:
        async with room.shares.share("a", 1):
            served.append(number)

    later = [asyncio.ensure_future(wait(number)) for number in range(20)]
    await _begun(*later)
    held.set()
    await asyncio.gather(first, *later)
    assert served == [*range(20)]


async def test_one_post_of_a_quiet_source_does_not_wait_behind_a_storm() -> None:
    room = Room(1)
    turn = [asyncio.Event() for _ in range(100)]
    storm = [room.post("storm", held=turn[number]) for number in range(100)]
    await _begun(*storm)
    for number in range(40):
        turn[number].set()
        await until(lambda: len(room.order) == number + 2)  # noqa: B023 - awaited here
    quiet = room.post("quiet", held=turn[0])
    await _begun(quiet)
    turn[40].set()
    await quiet
    assert room.order[41] == "quiet"
    for event in turn:
        event.set()
    await asyncio.gather(quiet, *storm)


async def test_sources_take_turns_however_many_posts_each_has() -> None:
    room, held = Room(1), asyncio.Event()
    first = room.post("x", held=held)
    await _begun(first)
    free = asyncio.Event()
    free.set()
    many = [room.post("many", held=free) for _ in range(30)]
    few = [room.post("few", held=free) for _ in range(10)]
    await _begun(*many, *few)
    held.set()
    await asyncio.gather(first, *many, *few)
    together = room.order[1:21]
    assert 9 <= together.count("few") <= 10, together


async def test_who_was_quiet_for_long_has_saved_up_nothing_but_one_turn() -> None:
    room, free = Room(1), asyncio.Event()
    free.set()
    blocked = asyncio.Event()
    for _ in range(50):
        await room.post("busy", held=free)
    first = room.post("x", held=blocked)
    await _begun(first)
    both = [room.post(source, held=free) for source in ["busy", "quiet"] * 20]
    await _begun(*both)
    blocked.set()
    await asyncio.gather(first, *both)
    half = room.order[51:71]
    assert abs(half.count("busy") - half.count("quiet")) <= 2, half


async def test_a_large_post_gets_in_among_many_small_ones() -> None:
    room, gate = Room(100), [asyncio.Event() for _ in range(20)]
    small = [room.post(f"s{number}", 10, held=gate[number]) for number in range(10)]
    await _begun(*small)
    held = asyncio.Event()
    large = room.post("large", 60, held=held)
    await _begun(large)
    more = [room.post(f"t{number}", 10, held=gate[10 + number]) for number in range(10)]
    for number in range(6):
        gate[number].set()
    await until(lambda: "large" in room.order)
    assert not any(source.startswith("t") for source in room.order)
    for event in (*gate, held):
        event.set()
    await asyncio.gather(large, *small, *more)


async def test_who_is_not_served_in_time_is_sent_away() -> None:
    room, held = Room(2, patience=0.05), asyncio.Event()
    first = room.post("a", held=held)
    await _begun(first)
    assert await _refused(room.post("a", held=held)) is Code.OVERLOADED
    held.set()
    await first
    await room.post("a", held=held)
    assert room.taken == 0


async def test_places_to_wait_at_are_bounded_and_shared_too() -> None:
    room, held = Room(1, most_waiting=10), asyncio.Event()
    first = room.post("storm", held=held)
    await _begun(first)
    waiting = [room.post("storm", held=held) for _ in range(20)]
    await until(lambda: sum(each.done() for each in waiting) >= 15)
    await _begun(*waiting)
    done = [each for each in waiting if each.done()]
    assert len(done) == 15, "a source leaves as many places as it takes"
    assert {await _refused(task) for task in done} == {Code.OVERLOADED}
    quiet = room.post("quiet", held=held)
    await _begun(quiet)
    assert not quiet.done()
    held.set()
    await asyncio.gather(first, quiet, *(task for task in waiting if task not in done))


async def test_who_goes_away_while_waiting_leaves_nothing_behind() -> None:
    room, held = Room(1), asyncio.Event()
    first = room.post("a", held=held)
    await _begun(first)
    gone, stays = room.post("b", held=held), room.post("c", held=held)
    await _begun(gone, stays)
    gone.cancel()
    held.set()
    await asyncio.gather(first, stays)
    assert room.order == ["a", "c"]
    assert room.taken == 0


@pytest.mark.parametrize("turns", range(4))
async def test_who_is_served_and_goes_away_at_once_leaves_nothing_behind(turns: int) -> None:
    room, held = Room(1), asyncio.Event()
    first = room.post("a", held=held)
    await _begun(first)
    gone, stays = room.post("b", held=held), room.post("c", held=held)
    await _begun(gone, stays)
    held.set()
    for _ in range(turns):
        await asyncio.sleep(0)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    await asyncio.gather(first, stays)
    assert room.taken == 0


async def test_a_holder_gives_back_what_it_does_not_need() -> None:
    room, held = Room(100), asyncio.Event()
    async with room.shares.share("a", 90) as share:
        other = room.post("b", 20, held=held)
        await _begun(other)
        assert room.order == []
        room.shares.shrink(share, 10)
        await until(lambda: room.order == ["b"])
    held.set()
    await other


Moves = Sequence[tuple[str, int, int]]


@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.integers(1, 60), st.integers(0, 5)), max_size=60)
)
@hypothesis_settings(max_examples=100, deadline=None)
def test_the_room_is_never_exceeded_and_everybody_is_served(moves: Moves) -> None:
    async def play() -> None:
        room, most = Room(100), list[int]()

        async def hold(source: str, size: int, turns: int) -> None:
            async with room.shares.share(source, size):
                most.append(room.taken)
                for _ in range(turns):
                    await asyncio.sleep(0)

        await asyncio.gather(*(hold(*move) for move in moves))
        assert len(most) == len(moves)
        assert max(most, default=0) <= 100
        assert room.taken == 0

    asyncio.run(play())
