"""What analyses of earlier incidents have found counts a little, and is told with its evidence."""

from datetime import timedelta

import pytest

from contracts.rca import RcaClaim, RcaResult
from services.rca import history
from services.runtime.ids import new_id
from services.runtime.log import EventLog
from services.runtime.settings import Settings
from tests.services.rca.hub import DOWN, Hub

pytestmark = [pytest.mark.anyio, pytest.mark.nats]


@pytest.fixture
def hub(log: EventLog, bus_settings: Settings) -> Hub:
    return Hub(log, bus_settings)


def _history(found: RcaResult) -> list[RcaClaim]:
    claims = [claim for cause in found.causes for claim in cause.claims]
    return [claim for claim in claims if "was the cause of" in claim.text]


async def test_a_cause_of_earlier_incidents_is_told_with_the_analyses_that_say_so(hub: Hub) -> None:
    before = await hub.ask(incident_id=await hub.node_down())
    assert _history(before) == []
    one, two = await hub.was(), await hub.was()
    await hub.was("node/worker-4")
    await hub.was(is_known=False)
    found = await hub.ask(incident_id=await hub.node_down())
    (told,) = _history(found)
    # That of the first incident counts as well, as it was asked for.
    assert told.text == "node worker-3 was the cause of 3 incidents in the last 30 days"
    assert told.cited[-2:] == (one, two)
    assert (told.is_fact, told.effects) == (True, ())
    assert told in found.causes[0].claims
    assert before.causes[0].score < found.causes[0].score < before.causes[0].score + 0.1


async def test_the_same_range_has_the_same_ranking_whatever_is_found_later(hub: Hub) -> None:
    await hub.was()
    incident = await hub.node_down()
    first = await hub.ask(incident_id=incident)
    await hub.was()
    again = await hub.ask(incident_id=incident)
    (looked,) = [
        each for each in await hub.looks_at(incident) if each.id not in {first.id, again.id}
    ]
    assert again.causes == first.causes == looked.causes
    (told,) = _history(first)
    assert len(told.cited) == 1


async def test_an_analysis_that_has_left_the_log_counts_no_more(hub: Hub) -> None:
    one, two = await hub.was(), await hub.was()
    incident = await hub.node_down()
    await hub.leaves(two)
    (told,) = _history(await hub.ask(incident_id=incident))
    assert told.cited == (one,)


async def test_thirty_days_count_and_only_what_was_before(hub: Hub) -> None:
    await hub.was()
    now = hub.now()
    for days, count in ((0.5, 1), (6, 1), (29.9, 1), (30.1, 0), (-0.1, 0)):
        found = await history.causes_before(hub.log, now + timedelta(days=days, seconds=1))
        assert sum(map(len, found.causes.values())) == count, days
        assert found.days == 30


async def test_of_a_window_that_counts_which_was_found_before_it(hub: Hub) -> None:
    await hub.was()
    await hub.opens(await hub.fires(*DOWN))
    assert _history(await hub.lately()) == []


async def test_of_too_many_the_latest_count_and_it_says_how_far_back(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if the limit was reached within the last days."""
    incident_id = new_id()
    for _ in range(3):
        await hub.was(incident_id=incident_id)
    later = hub.now() + timedelta(days=3)
    monkeypatch.setattr(history, "MOST", 3)
    assert (await history.causes_before(hub.log, later)).days == 30
    monkeypatch.setattr(history, "MOST", 2)
    found = await history.causes_before(hub.log, later)
    assert (found.causes, found.days) == ({}, 1)
    assert (await history.causes_before(hub.log, hub.now())).days == 0
