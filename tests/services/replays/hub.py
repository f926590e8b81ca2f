"""A hub of which everything is in memory: a log, and a correlator that acts late and by fits."""

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID

from contracts.alerts import AlertFired, AlertResolved
from contracts.envelope import Event, Recorded
from contracts.incidents import IncidentAcknowledged, IncidentEvent, IncidentResolved, IncidentState
from contracts.replays import CorrelationChanges, ReplayAsked, ReplayKind
from services.incidents.correlating import Board, Decision, Settings
from services.incidents.correlating.membership import Membership
from services.incidents.correlating.reenactment import Moments, is_by_itself
from services.incidents.correlating.rehearsal import Rehearsal
from services.replays.correlation import Course
from services.runtime.replay import Extent
from services.runtime.settings import Settings as PlatformSettings
from tests.kit import builders
from tests.kit.samples import START
from tests.kit.storms import Shape, storm


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


@dataclass
class Hub:
    """Inputs come at their time; decisions stand in the log a while after they were made."""

    source: random.Random
    settings: Settings = field(default_factory=Settings)
    records: list[Recorded] = field(default_factory=list[Recorded])
    board: Board = field(init=False)
    lost: int = 0
    """Decisions that came to nothing, as somebody was first."""
    _read: int = 0
    _due: list[tuple[float, int, Callable[[float], None]]] = field(
        default_factory=list[tuple[float, int, Callable[[float], None]]]
    )
    _versions: dict[UUID, int] = field(default_factory=dict[UUID, int])
    _number: int = 0

    def __post_init__(self) -> None:
        self.board = Board(self.settings)

    def later(self, second: float, what: Callable[[float], None]) -> None:
        self._number += 1
        heapq.heappush(self._due, (second, self._number, what))

    def happens(self, second: float, event: Event) -> None:
        self.later(second, lambda now: self._log(event, now, "alertmanager"))

    def run(self, until: float) -> None:
        self.later(self.source.random(), self._act)
        while self._due and self._due[0][0] <= until:
            second, _, what = heapq.heappop(self._due)
            what(second)

    def _log(self, event: Event, now: float, actor: str, **more: object) -> None:
        version = None
        if isinstance(event, IncidentEvent):
            version = self._versions[event.incident.id] = (
                self._versions.get(event.incident.id, 0) + 1
            )
        record = builders.recorded(
            event, sequence=len(self.records) * 3 + 1, logged_at=at(now), version=version,
            **({"time": at(now), "actor": actor} | more),
        )  # fmt: skip
        self.records.append(record)

    def _act(self, now: float) -> None:
        """What was logged a moment ago may not have come yet; and some acts take long."""
        known = [one for one in self.records[self._read :] if one.logged_at <= at(now - 0.01)]
        for one in known[: self.source.choice([len(known), len(known), len(known) // 2])]:
            self.board.fold(one)
            self._read += 1
        seen, after = self.board.sequence, now
        for decision in self.board.decide(at(now)):
            after += self.source.choice([0.002, 0.002, 0.3])
            self.later(after, lambda told, one=decision: self._tell(one, told, now, seen))
        self.later(after + 0.02, lambda _: None)
        self.later(after + self.source.choice([1.0, 1.0, 1.0, 4.0]), self._act_if_known)

    def _act_if_known(self, now: float) -> None:
        """Not before what it told has come back to it."""
        mine = [one.sequence for one in self.records if one.actor == "service:incidents"]
        for one in self.records[self._read :]:
            if mine and one.sequence <= mine[-1]:
                self.board.fold(one)
                self._read += 1
        self._act(now)

    def _tell(self, decision: Decision, told: float, now: float, seen: int) -> None:
        for part in decision.parts:
            if self._versions.get(part.incident_id, 0) != part.expected_version:
                self.lost += 1
                return
        for event in decision.events():
            self._log(event, told, "service:incidents", time=at(now), seen=seen)

    def somebody(self, second: float) -> None:
        """Somebody takes an incident up, or says that it is over."""
        self.later(second, self._somebody)

    def _somebody(self, now: float) -> None:
        heads: dict[UUID, IncidentEvent] = {}
        for one in self.records:
            if isinstance(one.event, IncidentEvent):
                heads[one.event.incident.id] = one.event
        usable = [
            event.incident for event in heads.values()
            if event.incident.state is not IncidentState.RESOLVED
            and event.incident.merged_into is None
        ]  # fmt: skip
        if not usable:
            return
        incident = self.source.choice(usable)
        if self.source.random() < 0.6:
            after = incident.model_copy(update={"state": IncidentState.ACKNOWLEDGED})
            self._log(IncidentAcknowledged(incident=after, reason="mine"), now, "ada")
        else:
            over = {"state": IncidentState.RESOLVED, "resolved_at": at(now), "resolved_by": "ada"}
            event = IncidentResolved(incident=incident.model_copy(update=over), reason="over")
            self._log(event, now, "ada")


@cache
def stormy(seed: int, *, alerts: int = 300, people: int = 10) -> Hub:
    """A storm, parts of which end again, and people who do something about it."""
    source = random.Random(seed)
    hub = Hub(source)
    shape = Shape(alerts=alerts, causes=3, seconds=400, clusters=4)
    for one in storm(seed, shape).told:
        second = (one.recorded.logged_at - START).total_seconds()
        event = one.recorded.event
        hub.happens(second, event)
        if isinstance(event, AlertFired) and source.random() < 0.7:
            ends = second + source.uniform(5, 900)
            alert = event.alert.model_copy(update={"ends_at": at(ends)})
            hub.happens(ends, AlertResolved.model_construct(alert=alert, duration_seconds=60.0))
    for _ in range(people):
        hub.somebody(source.uniform(30, 900))
    hub.run(1_600)
    return hub


def course(
    hub: Hub, start: float, end: float, changes: CorrelationChanges | None = None, **asked: object
) -> Course:
    """What a replay of a part of the log makes of it."""
    told = ReplayAsked.model_validate(
        {"kind": ReplayKind.CORRELATION, "start": at(start), "end": at(end)}
        | {"correlation": changes, **asked}
    )
    first = sum(one.logged_at < told.start for one in hub.records) * 3 + 1
    last = sum(one.logged_at < told.end for one in hub.records) * 3
    moments = Moments()
    for one in hub.records:
        if at(start - 600) <= one.logged_at < told.end:
            moments.take(one)
    made = Course(told, PlatformSettings().incidents, Extent(first, last, None), moments)
    made.take([one for one in hub.records if one.logged_at < told.end])
    return made


def forgotten(hub: Hub) -> Hub:
    """The same as an older hub would have logged it, which did not say how much it knew."""
    return replace(hub, records=[replace(one, seen=None) for one in hub.records])


def once_a_second(hub: Hub, start: float, end: float) -> tuple[Membership, Membership, Membership]:
    """What was before, what was told, and what comes of deciding once a second instead."""
    board, before = Board(hub.settings), Membership()
    told = again = None
    for one in hub.records:
        if one.logged_at >= at(end):
            break
        if one.logged_at < at(start):
            board.put(one)
            if isinstance(one.event, IncidentEvent):
                before.note(one.event, one.time)
            continue
        if told is None or again is None:
            told, again = before.copy(), Rehearsal(board, before.copy(), at(start))
        if isinstance(one.event, IncidentEvent):
            told.note(one.event, one.time)
        if not is_by_itself(one):
            again.take(one)
    assert told is not None
    assert again is not None
    again.until(at(end))
    return before, told, again.known
