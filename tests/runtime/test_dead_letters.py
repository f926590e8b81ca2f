"""Dead letters: kept whole, listed in order, retried once; and outcomes, which are told by id."""

from dataclasses import replace
from uuid import UUID

import pytest

from contracts.outcomes import Outcome
from contracts.refusals import Code, Refused
from services.runtime import dead_letters, outcomes
from services.runtime.bus import Bus
from services.runtime.dead_letters import Failure, bury, retry
from services.runtime.ids import new_id
from tests.kit import builders
from tests.kit.runtime import letters

pytestmark = [pytest.mark.anyio, pytest.mark.nats]

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
    await outcomes.put(bus, outcome)
    assert await outcomes.find(bus, outcome.command_id) == outcome
    assert await outcomes.find(bus, UUID(int=1)) is None


async def test_pending_never_hides_an_outcome(bus: Bus) -> None:
    command_id = new_id()
    await outcomes.mark_pending(bus, command_id)
    await outcomes.mark_pending(bus, command_id)
    pending = await outcomes.find(bus, command_id)
    assert pending is not None
    assert pending.outcome == "pending"
    done = Outcome(command_id=command_id, outcome="refused", code="NOT_FOUND")
    await outcomes.put(bus, done)
    await outcomes.mark_pending(bus, command_id)
    assert await outcomes.find(bus, command_id) == done


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
