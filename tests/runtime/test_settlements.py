"""Outcomes and acknowledgements that nobody waits for: told together, in the right order."""

import asyncio
from collections.abc import Sequence

import pytest

from contracts.outcomes import Outcome
from services.runtime import outcomes, settlements, streams
from services.runtime.answers import Ack, BusUnavailable, Outgoing
from services.runtime.bus import Bus
from services.runtime.ids import new_id
from services.runtime.pull import Delivery, Durable, PullReader
from services.runtime.settlements import Settled, Settlements
from tests.kit.commands import BODY, SUBJECT
from tests.kit.runtime import eventually

pytestmark = [pytest.mark.anyio, pytest.mark.nats]


async def _taken(bus: Bus, count: int) -> list[Delivery]:
    """This many commands in hand."""
    for _ in range(count):
        await bus.publish(SUBJECT, BODY, {"Nats-Msg-Id": str(new_id())})
    consumer = Durable(streams.COMMANDS, "clusters", ("cmd.*.clusters.>",), 30.0, 1000)
    reader = PullReader(bus, consumer)
    found: list[Delivery] = []
    while len(found) < count:
        found += await reader.take(count, wait=5)
    await reader.close()
    return found


def _accepted() -> Outcome:
    return Outcome(command_id=new_id(), outcome="accepted")


def _kept() -> Outgoing:
    return outcomes.message(_accepted(), "ada")


async def _queued(bus: Bus) -> int:
    return (await bus.api("STREAM.INFO.CMD"))["state"]["messages"]


async def _empty(bus: Bus) -> None:
    async def empty() -> bool:
        return await _queued(bus) == 0

    await eventually(empty)


async def test_what_is_settled_is_kept_and_off_the_queue_a_moment_later(bus: Bus) -> None:
    told, settled = Settlements(bus), [_accepted() for _ in range(5)]
    for delivery, outcome in zip(await _taken(bus, 5), settled, strict=True):
        told.add(Settled(delivery.reply, outcomes.message(outcome, "ada")))
    await _empty(bus)
    found = [await outcomes.find(bus, each.command_id) for each in settled]
    assert found == [outcomes.Kept(each, "ada") for each in settled]


async def test_an_outcome_that_was_kept_before_is_not_kept_again(bus: Bus) -> None:
    told, (delivery,) = Settlements(bus), await _taken(bus, 1)
    told.add(Settled(delivery.reply, None))
    await _empty(bus)
    assert (await bus.api(f"STREAM.INFO.{streams.OUTCOMES}"))["state"]["messages"] == 0


async def test_many_are_told_at_once(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settlements, "_MOMENT", 60.0)
    told = Settlements(bus)
    for delivery in await _taken(bus, 64):
        told.add(Settled(delivery.reply, _kept()))
    await _empty(bus)


async def test_at_the_end_nothing_is_left_untold(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settlements, "_MOMENT", 60.0)
    told = Settlements(bus)
    first, second, third = await _taken(bus, 3)
    told.add(Settled(first.reply, _kept()))
    await asyncio.sleep(0)
    told.add(Settled(second.reply, _kept()))
    closing = asyncio.create_task(told.close())
    await asyncio.sleep(0)
    monkeypatch.setattr(settlements, "_MOMENT", 0.0)
    told.add(Settled(third.reply, _kept()))
    await closing
    await _empty(bus)


class Away(Bus):
    """A bus that keeps nothing, as in an outage that begins just now."""

    async def publish_each(
        self, messages: Sequence[Outgoing], *, timeout: float | None = None
    ) -> list[Ack | Exception]:
        return [BusUnavailable("away") for _ in messages]


async def test_what_could_not_be_kept_stays_in_the_queue(bus: Bus) -> None:
    kept, lost = await _taken(bus, 2)
    away = Away(bus.client)
    await away.open()
    told = Settlements(away)
    told.add(Settled(kept.reply, None))
    told.add(Settled(lost.reply, _kept()))
    await told.close()

    async def one_is_left() -> bool:
        return await _queued(bus) == 1

    await eventually(one_is_left)
    left = await bus.get(streams.COMMANDS, {"seq": lost.sequence})
    assert left is not None
