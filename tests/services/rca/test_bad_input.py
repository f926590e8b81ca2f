"""Logs with gaps, clocks that are wrong, what is too much, and what there is not any more."""

from datetime import timedelta

import pytest

from contracts.incidents import incident_key
from contracts.rca import RcaClaim, RcaResult
from contracts.refusals import Code, Refused
from services.rca import log_reading
from services.runtime.ids import new_id
from services.runtime.log import EventLog
from services.runtime.settings import Settings
from tests.kit import builders
from tests.services.rca.hub import DOWN, POD, Hub

pytestmark = [pytest.mark.anyio, pytest.mark.nats]


@pytest.fixture
def hub(log: EventLog, bus_settings: Settings) -> Hub:
    return Hub(log, bus_settings)


def _facts(found: RcaResult) -> list[RcaClaim]:
    return [claim for cause in found.causes for claim in cause.claims if claim.is_fact]


def _doubts(found: RcaResult) -> str:
    return "; ".join(doubt for cause in found.causes for doubt in cause.doubts)


def _rests_on(claim: RcaClaim, sequence: int) -> bool:
    return sequence in (*claim.cited, *claim.effects)


async def test_what_rests_on_events_that_have_left_the_log_is_a_hypothesis(hub: Hub) -> None:
    node, pod = await hub.fires(*DOWN), await hub.fires(*POD)
    incident = await hub.opens(node, pod)
    whole = await hub.ask(incident_id=incident)
    assert any(claim.effects for claim in _facts(whole))
    await hub.leaves(pod.sequence)
    left = await hub.ask(incident_id=incident)
    assert "1 of the events that are cited have left the log" in left.explanation
    assert _facts(left)
    assert not any(_rests_on(claim, pod.sequence) for claim in _facts(left))
    # What they told is still known, so the ranking stays.
    assert [each.score for each in left.causes] == [each.score for each in whole.causes]
    await hub.leaves(node.sequence)
    assert _facts(await hub.ask(incident_id=incident)) == []


async def test_it_says_how_many_signals_have_no_beginning_in_the_log(hub: Hub) -> None:
    incident = await hub.opens(await hub.fires(*DOWN))
    await hub.grows(incident, await hub.fires(*POD))
    await hub.grows(incident, await hub.fires("KubePodNotReady", "pod/bank/b-1", "node/worker-3"))
    opened = (await hub.log.load(incident_key(incident)))[0]
    await hub.leaves(opened.sequence)
    found = await hub.ask(incident_id=incident)
    assert found.signals == 2
    assert "no beginning of 1 of its signals" in found.explanation
    assert not found.is_known


async def test_of_an_incident_of_which_all_signals_are_gone_that_is_said(hub: Hub) -> None:
    incident = await hub.node_down()
    opened = (await hub.log.load(incident_key(incident)))[0]
    await hub.grows(incident)
    await hub.leaves(opened.sequence)
    found = await hub.ask(incident_id=incident)
    assert (found.signals, found.causes, found.is_known) == (0, (), False)
    assert "no beginning of 2 of its signals" in found.explanation
    assert found.cluster_ids == (hub.cluster,)


async def test_an_incident_that_grew_is_not_said_to_have_a_gap(hub: Hub) -> None:
    incident = await hub.node_down()
    found = await hub.ask(incident_id=incident)
    assert (found.signals, "no beginning" in found.explanation) == (2, False)
    assert "no beginning" not in (await hub.looks_at(incident))[-1].explanation


async def test_a_signal_from_the_future_is_no_fact_and_a_doubt(hub: Hub) -> None:
    node = await hub.fires(*DOWN, after=1800)
    pod = await hub.fires(*POD, after=1900)
    incident = await hub.opens(node, pod)
    for found in (await hub.ask(incident_id=incident), *await hub.looks_at(incident)):
        assert found.causes[0].entity.place == "node/worker-3"
        assert _facts(found) == []
        assert "began after they were logged" in _doubts(found)
    # It was logged in the time that is asked about, whatever its clock says.
    assert (await hub.lately()).signals == 2


async def test_no_fact_is_told_against_the_logs_order(hub: Hub) -> None:
    """The pod was logged first; its clock says that it came after the node."""
    pod = await hub.fires(*POD, after=-60)
    node = await hub.fires(*DOWN, after=-600)
    found = await hub.ask(incident_id=await hub.opens(node, pod))
    assert not any(claim.effects for claim in _facts(found))
    assert "KubePodNotReady began after it by its source's clock, but was logged" in _doubts(found)


async def test_an_effect_before_its_cause_by_its_clock_alone_is_doubted(hub: Hub) -> None:
    node = await hub.fires(*DOWN, after=-60)
    pod = await hub.fires(*POD, after=-600)
    found = await hub.ask(incident_id=await hub.opens(node, pod))
    assert not any(claim.effects for claim in _facts(found))
    assert "KubePodNotReady began before it by its source's clock, but was" in _doubts(found)


async def test_of_a_cluster_that_is_deleted_what_was_wrong_is_still_told(hub: Hub) -> None:
    incident = await hub.node_down()
    await hub.happens(builders.registered(id=hub.cluster))
    await hub.happens(builders.deleted(cluster_id=hub.cluster))
    by_incident, by_time = await hub.ask(incident_id=incident), await hub.lately()
    for found in (by_incident, by_time):
        assert found.causes[0].entity.place == "node/worker-3"
        assert found.cluster_ids == (hub.cluster,)


async def test_more_than_is_read_is_refused_and_looked_at_by_nobody(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    incident = await hub.node_down()
    await hub.grows(incident, await hub.fires(*POD), await hub.fires(*POD))
    monkeypatch.setattr(log_reading, "MOST_EVENTS", 2)
    assert len(await hub.looks_at(incident)) == 1
    monkeypatch.setattr(log_reading, "MOST_EVENTS", 1)
    alert = await hub.fires(*POD)
    hour = hub.now() - timedelta(hours=1)
    for of in (
        {"incident_id": incident},
        {"alert_id": alert.id},
        {"cluster_id": hub.cluster, "start": hour, "end": hub.now() + timedelta(seconds=5)},
    ):
        with pytest.raises(Refused, match="more than 1 events of incidents happened") as told:
            await hub.ask(**of)
        assert told.value.code is Code.LIMIT_REACHED
    assert len(await hub.looks_at(incident)) == 1


async def test_what_else_happens_is_not_read_to_analyse_an_incident(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    incident = await hub.node_down()
    for _ in range(3):
        await hub.opens(await hub.fires(*POD))
    monkeypatch.setattr(log_reading, "MOST_EVENTS", 1)
    found = await hub.ask(incident_id=incident)
    assert found.causes[0].entity.place == "node/worker-3"


async def test_a_time_without_trouble_is_an_answer(hub: Hub) -> None:
    await Hub(hub.log, hub.settings).node_down()
    found = await hub.lately()
    assert (found.signals, found.causes, found.is_known) == (0, (), False)
    assert found.explanation == "Nothing was wrong that the log tells of."


async def test_of_what_nobody_knows_no_cause_is_looked_for(hub: Hub) -> None:
    for of, code in (
        ("incident_id", Code.INCIDENT_NOT_FOUND),
        ("alert_id", Code.ALERT_NOT_FOUND),
        ("anomaly_id", Code.ANOMALY_NOT_FOUND),
    ):
        with pytest.raises(Refused) as told:
            await hub.ask(**{of: new_id()})
        assert told.value.code is code


async def test_an_incident_is_looked_at_each_time_its_signals_have_doubled(hub: Hub) -> None:
    incident = await hub.opens(await hub.fires(*DOWN))
    looked = [len(await hub.looks_at(incident))]
    for _ in range(8):
        await hub.grows(incident, await hub.fires(*POD))
        looked.append(len(await hub.looks_at(incident)))
    # Of 1, 2, 3 … 9 signals.
    assert looked == [1, 2, 2, 3, 3, 3, 3, 4, 4]
    assert [each.signals for each in await hub.found(incident)] == [1, 2, 4, 8]


async def test_what_leaps_over_a_power_of_two_is_looked_at_and_what_shrinks_is_not(
    hub: Hub,
) -> None:
    incident = await hub.opens(*[await hub.fires(*POD) for _ in range(3)])
    assert len(await hub.looks_at(incident)) == 1
    await hub.grows(incident, *[await hub.fires(*POD) for _ in range(7)])
    assert len(await hub.looks_at(incident)) == 2
    await hub.grows(incident)
    assert len(await hub.looks_at(incident)) == 2


async def test_the_same_event_again_is_told_once(hub: Hub) -> None:
    incident = await hub.node_down()
    await hub.looks_at(incident)
    assert len(await hub.looks_at(incident)) == 1


async def test_what_went_into_another_incident_is_answered_by_that(hub: Hub) -> None:
    gone = await hub.opens(await hub.fires(*POD))
    stays = await hub.opens(await hub.fires(*DOWN))
    await hub.merges(gone, stays)
    found = await hub.ask(incident_id=gone)
    assert (found.incident_id, found.signals) == (stays, 2)
    assert "no beginning" not in found.explanation
