"""What is wrong and how it belongs together, as the log tells it so far; and what follows.

`Board.fold` takes every event of the log once, in order: inputs and the events of incidents, which
are the truth. `Board.decide` changes nothing: what it says stands once it is folded. So fold what
was decided, or what stands in the log instead, before deciding again.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from contracts.envelope import Recorded
from contracts.incidents import (
    CorrelationRule,
    CorrelationRuleDefined,
    CorrelationRuleRemoved,
    IncidentAcknowledged,
    IncidentMerged,
    IncidentOpened,
    IncidentReopened,
    IncidentResolved,
    IncidentSplit,
    IncidentState,
    IncidentUpdated,
)
from services.incidents.correlating.cases import Case, Decision
from services.incidents.correlating.deciding import Deciding
from services.incidents.correlating.folding import State, change, incident
from services.incidents.correlating.groups import Item
from services.incidents.correlating.revising import Attention
from services.incidents.correlating.settings import Settings
from services.incidents.correlating.signals import changes
from services.incidents.correlating.snapshot import dump, load

_INCIDENTS = (
    IncidentOpened,
    IncidentUpdated,
    IncidentAcknowledged,
    IncidentResolved,
    IncidentReopened,
    IncidentMerged,
    IncidentSplit,
)


class Board:
    """The state of correlation; what it holds is bounded by its settings."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self.state = State()
        self._attention = Attention()

    @property
    def sequence(self) -> int:
        """Of the last event that was folded."""
        return self.state.sequence

    @property
    def left_out(self) -> int:
        """Signals that were forgotten because too many waited."""
        return self.state.left_out

    def case(self, incident_id: UUID) -> Case | None:
        """An incident that is open, or was resolved a short while ago."""
        return self.state.cases.get(incident_id)

    def fold(self, recorded: Recorded) -> None:
        """Takes the next event; one that was taken before changes nothing."""
        if recorded.sequence > self.state.sequence:
            self.put(recorded)

    def put(self, recorded: Recorded) -> None:
        """Takes the next event, wherever in the log it may stand."""
        self.state.sequence = max(self.state.sequence, recorded.sequence)
        at = recorded.logged_at.timestamp()
        event = recorded.event
        # Between the two parts of a split, which come one after the other, nothing is let go.
        if not isinstance(event, IncidentSplit) and at >= self.state.swept + self.settings.sweep:
            self.state.sweep(at, self.settings)
        match event:
            case CorrelationRuleDefined():
                self.state.define(event.rule)
            case CorrelationRuleRemoved():
                self.state.undefine(event.rule.id)
            case _ if isinstance(event, _INCIDENTS):
                incident(self.state, event, recorded.version or 1, at)
            case _:
                for told in changes(recorded):
                    change(self.state, told, at, self.settings)

    def decide(self, now: datetime, due: Collection[UUID] | None = None) -> list[Decision]:
        """What has to be told now, as far as it is known; nothing if all of it was told.

        ``due`` are the clusters that are looked at again, where that is known already.
        """
        return Deciding(self.state, self.settings, now, self._attention, due).decisions()

    def dump(self) -> bytes:
        """All of the state; ``load`` gives an equal one."""
        return dump(self.state)

    @classmethod
    def load(cls, data: bytes, settings: Settings | None = None) -> "Board":
        """The board that was dumped; ValueError if it was by another version of this code."""
        board = cls(settings)
        board.state = load(data)
        return board

    def waiting(self) -> Iterable[Item]:
        """Signals that belong to no incident, the oldest first."""
        return self.state.waiting.values()

    def rules(self) -> Iterable[CorrelationRule]:
        """What operators have said."""
        return self.state.told_rules.values()

    def open_cases(self) -> list[Case]:
        """Incidents that are not resolved."""
        return [c for c in self.state.cases.values() if c.head.state is not IncidentState.RESOLVED]
