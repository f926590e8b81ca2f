"""Alerts as of any event: what is read then is what was read when it was the last one."""

import json
import random
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import pytest

from contracts.alerts import pending_id
from contracts.envelope import Event
from contracts.subjects import EntityKey
from projections.alerts import facet_queries, group_queries, queries
from projections.alerts.projector import projection
from projections.alerts.queries import STATES, AlertFilter
from services.runtime.bus import Bus
from services.runtime.database import Database
from services.runtime.ids import new_id
from services.runtime.log import NOTHING, EventLog, Head
from services.runtime.principals import EVERYWHERE
from services.runtime.queries import AsOf, Page
from services.runtime.settings import Settings
from tests.kit import builders
from tests.kit.alert_life import CLUSTERS, FINGERPRINTS, Life
from tests.kit.projections import ask, dump, hosting, reached
from tests.kit.runtime import until

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

NOW = builders.at(86_400)
# So that the tally is not asked, which cannot tell what was.
_EVER = builders.at(10**9)
FILTERS = (
    AlertFilter(EVERYWHERE),
    AlertFilter(EVERYWHERE, state=STATES),
    AlertFilter(EVERYWHERE, state=("RESOLVED",)),
    AlertFilter(EVERYWHERE, state=("PENDING", "RESOLVED"), severity=("CRITICAL", "INFO")),
    AlertFilter(EVERYWHERE, cluster_id=(CLUSTERS[0],), labels=(("node", "x"),), state=STATES),
    AlertFilter(EVERYWHERE, silenced=True),
    AlertFilter(EVERYWHERE, silenced=False, inhibited=False, state=STATES),
    AlertFilter(EVERYWHERE, q="ALERT", namespace=("n", ""), alertname=("One",)),
    AlertFilter(EVERYWHERE, fingerprint=FINGERPRINTS[0], since=builders.at(30), state=STATES),
)

KEYS = (("alertname", "cluster_id"), ("label:node", "state"), ("severity",))


@dataclass
class Teller:
    """Writes events one after the other."""

    log: EventLog
    heads: dict[EntityKey, Head] = field(default_factory=dict[EntityKey, Head])

    async def tell(self, events: Sequence[Event]) -> int:
        sequence = 0
        for event in events:
            context = builders.context(command_id=new_id())
            expected = {event.key: self.heads.get(event.key, NOTHING)}
            appended = await self.log.append([event], expected, context, builders.at())
            sequence = appended.sequence
            self.heads[event.key] = Head(sequence, appended.version or 0)
        return sequence


@pytest.fixture
async def database(settings: Settings) -> AsyncGenerator[Database]:
    made = Database(settings.database, "test")
    await made.open()
    yield made
    await made.close()


async def _read(database: Database, ids: Sequence[UUID], sequence: int | None) -> dict[str, Any]:
    """Every question about alerts, as of an event or now."""
    at = None if sequence is None else AsOf(sequence, NOW)
    found: dict[str, Any] = {}
    for number, each in enumerate(FILTERS):
        wanted = replace(each, as_of=at)
        found[f"list {number}"] = await queries.listing(database, wanted, Page(1, 100), NOW)
        found[f"page {number}"] = await queries.listing(database, wanted, Page(2, 2), NOW)
        groups = await group_queries.groups(database, wanted, KEYS[number % 3], Page(1, 100))
        found[f"groups {number}"] = groups
        facets = replace(wanted, until=_EVER) if wanted.until is None else wanted
        found[f"facets {number}"] = await facet_queries.facets(database, facets, 100)
    for alert in ids:
        found[f"alert {alert}"] = (
            await queries.by_id(database, alert, EVERYWHERE, NOW, at) or b"null"
        )
    for name in FINGERPRINTS:
        candidates = await queries.by_fingerprint(database, name, None, EVERYWHERE, NOW, at)
        found |= {f"{name} in {each.cluster_id}": each.body for each in candidates}
    return {name: json.loads(answer) for name, answer in found.items()}


def _same(found: dict[str, Any], then: dict[str, Any]) -> None:
    for name in then.keys() | found.keys():
        assert found.get(name) == then.get(name), name


async def test_as_of_an_event_is_what_was_read_after_it(
    bus: Bus, log: EventLog, settings: Settings, database: Database
) -> None:
    chance = random.Random(1)
    life, teller = Life(chance), Teller(log)
    named = [builders.registered(), builders.updated(name="renamed")]
    ids = [*(UUID(int=number) for number in range(1, 90, 9)), pending_id(*_first())]
    last, seen = 0, dict[int, dict[str, Any]]()
    async with hosting(bus, settings, projection) as hosts:
        for step in range(12):
            events = [life.next() for _ in range(chance.choice([1, 1, 2, 5, 12]))]
            if step in (3, 9):
                events.insert(0, named.pop(0))
            last = await teller.tell(events)
            await reached(settings, projection, last)
            seen[last] = await _read(database, ids, None)
        for sequence, then in seen.items():
            _same(await _read(database, ids, sequence), then)
        inside = {at: await _read(database, ids, at) for at in range(0, last, 7)}
        live = dump(settings, projection)
        hosts["alerts"].rebuild()
        await until(lambda: hosts["alerts"].rebuilds == 1)
        assert dump(settings, projection) == live
        for sequence, then in (seen | inside).items():
            _same(await _read(database, ids, sequence), then)
    assert inside[0]["list 1"]["items"] == []
    assert ask(settings, "select count(*) > 2 from alerts.was") == [(True,)]


def _first() -> tuple[UUID, str]:
    return CLUSTERS[0], FINGERPRINTS[0]
