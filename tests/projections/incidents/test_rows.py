"""What events of incidents leave in the tables, as reads tell it."""

from typing import Any
from uuid import UUID

import pytest

from contracts.envelope import rfc3339
from contracts.incidents import CorrelationRuleDefined, CorrelationRuleRemoved
from gateway.rest.documented_incidents import IncidentList, SignalList, Timeline
from projections.incidents.view import IncidentDetail
from services.runtime.queries import Page
from tests.kit import builders, incident_builders as made
from tests.kit.incident_rows import IncidentTables, then

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]

ONE, OTHER, THIRD = made.INCIDENT_ID, made.OTHER_INCIDENT_ID, UUID(int=3)
POD = made.joined().signal.id


def _ids(found: Any) -> list[UUID]:
    return [UUID(each["id"]) for each in found["items"]]


def _opened(incident: UUID, *numbers: int, **of: Any) -> Any:
    """An incident of the alerts with these numbers as ids."""
    signals = tuple(made.signal(id=UUID(int=number)) for number in numbers)
    told = made.incident(id=incident, signals=len(signals), lasting=len(signals), **of)
    return made.opened(incident=told, added=signals)


async def test_an_incident_is_shown_whole(tables: IncidentTables) -> None:
    await tables.happen(builders.registered(), made.opened())
    last = await tables.happen(made.acknowledged(), actor="ada")
    found = IncidentDetail.model_validate(await tables.one(ONE))
    assert found.model_dump(include=set(made.Incident.model_fields)) == {
        **made.acknowledged().incident.model_dump(),
        "cluster_ids": [builders.CLUSTER_ID],
        "where": ["node/worker-3"],
    }
    assert [(each.id, each.name) for each in found.clusters] == [
        (builders.CLUSTER_ID, "edge-berlin-1")
    ]
    assert (found.version, found.changed_at, found.redacted) == (2, builders.at(last), False)
    assert found.alert_ids == [builders.ALERT_ID]
    told = [(each.event_type, each.actor, each.reason, each.added) for each in found.timeline]
    assert told == [
        ("INCIDENT_ACKNOWLEDGED", "ada", "I look at it", 0),
        ("INCIDENT_OPENED", "service:incidents", "it is on worker-3", 1),
    ]
    page = IncidentList.model_validate(await tables.list())
    assert [each.model_dump(exclude_unset=True) for each in page.items] == [
        found.model_dump(exclude={"alert_ids", "timeline"})
    ]
    assert (page.by_state.ACKNOWLEDGED, page.by_severity.CRITICAL, page.total) == (1, 1, 1)


async def test_one_that_nobody_knows_is_none(tables: IncidentTables) -> None:
    assert await tables.one(ONE) is None
    assert await tables.signals(ONE) is None
    assert await tables.timeline(ONE) is None
    assert (await tables.list())["items"] == []


async def test_signals_come_and_end_and_are_there_again(tables: IncidentTables) -> None:
    await tables.happen(builders.registered(), made.opened())
    last = await tables.happen(made.incident_updated())
    page = SignalList.model_validate(await tables.signals(ONE))
    pod, node = page.items
    assert (pod.name, pod.cluster_name, pod.likeness) == ("KubePodNotReady", "edge-berlin-1", 0.8)
    assert (pod.reason, pod.joined_at, pod.ended_at) == (
        "same node as 1 of 1", builders.at(last), None,
    )  # fmt: skip
    assert pod.where == ["pod/shop/cart-5d8f", "workload/shop/cart", "node/worker-3",
                         "namespace/shop"]  # fmt: skip
    assert (node.id, node.ended_at) == (builders.ALERT_ID, builders.at(last))
    assert (node.reason, node.likeness) == ("it is on worker-3", None)
    assert _ids(await tables.signals(ONE, lasting=True)) == [POD]
    assert _ids(await tables.signals(ONE, lasting=False)) == [builders.ALERT_ID]
    await tables.happen(made.incident_updated(added=(), ended=(POD,), resumed=(node.id,)))
    assert _ids(await tables.signals(ONE, lasting=True)) == [node.id]
    await tables.happen(made.reopened())
    assert (await tables.signals(ONE, lasting=False))["items"] == []


async def test_signals_are_found_page_by_page_the_last_to_come_first(
    tables: IncidentTables,
) -> None:
    await tables.happen(_opened(ONE, 1, 2, 3))
    anomaly = made.joined(id=UUID(int=9), kind="ANOMALY", name="gpu_temperature", severity="INFO")
    await tables.happen(made.incident_updated(added=(anomaly,), ended=()))
    order = [UUID(int=number) for number in (9, 1, 2, 3)]
    assert _ids(await tables.signals(ONE)) == order
    second = await tables.signals(ONE, page=Page(2, 3))
    assert (_ids(second), second["total"], second["total_pages"]) == (order[3:], 4, 2)
    asked: list[tuple[dict[str, Any], list[UUID]]] = [
        ({"kind": ["ANOMALY"]}, order[:1]),
        ({"severity": ["CRITICAL"]}, order[1:]),
        ({"q": "TEMPER"}, order[:1]),
        ({"q": "shop"}, order[:1]),
        ({"q": "%"}, []),
        ({"cluster_id": [UUID(int=5)]}, []),
        ({"kind": ["ALERT"], "lasting": False}, []),
    ]
    for wanted, ids in asked:
        found = await tables.signals(ONE, **wanted)
        assert (_ids(found), found["total"]) == (ids, len(ids)), wanted


async def test_what_is_merged_belongs_to_what_stays_also_through_another(
    tables: IncidentTables,
) -> None:
    for incident, number in ((ONE, 1), (OTHER, 2), (THIRD, 3)):
        await tables.happen(_opened(incident, number))

    def ends(incident: UUID, into: UUID) -> Any:
        of = {"id": incident, "state": "RESOLVED", "merged_into": into}
        return made.merged(incident=made.incident(**of), other_id=into)

    before = await tables.happen(ends(THIRD, OTHER), made.merged(
        incident=made.incident(id=OTHER, signals=2, lasting=2), other_id=THIRD))  # fmt: skip
    await tables.happen(ends(OTHER, ONE), made.merged(other_id=OTHER))
    assert _ids(await tables.list(state=())) == [ONE]
    every = {UUID(int=number) for number in (1, 2, 3)}
    assert set(_ids(await tables.signals(ONE))) == every
    detail = await tables.one(ONE)
    assert {UUID(each) for each in detail["alert_ids"]} == every
    assert detail["timeline"][0]["other_id"] == str(OTHER)
    assert (await tables.one(OTHER))["merged_into"] == str(ONE)
    then_it_was = await tables.signals(ONE, as_of=then(before))
    assert _ids(then_it_was) == [UUID(int=1)]
    assert len(_ids(await tables.signals(OTHER, as_of=then(before)))) == 2
    assert len(_ids(await tables.list(state=(), as_of=then(before)))) == 2


async def test_what_is_split_off_belongs_to_the_other_one(tables: IncidentTables) -> None:
    before = await tables.happen(_opened(ONE, 1, 2))
    moved = (UUID(int=2),)
    await tables.happen(
        made.split(incident=made.incident(signals=1, lasting=1), moved=moved),
        made.split(
            incident=made.incident(id=OTHER), moved=moved, other_id=ONE, from_other=True,
            reason="another cable",
        ),
        actor="ada",
    )  # fmt: skip
    assert _ids(await tables.signals(ONE)) == [UUID(int=1)]
    (taken,) = (await tables.signals(OTHER))["items"]
    assert (taken["id"], taken["reason"], taken["name"]) == (
        str(moved[0]), "another cable", "KubeNodeNotReady",
    )  # fmt: skip
    assert len(_ids(await tables.signals(ONE, as_of=then(before)))) == 2
    assert await tables.one(OTHER, as_of=before) is None
    timeline = Timeline.model_validate(await tables.timeline(OTHER))
    assert [(each.event_type, each.moved) for each in timeline.items] == [("INCIDENT_SPLIT", 1)]


async def test_the_timeline_leads_on_from_its_cursor(tables: IncidentTables) -> None:
    await tables.happen(made.opened(), *[made.acknowledged() for _ in range(4)])
    sequences = list[int]()
    before: int | None = None
    for _ in range(3):
        part = await tables.timeline(ONE, most=2, before=before)
        sequences += [each["sequence"] for each in part["items"]]
        before = part["next_cursor"] and int(part["next_cursor"])
    assert sequences == [5, 4, 3, 2, 1]
    assert before is None
    assert len((await tables.timeline(ONE, as_of=then(3)))["items"]) == 3


async def test_incidents_are_found_and_in_order(tables: IncidentTables) -> None:
    far = builders.OTHER_CLUSTER_ID
    for number, of in enumerate((
        {"severity": "INFO", "title": "100% of disk", "opened_at": builders.at(40)},
        {"severity": "CRITICAL", "opened_at": builders.at(10), "last_signal_at": builders.at(90)},
        {"severity": "CRITICAL", "state": "ACKNOWLEDGED", "opened_at": builders.at(20)},
        {"severity": "WARNING", "cluster_ids": (far, builders.CLUSTER_ID)},
        {"severity": "WARNING", "state": "RESOLVED", "cluster_ids": (far,)},
    )):  # fmt: skip
        await tables.happen(_opened(UUID(int=number), number, **of))

    async def found(**wanted: Any) -> list[int]:
        page = await tables.list(**wanted)
        assert page["total"] == len(page["items"])
        return [each.int for each in _ids(page)]

    assert await found() == [2, 1, 3, 0]
    assert await found(sort="-opened_at") == [0, 2, 1, 3]
    assert await found(sort="-last_signal_at") == [1, 3, 2, 0]
    assert await found(state=("RESOLVED",)) == [4]
    assert await found(state=(), cluster_id=(far,)) == [4, 3]
    assert await found(severity=("INFO", "WARNING")) == [3, 0]
    assert await found(q="100%") == [0]
    assert await found(q="worker_3") == []
    assert await found(since=builders.at(20), sort="-opened_at") == [0, 2]
    assert await found(until=builders.at(20), sort="-opened_at") == [1, 3]
    page = await tables.list(state=("ACKNOWLEDGED",), severity=("CRITICAL",))
    assert page["by_state"] == {"OPEN": 1, "ACKNOWLEDGED": 1, "RESOLVED": 0}
    assert page["by_severity"] == {"CRITICAL": 1, "WARNING": 0, "INFO": 0}
    second = await tables.list(page=Page(2, 3))
    assert ([each.int for each in _ids(second)], second["total"]) == ([0], 4)


async def test_rules_are_told_as_they_count(tables: IncidentTables) -> None:
    rule = made.rule()
    defined = await tables.happen(CorrelationRuleDefined(rule=rule), actor="ada")
    changed = made.rule(within_seconds=5)
    await tables.happen(CorrelationRuleDefined(rule=changed), actor="bob")
    (found,) = (await tables.rules())["items"]
    assert found == changed.model_dump(mode="json") | {
        "version": 2, "changed_at": rfc3339(builders.at(2)), "changed_by": "bob",
        "redacted": False,
    }  # fmt: skip
    await tables.happen(CorrelationRuleRemoved(rule=changed))
    assert (await tables.rules())["total"] == 0
    assert (await tables.rules(as_of=defined))["items"][0]["within_seconds"] == 300
