"""Dead letters: kept whole, listed in order, retried once; and outcomes, which are told by id."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from uuid import UUID

import pytest

from contracts.outcomes import Outcome
from contracts.refusals import Code, Refused
from services.runtime import dead_letters, outcomes
from services.runtime.bus import Ack, Bus, BusUnavailable
from services.runtime.dead_letters import DeadLetter, Failure, Wanted, bury, drop, retry
from services.runtime.ids import new_id
from tests.kit import builders
from tests.kit.runtime import letters

pytestmark = [pytest.mark.anyio, pytest.mark.nats]

Giver = Callable[[Bus, int], Coroutine[None, None, DeadLetter]]

COMMAND = Failure(
    stream="CMD",
    consumer="clusters",
    subject="cmd.gateway.clusters.register_cluster",
    headers={"Nats-Msg-Id": str(builders.COMMAND_ID), "ce-actor": "ada", "Nats-Stream": "CMD"},
    data=b'{"name":"a"}',
    error="ValueError after 6 tries",
    message_id=str(builders.COMMAND_ID),
    sequence=7,
)
EVENT = replace(COMMAND, stream="EVT", consumer="discovery_discover", subject="evt.-.a.b.c")


async def test_a_letter_tells_what_failed_where_and_why(bus: Bus) -> None:
    await bury(bus, COMMAND, builders.at())
    (letter,) = await letters(bus)
    assert (letter.stream, letter.consumer, letter.subject) == ("CMD", "clusters", COMMAND.subject)
    assert (letter.original_sequence, letter.error) == (7, "ValueError after 6 tries")
    assert (letter.failed_at, letter.retried) == ("2026-01-01T12:00:00Z", False)
    assert letter.body == COMMAND.data


async def test_the_same_failure_twice_is_one_letter(bus: Bus) -> None:
    await bury(bus, COMMAND, builders.at())
    await bury(bus, replace(COMMAND, error="again"), builders.at(60))
    (letter,) = await letters(bus)
    assert letter.error == "again"


async def test_the_same_message_for_two_consumers_is_two_letters(bus: Bus) -> None:
    await bury(bus, EVENT, builders.at())
    await bury(bus, replace(EVENT, consumer="reports_count"), builders.at())
    assert [letter.consumer for letter in await letters(bus)] == [
        "discovery_discover",
        "reports_count",
    ]


async def test_all_of_many_letters_are_listed_oldest_first(bus: Bus) -> None:
    # A page is 256 long.
    for number in range(600):
        await bury(bus, replace(COMMAND, message_id=f"m-{number}"), builders.at(number))
    found = await letters(bus)
    assert [letter.sequence for letter in found] == [*range(1, 601)]


async def test_letters_are_listed_however_large_they_are(bus: Bus) -> None:
    for number in range(70):
        await bury(
            bus, replace(COMMAND, message_id=f"m-{number}", data=b"x" * 990_000), builders.at()
        )
    assert len(await letters(bus)) == 70


async def test_no_letters_are_an_empty_list(bus: Bus) -> None:
    assert await letters(bus) == []


@pytest.mark.parametrize(
    "text", ["two\nlines", "carriage\rreturn", "a: b\r\nNats-Rollup: all", "\ud800", "ü" * 5000, ""]
)
async def test_whatever_an_error_says_the_letter_is_stored(bus: Bus, text: str) -> None:
    headers = dict(COMMAND.headers) | {"x-told": text}
    await bury(bus, replace(COMMAND, error=text, headers=headers), builders.at())
    (letter,) = await letters(bus)
    assert "\n" not in letter.error
    assert len(letter.error) <= 2000


@pytest.mark.parametrize("name", ["a b.c", "*", ">", "", "x" * 500, "ü\n"])
async def test_whatever_a_message_is_called_the_letter_is_stored(bus: Bus, name: str) -> None:
    await bury(bus, replace(COMMAND, message_id=name, consumer=name), builders.at())
    assert len(await letters(bus)) == 1


async def test_a_retried_command_is_published_again_as_itself(bus: Bus) -> None:
    await bury(bus, COMMAND, builders.at())
    (letter,) = await letters(bus)
    assert (await retry(bus, letter.sequence)).subject == COMMAND.subject
    again = await bus.get("CMD", {"last_by_subj": COMMAND.subject})
    assert again is not None
    assert again.data == COMMAND.data
    assert again.headers["ce-actor"] == "ada"
    assert not [name for name in again.headers if name.startswith("aiops-dl-")]
    assert again.headers["Nats-Msg-Id"] != str(builders.COMMAND_ID), "or it would be a duplicate"
    assert dead_letters.command_id(again.headers["Nats-Msg-Id"]) == builders.COMMAND_ID


async def test_a_letter_is_retried_once(bus: Bus) -> None:
    await bury(bus, COMMAND, builders.at())
    (letter,) = await letters(bus)
    await retry(bus, letter.sequence)
    (marked,) = await letters(bus)
    assert marked.retried
    for sequence in (letter.sequence, marked.sequence):
        with pytest.raises(Refused) as refused:
            await retry(bus, sequence)
        assert refused.value.code is Code.DEAD_LETTER_NOT_FOUND
    assert (await bus.api("STREAM.INFO.CMD"))["state"]["messages"] == 1


async def test_what_fails_again_can_be_retried_again(bus: Bus) -> None:
    for _ in range(2):
        await bury(bus, COMMAND, builders.at())
        (letter,) = await letters(bus)
        assert not letter.retried
        await retry(bus, letter.sequence)
    assert (await bus.api("STREAM.INFO.CMD"))["state"]["messages"] == 2


@pytest.mark.parametrize("sequence", [1, 0, -1, 10**15])
async def test_an_unknown_letter_is_refused(bus: Bus, sequence: int) -> None:
    with pytest.raises(Refused) as refused:
        await retry(bus, sequence)
    assert refused.value.code is Code.DEAD_LETTER_NOT_FOUND


async def test_an_event_is_not_appended_a_second_time(bus: Bus) -> None:
    await bury(bus, EVENT, builders.at())
    (letter,) = await letters(bus)
    await retry(bus, letter.sequence)
    assert (await bus.api("STREAM.INFO.EVT"))["state"]["messages"] == 0
    mark = await bus.get("DLQ", {"last_by_subj": "dlq.EVT.>"})
    assert mark is not None
    assert dead_letters.wanted_again(mark.headers) == 7


async def test_a_dropped_letter_is_none_any_more_and_its_body_is_gone(bus: Bus) -> None:
    await bury(bus, COMMAND, builders.at())
    (letter,) = await letters(bus)
    assert (await drop(bus, letter.sequence)).body == COMMAND.data
    assert await letters(bus) == []
    stored = await bus.get("DLQ", {"last_by_subj": "dlq.CMD.>"})
    assert stored is not None
    assert stored.data == b""
    for give in (retry, drop, dead_letters.find):
        for sequence in (letter.sequence, stored.sequence):
            with pytest.raises(Refused) as refused:
                await give(bus, sequence)
            assert refused.value.code is Code.DEAD_LETTER_NOT_FOUND


async def test_a_dropped_event_is_not_wanted_again(bus: Bus) -> None:
    await bury(bus, EVENT, builders.at())
    (letter,) = await letters(bus)
    await drop(bus, letter.sequence)
    mark = await bus.get("DLQ", {"last_by_subj": "dlq.EVT.>"})
    assert mark is not None
    assert dead_letters.wanted_again(mark.headers) is None


async def test_what_fails_again_after_it_was_dropped_is_a_letter_again(bus: Bus) -> None:
    await bury(bus, COMMAND, builders.at())
    await drop(bus, 1)
    await bury(bus, COMMAND, builders.at())
    (letter,) = await letters(bus)
    assert not letter.retried


@pytest.mark.parametrize("failure", [COMMAND, EVENT])
@pytest.mark.parametrize("givers", [(retry, drop), (drop, retry)])
async def test_of_many_who_retry_or_drop_one_letter_one_alone_decides(
    bus: Bus, failure: Failure, givers: tuple[Giver, ...]
) -> None:
    await bury(bus, failure, builders.at())
    tries = [(give, asyncio.create_task(give(bus, 1))) for give in givers * 8]
    await asyncio.wait([each for _, each in tries])
    done = {give for give, each in tries if not isinstance(each.exception(), Refused)}
    assert len(done) == 1
    published = (await bus.api("STREAM.INFO.CMD"))["state"]["messages"]
    assert published == (failure is COMMAND and done == {retry})
    (letter,) = await letters(bus) if done == {retry} else [None]
    assert letter is None or letter.retried


async def _cut_off(bus: Bus, sequence: int, *, before: str) -> None:
    """A retry that ends before it publishes on such a subject."""
    publish = bus.publish

    async def fails(
        subject: str,
        data: bytes,
        headers: dict[str, str] | None = None,
        *,
        timeout: float | None = None,
    ) -> Ack:
        if subject.startswith(before) and (headers or {}).get("aiops-dl-state") != "retrying":
            raise BusUnavailable("cut off")
        return await publish(subject, data, headers, timeout=timeout)

    bus.publish = fails
    with pytest.raises(BusUnavailable):
        await retry(bus, sequence)
    bus.publish = publish


@pytest.mark.parametrize("before", ["cmd.", "dlq."])
@pytest.mark.parametrize("again", [1, 2])
async def test_a_retry_that_was_cut_off_is_lost_to_nobody_and_goes_on(
    bus: Bus, before: str, again: int
) -> None:
    """By the position that was first given, which has been told to do it, or by the present one."""
    await bury(bus, COMMAND, builders.at())
    await _cut_off(bus, 1, before=before)
    (letter,) = await letters(bus)
    assert (letter.sequence, letter.retried) == (2, False)
    for sequence in (1, 2):
        with pytest.raises(Refused):
            await drop(bus, sequence)
    await retry(bus, again)
    assert [letter.retried for letter in await letters(bus)] == [True]
    assert (await bus.api("STREAM.INFO.CMD"))["state"]["messages"] == 1
    for sequence in (1, 2, 3):
        with pytest.raises(Refused):
            await retry(bus, sequence)


async def test_marks_of_a_message_itself_are_none(bus: Bus) -> None:
    told = {"aiops-dl-letter": "x", "aiops-dl-state": "dropped", "aiops-dl-sequence": "x"}
    await bury(bus, replace(COMMAND, headers=told, sequence=None), builders.at())
    (letter,) = await letters(bus)
    assert (letter.original_sequence, letter.retried) == (None, False)
    await retry(bus, letter.sequence)


async def test_a_large_body_is_left_out_of_what_asks_for_small_ones(bus: Bus) -> None:
    for size in (100, 101):
        failure = replace(COMMAND, message_id=f"m-{size}", data=b"x" * size)
        await bury(bus, failure, builders.at())
    found, _ = await dead_letters.part(bus, Wanted(largest=100), 0, 10)
    assert [(len(each.body), each.body_bytes) for each in found] == [(100, 100), (0, 101)]


async def test_a_mark_never_hides_what_has_failed_again_meanwhile(bus: Bus) -> None:
    await bury(bus, COMMAND, builders.at())
    publish = bus.publish

    async def slow(
        subject: str,
        data: bytes,
        headers: dict[str, str] | None = None,
        *,
        timeout: float | None = None,
    ) -> Ack:
        if subject.startswith("dlq.") and (headers or {})["aiops-dl-state"] == "retried":
            bus.publish = publish
            await bury(bus, COMMAND, builders.at(60))
        return await publish(subject, data, headers, timeout=timeout)

    bus.publish = slow
    await retry(bus, 1)
    (letter,) = await letters(bus)
    assert not letter.retried


async def test_a_letter_of_something_else_is_not_published_anywhere(bus: Bus) -> None:
    await bury(bus, replace(COMMAND, subject="$JS.API.STREAM.PURGE.EVT"), builders.at())
    (letter,) = await letters(bus)
    with pytest.raises(Refused):
        await retry(bus, letter.sequence)
    assert not (await letters(bus))[0].retried


def test_an_id_that_is_none_is_told() -> None:
    with pytest.raises(ValueError, match="UUID"):
        dead_letters.command_id("seq-7")


async def test_an_outcome_is_found_by_its_command(bus: Bus) -> None:
    outcome = Outcome(command_id=new_id(), outcome="accepted", id="a", version=3, sequence=9)
    await outcomes.put(bus, outcome, "ada")
    assert await outcomes.find(bus, outcome.command_id) == outcomes.Kept(outcome, "ada")
    assert await outcomes.find(bus, UUID(int=1)) is None


async def test_pending_never_hides_an_outcome(bus: Bus) -> None:
    command_id = new_id()
    await outcomes.mark_pending(bus, command_id, "ada")
    await outcomes.mark_pending(bus, command_id, "ada")
    pending = await outcomes.find(bus, command_id)
    assert pending is not None
    assert (pending.outcome.outcome, pending.owner) == ("pending", "ada")
    done = Outcome(command_id=command_id, outcome="refused", code="NOT_FOUND")
    await outcomes.put(bus, done, "ada")
    await outcomes.mark_pending(bus, command_id, "ada")
    assert await outcomes.find(bus, command_id) == outcomes.Kept(done, "ada")


@pytest.mark.parametrize(
    ("subject", "allowed"),
    [
        ("_INBOX.a.b", True),
        ("_INBOX.", False),
        ("_INBOX", False),
        ("_INBOX.*", False),
        ("_INBOX.a.>", False),
        ("_INBOX.a b", False),
        ("_INBOX.a\r\nPUB x", False),
        ("$JS.API.STREAM.PURGE.EVT", False),
        ("evt.-.a.b.c", False),
    ],
)
def test_outcomes_are_told_to_plain_inboxes_only(subject: str, *, allowed: bool) -> None:
    assert outcomes.may_be_told(subject) is allowed
