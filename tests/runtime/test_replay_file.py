"""A slice of a log as a file: whole and good, or refused with the line that is not."""

import io
import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, strategies as st

from contracts.refusals import Code, Refused
from services.runtime import replay_loading
from services.runtime.bus import Bus, BusUnavailable
from services.runtime.context import LOGGED_AT, context_headers, event_headers
from services.runtime.log import EventLog
from services.runtime.pull import Delivery, Durable, PullReader
from services.runtime.replay import Replay, Window
from services.runtime.replay_file import BadFile, Checked, First, Reader, Writer
from services.runtime.replay_loading import copy_of, load
from tests.kit import builders
from tests.runtime.failing_buses import Absent, Flaky, Lossy, Meddler, Stopped, Stopping

TIME = 1_767_268_800_123_456_789


def delivery(number: int, **changes: Any) -> Delivery:
    """Some event, the ``number``th of its log."""
    event = builders.fired(fingerprint=f"{number:016x}")
    headers = context_headers(builders.at(), builders.context())
    headers |= event_headers(event, event.key, builders.EVENT_ID)
    values: dict[str, Any] = {
        "subject": f"evt.{event.key.cluster}.alert.{event.key.id}.fired",
        "headers": headers | {"Nats-TTL": "2160h", "Nats-Expected-Last-Sequence": "3"},
        "data": event.model_dump_json().encode(),
        "reply": "",
        "sequence": 10 * number,
        "consumer": "",
        "consumer_sequence": number,
        "delivered": 1,
        "time_ns": TIME + number,
        "pending": 0,
    }
    return Delivery(**(values | changes))


def written(*deliveries: Delivery) -> bytes:
    writer = Writer()
    begin = writer.first(First(hub="hub", start="2026-01-01T00:00:00Z"))
    return begin + writer.events(deliveries) + writer.last()


def checked(text: bytes) -> Checked:
    return Reader(io.BytesIO(text)).check()


def test_a_file_tells_what_the_log_held() -> None:
    found = list(Reader(io.BytesIO(written(delivery(1), delivery(2)))).lines())
    assert [line.sequence for line in found] == [10, 20]
    (one, other) = found
    assert one.time == "2026-01-01T12:00:00.123456790Z"
    assert bytes(one.payload) == delivery(1).data
    assert other.subject == delivery(2).subject
    told = {name for name in delivery(1).headers if name.startswith("ce-")}
    assert set(one.headers) == told | {"Nats-TTL"}, "nothing that would tell the bus what to do"


def test_a_file_without_events_is_whole() -> None:
    assert checked(written()).events == 0


def _edit(number: int, change: Callable[[dict[str, Any]], Any]) -> Callable[[bytes], bytes]:
    def edit(text: bytes) -> bytes:
        lines = text.splitlines(keepends=True)
        told = json.loads(lines[number - 1])
        change(told)
        lines[number - 1] = json.dumps(told).encode() + b"\n"
        return b"".join(lines)

    return edit


def _headers(**changes: str | None) -> Callable[[dict[str, Any]], Any]:
    def change(told: dict[str, Any]) -> None:
        for name, value in changes.items():
            told["headers"][name.replace("_", "-")] = value

    return change


def _cut(lines: int) -> Callable[[bytes], bytes]:
    return lambda text: b"".join(text.splitlines(keepends=True)[:lines])


BROKEN: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "nothing in it": (lambda _: b"", "line 1: the file is empty"),
    "no slice": (lambda _: b'{"a":1}\n', "line 1"),
    "another format": (_edit(1, lambda told: told.update(format="x")), "line 1: not a slice"),
    "a later format": (_edit(1, lambda told: told.update(version=2)), "line 1: format version 2"),
    "cut between lines": (_cut(3), "line 4: the file was cut"),
    "cut in a line": (lambda text: text[: len(text) // 2], "line"),
    "the first events missing": (
        lambda text: b"".join(
            line for number, line in enumerate(text.splitlines(keepends=True)) if number != 1
        ),
        "3 events are promised, 2 are there",
    ),
    "more after the end": (lambda text: text + b"{}\n", "line 6: there is something after"),
    "no JSON": (lambda text: text.replace(b'"subject"', b'subject"', 1), "line 2"),
    "no text": (lambda text: text.replace(b'"severity"', b'"\xff\xfe"', 1), "line 2"),
    "another version of an event": (
        _edit(3, _headers(ce_type="aiops.alert.fired.v9")),
        "line 3: this version does not know aiops.alert.fired.v9",
    ),
    "another payload": (
        _edit(3, lambda told: told.update(payload={"a": 1})),
        "line 3: not a payload of its type",
    ),
    "an event of another subject": (
        _edit(3, lambda told: told.update(subject="evt.-.alert.1.fired")),
        "line 3: the event is not one of its subject",
    ),
    "no subject of an event": (
        _edit(3, lambda told: told.update(subject="cmd.x.y")),
        "line 3: not an event subject",
    ),
    "a header for the bus": (_edit(3, _headers(Nats_Rollup="all")), "line 3: a header"),
    "a header of two lines": (_edit(3, _headers(ce_actor="a\r\nb")), "line 3: a header"),
    "no id": (_edit(3, lambda told: told["headers"].pop("ce-id")), "line 3: no header 'ce-id'"),
    "no time": (_edit(3, lambda told: told.update(time="yesterday")), "line 3"),
    "out of order": (_edit(3, lambda told: told.update(sequence=5)), "line 3: out of order"),
    "earlier than before": (
        _edit(3, lambda told: told.update(time="2026-01-01T12:00:00Z")),
        "line 3: out of order",
    ),
    "a changed letter": (
        lambda text: text.replace(b'"ce-actor":"', b'"ce-actor":"x', 1),
        "line 5: the lines before are not those that were written",
    ),
}


@pytest.mark.parametrize("which", BROKEN)
def test_a_file_that_is_not_good_is_refused_with_its_line(which: str) -> None:
    breaking, message = BROKEN[which]
    good = written(*(delivery(number) for number in (1, 2, 3)))
    bad = breaking(good)
    assert bad != good
    with pytest.raises(BadFile) as refused:
        checked(bad)
    assert message in str(refused.value)


@given(st.data())
def test_no_flipped_bit_is_overlooked(data: st.DataObject) -> None:
    good = bytearray(written(delivery(1), delivery(2)))
    where = data.draw(st.integers(0, len(good) - 1))
    good[where] ^= 1 << data.draw(st.integers(0, 7))
    try:
        found = checked(bytes(good))
    except BadFile:
        return
    # Only what says the same in other words: white space at the end, a letter of a number's base.
    assert found == checked(written(delivery(1), delivery(2)))


def file_of(count: int) -> tuple[Reader, Checked]:
    reader = Reader(io.BytesIO(written(*(delivery(number) for number in range(1, count + 1)))))
    return reader, reader.check()


@pytest.mark.anyio
@pytest.mark.nats
class TestLoading:
    """Into an empty hub, once and in order."""

    async def test_a_copy_holds_what_the_file_does(self, bus: Bus, log: EventLog) -> None:
        reader, good = file_of(1234)
        assert await copy_of(bus) is None
        assert await load(bus, reader, good) == 1234
        assert await copy_of(bus) == good.digest
        async with Replay(log, Window()) as replay:
            found: list[Delivery] = []
            while page := await replay.take(500):
                found += page
        assert [each.sequence for each in found] == list(range(1, 1235))
        for number, each in enumerate(found, start=1):
            origin = delivery(number)
            assert (each.subject, each.data, each.time_ns) == (
                origin.subject,
                origin.data,
                origin.time_ns,
            )
            assert each.headers["ce-id"] == origin.headers["ce-id"]
            assert each.headers["Nats-TTL"] == "2160h"

    async def test_the_times_of_the_origin_count(self, bus: Bus, log: EventLog) -> None:
        reader, good = file_of(5)
        await load(bus, reader, good)
        stored = await log.at(3)
        assert stored is not None
        assert stored.time == stored.headers[LOGGED_AT] == "2026-01-01T12:00:00.123456792Z"
        reach = await log.reach(builders.at(0.5))
        assert (reach.position, reach.certain) == (5, True)
        assert (await log.reach(builders.at(0.1))).position == 0

    async def test_it_is_loaded_once(self, bus: Bus, log: EventLog) -> None:
        reader, good = file_of(30)
        await load(bus, reader, good)
        assert await load(bus, reader, good) == 0
        assert await log.bounds() == (1, 30)
        other, also_good = file_of(31)
        with pytest.raises(Refused, match="not empty"):
            await load(bus, other, also_good)

    @pytest.mark.parametrize("seed", range(4))
    async def test_an_interrupted_load_goes_on(self, bus: Bus, log: EventLog, seed: int) -> None:
        chance = random.Random(seed)
        reader, good = file_of(3000)
        flaky = Flaky(bus, chance)
        for _ in range(3):
            with pytest.raises(Stopped):
                await load(flaky, reader, good)  # pyright: ignore[reportArgumentType]
            flaky.left = chance.randrange(2)
        _, reached = await log.bounds()
        assert await load(bus, reader, good) == 3000 - reached
        subjects: list[str] = []
        async with Replay(log, Window()) as replay:
            while page := await replay.take(1000):
                subjects += [each.subject for each in page]
        assert subjects == [delivery(number).subject for number in range(1, 3001)]

    async def test_what_an_outage_leaves_out_is_sent_again(self, bus: Bus, log: EventLog) -> None:
        reader, good = file_of(3000)
        lossy = Lossy(bus, random.Random(7))
        assert await load(lossy, reader, good) == 3000  # pyright: ignore[reportArgumentType]
        assert (await log.bounds()) == (1, 3000)

    async def test_a_bus_that_is_away_for_a_moment_is_waited_for(
        self, bus: Bus, log: EventLog, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(replay_loading, "_PAUSE", 0.01)
        reader, good = file_of(20)
        with pytest.raises(Stopped):
            await load(Stopping(bus), reader, good)  # pyright: ignore[reportArgumentType]
        absent = Absent(bus)
        assert await load(absent, reader, good) == 10  # pyright: ignore[reportArgumentType]
        assert absent.left_out == ["STREAM.INFO.EVT", "EVT"]
        monkeypatch.setattr(replay_loading, "_PATIENCE", -1.0)
        with pytest.raises(BusUnavailable):
            await load(Absent(bus), reader, good)  # pyright: ignore[reportArgumentType]

    async def test_a_hub_with_events_is_refused(self, bus: Bus, log: EventLog) -> None:
        reader, good = file_of(3)
        await bus.publish("evt.-.a.1.b", b"{}")
        with pytest.raises(Refused) as refused:
            await load(bus, reader, good)
        assert refused.value.code.name == "PRECONDITION_FAILED"
        await bus.api("STREAM.PURGE.EVT")
        with pytest.raises(Refused, match="not empty"):
            await load(bus, reader, good)

    async def test_a_hub_whose_services_run_is_refused(self, bus: Bus, log: EventLog) -> None:
        reader, good = file_of(3)
        reaction = PullReader(bus, Durable("EVT", "some_reaction", ("evt.>",), 5, 10))
        await reaction.open()
        with pytest.raises(Refused, match="services run"):
            await load(bus, reader, good)
        await reaction.close()
        assert await log.bounds() == (0, 0)
        assert await copy_of(bus) is None

    async def test_somebody_else_who_writes_stops_it(self, bus: Bus, log: EventLog) -> None:
        reader, good = file_of(1200)
        meddled: list[int] = []

        async def meddle(done: int) -> None:
            meddled.append(done)
            for _ in range(800):
                await bus.publish("evt.-.a.1.b", b"{}")

        meddler = Meddler(bus, meddle)
        with pytest.raises(Refused, match="somebody else"):
            await load(meddler, reader, good)  # pyright: ignore[reportArgumentType]
        assert meddled == [500]

    async def test_an_event_of_somebody_else_in_the_place_of_one_is_found(
        self, bus: Bus, log: EventLog
    ) -> None:
        reader, good = file_of(520)

        async def meddle(_: int) -> None:
            await bus.publish("evt.-.a.1.b", b"{}")

        meddler = Meddler(bus, meddle)
        with pytest.raises(Refused) as refused:
            await load(meddler, reader, good)  # pyright: ignore[reportArgumentType]
        assert refused.value.code is Code.VERSION_CONFLICT
        assert await log.bounds() == (1, 520), "all other lines have come in"

    async def test_an_event_of_somebody_else_between_two_loads_is_found(
        self, bus: Bus, log: EventLog
    ) -> None:
        reader, good = file_of(20)
        with pytest.raises(Stopped):
            await load(Stopping(bus), reader, good)  # pyright: ignore[reportArgumentType]
        await bus.publish("evt.-.a.1.b", b"{}")
        for _ in range(2):
            with pytest.raises(Refused) as refused:
                await load(bus, reader, good)
            assert refused.value.code is Code.VERSION_CONFLICT

    async def test_a_copy_of_which_some_has_aged_out_is_still_one(
        self, bus: Bus, log: EventLog
    ) -> None:
        reader, good = file_of(20)
        await load(bus, reader, good)
        for sequence in (7, 20):
            await bus.api("STREAM.MSG.DELETE.EVT", {"seq": sequence})
        assert await load(bus, reader, good) == 0
