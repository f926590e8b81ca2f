"""What correlation decided, decided again: at the moments, and from the events, of then: pure.

With the same settings and the same code it comes to the very incidents that the log tells of.
"""

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from contracts.envelope import Recorded
from contracts.incidents import IncidentEvent, IncidentMerged, IncidentSplit
from services.incidents.correlating.board import Board
from services.incidents.correlating.cases import Decision
from services.incidents.correlating.membership import Membership
from services.incidents.correlating.rehearsal import told
from services.incidents.correlating.revising import is_revision


def is_by_itself(recorded: Recorded) -> bool:
    """True for what correlation has told of incidents, and not somebody by it."""
    by_service = recorded.actor.startswith("service:")
    return by_service and isinstance(recorded.event, IncidentEvent)


@dataclass(slots=True)
class Moment:
    """When something was decided, and where in the log that stands."""

    at: datetime
    seen: int
    """The position up to which the log was known."""
    last: int
    """The position of its last event."""
    last_at: datetime
    stands: dict[UUID, tuple[int, datetime]] = field(
        default_factory=dict[UUID, tuple[int, datetime]]
    )
    """By incident: position and log time of the first event about it."""
    moved: set[UUID] = field(default_factory=set[UUID])
    """Signals that moved from one incident to another."""
    united: set[UUID] = field(default_factory=set[UUID])
    """Incidents that ended in another one as their cluster was looked at again."""


@dataclass
class Moments:
    """Gathers the moments of a part of the log."""

    found: list[Moment] = field(default_factory=list[Moment])

    def take(self, recorded: Recorded) -> None:
        """The next event of the log."""
        event = recorded.event
        if not isinstance(event, IncidentEvent) or not is_by_itself(recorded):
            return
        moment = self._of(recorded)
        moment.last, moment.last_at = recorded.sequence, recorded.logged_at
        moment.stands.setdefault(event.incident.id, (recorded.sequence, recorded.logged_at))
        if isinstance(event, IncidentSplit):
            moment.moved.update(event.moved)
        merged = isinstance(event, IncidentMerged) and event.incident.merged_into is not None
        if merged and is_revision(event.reason):
            moment.united.add(event.incident.id)

    def _of(self, recorded: Recorded) -> Moment:
        last = self.found[-1] if self.found else None
        if last is not None and last.at == recorded.time:
            return last
        # Of older events it is not told what was known: at most what stands before them.
        seen = recorded.sequence - 1 if recorded.seen is None else recorded.seen
        made = Moment(recorded.time, seen, recorded.sequence, recorded.logged_at)
        self.found.append(made)
        return made

    def cut(self, first: int) -> int:
        """The first position from this one on at which nothing had been decided, but not told."""
        for moment in self.found:
            if moment.seen < first - 1 < moment.last:
                first = moment.last + 1
        return first


@dataclass
class Reenactment:
    """A board that decides when it was decided, and learns of it where the log did."""

    board: Board
    known: Membership
    moments: Sequence[Moment]
    """Those of the part of the log that is taken, in order."""

    def __post_init__(self) -> None:
        self._next = self._decided = 0
        self._pending: list[tuple[int, int, datetime, datetime, Decision]] = []

    def take(self, recorded: Recorded) -> None:
        """What happened next, in the log's order, but for what correlation did by itself."""
        self.until(recorded.sequence)
        self.board.put(recorded)
        if isinstance(recorded.event, IncidentEvent):
            self.known.note(recorded.event, recorded.time)

    def until(self, position: int) -> None:
        """Decide all that was decided, and tell all that was told, before this position."""
        while True:
            moment = self.moments[self._next] if self._next < len(self.moments) else None
            told_at = self._pending[0][0] if self._pending else position
            if told_at < position and (moment is None or told_at <= moment.seen):
                self._tell(*heapq.heappop(self._pending)[2:])
            elif moment is not None and moment.seen < position:
                self._next += 1
                self._decide(moment)
            else:
                return

    def _decide(self, moment: Moment) -> None:
        for decision in self.board.decide(moment.at, self._due(moment)):
            stands = [moment.stands.get(part.incident_id) for part in decision.parts]
            place = min((each for each in stands if each), default=(moment.last, moment.last_at))
            self._decided += 1
            entry = (place[0], self._decided, place[1], moment.at, decision)
            heapq.heappush(self._pending, entry)

    def _due(self, moment: Moment) -> set[UUID]:
        """The clusters that were looked at again, and something came of it."""
        state = self.board.state
        found: set[UUID] = set()
        for signal_id in moment.moved:
            case_id = state.member_of.get(signal_id)
            if case_id is not None:
                found.add(state.cases[case_id].items[signal_id].signal.cluster_id)
        for incident_id in moment.united:
            case = self.board.case(incident_id)
            found.update(() if case is None else case.insides)
        return found

    def _tell(self, logged_at: datetime, at: datetime, decision: Decision) -> None:
        """As the log would: nothing, if somebody was first with one of its incidents."""
        if all(self._stands(part.incident_id) == part.expected_version for part in decision.parts):
            for part in decision.parts:
                self._put(part.events, part.expected_version, logged_at, at)

    def _stands(self, incident_id: UUID) -> int:
        case = self.board.case(incident_id)
        return 0 if case is None else case.version

    def _put(
        self, events: Iterable[IncidentEvent], version: int, logged_at: datetime, at: datetime
    ) -> None:
        for number, event in enumerate(events, start=version + 1):
            self.known.note(event, at)
            self.board.put(told(event, logged_at, number))
