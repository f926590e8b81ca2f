"""Token buckets: how much they allow, and how several instances keep one limit together."""

import random
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from gateway.limits.buckets import Buckets, Rate

RATES = st.builds(
    Rate,
    per_second=st.floats(0.1, 200, allow_nan=False),
    burst=st.integers(1, 100),
    told=st.just(1),
)
GAPS = st.lists(st.floats(0, 5, allow_nan=False) | st.just(0.0), min_size=1, max_size=200)


@given(rate=RATES, gaps=GAPS)
def test_no_window_has_more_than_its_rate_and_one_burst(rate: Rate, gaps: list[float]) -> None:
    buckets, now, allowed = Buckets(rate), 100.0, list[float]()
    for gap in gaps:
        now += gap
        if buckets.take("k", now).allowed:
            allowed.append(now)
    for first in range(len(allowed)):
        for last in range(first, len(allowed)):
            window = allowed[last] - allowed[first]
            assert last - first + 1 <= rate.per_second * window + rate.burst + 1e-6


@given(rate=RATES, count=st.integers(1, 200), data=st.data())
def test_who_keeps_to_the_rate_is_never_refused(
    rate: Rate, count: int, data: st.DataObject
) -> None:
    buckets, now = Buckets(rate), 100.0
    extra = st.floats(0, 2, allow_nan=False)
    for _ in range(rate.burst):
        assert buckets.take("k", now).allowed
    for _ in range(count):
        now += 1 / rate.per_second + data.draw(extra)
        assert buckets.take("k", now).allowed


@given(rate=RATES, gaps=GAPS)
def test_what_is_told_holds(rate: Rate, gaps: list[float]) -> None:
    buckets, now = Buckets(rate), 100.0
    for gap in gaps:
        now += gap
        told = buckets.take("k", now)
        assert told.remaining <= rate.burst - told.allowed
        assert told.allowed == (told.retry_after == 0.0)
        assert buckets.look("k", now).allowed == (told.remaining >= 1)
        if not told.allowed:
            assert not buckets.look("k", now + told.retry_after * 0.99).allowed
            now += told.retry_after * 1.001
            assert buckets.take("k", now).allowed
        full = buckets.look("k", now + rate.burst / rate.per_second + 1)
        assert full.remaining == rate.burst


def test_after_the_time_that_was_told_all_may_come_at_once_again() -> None:
    buckets = Buckets(Rate(5, 50, 300))
    for _ in range(19):
        buckets.take("k", 0.0)
    told = buckets.take("k", 0.0)
    assert (told.limit, told.remaining, told.reset_seconds) == (300, 30, pytest.approx(4.0))
    assert buckets.look("k", 3.9).remaining == 49
    assert buckets.look("k", 4.0).remaining == 50


def test_keys_have_nothing_to_do_with_each_other() -> None:
    buckets = Buckets(Rate(1, 2, 1))
    assert [buckets.take("a", 0.0).allowed for _ in range(3)] == [True, True, False]
    assert buckets.take("b", 0.0).allowed


def test_a_clock_that_goes_back_gives_nothing() -> None:
    buckets = Buckets(Rate(1, 1, 1))
    assert buckets.take("k", 10.0).allowed
    assert not buckets.take("k", 5.0).allowed
    assert not buckets.take("k", 10.5).allowed
    assert buckets.take("k", 11.0).allowed


def test_a_request_that_is_not_made_may_be_made_again() -> None:
    buckets = Buckets(Rate(1, 1, 1))
    assert buckets.take("k", 0.0).allowed
    buckets.give_back("k")
    assert buckets.take("k", 0.0).allowed
    assert not buckets.take("k", 0.0).allowed


def test_looking_takes_nothing_and_remembers_nobody() -> None:
    buckets = Buckets(Rate(1, 1, 1))
    assert [buckets.look("k", 0.0).allowed for _ in range(3)] == [True] * 3
    assert len(buckets) == 0


def test_there_are_never_more_keys_than_that() -> None:
    buckets = Buckets(Rate(1, 1, 1), most=10)
    for number in range(100):
        assert buckets.take(str(number), float(number) / 100).allowed
    assert len(buckets) == 10


def test_a_full_bucket_is_forgotten_before_one_that_is_not() -> None:
    buckets = Buckets(Rate(1, 10, 1), most=3)
    for _ in range(10):
        assert buckets.take("spent", 0.0).allowed
    for key in ("full", "later", "new"):
        assert buckets.take(key, 2.0).allowed
        if key == "full":
            buckets.give_back("full")
    assert buckets.look("spent", 2.0).remaining == 2
    # Where none is full, the one that was idle longest goes.
    assert buckets.take("newer", 2.0).allowed
    assert buckets.look("spent", 2.0).remaining == 10


@dataclass
class Together:
    """Instances that tell each other once a second, each at another moment."""

    rate: Rate
    count: int
    buckets: list[Buckets] = field(init=False)
    told: list[dict[str, float]] = field(init=False)

    def __post_init__(self) -> None:
        self.buckets = [Buckets(self.rate) for _ in range(self.count)]
        self.told = [{} for _ in range(self.count)]

    def run(self, loads: list[float], seconds: float, seed: int = 0) -> tuple[list[float], int]:
        """Each gets so many requests a second; when one was allowed, and how many were not."""
        chance, step, allowed, refused = random.Random(seed), 0.01, list[float](), 0
        for tick in range(int(seconds / step)):
            now = tick * step
            if tick % (100 // self.count) == 0:
                self._tell(tick // (100 // self.count) % self.count, now)
            for buckets, load in zip(self.buckets, loads, strict=True):
                for _ in range(_times(load * step, chance)):
                    if buckets.take("k", now).allowed:
                        allowed.append(now)
                    else:
                        refused += 1
        return allowed, refused

    def _tell(self, who: int, now: float) -> None:
        self.told[who] = self.buckets[who].demands(now)
        for each, buckets in enumerate(self.buckets):
            others = [told.get("k", 0.0) for at, told in enumerate(self.told) if at != each]
            buckets.hear({"k": sum(others)})


def _times(expected: float, chance: random.Random) -> int:
    whole = int(expected)
    return whole + (chance.random() < expected - whole)


RATE_SETS = [Rate(100, 100, 100), Rate(1000, 100, 1000), Rate(5, 50, 300), Rate(1, 10, 60)]


@pytest.mark.parametrize("rate", RATE_SETS, ids=lambda rate: f"{rate.per_second:g}/s")
@pytest.mark.parametrize("parts", [(1.0, 1.0), (3.0, 0.2), (0.8, 0.8, 0.8)], ids=str)
def test_instances_that_are_asked_too_often_keep_the_limit_together(
    rate: Rate, parts: tuple[float, ...]
) -> None:
    seconds = 60.0
    together = Together(rate, len(parts))
    allowed, _ = together.run([part * rate.per_second for part in parts], seconds)
    # At first nobody knows of the others: a burst each, and the rate for as long as is averaged.
    late = [moment for moment in allowed if moment >= 20]
    assert 0.85 <= len(late) / (rate.per_second * (seconds - 20)) <= 1.12
    start = len(parts) * (rate.burst + rate.per_second * 2 * rate.memory)
    assert len(allowed) <= rate.per_second * seconds + start


@pytest.mark.parametrize("rate", RATE_SETS, ids=lambda rate: f"{rate.per_second:g}/s")
@pytest.mark.parametrize("parts", [(0.4, 0.4), (0.75, 0.05), (0.25, 0.25, 0.25)], ids=str)
def test_instances_that_are_asked_less_than_the_limit_refuse_nobody(
    rate: Rate, parts: tuple[float, ...]
) -> None:
    loads = [part * rate.per_second for part in parts]
    allowed, refused = Together(rate, len(parts)).run(loads, 60.0)
    assert refused <= 0.01 * len(allowed)


def test_one_that_asks_no_more_leaves_the_rate_to_the_others() -> None:
    rate = Rate(100, 100, 100)
    together = Together(rate, 2)
    together.run([200.0, 200.0], 10.0)
    first, _ = together.buckets
    first.hear({})
    allowed = sum(first.take("k", 10 + tick / 200).allowed for tick in range(1000))
    assert allowed >= 0.98 * 500


def test_demand_is_told_while_there_is_any_and_of_a_bounded_number_of_keys() -> None:
    buckets = Buckets(Rate(5, 50, 300), most=5000)
    for number in range(3000):
        buckets.take(str(number), 0.0)
    told = buckets.demands(0.5)
    assert len(told) == 1000
    assert "2999" in told
    assert all(later > 0 for later in told.values())
    assert buckets.demands(200.0) == {}


def test_demand_is_what_was_asked_for_whether_it_was_allowed_or_not() -> None:
    buckets = Buckets(Rate(1, 1, 1))
    for tick in range(100):
        buckets.take("k", tick / 20)
    assert buckets.demands(5.0)["k"] == pytest.approx(20, rel=0.1)
    fading = [buckets.demands(5.0 + later).get("k", 0.0) for later in range(8)]
    assert all(after <= before for before, after in pairwise(fading))
    assert fading[-1] == 0.0 or fading[-1] < 0.1
