"""Old and new programs side by side on one log, of which only the new ones know a new version."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest

from contracts.envelope import Event, Recorded
from services.runtime import process, streams
from services.runtime.bus import Bus
from services.runtime.ids import new_id
from services.runtime.log import NOTHING, EventLog, Head
from services.runtime.projections.host import ProjectionHost
from services.runtime.projections.runner import STANDS_BY
from services.runtime.reactions import Reactions
from services.runtime.service import Service
from services.runtime.settings import EventSettings, Settings
from services.runtime.store import Store
from tests.kit import builders
from tests.kit.lamps import (
    NAME,
    NEW,
    OLD,
    PINNED,
    V1,
    V2,
    LampLit,
    LampLitV2,
    new_projection,
    old_projection,
)
from tests.kit.projections import ask, position
from tests.kit.reactions import started
from tests.kit.runtime import UNTRACED, letters, running, store_each, until

pytestmark = [pytest.mark.anyio, pytest.mark.nats]

_AT_ONCE = 5


def _old_lamp(number: int) -> Event:
    return LampLit(lamp=f"{number}", watts=number)


def _new_lamp(number: int) -> Event:
    return LampLitV2(lamp=f"{number}", lumens=number * 15)


@dataclass
class Writers:
    """An old and a new program that light lamps, each time a number of them and new ones."""

    old: EventLog
    new: EventLog
    lit: dict[int, int] = field(default_factory=dict[int, int])
    """The position of each lamp, by its number."""

    async def light(self) -> None:
        """Both at the same time."""
        first = len(self.lit) + 1
        by_old = range(first, first + _AT_ONCE)
        by_new = range(first + _AT_ONCE, first + 2 * _AT_ONCE)
        told = await asyncio.gather(
            store_each(self.old, [(_old_lamp(number), NOTHING) for number in by_old]),
            store_each(self.new, [(_new_lamp(number), NOTHING) for number in by_new]),
        )
        self.lit.update(zip([*by_old, *by_new], [*told[0], *told[1]], strict=True))

    def unpin(self) -> None:
        """`events.write_versions` names the lamp no more."""
        self.new = replace(self.new, catalog=NEW)


def _writers(log: EventLog) -> Writers:
    return Writers(replace(log, catalog=OLD), replace(log, catalog=NEW.writing(PINNED)))


async def _types(bus: Bus) -> Counter[str]:
    """How many events of each type are stored."""
    query = {"seq": 1, "batch": 10_000, "next_by_subj": "evt.*.lamp.>"}
    return Counter(each.headers["ce-type"] for each in await bus.get_many(streams.EVENTS, query))


@dataclass
class Reader:
    """A program that reacts to lamps; old and new share one durable consumer."""

    log: EventLog
    event: type[Event]
    settings: Settings
    seen: list[int] = field(default_factory=list[int])
    reactions: Reactions = field(init=False)

    def __post_init__(self) -> None:
        service = Service("lamps")

        @service.on(self.event)
        async def note(event: Recorded, _: Store) -> None:
            """Note that a lamp shines."""
            self.seen.append(event.sequence)

        self.reactions = Reactions([service], self.log.bus, self.log, self.settings, UNTRACED)

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        async with running(self.reactions.run):
            await started(self.reactions)
            yield


async def test_readers_first_then_writers_and_no_old_reader_meets_what_it_does_not_know(
    bus: Bus, log: EventLog, bus_settings: Settings
) -> None:
    writers = _writers(log)
    old = Reader(writers.old, LampLit, bus_settings)
    new, newer = (Reader(writers.new, LampLitV2, bus_settings) for _ in range(2))
    async with new.running():
        async with old.running():
            while not (len(old.seen) > 20 and len(new.seen) > 20):
                await writers.light()
            await until(lambda: len(old.seen + new.seen) >= len(writers.lit))
            assert (old.reactions.detail, new.reactions.detail) == ("", "")
        assert set(await _types(bus)) == {V1}
        # Every reader is new now, so writers may follow.
        async with newer.running():
            writers.unpin()
            await writers.light()
            seen = [old.seen, new.seen, newer.seen]
            await until(lambda: sum(map(len, seen)) >= len(writers.lit))
            assert (new.reactions.detail, newer.reactions.detail) == ("", "")
    assert (await _types(bus))[V2] == _AT_ONCE
    assert sorted(old.seen + new.seen + newer.seen) == sorted(writers.lit.values())
    assert await letters(bus) == []


async def test_writers_first_stop_the_old_reader_until_a_new_one_takes_its_place(
    bus: Bus, log: EventLog, bus_settings: Settings
) -> None:
    writers = _writers(log)
    old, new = (
        Reader(writers.old, LampLit, bus_settings),
        Reader(writers.new, LampLitV2, bus_settings),
    )
    async with old.running():
        await writers.light()
        await until(lambda: len(old.seen) == len(writers.lit))
        writers.unpin()
        await writers.light()
        await until(lambda: not old.reactions.healthy)
        assert V2 in old.reactions.detail
        await writers.light()
    assert await letters(bus) == []
    async with new.running():
        await until(lambda: len(old.seen + new.seen) >= len(writers.lit))
    assert sorted(old.seen + new.seen) == sorted(writers.lit.values())
    assert await letters(bus) == []


@pytest.mark.parametrize("first", ["old", "new"])
async def test_what_one_program_has_stored_the_other_one_does_not_store_again(
    bus: Bus, log: EventLog, first: str
) -> None:
    """A command whose worker was replaced after the append comes to the other program."""
    writers = _writers(log)
    tries = [(writers.old, _old_lamp(1)), (writers.new, _new_lamp(1))]
    context = builders.context(command_id=new_id())
    appended = [
        await program.append([event], {event.key: Head()}, context, builders.at())
        for program, event in (tries if first == "old" else reversed(tries))
    ]
    assert appended[0] == appended[1]
    assert await _types(bus) == {V1: 1}


async def test_a_process_writes_what_the_setting_says(
    bus: Bus, bus_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "CATALOG", NEW)
    for versions, expected in (({}, V2), ({NAME: 2}, V2), (PINNED, V1)):
        events = EventSettings.model_construct(write_versions=dict(versions))
        program = process.event_log(bus, bus_settings.model_copy(update={"events": events}))
        before = await _types(bus)
        await store_each(program, [(_new_lamp(before.total() + 1), NOTHING)])
        assert await _types(bus) - before == {expected: 1}


def _rows(settings: Settings) -> list[tuple[int, int]]:
    found = ask(settings, "select watts, seq from lamps.lamp order by 1")
    return [(watts, sequence) for watts, sequence in found]


@pytest.mark.postgres
async def test_an_old_projector_stops_at_the_first_new_event_and_a_new_one_goes_on(
    bus: Bus, log: EventLog, settings: Settings
) -> None:
    writers = _writers(log)
    old = ProjectionHost(old_projection(), bus, settings.database)
    new = ProjectionHost(new_projection(), bus, settings.database)

    async def folded() -> None:
        last = max(writers.lit.values())
        await until(lambda: position(settings, "lamps") >= last)

    async with running(old.run):
        await writers.light()
        await folded()
        async with running(new.run):
            await until(lambda: new.error == STANDS_BY)
            for _ in range(3):
                await writers.light()
            await folded()
            assert (old.error, new.error) == (None, STANDS_BY)
            writers.unpin()
            await writers.light()
            await until(lambda: V2 in (old.error or ""))
            assert not old.healthy
            await until(lambda: new.error is None)
            await writers.light()
            await folded()
    assert _rows(settings) == sorted(writers.lit.items())
    assert ask(settings, "select * from aiops.projection_error") == []
