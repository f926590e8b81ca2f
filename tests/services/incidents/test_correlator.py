"""The correlator on the real log: each decision is told once, whoever dies or acts beside it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from contracts.catalog import CATALOG
from contracts.envelope import Event, Recorded
from contracts.incidents import (
    AcknowledgeIncident,
    Incident,
    IncidentAcknowledged,
    IncidentOpened,
    IncidentResolved,
    IncidentState,
    IncidentUpdated,
    incident_key,
)
from services.incidents import handlers
from services.incidents.correlator import Correlator, correlator
from services.runtime.bus import Stored
from services.runtime.clock import SystemClock
from services.runtime.context import log_time, recorded
from services.runtime.ids import new_id
from services.runtime.log import NOTHING, EventLog, Head
from services.runtime.principals import EVERYWHERE
from services.runtime.settings import Settings
from services.runtime.store import Store
from tests.kit import builders
from tests.kit.runtime import store_each
from tests.kit.worker import Fated, Killed, Step, dies
from tests.services.incidents.correlating.kit import alert, over, pods

pytestmark = [pytest.mark.anyio, pytest.mark.nats]

LATER = 40.0
"""Seconds after which nothing waits for company any more."""
QUIET = 400.0


@dataclass
class Hub:
    """The log, and a correlator that has read it so far."""

    log: EventLog
    settings: Settings
    correlator: Correlator = field(default_factory=Correlator)

    async def happens(self, *events: Event) -> None:
        """Something is wrong, or over."""
        known = [(event, await self._head(event)) for event in events]
        await store_each(self.log, known)

    async def _head(self, event: Event) -> Head:
        last = await self.log.head(event.key)
        return NOTHING if last is None else Head(last.sequence, last.version or 0)

    async def read(self) -> None:
        """Take what the log has and this one does not know."""
        taken = await self._events(self.correlator.board.sequence + 1)
        await self.correlator.take(taken, self.store())

    async def turn(self, after: float = LATER, *, before: Step | None = None) -> None:
        """Read, act so many seconds from now, and read what was told."""
        await self.read()
        await self.correlator.act(self.now(after), self.store(before=before))
        await self.read()

    def now(self, after: float) -> datetime:
        return SystemClock().now() + timedelta(seconds=after)

    def store(self, *, before: Step | None = None, after: Step | None = None) -> Store:
        log = Fated(self.log.bus, self.log.facts_age, before=before, after=after)
        context = builders.context(command_id=new_id(), actor="service:incidents")
        return Store(log, context, SystemClock().now(), self.settings, scope=EVERYWHERE)

    async def told(self) -> list[Recorded]:
        """Events of incidents, in the order of the log."""
        return [each for each in await self._events(1) if each.event.entity == "incident"]

    async def _events(self, start: int) -> list[Recorded]:
        stored = await self.log.read(start, 1000)
        return [
            recorded(CATALOG, each.subject, each.headers, each.data, _position(each))
            for each in stored
        ]

    async def only(self) -> Incident:
        """The one incident, as it is."""
        ids = {each.event.key for each in await self.told()}
        (key,) = ids
        last = await self.log.head(key)
        assert last is not None
        return last.event.incident  # type: ignore[attr-defined,no-any-return]


def _position(stored: Stored) -> tuple[int, datetime]:
    return stored.sequence, log_time(stored.time)


def kinds(told: Sequence[Recorded]) -> list[type[Event]]:
    return [type(each.event) for each in told]


@pytest.fixture
def hub(log: EventLog, bus_settings: Settings) -> Hub:
    return Hub(log, bus_settings)


async def test_what_belongs_together_becomes_one_incident_and_ends_by_itself(hub: Hub) -> None:
    alerts = [alert("KubeNodeNotReady", node="worker-3", severity="critical"), *pods(3)]
    await hub.happens(*alerts)
    await hub.turn()
    first = (await hub.told())[0]
    assert isinstance(first.event, IncidentOpened)
    assert first.actor == "service:incidents"
    await hub.happens(*(over(each) for each in alerts))
    await hub.turn()
    assert (await hub.only()).lasting == 0
    await hub.turn(QUIET)
    last = (await hub.told())[-1]
    assert isinstance(last.event, IncidentResolved)
    assert last.event.incident.resolved_by is None


async def test_an_incident_leads_back_to_the_alert_that_opened_it(hub: Hub) -> None:
    event = alert("KubeNodeNotReady", node="worker-3", severity="critical")
    await hub.happens(event)
    await hub.turn()
    cause = await hub.log.head(event.key)
    (opened,) = await hub.told()
    assert cause is not None
    assert opened.causation_id == cause.event_id
    assert opened.correlation_id == cause.correlation_id


async def test_nothing_is_told_twice_before_the_board_has_seen_it(hub: Hub) -> None:
    await hub.happens(*pods(3))
    await hub.read()
    for _ in range(3):
        await hub.correlator.act(hub.now(LATER), hub.store())
    assert kinds(await hub.told()) == [IncidentOpened]


@pytest.mark.parametrize("snapshot", [True, False], ids=["from a snapshot", "from the beginning"])
@pytest.mark.parametrize("died", ["before", "after"])
async def test_one_that_dies_while_it_tells_is_followed_by_one_that_tells_once(
    hub: Hub, died: str, *, snapshot: bool
) -> None:
    await hub.happens(*pods(3))
    await hub.read()
    kept = hub.correlator.snapshot() if snapshot else None
    with pytest.raises(Killed):
        await hub.correlator.act(hub.now(LATER), hub.store(**{died: dies}))
    made = correlator(kept)
    assert isinstance(made, Correlator)
    hub.correlator = made
    await hub.happens(*pods(2, began=5, severity="critical"))
    for _ in range(2):
        await hub.turn()
    told = await hub.told()
    assert kinds(told).count(IncidentOpened) == 1
    added = [signal.id for each in told for signal in _added(each.event)]
    assert len(added) == len(set(added))
    assert (await hub.only()).signals == len(added)


def _added(event: Event) -> list[Any]:
    match event:
        case IncidentOpened():
            return list(event.added)
        case IncidentUpdated():
            return [joined.signal for joined in event.added]
        case _:
            return []


async def test_what_somebody_does_meanwhile_stays_and_the_decision_is_taken_anew(hub: Hub) -> None:
    await hub.happens(*pods(3))
    await hub.turn()
    incident_id = (await hub.only()).id
    more = pods(8)[3:]
    await hub.happens(*more)

    async def acknowledge() -> None:
        if not any(kind is IncidentAcknowledged for kind in kinds(await hub.told())):
            context = builders.context(command_id=new_id(), actor="ada")
            store = Store(hub.log, context, builders.at(), hub.settings, scope=EVERYWHERE)
            await handlers.acknowledge(AcknowledgeIncident(incident_id=incident_id), store)

    await hub.turn(before=acknowledge)
    assert kinds(await hub.told()) == [IncidentOpened, IncidentAcknowledged]
    await hub.turn()
    now = await hub.only()
    assert (now.state, now.signals) == (IncidentState.ACKNOWLEDGED, 8)
    assert now.acknowledged_by == "ada"
    assert await hub.log.head(incident_key(UUID(str(incident_id)))) is not None
