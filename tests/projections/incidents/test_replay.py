"""However the events come: the same rows, and at every sequence what belonged together then."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings as tuned, strategies as st

from contracts.incidents import IncidentEvent, Joined
from projections.incidents.projector import projection
from services.runtime.projections import catalog
from services.runtime.queries import Page
from services.runtime.settings import DatabaseSettings
from tests.kit import incident_builders as made
from tests.kit.incident_rows import IncidentTables, incident_tables, then

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(120)]

_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["open", "join", "again", "end", "resume", "merge", "split"]),
        st.integers(0, 20),
        st.integers(0, 20),
    ),
    min_size=3,
    max_size=16,
)
SPLITS = st.lists(st.tuples(st.integers(1, 6), st.integers(0, 5)), max_size=12)
"""Batch by batch: how many new events it brings, and how many before them it brings again."""

_COUNTED = """select t::text from (select m.incident_id, s.cluster_id, s.severity, s.name,
    count(*), count(*) filter (where e.signal_id is null)
    from incidents.member m join incidents.signal s on s.id = m.signal_id
    left join incidents.ended e on e.signal_id = s.id group by 1, 2, 3, 4) t"""

Belongs = dict[UUID, set[tuple[UUID, bool]]]
"""By incident that has not ended in another: its signals, and whether they last."""


@dataclass
class Model:
    """The same in a few lines of Python; at each step the events that it takes."""

    belongs: dict[UUID, set[UUID]] = field(default_factory=dict[UUID, set[UUID]])
    ended: set[UUID] = field(default_factory=set[UUID])
    count: int = 0

    def _fresh(self) -> UUID:
        self.count += 1
        return UUID(int=self.count)

    def step(self, what: str, first: int, second: int) -> list[IncidentEvent]:
        """What happens, if it can: numbers choose among those that there are."""
        if what == "open" or not self.belongs:
            return self._open()
        incident = self._chosen(self.belongs, first)
        its = sorted(self.belongs[incident])
        if what == "join":
            signal = self._fresh()
            self.belongs[incident].add(signal)
            return [self._updated(incident, added=(made.joined(id=signal),))]
        if what == "merge" and len(self.belongs) > 1:
            others = [each for each in self.belongs if each != incident]
            return self._merge(incident, self._chosen(others, second))
        if what == "split" and len(its) > 1:
            return self._split(incident, self._chosen(its, second))
        return self._of_one(what, incident, self._chosen(its, second))

    @staticmethod
    def _chosen(from_: Any, number: int) -> UUID:
        every = sorted(from_)
        return every[number % len(every)]

    def _open(self) -> list[IncidentEvent]:
        incident, signal = self._fresh(), self._fresh()
        self.belongs[incident] = {signal}
        told = made.incident(id=incident)
        return [made.opened(incident=told, added=(made.signal(id=signal),))]

    def _merge(self, stays: UUID, ends: UUID) -> list[IncidentEvent]:
        self.belongs[stays] |= self.belongs.pop(ends)
        gone = made.incident(id=ends, state="RESOLVED", merged_into=stays)
        return [
            made.merged(incident=made.incident(id=stays), other_id=ends),
            made.merged(incident=gone, other_id=stays),
        ]

    def _split(self, incident: UUID, signal: UUID) -> list[IncidentEvent]:
        new = self._fresh()
        self.belongs[incident].remove(signal)
        self.belongs[new] = {signal}
        told: dict[str, Any] = {"moved": (signal,)}
        return [
            made.split(incident=made.incident(id=incident), other_id=new, **told),
            made.split(incident=made.incident(id=new), other_id=incident, from_other=True, **told),
        ]

    def _of_one(self, what: str, incident: UUID, signal: UUID) -> list[IncidentEvent]:
        """It ends, or is there again, or is told anew as another one."""
        if what == "end":
            self.ended.add(signal)
            return [self._updated(incident, ended=(signal,))]
        self.ended.discard(signal)
        if what == "resume":
            return [self._updated(incident, resumed=(signal,))]
        told, milder = made.incident(id=incident), made.joined(id=signal, severity="INFO")
        return [made.reopened(incident=told, added=(milder,))]

    @staticmethod
    def _updated(
        incident: UUID,
        added: tuple[Joined, ...] = (),
        ended: tuple[UUID, ...] = (),
        resumed: tuple[UUID, ...] = (),
    ) -> IncidentEvent:
        told = made.incident(id=incident)
        return made.incident_updated(incident=told, added=added, ended=ended, resumed=resumed)

    def now(self) -> Belongs:
        return {
            incident: {(each, each not in self.ended) for each in its}
            for incident, its in self.belongs.items()
        }


async def _belongs(tables: IncidentTables, at: int | None) -> Belongs:
    found: Belongs = {}
    page = Page(size=100)
    for each in (await tables.list(state=(), page=page, as_of=then(at)))["items"]:
        its = await tables.signals(UUID(each["id"]), page=page, as_of=then(at))
        found[UUID(each["id"])] = {
            (UUID(signal["id"]), signal["ended_at"] is None) for signal in its["items"]
        }
    return found


async def _dump(tables: IncidentTables, schema: str) -> dict[str, list[Any]]:
    rows = await tables.database.fetch_all(
        "select table_name from information_schema.tables where table_schema = %s", (schema,)
    )
    return {
        name: sorted(await tables.database.fetch_all(f"select t::text from {schema}.{name} t"))
        for (name,) in rows
    }


async def _check(
    database: DatabaseSettings, steps: Sequence[Any], splits: Sequence[tuple[int, int]]
) -> None:
    model, stood = Model(), dict[int, Belongs]()
    async with incident_tables(database) as tables:
        for step in steps:
            for event in model.step(*step):
                await tables.happen(event)
            stood[len(tables.log)] = model.now()
            assert await _belongs(tables, None) == model.now()
        for sequence, belonged in stood.items():
            assert await _belongs(tables, sequence) == belonged
        await catalog.create(tables.connection, projection, "next")
        done = 0
        for size, again in [*splits, (len(tables.log), 0)]:
            await tables.fold(tables.log[max(0, done - again) : done + size], "next")
            done += size
        dumped = await _dump(tables, "incidents")
        assert dumped == await _dump(tables, "incidents_next")
        assert dumped["member"]
        assert dumped["tally"] == sorted(await tables.database.fetch_all(_COUNTED))


def test_batches_and_repeats_change_nothing(fresh_database: DatabaseSettings) -> None:
    @given(_STEPS, SPLITS)
    @tuned(
        max_examples=12,
        deadline=None,
        suppress_health_check=(HealthCheck.too_slow, HealthCheck.nested_given),
    )
    def _machine(steps: list[Any], splits: list[tuple[int, int]]) -> None:
        asyncio.run(_check(fresh_database, steps, splits))

    _machine()
