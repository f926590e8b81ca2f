"""Appending to the log: checked, all or nothing, and once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from contracts.anomalies import WatchDefined, WatchRemoved
from contracts.clusters import ClusterNameTaken, cluster_name_key
from contracts.envelope import Event
from contracts.subjects import EntityKey
from services.runtime import streams
from services.runtime.bus import Ack, Bus, BusUnavailable, Outgoing
from services.runtime.ids import new_id
from services.runtime.log import NOTHING, Conflict, EventLog, Head
from tests.kit import builders
from tests.kit.anomaly_builders import watch
from tests.kit.runtime import store

pytestmark = [pytest.mark.anyio, pytest.mark.nats]


def _taken(name: str, number: int = 1) -> ClusterNameTaken:
    return ClusterNameTaken(name=name, cluster_id=UUID(int=number))


async def _append(
    log: EventLog, events: Sequence[Event], expected: Mapping[EntityKey, Head], command: int = 1
) -> Any:
    context = builders.context(command_id=UUID(int=command))
    return await log.append(events, expected, context, builders.at())


async def test_versions_follow_each_other_and_the_subject_holds_them(log: EventLog) -> None:
    event = builders.registered()
    first = await _append(log, [event], {}, 1)
    second = await _append(log, [builders.updated()], {event.key: Head(first.sequence, 1)}, 2)
    assert (first.version, second.version) == (1, 2)
    assert [entry.version for entry in await log.load(event.key)] == [1, 2]


async def test_a_head_that_is_known_is_not_decoded_again(log: EventLog) -> None:
    event = builders.registered()
    stored = await _append(log, [event], {event.key: NOTHING}, 1)
    first = await log.head(event.key)
    assert first is not None
    assert await log.head(event.key, first) is first
    await _append(log, [builders.updated()], {event.key: Head(stored.sequence, 1)}, 2)
    second = await log.head(event.key, first)
    assert second is not None
    assert (second.version, second.event) == (2, builders.updated())


async def test_a_part_of_a_history_is_read_by_its_versions(log: EventLog) -> None:
    head, key = NOTHING, builders.registered().key
    for number in range(1, 6):
        event = builders.registered() if number == 1 else builders.updated()
        stored = await _append(log, [event], {key: head}, number)
        head = Head(stored.sequence, number)

    async def versions(first: int, count: int) -> list[int | None]:
        return [entry.version for entry in await log.load_part(key, first, count)]

    assert await versions(1, 2) == [1, 2]
    assert await versions(4, 1000) == [4, 5]
    assert await versions(6, 1000) == []


async def test_what_stands_last_of_each_is_told_without_reading_it(log: EventLog) -> None:
    assert await log.last_names("watch") == {}
    for name, gone in (("one", False), ("two", True)):
        defined, head = WatchDefined(watch=watch(id=name)), NOTHING
        # Ten are told in the order of their numbers, not of their letters.
        events = [defined] * 10 + ([WatchRemoved(watch=defined.watch)] if gone else [])
        for event in events:
            stored = await _append(log, [event], {event.key: head}, new_id().int)
            head = Head(stored.sequence, head.version + 1)
    names = {key.id: name for key, name in (await log.last_names("watch")).items()}
    assert names == {"one": "defined", "two": "removed"}


async def test_who_comes_second_is_told_of_a_conflict(log: EventLog) -> None:
    await _append(log, [builders.registered()], {}, 1)
    with pytest.raises(Conflict):
        await _append(log, [builders.updated()], {}, 2)


async def test_a_batch_over_entities_is_stored_whole_or_not_at_all(log: EventLog) -> None:
    event = builders.registered()
    await _append(log, [_taken("a"), event], {}, 1)
    with pytest.raises(Conflict):
        await _append(log, [_taken("b", 2), builders.updated()], {}, 2)
    assert await log.head(cluster_name_key("b")) is None
    assert (await log.bounds())[1] == 2


async def test_the_same_append_again_is_the_first_one(log: EventLog) -> None:
    events = [_taken("a"), builders.registered()]
    first = await _append(log, events, {}, 1)
    again = await _append(log, events, {}, 1)
    assert again == first
    assert (await log.bounds())[1] == 2


@dataclass
class _Forgetful(Bus):
    """Loses the acknowledgement of the first publish, which was stored."""

    def __init__(self, bus: Bus) -> None:
        super().__init__(bus.client)
        self.lost = False

    async def publish(
        self,
        subject: str,
        data: bytes,
        headers: dict[str, str] | None = None,
        *,
        timeout: float | None = None,
    ) -> Ack:
        ack = await super().publish(subject, data, headers, timeout=timeout)
        if not self.lost:
            self.lost = True
            raise BusUnavailable("the acknowledgement was lost")
        return ack


async def test_a_lost_acknowledgement_is_no_second_event(bus: Bus, log: EventLog) -> None:
    forgetful = _Forgetful(bus)
    await forgetful.open()
    log.bus = forgetful
    appended = await _append(log, [builders.registered()], {}, 1)
    assert (appended.sequence, appended.version) == (1, 1)
    assert (await log.bounds())[1] == 1


async def test_one_stale_head_of_many_fails_alone(log: EventLog) -> None:
    events = [builders.fired(fingerprint=f"{n:016x}") for n in range(5)]
    await store(log, events[2])
    answers = await log.append_each(
        [(event, NOTHING) for event in events], builders.context(), builders.at()
    )
    assert [isinstance(answer, Conflict) for answer in answers] == [n == 2 for n in range(5)]
    assert (await log.bounds())[1] == 5


async def test_heads_are_read_in_bulk_and_missing_ones_are_absent(log: EventLog) -> None:
    events = [builders.fired(fingerprint=f"{n:016x}") for n in range(700)]
    await log.append_each(
        [(event, NOTHING) for event in events[:650]], builders.context(), builders.at()
    )
    heads = await log.heads(event.key for event in events)
    assert set(heads) == {event.key for event in events[:650]}
    assert heads[events[3].key].event == events[3]


async def test_observed_facts_age_and_decisions_do_not(bus: Bus, log: EventLog) -> None:
    await store(log, builders.fired())
    await store(log, builders.registered())
    found = await bus.get_many(streams.EVENTS, {"seq": 1, "batch": 2, "next_by_subj": "evt.>"})
    assert [stored.headers.get("Nats-TTL") for stored in found] == ["7776000s", None]


async def test_a_message_with_a_line_break_in_a_header_is_not_sent(bus: Bus) -> None:
    sent = Outgoing("evt.a.b.c.d", b"{}", {"ce-actor": "a\r\nNats-Rollup: all"})
    with pytest.raises(Exception, match="header"):
        await bus.publish(sent.subject, sent.data, sent.headers)


async def test_what_is_sent_is_what_is_stored(bus: Bus) -> None:
    headers = {"ce-actor": "größe 🚨", "ce-empty": "", "x": "a: b"}
    await bus.publish("evt.a.b.c.d", b"\x00body", headers)
    (stored,) = await bus.get_many(streams.EVENTS, {"seq": 1, "batch": 1, "next_by_subj": "evt.>"})
    assert stored.data == b"\x00body"
    assert {name: stored.headers[name] for name in headers} == headers


async def test_an_empty_log_has_bounds(log: EventLog) -> None:
    assert (await log.bounds())[1] == 0
