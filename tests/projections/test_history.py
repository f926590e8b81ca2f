"""Rows as they were after any event, however the events came."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings as tuned, strategies as st

from services.runtime.database import Connection
from services.runtime.projections import catalog
from services.runtime.projections.history import OPEN
from services.runtime.projections.projection import Projection, Rows
from services.runtime.projections.table import Table
from services.runtime.projections.writer import Writer, write
from services.runtime.settings import DatabaseSettings

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(120)]


class PartRow(NamedTuple):
    """A key of two columns, and names that the statements could trip over."""

    site: str
    number: int
    since: int | None
    told: dict[str, Any]


PART = Table("part", PartRow, key=("site", "number"), indexes=("(since)",), history=True)
PLAIN = Table("plain", PartRow, key=("site", "number"))
PARTS = Projection("parts", version=1, tables=(PART, PLAIN))

_KEYS = st.sampled_from([("a", 1), ("a", 2), ("b", 1)])
_BODIES = st.sampled_from([{}, {"n": 1}, {"n": True}, {"n": 1, "m": None}])
_CHANGES = st.one_of(
    st.tuples(st.just("put"), _KEYS, st.sampled_from([None, 0, 1]), _BODIES),
    st.tuples(st.just("delete"), _KEYS),
)


@dataclass(frozen=True)
class Told:
    """One event: what it does, and whether that turns out to be poison at its end."""

    sequence: int
    changes: Sequence[Any]
    poison: bool = False

    @property
    def last(self) -> dict[tuple[str, int], tuple[Any, ...]]:
        """What it does last to each row."""
        changes = () if self.poison else self.changes
        return {key: (what, *values) for what, key, *values in changes}


@st.composite
def _logs(draw: st.DrawFn) -> list[Told]:
    sequence, events = 0, list[Told]()
    for changes in draw(st.lists(st.lists(_CHANGES, max_size=3), min_size=1, max_size=25)):
        # Between them are events that this projection does not read.
        sequence += draw(st.integers(1, 3))
        events.append(Told(sequence, changes, draw(st.integers(0, 9)) == 0))
    return events


SPLITS = st.lists(st.tuples(st.integers(1, 8), st.integers(0, 6)), max_size=25)
"""Batch by batch: how many new events it brings, and how many before them it brings again."""

_Key = tuple[str, int]
_Row = tuple[int | None, str]


@dataclass
class Model:
    """The same in a few lines of Python: dictionaries, one for each sequence."""

    states: list[dict[_Key, _Row]] = field(default_factory=lambda: [{}])
    ended: list[tuple[Any, ...]] = field(default_factory=list[tuple[Any, ...]])
    since: dict[_Key, int] = field(default_factory=dict[_Key, int])

    def fold(self, event: Told) -> None:
        """What this event makes of the last state."""
        while len(self.states) < event.sequence:
            self.states.append(self.states[-1])
        before, state = self.states[-1], dict(self.states[-1])
        for key, (what, *values) in event.last.items():
            if key in before:
                self._end(key, before[key], event.sequence)
                del state[key]
            if what == "put":
                state[key] = (values[0], json.dumps(values[1], sort_keys=True))
                self.since[key] = event.sequence
        self.states.append(state)

    def _end(self, key: _Key, row: _Row, at: int) -> None:
        self.ended.append((*key, self.since[key], *row, at))

    @property
    def versions(self) -> list[tuple[Any, ...]]:
        """Every version of every row with its interval."""
        still = [(*key, self.since[key], *row, OPEN) for key, row in self.states[-1].items()]
        return sorted([*self.ended, *still])


def _rows(events: Sequence[Told]) -> Rows:
    rows = Rows(PARTS.tables)
    for event in events:
        rows.begin(event.sequence)
        for what, key, *values in event.changes:
            for table in PARTS.tables:
                if what == "put":
                    rows.put(table, PartRow(*key, *values))
                else:
                    rows.delete(table, key)
        if event.poison:
            rows.undo()
    return rows


async def _build(
    connection: Connection, slot: catalog.Slot, events: list[Told], splits: Sequence[Any]
) -> None:
    """Write all events in batches of these sizes, each with some that were written already."""
    writer = Writer(PARTS.tables, catalog.schema_of(PARTS.name, slot))
    await catalog.create(connection, PARTS, slot)
    done, position = 0, 0
    for size, again in [*splits, (len(events), 0)]:
        batch = events[max(0, done - again) : done + size]
        if done < len(events):
            done, last = done + size, batch[-1].sequence
            checkpoint = (PARTS.name, slot, PARTS.version, position, last)
            await write(connection, writer.statements(_rows(batch)), checkpoint)
            position = last


async def _all(connection: Connection, sql: str) -> list[tuple[Any, ...]]:
    return await (await connection.execute(sql.encode())).fetchall()


_BODY = "site, number, since, told"


def _read(rows: Sequence[tuple[Any, ...]]) -> dict[_Key, _Row]:
    return {(site, n): (since, json.dumps(told, sort_keys=True)) for site, n, since, told in rows}


async def _versions(connection: Connection) -> list[tuple[Any, ...]]:
    sql = "select site, number, valid_from, since, told, valid_to from parts.part_history"
    rows = await _all(connection, sql)
    return sorted((*row[:4], json.dumps(row[4], sort_keys=True), row[5]) for row in rows)


async def _compare(connection: Connection, model: Model) -> None:
    for sequence, state in enumerate(model.states):
        source = PART.source("parts", sequence)
        assert _read(await _all(connection, f"select {_BODY} from {source} p")) == state
    live = await _all(connection, f"select {_BODY} from {PART.source('parts')} p")
    plain = await _all(connection, f"select {_BODY} from parts.plain")
    assert _read(live) == _read(plain) == model.states[-1]
    assert await _versions(connection) == model.versions


async def _check(
    database: DatabaseSettings, events: list[Told], splits: Sequence[Any], others: Sequence[Any]
) -> None:
    model = Model()
    for event in events:
        model.fold(event)
    url = database.url.get_secret_value()
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await _build(connection, "live", events, splits)
        await _compare(connection, model)
        await _build(connection, "next", events, others)
        assert await catalog.switch(connection, PARTS, live_at=events[-1].sequence, whole=True)
        await _compare(connection, model)


def test_at_every_sequence_the_rows_are_those_of_that_time(
    fresh_database: DatabaseSettings,
) -> None:
    @given(_logs(), SPLITS, SPLITS)
    @tuned(
        max_examples=60,
        deadline=None,
        suppress_health_check=(HealthCheck.too_slow, HealthCheck.nested_given),
    )
    def _machine(events: list[Told], splits: list[Any], others: list[Any]) -> None:
        asyncio.run(_check(fresh_database, events, splits, others))

    _machine()


def _put(sequence: int, since: int | None = None) -> Told:
    return Told(sequence, [("put", ("a", 1), since, {})])


async def test_several_changes_of_one_row_in_one_batch_are_all_kept(
    fresh_database: DatabaseSettings,
) -> None:
    gone = Told(5, [("delete", ("a", 1))])
    url = fresh_database.url.get_secret_value()
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        events = [_put(2, 1), _put(4, 2), gone, _put(9, 3)]
        await _build(connection, "live", events, [])
        assert [(*row[2:4], row[5]) for row in await _versions(connection)] == [
            (2, 1, 4),
            (4, 2, 5),
            (9, 3, OPEN),
        ]
        assert len(await _all(connection, "select * from parts.plain")) == 1


async def test_what_an_event_changes_twice_is_one_version(
    fresh_database: DatabaseSettings,
) -> None:
    twice = Told(3, [("put", ("a", 1), 1, {}), ("put", ("a", 1), 2, {})])
    url = fresh_database.url.get_secret_value()
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await _build(connection, "live", [_put(1, 0), twice], [])
        found = [(*row[2:4], row[5]) for row in await _versions(connection)]
    assert found == [(1, 0, 3), (3, 2, OPEN)]


async def test_events_folded_twice_leave_the_same_versions(
    fresh_database: DatabaseSettings,
) -> None:
    events = [_put(1, 1), _put(2, 2), Told(3, [("delete", ("a", 1))]), _put(5, 3)]
    url = fresh_database.url.get_secret_value()
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await _build(connection, "live", events, [])
        before = await _versions(connection)
        writer = Writer(PARTS.tables, "parts")
        for start in range(4):
            rows = _rows(events[start:])
            await write(connection, writer.statements(rows), ("parts", "live", 1, 5, 5))
        after = await _versions(connection)
    assert [(*row[2:4], row[5]) for row in before] == [(1, 1, 2), (2, 2, 3), (5, 3, OPEN)]
    assert after == before


async def test_one_text_reads_rows_as_they_are_and_as_they_were(
    fresh_database: DatabaseSettings,
) -> None:
    def query(at: int | None) -> str:
        source = PART.source("parts", at)
        return f"select p.since, o.since from {source} p left join {source} o using (site, number)"

    url = fresh_database.url.get_secret_value()
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await _build(connection, "live", [_put(2, 1), _put(4, 2)], [])
        answers = [await _all(connection, query(at)) for at in (None, 1, 2, 3, 4, 2**63 - 2)]
        seq = await _all(connection, f"select p.seq from {PART.source('parts', 3)} p")
    assert answers == [[(2, 2)], [], [(1, 1)], [(1, 1)], [(2, 2)], [(2, 2)]]
    assert seq == [(2,)]


def test_a_table_without_history_cannot_be_asked_how_it_was() -> None:
    with pytest.raises(ValueError, match="plain has no history"):
        PLAIN.source("parts", 3)


def test_columns_that_events_do_not_write_have_no_history() -> None:
    with pytest.raises(ValueError, match="kept"):
        Table("part", PartRow, ("site", "number"), kept=frozenset({"since"}), history=True)
