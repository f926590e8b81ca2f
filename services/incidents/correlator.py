"""Follows the log, and tells what of all that is wrong belongs together."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from contracts.envelope import Context, Recorded
from contracts.incidents import (
    IncidentEvent,
    IncidentOpened,
    IncidentReopened,
    IncidentUpdated,
    Signal,
    incident_key,
)
from contracts.subjects import EntityKey
from services.incidents.correlating import Board, Decision, Settings
from services.incidents.correlating.inputs import INPUTS, RULES, TOLD
from services.incidents.correlating.snapshot import VERSION
from services.incidents.service import service
from services.runtime.ids import derived_id
from services.runtime.log import NOTHING, Conflict, Head
from services.runtime.settings_collecting import IncidentSettings
from services.runtime.store import Store


@dataclass
class Correlator:
    """The board, and the way of its decisions into the log."""

    board: Board = field(default_factory=Board)
    told: int = 0
    """Position of the last event of ours: until it is back, the board knows too little."""

    async def take(self, batch: Sequence[Recorded], store: Store) -> None:
        """Fold what has happened, and what was told of incidents by whomever."""
        for recorded in batch:
            self.board.fold(recorded)

    async def act(self, now: datetime, store: Store) -> None:
        """Tell what was decided, each decision for itself.

        One about an incident that somebody has changed meanwhile is left out: it is decided anew
        once that change has come.
        """
        if self.board.sequence < self.told:
            return
        self.board.settings = _settings(store.settings.incidents)
        # In a storm it may take some tenths of a second: others have their turn.
        decisions = await asyncio.to_thread(self.board.decide, now)
        for decision in decisions:
            await self._tell(decision, store)

    async def _tell(self, decision: Decision, store: Store) -> None:
        expected = await _expected(decision, store)
        if expected is None:
            return
        events = list(decision.events())
        context = replace(await _context(events, store), seen=self.board.sequence)
        try:
            accepted = await replace(store, context=context).append(events, expected)
        except Conflict:
            return
        self.told = max(self.told, accepted.sequence or 0)

    def snapshot(self) -> bytes:
        """The board."""
        return self.board.dump()


@service.follows(*INPUTS, *TOLD, *RULES, version=VERSION)
def correlator(snapshot: bytes | None) -> Correlator:
    """Join what is wrong into incidents, and tell each decision with its reason."""
    return Correlator(Board() if snapshot is None else Board.load(snapshot))


def _settings(told: IncidentSettings) -> Settings:
    return Settings(
        settle=told.settle_seconds,
        settle_critical=told.settle_critical_seconds,
        quiet=told.quiet_seconds,
    )


async def _expected(decision: Decision, store: Store) -> dict[EntityKey, Head] | None:
    """Where its incidents stand, None if one stands elsewhere than was thought."""
    expected: dict[EntityKey, Head] = {}
    for part in decision.parts:
        key = incident_key(part.incident_id)
        last = await store.log.head(key)
        head = NOTHING if last is None else Head(last.sequence, last.version or 0)
        if head.version != part.expected_version:
            return None
        expected[key] = head
    return expected


async def _context(events: Sequence[IncidentEvent], store: Store) -> Context:
    """Because of the newest signal that they add, if there is one; each append its own command."""
    first = events[0]
    command_id = derived_id(store.context.command_id, str(first.incident.id))
    context = replace(store.context, command_id=command_id)
    newest = max((each.sequence for event in events for each in _added(event)), default=0)
    stored = await store.log.at(newest) if newest else None
    if stored is None:
        return context
    told = stored.headers
    return replace(
        context,
        causation_id=UUID(told["ce-id"]),
        correlation_id=UUID(told["ce-correlationid"]),
    )


def _added(event: IncidentEvent) -> list[Signal]:
    match event:
        case IncidentOpened():
            return list(event.added)
        case IncidentUpdated() | IncidentReopened():
            return [joined.signal for joined in event.added]
        case _:
            return []
