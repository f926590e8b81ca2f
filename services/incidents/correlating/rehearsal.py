"""What incidents there would have been: history folded again, with other rules: pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from contracts.envelope import Recorded
from contracts.incidents import CorrelationRule, IncidentEvent
from services.incidents.correlating.board import Board
from services.incidents.correlating.membership import Membership
from services.incidents.correlating.settings import Settings


@dataclass
class Rehearsal:
    """A board on which only what is wrong, rules, and what people did count: nothing is told.

    It decides once a second of the log's time, as the correlator does of the clock's.
    """

    board: Board
    known: Membership = field(default_factory=Membership)
    now: datetime | None = None
    """Up to which it has decided; None: it begins with what comes first."""

    @staticmethod
    def by(rules: Iterable[CorrelationRule], settings: Settings | None = None) -> "Rehearsal":
        """One that begins with nothing but rules."""
        board = Board(settings)
        for rule in rules:
            board.state.define(rule)
        return Rehearsal(board)

    def take(self, recorded: Recorded) -> None:
        """What happened next, in the log's order, but for what correlation did by itself."""
        self.until(recorded.logged_at)
        event = recorded.event
        if isinstance(event, IncidentEvent):
            self._done(event, recorded)
        else:
            self.board.put(recorded)

    def end(self) -> None:
        """That was all: what still waits for company waits no more."""
        if self.now is not None:
            self.until(self.now + timedelta(seconds=self.board.settings.settle + 1))

    def stop(self, moment: datetime) -> None:
        """No more is known than up to this moment: decide what can be decided by then."""
        self.until(moment)
        self._decide(moment)

    def until(self, moment: datetime) -> None:
        """Decide as often as it would have been, as far as there was anything to decide."""
        pace = timedelta(seconds=1)
        if self.now is None:
            self.now = moment
        # Beyond this nothing that waits is decided otherwise.
        last = self.now + timedelta(seconds=self.board.settings.remembered)
        while self.now + pace <= min(moment, last):
            self.now += pace
            told = self._decide(self.now)
            pace = timedelta(seconds=1 if told else min(pace.total_seconds() * 2, 30))
        self.now = max(self.now, moment)

    def _decide(self, now: datetime) -> bool:
        decisions = self.board.decide(now)
        for decision in decisions:
            for part in decision.parts:
                for version, event in enumerate(part.events, start=part.expected_version + 1):
                    self.known.note(event, now)
                    self.board.put(told(event, now, version))
        return bool(decisions)

    def _done(self, event: IncidentEvent, recorded: Recorded) -> None:
        """Somebody did something with an incident, if there would have been this one."""
        case = self.board.case(event.incident.id)
        if case is None:
            return
        changed = {name: getattr(event.incident, name) for name in _OF_PEOPLE}
        if changed["merged_into"] is not None and self.board.case(changed["merged_into"]) is None:
            return
        here = event.model_copy(update={"incident": case.head.model_copy(update=changed)})
        self.known.note(here, recorded.time)
        self.board.put(replace(recorded, event=here, version=case.version + 1))


_OF_PEOPLE = (
    "state", "acknowledged_by", "acknowledged_at", "resolved_by", "resolved_at", "merged_into"
)  # fmt: skip


def told(event: IncidentEvent, now: datetime, version: int, sequence: int = 0) -> Recorded:
    """An event of correlation's own, as if it stood in the log."""
    nobody = event.incident.id
    return Recorded(
        event=event,
        sequence=sequence,
        logged_at=now,
        event_id=nobody,
        time=now,
        source="/services/incidents",
        actor="service:incidents",
        correlation_id=nobody,
        causation_id=nobody,
        command_id=nobody,
        version=version,
    )
