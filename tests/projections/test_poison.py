"""What cannot be folded or written is set aside whole, and nothing else is."""

from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

import pytest

from contracts.clusters import ClusterNameTaken
from services.runtime.bus import Bus
from services.runtime.ids import new_id
from services.runtime.log import EventLog
from services.runtime.projections.host import ProjectionHost
from services.runtime.projections.projection import Position, Projection, Rows
from services.runtime.projections.table import Table
from services.runtime.settings import Settings
from tests.kit import builders
from tests.kit.projections import ask, hosting, position, reached
from tests.kit.runtime import store, until

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]


class NoteRow(NamedTuple):
    """A row of every kind of column."""

    name: str
    n: int
    body: dict[str, Any]


NOTE = Table("note", NoteRow, key=("name",), indexes=("(name)",))
TOO_LONG = "".join(Random(1).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=20_000))


def _raise(text: str) -> Any:
    raise ValueError(text)


BROKEN: dict[str, Callable[[], NoteRow]] = {
    "nul": lambda: NoteRow("a\0b", 1, {}),
    "nul-in-json": lambda: NoteRow("broken", 1, {"a": "\0"}),
    "out-of-range": lambda: NoteRow("broken", 2**63, {}),
    "far-out-of-range": lambda: NoteRow("broken", 10**30, {}),
    "null": lambda: NoteRow("broken", None, {}),  # pyright: ignore[reportArgumentType]
    "too-long-for-an-index": lambda: NoteRow(TOO_LONG, 1, {}),
    "no-unicode": lambda: NoteRow("\ud800", 1, {}),
    "no-json": lambda: NoteRow("broken", 1, {"a": object()}),
    "wrong-kind": lambda: NoteRow("broken", "many", {}),  # pyright: ignore[reportArgumentType]
    "raises": lambda: _raise("no"),
    "raises-nul": lambda: _raise("a\0b"),
    "raises-no-unicode": lambda: _raise("\ud800"),
}


def _notes(broken: Callable[[], NoteRow] | None = None) -> Projection:
    made = Projection("notes", version=1, tables=(NOTE,))

    @made.on(ClusterNameTaken)
    def take(event: ClusterNameTaken, at: Position, rows: Rows) -> None:
        if event.name.startswith("bad"):
            rows.put(NOTE, NoteRow("half-done", 1, {}))
            rows.put(NOTE, NoteRow("good-1", 666, {}))
            assert broken is not None
            rows.put(NOTE, broken())
        rows.put(NOTE, NoteRow(event.name, 1, {"cluster": str(event.cluster_id)}))

    return made


async def _take(log: EventLog, *names: str) -> int:
    last = 0
    for name in names:
        last = (await store(log, builders.name_taken(name=name))).sequence
    return last


def _rows(settings: Settings) -> list[tuple[Any, ...]]:
    return [*ask(settings, "select name, n from notes.note order by 1")]


def _aside(settings: Settings) -> list[int]:
    return [
        row[0] for row in ask(settings, "select sequence from aiops.projection_error order by 1")
    ]


@pytest.mark.parametrize("kind", BROKEN)
async def test_a_poison_event_changes_nothing_and_stops_nothing(
    bus: Bus, log: EventLog, settings: Settings, kind: str
) -> None:
    last = await _take(log, "good-1", "bad-1", "good-2", "bad-2", "good-3")
    notes = _notes(BROKEN[kind])
    async with hosting(bus, settings, notes) as hosts:
        await reached(settings, notes, last)
        assert hosts["notes"].healthy
        after = await _take(log, "bad-3", "good-4")
        await reached(settings, notes, after)
    assert _rows(settings) == [(f"good-{number}", 1) for number in range(1, 5)]
    assert _aside(settings) == [2, 4, 6]


async def test_the_same_rows_come_out_one_event_at_a_time(
    bus: Bus, log: EventLog, settings: Settings
) -> None:
    notes = _notes(BROKEN["raises"])
    async with hosting(bus, settings, notes):
        for name in ("good-1", "bad-1", "good-2"):
            await reached(settings, notes, await _take(log, name))
    assert _rows(settings) == [("good-1", 1), ("good-2", 1)]


async def test_events_without_an_envelope_are_poison_and_no_stop(
    bus: Bus, log: EventLog, settings: Settings
) -> None:
    await bus.publish("evt.-.cluster_name.x.taken", b"{}")
    await bus.publish(
        "evt.-.cluster_name.x.taken", b"{", {"ce-type": "aiops.cluster_name.taken.v1"}
    )
    last = await _take(log, "good-1")
    notes = _notes()
    async with hosting(bus, settings, notes):
        await reached(settings, notes, last)
    assert (_rows(settings), _aside(settings)) == ([("good-1", 1)], [1, 2])


async def test_an_event_that_is_poison_twice_is_one_line(
    bus: Bus, log: EventLog, settings: Settings
) -> None:
    last = await _take(log, "bad-1", "good-1")
    notes = _notes(BROKEN["raises"])
    for _ in range(2):
        ask(settings, "update aiops.projection set sequence = 0")
        async with hosting(bus, settings, notes):
            await reached(settings, notes, last)
    assert _aside(settings) == [1]


async def _stands_still(host: ProjectionHost, word: str) -> None:
    await until(lambda: word in (host.live.error or ""))
    assert not host.healthy


@pytest.mark.parametrize(
    ("damage", "repair"),
    [
        ("alter table notes.note rename to gone", "alter table notes.gone rename to note"),
        ("alter table notes.note rename n to m", "alter table notes.note rename m to n"),
    ],
    ids=["table", "column"],
)
async def test_tables_of_another_shape_stop_it_and_lose_nothing(
    bus: Bus, log: EventLog, settings: Settings, damage: str, repair: str
) -> None:
    notes = _notes()
    async with hosting(bus, settings, notes) as hosts:
        await reached(settings, notes, await _take(log, "good-1"))
        ask(settings, damage)
        last = await _take(log, "good-2")
        await _stands_still(hosts["notes"], "Undefined")
        assert (position(settings, "notes"), _aside(settings)) == (1, [])
        ask(settings, repair)
        await reached(settings, notes, last)
        await until(lambda: hosts["notes"].healthy)
    assert _rows(settings) == [("good-1", 1), ("good-2", 1)]


async def test_rows_that_a_poison_event_has_touched_are_as_before() -> None:
    rows = Rows((NOTE,))
    rows.begin(1)
    rows.put(NOTE, NoteRow("a", 1, {}))
    rows.put(NOTE, NoteRow("b", 1, {}))
    before = {name: dict(changes) for name, changes in rows.changes.items()}
    rows.begin(2)
    rows.put(NOTE, NoteRow("a", 2, {}))
    rows.delete(NOTE, ("b",))
    rows.put(NOTE, NoteRow("b", 3, {}))
    rows.put(NOTE, NoteRow(str(new_id()), 1, {}))
    rows.undo()
    assert rows.changes == before
