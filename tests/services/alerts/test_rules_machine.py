"""The promises of `services.alerts.domain`, tried on invented histories."""

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import given, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from contracts.alerts import AlertEvent, AlertFired, AlertState
from services.alerts.domain import Head, decide_batch
from services.alerts.normalize import Observation
from tests.services.alerts.histories import LATER, RETENTION, Log, Told, assert_lawful, moment

# A busy machine is no failure.
unhurried = settings(deadline=None)


@dataclass(frozen=True)
class Occurrence:
    """What the twins tell of one true occurrence: every start before every end."""

    starts: list[int]
    ends: list[int]

    @property
    def reports(self) -> list[Told]:
        pairs = list(zip(self.starts, self.ends or self.starts, strict=True))
        closing = [Told(start, end) for start, end in pairs] if self.ends else []
        return [*(Told(start) for start in self.starts), *closing]


@st.composite
def timelines(draw: st.DrawFn, *, fires: bool) -> list[Occurrence]:
    """Occurrences one after the other, seen by one or two twins; the last may fire."""
    number, twins = draw(st.integers(1, 4)), draw(st.integers(1, 2))
    told, now = st.lists(st.integers(0, 3), min_size=twins, max_size=twins), 0
    occurrences: list[Occurrence] = []
    for index in range(number):
        starts = [now + 1 + late for late in draw(told)]
        now = max(starts) + draw(st.integers(0, 5))
        ends = [now + late for late in draw(told)]
        now = max(ends)
        occurrences.append(Occurrence(starts, [] if fires and index == number - 1 else ends))
    return occurrences


@st.composite
def deliveries(draw: st.DrawFn, reports: Sequence[Told]) -> list[Observation]:
    """Every report once, some more often, in any order, told in either way."""
    again = draw(st.lists(st.sampled_from(list(reports)), max_size=6)) if reports else []
    order = draw(st.permutations([*reports, *again]))
    return [told.observed(stated=draw(st.booleans())) for told in order]


def all_of(timeline: Sequence[Occurrence]) -> list[Told]:
    return [told for occurrence in timeline for told in occurrence.reports]


@unhurried
@given(st.data())
def test_a_closed_timeline_ends_resolved_in_any_order(data: st.DataObject) -> None:
    timeline = data.draw(timelines(fires=False))
    log = Log().take(data.draw(deliveries(all_of(timeline))))
    assert log.head is not None
    assert log.state is AlertState.RESOLVED
    assert log.head.alert.ends_at in [moment(end) for end in timeline[-1].ends]
    assert_lawful(log.events)
    before = list(log.events)
    assert log.take(data.draw(deliveries(all_of(timeline)))).events == before


@unhurried
@given(st.data())
def test_the_last_end_settles_it_whatever_else_was_lost(data: st.DataObject) -> None:
    timeline = data.draw(timelines(fires=False))
    kept = data.draw(st.lists(st.sampled_from(all_of(timeline)), max_size=8))
    last = Told(timeline[-1].starts[0], timeline[-1].ends[0])
    log = Log().take(data.draw(deliveries([*kept, last])))
    assert log.state is AlertState.RESOLVED
    assert_lawful(log.events)
    before = list(log.events)
    assert log.take(data.draw(deliveries(kept or [last]))).events == before


@unhurried
@given(st.data())
def test_what_fires_is_firing_once_it_is_told_after_the_late_ends(data: st.DataObject) -> None:
    timeline = data.draw(timelines(fires=True))
    log = Log().take(data.draw(deliveries(all_of(timeline))))
    _ = log.take([Told(timeline[-1].starts[-1]).observed()])
    assert log.state is AlertState.FIRING
    assert_lawful(log.events)
    before = list(log.events)
    assert log.take(data.draw(deliveries(all_of(timeline)))).events == before


@unhurried
@given(st.data())
def test_in_the_order_of_time_every_occurrence_is_seen(data: st.DataObject) -> None:
    timeline = data.draw(timelines(fires=data.draw(st.booleans())))
    log = Log().take(told.observed() for told in all_of(timeline))
    fired = [event.alert.starts_at for event in log.events if isinstance(event, AlertFired)]
    assert fired == [moment(occurrence.starts[0]) for occurrence in timeline]


def wild() -> st.SearchStrategy[list[Observation]]:
    """Reports that no honest source would tell."""
    times = st.integers(0, 12)
    told = st.builds(Told, times, st.none() | times)
    return st.lists(st.builds(Told.observed, told, stated=st.booleans()), max_size=25)


@unhurried
@given(wild())
def test_any_reports_make_a_lawful_history(reports: list[Observation]) -> None:
    assert_lawful(Log().take(reports).events)


@unhurried
@given(wild(), st.integers(1, 7))
def test_posts_of_any_size_come_to_the_same(reports: list[Observation], size: int) -> None:
    events: list[AlertEvent] = []
    heads: dict[str, Head] = {}
    for first in range(0, len(reports), size):
        post = reports[first : first + size]
        for name, fold in decide_batch(heads, post, at=LATER, retention=RETENTION).items():
            events += fold.events
            counted = fold.ignored + sum(told.count for told in fold.repeats)
            assert counted + len(fold.events) == len(post)
            if fold.events:
                heads[name] = Head(fold.events[-1].alert, LATER)
    assert events == Log().take(reports).events


class Source(RuleBasedStateMachine):
    """A source with a twin over days, and a network that delays and repeats what they tell."""

    def __init__(self) -> None:
        super().__init__()
        self.log = Log()
        self.now = 0
        self.starts: list[int] = []
        self.network: list[Told] = []
        self.fires = False

    def observe(self, told: Told) -> Observation:
        return told.observed(moment(self.now))

    @precondition(lambda self: not self.fires)
    @rule(twin=st.integers(0, 3))
    def fire(self, twin: int) -> None:
        self.starts, self.fires = [self.now, self.now + twin], True
        self.network += [Told(start) for start in self.starts]
        self.now += 10

    @precondition(lambda self: self.fires)
    @rule(twin=st.integers(0, 3))
    def resolve(self, twin: int) -> None:
        self.fires = False
        self.network += [Told(self.starts[0], self.now), Told(self.starts[1], self.now + twin)]
        self.now += 10

    @rule(days=st.integers(1, 50))
    def wait(self, days: int) -> None:
        self.now += days * 86400

    @precondition(lambda self: self.network)
    @rule(data=st.data(), kept=st.booleans())
    def deliver(self, data: st.DataObject, *, kept: bool) -> None:
        told = data.draw(st.sampled_from(self.network))
        _ = self.log.take([self.observe(told)], moment(self.now))
        if not kept:
            self.network.remove(told)

    @rule(data=st.data())
    def settle(self, data: st.DataObject) -> None:
        """The network calms down and what fires is told once more: the log knows the truth."""
        order = data.draw(st.permutations(self.network))
        _ = self.log.take((self.observe(told) for told in order), moment(self.now))
        self.network.clear()
        if self.fires:
            _ = self.log.take([self.observe(Told(self.starts[0]))], moment(self.now))
            assert self.log.state is AlertState.FIRING
            assert self.log.head is not None
            assert moment(self.now) - self.log.head.at <= RETENTION / 2
        else:
            assert self.log.state in {None, AlertState.RESOLVED}

    @invariant()
    def lawful(self) -> None:
        assert_lawful(self.log.events)


TestSource = Source.TestCase
TestSource.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
