"""Rules of correlation over REST: made, changed, removed, and read as they were."""

from typing import Any

import pytest

from contracts.incidents import Rehearsed
from gateway.rest.documented_incidents import CorrelationRuleList
from projections.incidents.view import CorrelationRuleView
from services.runtime.ids import new_id
from services.runtime.principals import Role
from tests.kit import incident_builders as made
from tests.kit.gateway import API, Json, Platform, alert, refused

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

URL = f"{API}/correlation-rules"


def _rule(**changes: Any) -> Json:
    told = made.rule(id=f"r-{new_id().hex}", **changes)
    return told.model_dump(mode="json")


async def test_a_rule_is_made_changed_and_removed(platform: Platform) -> None:
    rule = _rule()
    one = f"{URL}/{rule['id']}"
    answer = await platform.http.post(URL, json=rule)
    assert answer.status_code == 201, answer.text
    assert (answer.headers["location"], answer.headers["etag"]) == (one, '"1"')
    found = CorrelationRuleView.model_validate(answer.json())
    assert found.model_dump(mode="json", include=set(rule)) == rule
    assert (found.version, found.changed_by, found.redacted) == (1, "ada", False)
    made_at = answer.headers["x-event-sequence"]
    refused(await platform.http.post(URL, json=rule), "VERSION_CONFLICT")

    changed = rule | {"within_seconds": 5}
    stale = {"if-match": '"7"'}
    refused(await platform.http.put(one, json=changed, headers=stale), "PRECONDITION_FAILED")
    answer = await platform.http.put(one, json=changed, headers={"if-match": '"1"'})
    assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
    assert (await platform.http.get(one)).json()["within_seconds"] == 5
    page = CorrelationRuleList.model_validate(await platform.list("/correlation-rules"))
    assert rule["id"] in {each.id for each in page.items}

    answer = await platform.http.delete(one)
    assert answer.status_code == 204, answer.text
    refused(await platform.http.get(one), "RULE_NOT_FOUND")
    refused(await platform.http.delete(one), "RULE_NOT_FOUND")
    before = await platform.http.get(one, params={"as_of_sequence": made_at})
    assert before.json()["within_seconds"] == 300


async def test_a_rule_that_says_nothing_is_refused(platform: Platform) -> None:
    rule = _rule()
    wrong: list[Json] = [{"equal": []}, {"id": "NO"}, {"effect": "NONE"}, {"colour": "red"}]
    for change in wrong:
        refused(await platform.http.post(URL, json=rule | change), "VALIDATION_FAILED")
    error = refused(await platform.http.put(f"{URL}/other", json=rule), "VALIDATION_FAILED")
    assert error["details"]["fields"][0]["field"] == "id"
    refused(await platform.http.get(f"{URL}/nothing"), "RULE_NOT_FOUND")


async def test_operators_read_rules_and_make_none(platform: Platform) -> None:
    cluster = str(new_id())
    rule = _rule(cluster_ids=(cluster,))
    assert (await platform.http.post(URL, json=rule)).status_code == 201
    token = await platform.token(Role.OPERATOR, cluster)
    async with platform.client(token) as client:
        assert (await client.get(f"{URL}/{rule['id']}")).status_code == 200
        refused(await client.post(URL, json=_rule(cluster_ids=(cluster,))), "PERMISSION_DENIED")
        refused(await client.delete(f"{URL}/{rule['id']}"), "PERMISSION_DENIED")
    async with platform.client(await platform.token(Role.ADMIN, str(new_id()))) as client:
        refused(await client.get(f"{URL}/{rule['id']}"), "RULE_NOT_FOUND")
        refused(await client.put(f"{URL}/{rule['id']}", json=rule), "PERMISSION_DENIED")


async def test_a_rule_is_tried_on_what_has_happened(platform: Platform) -> None:
    """Two alerts of one node are one incident, unless a rule keeps their names apart."""
    mark = new_id().hex[:8]
    cluster = (await platform.register(name=f"tried-{mark}"))["id"]
    labels = {"node": f"n-{mark}", "severity": "critical"}
    told = (f"DiskFailing{mark}", f"DiskSlow{mark}")
    for number, name in enumerate(told):
        await platform.report(cluster, alert(number, labels=labels | {"alertname": name}))
    await platform.settle()
    rule = _rule(effect="APART", equal=["name"], names=told, where=(), cluster_ids=[cluster])

    tried = Rehearsed.model_validate(await _try(platform, rule=rule, hours=1))

    assert tried.after == tried.before + 1
    assert tried.signals_after == tried.signals_before
    mine = [each for each in tried.changed if str(each.cluster_ids[0]) == cluster]
    assert [each.signals for each in mine] == [1, 1]
    (was,) = [each for each in tried.gone if str(each.cluster_ids[0]) == cluster]
    assert was.signals == 2
    assert {each.was for each in mine} == {(was.title,)}
    rules = await platform.list("/correlation-rules")
    assert rule["id"] not in {each["id"] for each in rules["items"]}, "nothing is changed"


async def test_a_rule_is_tried_as_if_it_were_not(platform: Platform) -> None:
    rule = _rule(effect="IGNORED", names=["Nothing*"])
    assert (await platform.http.post(URL, json=rule)).status_code == 201
    tried = Rehearsed.model_validate(await _try(platform, without=rule["id"]))
    assert (tried.changed, tried.gone) == ((), ())
    answer = await platform.http.post(f"{URL}/dry-run", json={"without": "no-such-rule"})
    refused(answer, "RULE_NOT_FOUND")
    for wrong in ({}, {"rule": rule, "without": rule["id"]}, {"rule": rule, "hours": 0}):
        refused(await platform.http.post(f"{URL}/dry-run", json=wrong), "VALIDATION_FAILED")


async def test_who_rules_some_clusters_is_told_of_these_alone(platform: Platform) -> None:
    mark = new_id().hex[:8]
    mine, foreign = [
        (await platform.register(name=f"{name}-{mark}"))["id"] for name in ("mine", "foreign")
    ]
    for cluster in (mine, foreign):
        labels = {"alertname": f"Here{mark}", "node": "a", "severity": "critical"}
        await platform.report(cluster, alert(1, labels=labels))
    await platform.settle()
    async with platform.client(await platform.token(Role.ADMIN, mine)) as client:
        rule = _rule(effect="IGNORED", names=[f"Here{mark}"], where=(), cluster_ids=[mine])
        answer = await client.post(f"{URL}/dry-run", json={"rule": rule})
        assert answer.status_code == 200, answer.text
        assert foreign not in answer.text
        assert answer.json()["gone"][0]["cluster_ids"] == [mine]
        theirs = _rule(effect="IGNORED", names=["*"], where=(), cluster_ids=[foreign])
        refused(await client.post(f"{URL}/dry-run", json={"rule": theirs}), "PERMISSION_DENIED")


async def _try(platform: Platform, **asked: Any) -> Json:
    answer = await platform.http.post(f"{URL}/dry-run", json=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()
