"""Silences put and ended by commands, with a collector that says what a test wants."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from contracts.alerts import AlertSilenced, AlertState, AlertUnsilenced, SilenceAlert
from contracts.refusals import Code, Refused
from contracts.telemetry import ExpireSilence, PutSilence
from services.alerts import handlers_silences as handlers
from services.runtime.ids import new_id
from services.runtime.log import EventLog
from services.runtime.settings import Settings
from tests.kit import builders
from tests.kit.samples import FINGERPRINT, at
from tests.kit.worker import Killed, dies
from tests.services.alerts.silencing_kit import Alerts

pytestmark = [pytest.mark.anyio, pytest.mark.nats]

OTHER = "bbbbbbbb-0000-4000-8000-000000000000"


@pytest.fixture
async def alerts(log: EventLog, bus_settings: Settings) -> AsyncGenerator[Alerts]:
    """A cluster with one firing alert, a collector, and a projection."""
    found = Alerts(log, bus_settings)
    await found.happened(builders.registered(), builders.fired())
    async with found.collector(), found.projector():
        yield found


async def refusal(alerts: Alerts, command: SilenceAlert | None = None) -> Refused:
    with pytest.raises(Refused) as told:
        await handlers.silence(command or builders.silence(), alerts.store())
    assert await alerts.muting() == []
    return told.value


async def test_a_silence_is_put_and_told_by_whom(alerts: Alerts) -> None:
    store = alerts.store()
    done = await handlers.silence(builders.silence(), store)
    (asked,) = alerts.fake.asked
    assert asked == PutSilence(
        mark=store.context.command_id,
        labels={"alertname": "NodeDown", "namespace": "ran"},
        ends_at=at(7200),
        created_by="ada",
        comment="the node is being replaced",
    )
    silence_id = alerts.fake.silences[store.context.command_id]
    assert done.details["silence_id"] == silence_id
    assert done.details["state"] == "FIRING"
    assert done.details["ends_at"] == "2026-01-01T14:00:00Z"
    event = AlertSilenced(alert=builders.alert(), silenced_by=(silence_id,))
    assert await alerts.muting() == [("ada", event)]
    assert done.sequence == (await alerts.log.bounds())[1]


async def test_what_mutes_it_already_is_kept(alerts: Alerts) -> None:
    await alerts.happened(builders.silenced(silenced_by=(OTHER,)))
    done = await handlers.silence(builders.silence(), alerts.store())
    _, last = (await alerts.muting())[-1]
    assert isinstance(last, AlertSilenced)
    assert set(last.silenced_by) == {OTHER, done.details["silence_id"]}


async def test_a_command_that_comes_twice_makes_one_silence(alerts: Alerts) -> None:
    command_id = new_id()
    first = await handlers.silence(builders.silence(), alerts.store(command_id))
    again = await handlers.silence(builders.silence(), alerts.store(command_id))
    assert again == first
    assert len(alerts.fake.silences) == 1
    assert len(await alerts.muting()) == 1


async def test_a_worker_killed_before_it_is_told_makes_no_second_silence(alerts: Alerts) -> None:
    command_id = new_id()
    with pytest.raises(Killed):
        await handlers.silence(builders.silence(), alerts.store(command_id, before=dies))
    assert len(alerts.fake.silences) == 1
    assert await alerts.muting() == []
    done = await handlers.silence(builders.silence(), alerts.store(command_id))
    assert list(alerts.fake.silences.values()) == [done.details["silence_id"]]
    assert len(await alerts.muting()) == 1


async def test_a_worker_killed_after_it_was_told_tells_it_once(alerts: Alerts) -> None:
    command_id = new_id()
    with pytest.raises(Killed):
        await handlers.silence(builders.silence(), alerts.store(command_id, after=dies))
    done = await handlers.silence(builders.silence(), alerts.store(command_id))
    assert list(alerts.fake.silences.values()) == [done.details["silence_id"]]
    assert len(await alerts.muting()) == 1


async def test_who_asked_is_told_although_the_poll_has_seen_it_first(alerts: Alerts) -> None:
    command_id = new_id()

    async def polled() -> None:
        silence_id = alerts.fake.silences[command_id]
        if not await alerts.muting():
            await alerts.happened(builders.silenced(silenced_by=(silence_id,)), by="poll")

    await handlers.silence(builders.silence(), alerts.store(command_id, before=polled))
    told = await alerts.muting()
    assert [actor for actor, _ in told] == ["poll", "ada"]
    assert told[0][1] == told[1][1]


async def test_an_alert_that_nobody_knows_is_not_silenced(alerts: Alerts) -> None:
    told = await refusal(alerts, builders.silence(fingerprint="feedfeedfeedfeed"))
    assert told.code is Code.ALERT_NOT_FOUND
    assert alerts.fake.asked == []


async def test_an_alert_that_has_ended_may_be_silenced_and_is_told_as_such(alerts: Alerts) -> None:
    await alerts.happened(builders.resolved())
    done = await handlers.silence(builders.silence(), alerts.store())
    assert done.details["state"] == AlertState.RESOLVED
    assert len(await alerts.muting()) == 1


async def test_an_alert_that_is_pending_may_be_silenced(alerts: Alerts) -> None:
    fingerprint = "feedfeedfeedfeed"
    await alerts.happened(builders.pending(fingerprint=fingerprint))
    done = await handlers.silence(builders.silence(fingerprint=fingerprint), alerts.store())
    assert done.details["state"] == AlertState.PENDING
    assert len(await alerts.muting(fingerprint)) == 1


async def test_what_is_not_pending_any_more_is_as_it_has_ended(alerts: Alerts) -> None:
    await alerts.happened(builders.resolved(), builders.pending(), builders.pending_ended())
    done = await handlers.silence(builders.silence(), alerts.store())
    assert done.details["state"] == AlertState.RESOLVED


async def test_nonsense_does_not_reach_alertmanager(alerts: Alerts) -> None:
    told = await refusal(alerts, builders.silence(ends_at=at(-1)))
    assert told.code is Code.VALIDATION_FAILED
    assert alerts.fake.asked == []


@pytest.mark.parametrize(
    "says",
    [
        Refused(Code.VALIDATION_FAILED, "Alertmanager: bad matcher format", {"at": "matchers"}),
        Refused(Code.CLUSTER_UNREACHABLE, "this cluster has no Alertmanager; register its URL"),
        Refused(Code.RATE_LIMITED, "it wants less", {"retry_after": 3}),
    ],
    ids=lambda refused: refused.code.name,
)
async def test_what_the_collector_says_is_told_as_it_is(alerts: Alerts, says: Refused) -> None:
    alerts.fake.says = says
    told = await refusal(alerts)
    assert (told.code, told.message, told.details) == (says.code, says.message, says.details)


async def test_after_a_late_answer_it_may_be_there_and_that_is_said(alerts: Alerts) -> None:
    alerts.fake.says = Refused(Code.QUERY_TIMEOUT, "Alertmanager: no answer in time")
    told = await refusal(alerts)
    assert told.code is Code.QUERY_TIMEOUT
    assert "may have done it all the same" in told.message


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"silenceID": 7}'])
async def test_an_answer_that_cannot_be_read_is_told(alerts: Alerts, body: bytes) -> None:
    alerts.fake.says = body
    assert (await refusal(alerts)).code is Code.UPSTREAM_FAILED


async def test_a_cluster_that_was_deleted_is_told(alerts: Alerts) -> None:
    await alerts.happened(builders.deleted())
    assert (await refusal(alerts)).code is Code.CLUSTER_NOT_FOUND


async def test_a_cluster_is_reached_by_its_site(log: EventLog, bus_settings: Settings) -> None:
    alerts = Alerts(log, bus_settings)
    await alerts.happened(builders.registered(site="edge-7"), builders.fired())
    async with alerts.collector("hub"):
        assert (await refusal(alerts)).code is Code.CLUSTER_UNREACHABLE
    async with alerts.collector("edge-7"):
        await handlers.silence(builders.silence(), alerts.store())
    assert len(alerts.fake.silences) == 1


async def silenced(alerts: Alerts) -> str:
    """The id of a silence that was put on the alert."""
    return (await handlers.silence(builders.silence(), alerts.store())).details["silence_id"]


async def test_a_silence_is_ended_and_told_of_every_alert_that_it_muted(alerts: Alerts) -> None:
    mine = await silenced(alerts)
    both = "feedfeedfeedfeed"
    await alerts.happened(builders.silenced(silenced_by=(mine, OTHER), fingerprint=both))
    alerts.knows((FINGERPRINT, (mine,)), (both, (mine, OTHER)), ("0" * 16, (OTHER,)))
    store = alerts.store()
    done = await handlers.unsilence(builders.unsilence(silence_id=mine), store)
    assert alerts.fake.ended == {mine}
    assert (await alerts.muting())[-1] == ("ada", AlertUnsilenced(alert=builders.alert()))
    _, left = (await alerts.muting(both))[-1]
    assert isinstance(left, AlertSilenced)
    assert left.silenced_by == (OTHER,)
    assert await alerts.muting("0" * 16) == []
    assert done.sequence == (await alerts.log.bounds())[1]


async def test_a_silence_that_is_ended_twice_is_told_once(alerts: Alerts) -> None:
    mine = await silenced(alerts)
    alerts.knows((FINGERPRINT, (mine,)))
    await handlers.unsilence(builders.unsilence(silence_id=mine), alerts.store())
    before = await alerts.muting()
    done = await handlers.unsilence(builders.unsilence(silence_id=mine), alerts.store())
    assert done.sequence is None
    assert await alerts.muting() == before


async def test_a_worker_killed_between_ending_and_telling_tells_it_next_time(
    alerts: Alerts, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = await silenced(alerts)
    alerts.knows((FINGERPRINT, (mine,)))
    command, store = builders.unsilence(silence_id=mine), alerts.store()

    async def dying(*_: Any) -> None:
        raise Killed

    monkeypatch.setattr(store.log, "append_each", dying)
    with pytest.raises(Killed):
        await handlers.unsilence(command, store)
    await handlers.unsilence(command, alerts.store(store.context.command_id))
    assert [type(event) for _, event in await alerts.muting()] == [AlertSilenced, AlertUnsilenced]


async def test_a_silence_that_alertmanager_does_not_have_is_told(alerts: Alerts) -> None:
    with pytest.raises(Refused) as told:
        await handlers.unsilence(builders.unsilence(silence_id=OTHER), alerts.store())
    assert told.value.code is Code.SILENCE_NOT_FOUND


async def test_without_a_projector_a_silence_is_ended_all_the_same(
    log: EventLog, bus_settings: Settings
) -> None:
    alerts = Alerts(log, bus_settings)
    await alerts.happened(builders.registered(), builders.fired())
    async with alerts.collector():
        mine = await silenced(alerts)
        done = await handlers.unsilence(builders.unsilence(silence_id=mine), alerts.store())
    assert alerts.fake.asked[-1] == ExpireSilence(silence_id=mine)
    assert alerts.fake.ended == {mine}
    assert done.sequence is None


async def test_a_silence_of_another_cluster_is_not_looked_for_here(alerts: Alerts) -> None:
    mine = await silenced(alerts)
    alerts.knows((FINGERPRINT, (mine,)))
    other = builders.unsilence(silence_id=mine, cluster_id=new_id())
    with pytest.raises(Refused) as told:
        await handlers.unsilence(other, alerts.store())
    assert told.value.code is Code.CLUSTER_NOT_FOUND
    assert [type(event) for _, event in await alerts.muting()] == [AlertSilenced]
