"""Frames, the ring, and the cursors that go from the log into it."""

import asyncio
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st

from contracts.activity import EventRecord
from contracts.catalog import EventCatalog
from contracts.clusters import ClusterRegistered
from contracts.envelope import Event
from services.runtime import context, streams, tail as tails
from services.runtime.bus import Bus, JetStreamRefused, Stored
from services.runtime.clock import SystemClock
from services.runtime.frames import EVERYTHING, Encoder, Filter, Frame, Malformed, entity_token
from services.runtime.log import NOTHING, EventLog
from services.runtime.pull import Delivery
from services.runtime.ring import Ring
from services.runtime.tail import Cursor, ResumeExpired, Tail
from tests.kit import builders
from tests.kit.runtime import running, store, until

ENCODER = Encoder({str(builders.CLUSTER_ID): "edge-berlin-1"}.get)


def stored(event: Event, sequence: int = 7, headers: Mapping[str, str] | None = None) -> Stored:
    shared = context.context_headers(builders.at(), builders.context())
    told = shared | context.event_headers(event, event.key, builders.EVENT_ID)
    tail = f"{event.names.token}.1" if event.aggregate else event.names.token
    return Stored(
        subject=f"evt.{event.key.cluster}.{event.key.type}.{event.key.id}.{tail}",
        headers=told | dict(headers or {}),
        data=event.model_dump_json().encode(),
        sequence=sequence,
        time="2026-01-01T12:00:01.5Z",
    )


def frame(sequence: int, text: str = "x") -> Frame:
    made = ENCODER.stored(stored(builders.registered(), sequence))
    made.text = text
    return made


@pytest.mark.parametrize("build", builders.EVENTS.values(), ids=lambda build: build.__name__)
def test_a_frame_is_the_record_of_its_event(build: Any) -> None:
    event: Event = build()
    made = ENCODER.stored(stored(event))
    told = json.loads(made.text)
    assert told.pop("type") == "event"
    record = EventRecord.model_validate_json(json.dumps(told))
    assert record.payload == event.model_dump(mode="json")
    assert (record.event_type, made.event_type) == (event.names.public, event.names.public)
    assert (record.sequence, made.sequence, made.time) == (7, 7, builders.at(1.5).timestamp())
    known = {"-": (None, None), str(builders.CLUSTER_ID): (builders.CLUSTER_ID, "edge-berlin-1")}
    assert (record.cluster_id, record.cluster_name) == known[event.key.cluster]


def test_header_values_are_escaped() -> None:
    odd = 'a"b\\c\n\u2028é'
    made = ENCODER.stored(stored(builders.registered(), headers={"ce-actor": odd}))
    assert json.loads(made.text)["actor"] == odd


def test_a_version_that_is_not_known_here_is_passed_on() -> None:
    message = stored(builders.fired(), headers={"ce-type": "aiops.alert.fired.v9"})
    made = Encoder(lambda _: None, EventCatalog([ClusterRegistered])).stored(message)
    assert (made.event_type, made.namespace) == ("ALERT_FIRED", None)


@pytest.mark.parametrize("broken", ["ce-id", "ce-type", "ce-actor"])
def test_a_message_without_envelope_is_no_event(broken: str) -> None:
    message = stored(builders.fired())
    headers = {name: value for name, value in message.headers.items() if name != broken}
    with pytest.raises(Malformed):
        ENCODER.stored(Stored(message.subject, headers, message.data, 7, message.time))


def test_filters_look_at_type_cluster_entity_and_namespace() -> None:
    alert = ENCODER.stored(stored(builders.fired()))
    cluster = ENCODER.stored(stored(builders.registered()))

    def let_through(**wanted: str) -> list[bool]:
        passes = Filter(**{name: frozenset({value}) for name, value in wanted.items()})
        return [passes.accepts(alert), passes.accepts(cluster)]

    assert let_through() == [True, True]
    assert let_through(event_types="ALERT_FIRED") == [True, False]
    assert let_through(clusters=str(builders.OTHER_CLUSTER_ID)) == [False, False]
    assert let_through(entities=f"cluster:{builders.CLUSTER_ID}") == [False, True]
    assert let_through(namespaces="ran") == [True, False]
    assert let_through(namespaces="ran", event_types="CLUSTER_REGISTERED") == [False, False]


def test_entities_are_named_by_their_outside_names() -> None:
    odd = builders.fired(fingerprint="a:b c")
    assert ENCODER.stored(stored(odd)).entity == entity_token("alert:a:b c")


@given(
    gaps=st.lists(st.integers(1, 5), max_size=200),
    size=st.integers(1, 90),
    most=st.integers(1, 50),
    data=st.data(),
)
def test_a_ring_gives_everything_after_a_position(
    gaps: list[int], size: int, most: int, data: st.DataObject
) -> None:
    ring, sequences = Ring(size, 1_000_000), [10]
    ring.start(10)
    for gap in gaps:
        sequences.append(sequences[-1] + gap)
        ring.put(frame(sequences[-1]))
    assert ring.last == sequences[-1]
    assert ring.floor == (sequences[-size - 1] if len(gaps) > size else 10)
    position = data.draw(st.integers(ring.floor, ring.last + 3))
    expected = [sequence for sequence in sequences[1:] if sequence > position]
    assert [one.sequence for one in ring.after(position, most)] == expected[:most]


def test_a_ring_is_bounded_in_bytes() -> None:
    ring = Ring(1000, 100)
    for sequence in range(1, 21):
        ring.put(frame(sequence, "x" * 30))
    assert (ring.floor, ring.last, len(ring.after(17, 100))) == (17, 20, 3)
    ring.put(frame(21, "x" * 200))
    assert (ring.floor, ring.last) == (21, 21)


def a_tail(log: EventLog, ring: int = 16) -> Tail:
    return Tail(log, lambda _: None, ring)


async def fire(log: EventLog, count: int, start: int = 0) -> None:
    events = [builders.fired(fingerprint=f"f{number}") for number in range(start, start + count)]
    changes = [(event, NOTHING) for event in events]
    await log.append_each(changes, builders.context(), builders.at())


async def take_until(cursor: Cursor, last: int) -> list[int]:
    taken: list[int] = []
    while cursor.position < last:
        taken += [one.sequence for one in await cursor.take(EVERYTHING)]
    return taken


@pytest.mark.anyio
@pytest.mark.nats
async def test_a_thousand_cursors_wait_for_one_event(log: EventLog) -> None:
    tail = a_tail(log)
    async with running(tail.run):
        cursors = [await tail.cursor() for _ in range(1000)]
        waiting = [asyncio.create_task(cursor.take(EVERYTHING)) for cursor in cursors]
        await asyncio.sleep(0)
        await fire(log, 1)
        taken = await asyncio.wait_for(asyncio.gather(*waiting), 20)
        assert all(frames[0] is taken[0][0] for frames in taken)


@pytest.mark.anyio
@pytest.mark.nats
async def test_cursors_read_the_log_until_they_have_joined_the_ring(log: EventLog) -> None:
    await fire(log, 600)
    tail = a_tail(log)
    async with running(tail.run):
        cursor = await tail.cursor(0)
        await fire(log, 100, 1000)
        await until(lambda: tail.ring.last == 700)
        assert await take_until(cursor, 700) == list(range(1, 701))


@pytest.mark.anyio
@pytest.mark.nats
async def test_what_an_event_tells_can_be_in_its_own_frame(log: EventLog) -> None:
    names: dict[str, str] = {}

    def learn(delivery: Delivery) -> None:
        names[delivery.subject.split(".")[1]] = "learned"

    tail = Tail(log, names.get, 16, before=learn)
    async with running(tail.run):
        cursor = await tail.cursor()
        await store(log, builders.registered())
        made = (await cursor.take(EVERYTHING))[0]
        assert json.loads(made.text)["cluster_name"] == "learned"


@pytest.mark.anyio
@pytest.mark.nats
async def test_a_message_that_is_no_event_is_stepped_over(log: EventLog, bus: Bus) -> None:
    tail = a_tail(log)
    async with running(tail.run):
        cursor = await tail.cursor()
        await bus.publish("evt.-.odd.one.out", b"{}")
        await store(log, builders.registered())
        assert await take_until(cursor, 2) == [2]
        late = await tail.cursor(0)
        assert await take_until(late, 2) == [2]


@pytest.mark.anyio
@pytest.mark.nats
async def test_a_log_whose_events_have_all_expired_lets_cursors_go_on(log: EventLog) -> None:
    tail = a_tail(log)
    async with running(tail.run):
        await fire(log, 40)
        await until(lambda: tail.ring.last == 40)
        cursor = Cursor(tail, 3)
        await log.bus.api(f"STREAM.PURGE.{streams.EVENTS}")
        assert await take_until(cursor, 40) == list(range(25, 41))


@pytest.mark.anyio
@pytest.mark.nats
async def test_positions_outside_of_the_log_are_refused(log: EventLog) -> None:
    await fire(log, 20)
    await log.bus.api(f"STREAM.PURGE.{streams.EVENTS}", {"seq": 11})
    tail = a_tail(log)
    async with running(tail.run):
        for since in (9, 21):
            with pytest.raises(ResumeExpired) as expired:
                await tail.cursor(since)
            assert (expired.value.oldest, expired.value.last) == (11, 20)
        assert (await tail.cursor(10)).position == 10


@pytest.mark.anyio
@pytest.mark.nats
async def test_a_position_ahead_of_this_process_is_waited_for(log: EventLog) -> None:
    await fire(log, 5)
    tail = a_tail(log)
    async with running(tail.run):
        await tail.started()
        tail.ring.start(3)
        cursor = await tail.cursor(5)
        await fire(log, 2, 50)
        assert await take_until(cursor, 7) == [6, 7]


NOW = SystemClock().now()


async def of_days_ago(log: EventLog, *ages: float) -> None:
    """Events of these times of the log."""
    for days in ages:
        time = context.exact(int((NOW - timedelta(days=days)).timestamp()) * 10**9)
        await log.bus.publish("evt.-.a.1.b", b"{}", {context.LOGGED_AT: time})


async def forget(log: EventLog, *sequences: int) -> None:
    for sequence in sequences:
        await log.bus.api("STREAM.MSG.DELETE.EVT", {"seq": sequence, "no_erase": True})


@pytest.mark.anyio
@pytest.mark.nats
async def test_one_cannot_go_on_where_facts_have_aged_out_among_what_stays(log: EventLog) -> None:
    log.facts_age = timedelta(days=1)
    await of_days_ago(log, 3, 3, 3, 3, 3, 0.2, 0.1, 0)
    tail = a_tail(log)
    async with running(tail.run):
        await until(lambda: tail.ring.last == 8)
        tail.ring.start(8)
        assert (await tail.cursor(0)).position == 0, "nothing has aged out yet"
        await forget(log, 2, 3, 7)
        for since in (0, 1, 4):
            with pytest.raises(ResumeExpired) as expired:
                await tail.cursor(since)
            assert (expired.value.oldest, expired.value.last) == (6, 8)
        assert (await tail.cursor(5)).position == 5
        assert (await tail.cursor(8)).position == 8
        with pytest.raises(ResumeExpired):
            await tail.cursor(6)  # What came next is gone.


@pytest.mark.anyio
@pytest.mark.nats
async def test_a_time_of_which_facts_have_aged_out_is_told(log: EventLog) -> None:
    log.facts_age = timedelta(days=1)
    await of_days_ago(log, 3, 3, 3, 0.2, 0)
    tail = a_tail(log)

    async def position(days: float) -> int:
        return await tail.position_at(NOW - timedelta(days=days))

    assert await position(4) == 0
    await forget(log, 2)
    with pytest.raises(ResumeExpired) as expired:
        await position(4)
    assert expired.value.oldest == 4
    assert await position(2) == 3, "nothing was between"
    await forget(log, 3)
    with pytest.raises(ResumeExpired):
        await position(2)
    assert await position(0.5) == 3
    async with running(tail.run):
        await tail.started()
        tail.ring.start(5)
        assert (await tail.cursor(await position(0.5))).position == 3


@pytest.mark.anyio
@pytest.mark.nats
async def test_a_log_of_which_all_has_aged_out_is_told_with_its_end(log: EventLog) -> None:
    log.facts_age = timedelta(days=1)
    await of_days_ago(log, 3, 3, 3, 3)
    await forget(log, 2, 4)
    tail = a_tail(log)
    async with running(tail.run):
        await tail.started()
        with pytest.raises(ResumeExpired) as expired:
            await tail.cursor(3)
        assert (expired.value.oldest, expired.value.last) == (5, 4)
        assert (await tail.cursor(4)).position == 4


@pytest.mark.anyio
@pytest.mark.nats
async def test_who_cannot_be_read_ahead_for_pages(
    log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tails, "WORTH_IT", 10)
    monkeypatch.setattr(tails, "_PAGE", 15)
    await fire(log, 60)
    tail = a_tail(log)
    real, refusals = log.bus.api, 0

    async def full(name: str, body: Any = None, *, timeout: float = 5.0) -> dict[str, Any]:
        nonlocal refusals
        if name.startswith("CONSUMER.CREATE"):
            refusals += 1
            raise JetStreamRefused(10026, "maximum consumers limit reached")
        return await real(name, body, timeout=timeout)

    async with running(tail.run):
        await until(lambda: tail.error is None)
        monkeypatch.setattr(log.bus, "api", full)
        async with asyncio.timeout(20):
            assert await take_until(Cursor(tail, 0), 60) == list(range(1, 61))
        assert refusals == 1
        monkeypatch.undo()


@pytest.mark.anyio
@pytest.mark.nats
async def test_who_sends_for_long_makes_room_for_who_comes(
    log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tails, "WORTH_IT", 10)
    await fire(log, 700)
    tail = a_tail(log)
    tail.ahead = 1
    async with running(tail.run):
        await until(lambda: tail.error is None)
        of_the_tail = await consumers(log)
        slow, late, quick = (Cursor(tail, 0) for _ in range(3))
        first = await slow.read(EVERYTHING, 700)
        assert await consumers(log) == of_the_tail | {name_of(slow)}
        await late.read(EVERYTHING, 700)
        assert name_of(late) is None, "the other one has not sent for long yet"
        monkeypatch.setattr(tails, "_SLOW", 0.0)
        await quick.read(EVERYTHING, 700)
        assert await consumers(log) == of_the_tail | {name_of(quick)}
        monkeypatch.undo()
        rest = await take_until(slow, 700)
        assert [one.sequence for one in first.frames] + rest == list(range(1, 701))
        await quick.close()
        assert await consumers(log) == of_the_tail


async def consumers(log: EventLog) -> set[str | None]:
    return set((await log.bus.api("CONSUMER.NAMES.EVT"))["consumers"] or [])


def name_of(cursor: Cursor) -> str | None:
    """The consumer that reads ahead for it."""
    return None if cursor._ahead is None else cursor._ahead._reader._name


@pytest.mark.anyio
@pytest.mark.nats
async def test_who_sends_for_long_is_given_less(
    log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fire(log, 700)
    tail = a_tail(log)
    async with running(tail.run):
        await tail.started()
        cursor = Cursor(tail, 0)
        assert len((await cursor.read(EVERYTHING, 700)).frames) > 100
        with monkeypatch.context() as patched:
            patched.setattr(tails, "_SLOW", 0.0)
            assert len((await cursor.read(EVERYTHING, 700)).frames) == 50
        assert len((await cursor.read(EVERYTHING, 700)).frames) > 100
