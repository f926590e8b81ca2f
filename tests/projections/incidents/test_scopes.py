"""Who may see some clusters of an incident sees these, their signals, and no word of the others."""

import json
from typing import Any
from uuid import UUID

import pytest

from contracts.incidents import CorrelationRuleDefined
from projections.incidents.view import IncidentDetail
from services.runtime.principals import NOWHERE, Scope
from services.runtime.queries import Page
from tests.kit import builders, incident_builders as made
from tests.kit.incident_rows import IncidentTables, then

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]

MINE, FOREIGN = builders.CLUSTER_ID, builders.OTHER_CLUSTER_ID
MARK = "foreign-mark"
I_SEE = Scope(frozenset({MINE, UUID(int=77)}))
ONE, OTHER = made.INCIDENT_ID, made.OTHER_INCIDENT_ID
BOTH: dict[str, Any] = {
    "cluster_ids": (FOREIGN, MINE), "title": MARK, "where": (MARK,), "signals": 3, "lasting": 2,
}  # fmt: skip
NEAR = made.joined(reason=f"like {MARK}", name="KubePodNotReady")
FAR = made.joined(id=UUID(int=2), cluster_id=FOREIGN, name=MARK, where=(MARK,), reason=MARK)


@pytest.fixture
async def spread(tables: IncidentTables) -> IncidentTables:
    """An incident of one cluster that another one has come to."""
    await tables.happen(
        builders.registered(id=FOREIGN, name=MARK),
        builders.registered(id=MINE, name="mine"),
        made.opened(),
        made.incident_updated(
            incident=made.incident(**BOTH), added=(FAR, NEAR), ended=(builders.ALERT_ID,),
            reason=MARK,
        ),
        made.incident_updated(incident=made.incident(**BOTH), added=(FAR,), ended=(), reason=MARK),
    )  # fmt: skip
    return tables


async def test_of_an_incident_a_part_is_seen(spread: IncidentTables) -> None:
    shown = await spread.one(ONE, I_SEE)
    found = IncidentDetail.model_validate(shown)
    assert found.redacted
    assert (found.cluster_ids, found.where) == ([MINE], [])
    assert [each.name for each in found.clusters] == ["mine"]
    assert (found.title, found.signals, found.lasting) == ("KubeNodeNotReady and 1 more", 2, 1)
    assert set(found.alert_ids) == {builders.ALERT_ID, NEAR.signal.id}
    told = [(each.reason, each.added, each.ended, each.redacted) for each in found.timeline]
    assert told == [(None, 1, None, True), ("it is on worker-3", 1, 0, False)]
    listed = await spread.list(I_SEE)
    signals = await spread.signals(ONE, I_SEE)
    assert signals["total"] == 2
    assert [each["reason"] for each in signals["items"]] == [None, "it is on worker-3"]
    timeline = await spread.timeline(ONE, I_SEE)
    hidden = (MARK, str(FOREIGN), str(FAR.signal.id))
    for answer in (shown, listed, signals, timeline):
        assert not [each for each in hidden if each in json.dumps(answer)], answer


async def test_the_mark_would_be_found(spread: IncidentTables) -> None:
    for answer in (
        await spread.one(ONE),
        await spread.list(),
        await spread.signals(ONE),
        await spread.timeline(ONE),
    ):
        assert MARK in json.dumps(answer)
        assert '"redacted": true' not in json.dumps(answer)


async def test_a_title_that_is_not_seen_is_not_searched(spread: IncidentTables) -> None:
    assert (await spread.list(I_SEE, q=MARK))["total"] == 0
    assert (await spread.list(q=MARK))["total"] == 1


async def test_who_asks_for_a_cluster_of_others_finds_nothing(spread: IncidentTables) -> None:
    assert (await spread.list(I_SEE, cluster_id=(FOREIGN,)))["total"] == 0
    assert (await spread.list(I_SEE, cluster_id=(FOREIGN, MINE)))["total"] == 1
    assert (await spread.signals(ONE, I_SEE, cluster_id=(FOREIGN,)))["total"] == 0


@pytest.mark.parametrize("mine", [NOWHERE, Scope(frozenset({UUID(int=77)}))])
async def test_an_incident_of_others_alone_is_none(spread: IncidentTables, mine: Scope) -> None:
    page = await spread.list(mine)
    assert (page["items"], page["total"], set(page["by_state"].values())) == ([], 0, {0})
    assert await spread.one(ONE, mine) is None
    assert await spread.signals(ONE, mine) is None
    assert await spread.timeline(ONE, mine) is None


async def test_one_of_which_all_is_seen_is_whole(spread: IncidentTables) -> None:
    both = Scope(frozenset({MINE, FOREIGN}))
    assert await spread.one(ONE, both) == await spread.one(ONE)
    assert await spread.list(both) == await spread.list()
    assert await spread.signals(ONE, both) == await spread.signals(ONE)


async def test_it_is_seen_as_it_was_before_the_other_cluster_came(spread: IncidentTables) -> None:
    before = await spread.one(ONE, I_SEE, as_of=3)
    assert (before["redacted"], before["title"]) == (False, "KubeNodeNotReady on worker-3")
    assert (await spread.list(I_SEE, as_of=then(3)))["items"][0]["redacted"] is False
    signals = await spread.signals(ONE, I_SEE, as_of=then(3), page=Page())
    assert [each["reason"] for each in signals["items"]] == ["it is on worker-3"]


async def test_what_was_said_of_others_stays_hidden_when_they_have_left(
    spread: IncidentTables,
) -> None:
    left = made.incident(cluster_ids=(MINE,), signals=2, lasting=1)
    far = made.incident(id=OTHER, cluster_ids=(FOREIGN,), title=MARK)
    moved: dict[str, Any] = {"moved": (FAR.signal.id,), "reason": MARK}
    await spread.happen(
        made.split(incident=left, **moved),
        made.split(incident=far, other_id=ONE, from_other=True, **moved),
    )
    detail = await spread.one(ONE, I_SEE)
    assert detail["redacted"] is False
    assert detail["timeline"][0]["other_id"] is None
    for answer in (detail, await spread.timeline(ONE, I_SEE), await spread.signals(ONE, I_SEE)):
        assert MARK not in json.dumps(answer)
    assert await spread.one(OTHER, I_SEE) is None


async def test_rules_for_others_alone_are_not_told(tables: IncidentTables) -> None:
    await tables.happen(
        *(
            CorrelationRuleDefined(rule=made.rule(id=name, cluster_ids=clusters))
            for name, clusters in (
                ("all", ()), ("both", (FOREIGN, MINE)), ("far", (FOREIGN,)), ("near", (MINE,)),
            )
        )
    )  # fmt: skip
    found = {each["id"]: each for each in (await tables.rules(I_SEE))["items"]}
    shown = {name: (each["cluster_ids"], each["redacted"]) for name, each in found.items()}
    assert shown == {
        "all": ([], False), "both": ([str(MINE)], True), "near": ([str(MINE)], False),
    }  # fmt: skip
    assert (await tables.rules())["total"] == 4
