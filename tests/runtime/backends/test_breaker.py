"""Circuits: opened by five failures in a row, tried after 30 seconds, closed by three successes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from hypothesis import given, strategies as st

from contracts.clusters import Checked
from services.runtime.backends.breaker import FAILURES, REST, TRIALS, Circuit, Circuits, Place


def failing(times: int, now: float = 0.0, circuit: Circuit | None = None) -> Circuit:
    """A circuit after so many failures more."""
    found = circuit or Circuit()
    for _ in range(times):
        found = found.failed(found.turn, now, "away")
    return found


def rested() -> Circuit:
    """An open circuit of which the trials have begun, all three of them."""
    circuit = failing(FAILURES)
    for _ in range(TRIALS):
        assert circuit.admits(REST)
        circuit = circuit.admitted()
    return circuit


def test_five_failures_in_a_row_open_it_for_thirty_seconds() -> None:
    assert not failing(4).open
    circuit = failing(5, now=100.0)
    assert circuit.open
    assert circuit.since == 100.0
    assert circuit.reason == "away"
    assert not circuit.admits(100.0)
    assert not circuit.admits(129.9)
    assert circuit.admits(130.0)


def test_a_success_between_failures_begins_the_row_anew() -> None:
    circuit = failing(4)
    circuit = circuit.succeeded(circuit.turn)
    assert not failing(4, circuit=circuit).open
    assert failing(5, circuit=circuit).open


def test_three_are_let_through_after_the_rest_and_no_fourth() -> None:
    assert not rested().admits(REST)


def test_it_closes_when_all_three_have_succeeded() -> None:
    circuit = rested()
    for number in range(TRIALS):
        assert circuit.open, number
        circuit = circuit.succeeded(circuit.turn)
    assert not circuit.open
    assert circuit.admits(REST)
    assert circuit.failures == 0


def test_the_first_trial_that_fails_opens_it_again_and_it_is_told_since_when() -> None:
    circuit = rested()
    circuit = circuit.succeeded(circuit.turn)
    circuit = circuit.failed(circuit.turn, 40.0, "still away")
    assert circuit.open
    assert circuit.since == 0.0
    assert circuit.reason == "still away"
    assert not circuit.admits(69.9)
    assert circuit.admits(70.0)


def test_a_trial_that_nobody_waits_for_leaves_its_place_to_another() -> None:
    circuit = rested()
    circuit = circuit.abandoned(circuit.turn)
    assert circuit.admits(REST)
    assert not circuit.admitted().admits(REST)


def test_what_was_asked_before_it_opened_says_nothing_of_the_trials() -> None:
    before = Circuit().turn
    circuit = rested()
    assert circuit.succeeded(before) == circuit
    assert circuit.failed(before, 31.0, "late") == circuit
    assert circuit.abandoned(before) == circuit


def test_a_failure_from_before_it_closed_does_not_count_after_it() -> None:
    circuit = rested()
    turn = circuit.turn
    for _ in range(TRIALS):
        circuit = circuit.succeeded(turn)
    assert failing(4, circuit=circuit.failed(turn, 50.0, "late")).open is False


@dataclass
class Backend:
    """A circuit, the time, and the turns of what is being asked."""

    circuit: Circuit = field(default_factory=Circuit)
    now: float = 0.0
    under_way: list[int] = field(default_factory=list[int])

    def wait(self, number: int) -> None:
        self.now += number

    def ask(self, _: int) -> None:
        if self.circuit.admits(self.now):
            self.circuit = self.circuit.admitted()
            self.under_way.append(self.circuit.turn)

    def good(self, number: int) -> None:
        self.circuit = self.circuit.succeeded(self._ended(number))

    def bad(self, number: int) -> None:
        self.circuit = self.circuit.failed(self._ended(number), self.now, "x")

    def leave(self, number: int) -> None:
        self.circuit = self.circuit.abandoned(self._ended(number))

    def _ended(self, number: int) -> int:
        return self.under_way.pop(number % len(self.under_way)) if self.under_way else -1

    def check(self) -> None:
        circuit = self.circuit
        trials = [turn for turn in self.under_way if turn == circuit.turn]
        if circuit.open:
            assert len(trials) + circuit.passed == circuit.tried <= TRIALS
            assert trials or circuit.admits(circuit.rests_until)
        else:
            assert circuit.failures < FAILURES
            assert circuit.admits(self.now)


STEPS = st.lists(
    st.tuples(
        st.sampled_from([Backend.ask, Backend.good, Backend.bad, Backend.leave, Backend.wait]),
        st.integers(0, 40),
    ),
    max_size=120,
)


@given(STEPS)
def test_whatever_happens_an_open_one_lets_through_three_at_most_and_never_locks_for_ever(
    steps: list[tuple[Callable[[Backend, int], None], int]],
) -> None:
    backend = Backend()
    for step, number in steps:
        step(backend, number)
        backend.check()


def test_a_backend_that_has_moved_or_has_another_login_begins_anew_and_the_memory_is_bounded() -> (
    None
):
    circuits = Circuits(most=2)
    first = Place(UUID(int=1), Checked.LOKI, "https://a", "one")
    circuits.put(first, failing(FAILURES))
    assert circuits.of(first).open
    for other in (
        Place(UUID(int=1), Checked.LOKI, "https://b", "one"),
        Place(UUID(int=1), Checked.LOKI, "https://a", "two"),
        Place(UUID(int=1), Checked.TEMPO, "https://a", "one"),
        Place(UUID(int=2), Checked.LOKI, "https://a", "one"),
    ):
        assert circuits.of(other) == Circuit()
        circuits.put(other, failing(1))
    assert len(circuits) == 2
    assert circuits.of(first) == Circuit()
