"""10,000 alerts of five causes: how many incidents they become, and what that costs."""

import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from contracts.envelope import Recorded
from contracts.incidents import IncidentEvent, IncidentMerged, Signal
from services.incidents.correlating import Board, Decision
from services.incidents.correlating.signals import Begun, changes
from tests.benchmarks.kit import Figure, Options, at_most, log, number
from tests.benchmarks.storm_oracle import undecidable
from tests.kit.samples import COMMAND_ID, CORRELATION_ID, EVENT_ID, START
from tests.kit.storms import NOISE, Shape, Storm, storm

_BENCH = "storm_incidents"
_SEEDS = range(100, 120)
_AFTER = 120
"""Seconds that deciding goes on after the last alert."""
_BURST = Shape(seconds=60.0, group=5.0, late=5.0)


@dataclass
class Outcome:
    """What a storm became."""

    incidents: int = 0
    """Of causes, at the end."""
    split: int = 0
    """Causes that are in more than one."""
    lost: int = 0
    """Causes that are in none of their own."""
    misplaced: float = 0.0
    """Share of the signals of causes that are in an incident of something else, or in none."""
    undecidable: float = 0.0
    """Share of the signals of causes of which nobody could tell the cause."""
    mistaken: float = 0.0
    """Share of the others that are misplaced."""
    noise: int = 0
    """Incidents of noise."""
    noise_inside: float = 0.0
    """Share of the noise that is in an incident of a cause."""
    events: int = 0
    cpu: float = 0.0
    worst_second: float = 0.0
    details: dict[str, Counter[str]] = field(default_factory=dict[str, Counter[str]])


class Log:
    """Appends decisions behind inputs, in one order."""

    def __init__(self) -> None:
        self.board = Board()
        self.events = 0
        self.merged: dict[UUID, UUID] = {}
        self._sequence = 0

    def fold(self, recorded: Recorded) -> None:
        self._sequence += 1
        self.board.fold(_at(recorded, self._sequence))

    def tell(self, decision: Decision, second: float) -> None:
        for part in decision.parts:
            for version, event in enumerate(part.events, start=part.expected_version + 1):
                self.events += 1
                self._sequence += 1
                self._note(event)
                self.board.fold(_recorded(event, self._sequence, version, second))

    def _note(self, event: IncidentEvent) -> None:
        if isinstance(event, IncidentMerged) and event.incident.merged_into is not None:
            self.merged[event.incident.id] = event.incident.merged_into


def _at(recorded: Recorded, sequence: int) -> Recorded:
    return Recorded(
        recorded.event,
        sequence,
        recorded.logged_at,
        recorded.event_id,
        recorded.time,
        recorded.source,
        recorded.actor,
        recorded.correlation_id,
        recorded.causation_id,
        recorded.command_id,
    )


def _recorded(event: IncidentEvent, sequence: int, version: int, second: float) -> Recorded:
    logged = START + timedelta(seconds=second)
    return Recorded(
        event,
        sequence,
        logged,
        EVENT_ID,
        logged,
        "/services/incidents",
        "correlation",
        CORRELATION_ID,
        COMMAND_ID,
        COMMAND_ID,
        version,
    )


def play(told: Storm) -> Outcome:
    """A storm as it comes, decided once a second."""
    running, outcome = Log(), Outcome()
    signals: dict[UUID, Signal] = {}
    causes: dict[UUID, str] = {}
    waiting = list(reversed(told.told))
    for one in told.told:
        for change in changes(one.recorded):
            if isinstance(change, Begun):
                causes.setdefault(change.signal.id, one.cause)
                signals.setdefault(change.signal.id, change.signal)
    last = (told.told[-1].recorded.logged_at - START).total_seconds()
    began = time.process_time()
    for second in range(int(last) + _AFTER):
        until = START + timedelta(seconds=second)
        before = time.process_time()
        while waiting and waiting[-1].recorded.logged_at <= until:
            running.fold(waiting.pop().recorded)
        for decision in running.board.decide(until):
            running.tell(decision, second)
        outcome.worst_second = max(outcome.worst_second, time.process_time() - before)
    outcome.cpu = time.process_time() - began
    outcome.events = running.events
    for once, this_time in running.board.state.occurrences.items():
        # A state that comes again is another signal each time, under a name of its own.
        causes[this_time], signals[this_time] = causes.pop(once), signals.pop(once)
    _judge(running.board, causes, outcome)
    unclear = undecidable([(signals[one], causes[one]) for one in signals], NOISE)
    doubtful = {one for one, is_so in zip(signals, unclear, strict=True) if is_so}
    _judge_clear(running.board, causes, doubtful, outcome)
    return outcome


def _judge(board: Board, causes: dict[UUID, str], outcome: Outcome) -> None:
    labels: Counter[str] = Counter()
    right: Counter[str] = Counter()
    noise_inside = 0
    for case in board.open_cases():
        inside = Counter(causes[one] for one in case.items)
        (label, count), *_ = inside.most_common(1)
        labels[label] += 1
        right[label] += count
        noise_inside += 0 if label == NOISE else inside[NOISE]
        if label != NOISE or len(inside) > 1:
            outcome.details[f"{case.head.title} [{case.id.hex[:4]}]"] = inside
    totals = Counter(causes.values())
    named = set(totals) - {NOISE}
    outcome.noise = labels.pop(NOISE, 0)
    outcome.incidents = sum(labels.values())
    outcome.split = sum(count > 1 for count in labels.values())
    outcome.lost = len(named - set(labels))
    all_signals = sum(totals[cause] for cause in named)
    outcome.misplaced = 1 - sum(right[cause] for cause in named) / all_signals
    outcome.noise_inside = noise_inside / max(totals[NOISE], 1)


def _judge_clear(
    board: Board, causes: dict[UUID, str], doubtful: set[UUID], outcome: Outcome
) -> None:
    """The same of signals of which somebody could tell the cause."""
    right = 0
    for case in board.open_cases():
        (label, _), *_ = Counter(causes[one] for one in case.items).most_common(1)
        if label != NOISE:
            right += sum(causes[one] == label and one not in doubtful for one in case.items)
    of_causes = [one for one, cause in causes.items() if cause != NOISE]
    outcome.undecidable = len(doubtful) / len(of_causes)
    outcome.mistaken = 1 - right / (len(of_causes) - len(doubtful))


async def measure(options: Options) -> list[Figure]:
    """Over twenty minutes as rules fire, and within one minute."""
    seeds = list(_SEEDS)[: options.pick(len(_SEEDS), 2)]
    return [*_over("storm", Shape(), seeds), *_over("burst", _BURST, seeds)]


def _over(name: str, shape: Shape, seeds: list[int]) -> list[Figure]:
    found = [play(storm(seed, shape)) for seed in seeds]
    for seed, one in zip(seeds, found, strict=True):
        log(
            f"{name} {seed}: {one.incidents} incidents, {one.split} split, {one.lost} lost, "
            f"{one.misplaced:.2%} misplaced, {one.mistaken:.2%} of the clear ones "
            f"({one.undecidable:.2%} are not); "
            f"{one.noise} of noise, {one.noise_inside:.0%} inside; "
            f"{one.events} events, {one.cpu:.1f} s, {one.worst_second:.2f} s at most"
        )

    def figure(what: str, values: list[float], unit: str, most: float | None = None) -> Figure:
        mean = sum(values) / len(values)
        targets = () if most is None else (at_most(most),)
        note = f"mean {number(mean)}, worst of {len(values)} storms told"
        return Figure(_BENCH, f"{name}: {what}", max(values), unit, targets, note=note)

    return [
        figure("incidents", [one.incidents for one in found], "", 8),
        figure("causes split", [one.split for one in found], "", 0),
        figure("causes lost", [one.lost for one in found], "", 0),
        figure("misplaced", [100 * one.misplaced for one in found], "%", 2),
        figure("misplaced of the clear ones", [100 * one.mistaken for one in found], "%", 2),
        figure("clear to nobody", [100 * one.undecidable for one in found], "%"),
        figure("incidents of noise", [one.noise for one in found], ""),
        figure("noise in others", [100 * one.noise_inside for one in found], "%"),
        figure("events", [one.events for one in found], ""),
        figure("CPU", [one.cpu for one in found], "s", 30),
        figure("longest second", [one.worst_second for one in found], "s"),
    ]
