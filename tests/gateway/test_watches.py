"""Watches over REST: made, changed, removed, read as they were; and what they find is told live."""

from collections.abc import Sequence
from typing import Any

import pytest

from contracts.anomalies import MetricUpdate
from gateway.rest.documented_anomalies import WatchList
from projections.anomalies.view import WatchView
from services.runtime import streams
from services.runtime.ids import new_id
from services.runtime.principals import Role
from tests.kit import anomaly_builders as made
from tests.kit.gateway import API, Json, Platform, refused
from tests.kit.runtime import eventually
from tests.runtime.outbound.origins import answer, says
from tests.services.telemetry.collecting import prometheus, sample, vector

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

URL = f"{API}/watches"


def _watch(**changes: Any) -> Json:
    told = made.watch(id=f"w-{new_id().hex}", **changes)
    return told.model_dump(mode="json")


async def test_a_watch_is_made_changed_and_removed(platform: Platform) -> None:
    watch = _watch()
    one = f"{URL}/{watch['id']}"
    answer = await platform.http.post(URL, json=watch)
    assert answer.status_code == 201, answer.text
    assert (answer.headers["location"], answer.headers["etag"]) == (one, '"1"')
    found = WatchView.model_validate(answer.json())
    assert found.model_dump(mode="json", include=set(watch)) == watch
    assert (found.version, found.changed_by) == (1, "ada")
    made_at = answer.headers["x-event-sequence"]
    refused(await platform.http.post(URL, json=watch), "VERSION_CONFLICT")

    changed = watch | {"every_seconds": 300}
    stale = {"if-match": '"7"'}
    refused(await platform.http.put(one, json=changed, headers=stale), "PRECONDITION_FAILED")
    answer = await platform.http.put(one, json=changed, headers={"if-match": '"1"'})
    assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
    assert (await platform.http.get(one)).json()["every_seconds"] == 300
    page = WatchList.model_validate(await platform.list("/watches"))
    assert watch["id"] in {each.id for each in page.items}

    answer = await platform.http.delete(one)
    assert answer.status_code == 204, answer.text
    refused(await platform.http.get(one), "WATCH_NOT_FOUND")
    refused(await platform.http.delete(one), "WATCH_NOT_FOUND")
    before = await platform.http.get(one, params={"as_of_sequence": made_at})
    assert before.json()["every_seconds"] == 60


@pytest.mark.parametrize(
    ("query", "position"),
    [("sum(rate(x[5m]) by (a)", 16), ("up[5m]", 0), ('"text"', 0), ("up{", 3)],
)
async def test_a_query_that_is_not_valid_is_refused_with_its_place(
    platform: Platform, query: str, position: int
) -> None:
    error = refused(await platform.http.post(URL, json=_watch(query=query)), "INVALID_PROMQL")
    assert error["details"]["position"] == position


async def test_what_is_no_watch_is_refused(platform: Platform) -> None:
    watch = _watch()
    wrong: Sequence[Json] = (
        {"id": "NO"},
        {"title": "a\0"},
        {"query": "up{a='\0'}"},
        {"query": ""},
        {"every_seconds": 5},
        {"above": "1"},
        {"below": False},
        {"colour": "red"},
    )
    for change in wrong:
        refused(await platform.http.post(URL, json=watch | change), "VALIDATION_FAILED")
    error = refused(await platform.http.put(f"{URL}/other", json=watch), "VALIDATION_FAILED")
    assert error["details"]["fields"][0]["field"] == "id"
    refused(await platform.http.get(f"{URL}/nothing"), "WATCH_NOT_FOUND")


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_a_watch_that_would_ask_a_model_is_refused_in_plain_words(
    platform: Platform, method: str
) -> None:
    watch = _watch() | {"detection_type": "LLM_ASSISTED"}
    url = URL if method == "POST" else f"{URL}/{watch['id']}"
    error = refused(await platform.http.request(method, url, json=watch), "VALIDATION_FAILED")
    (field,) = error["details"]["fields"]
    assert field["field"] == "detection_type"
    assert field["message"].startswith("must be STATISTICAL or ML_BASED: LLM_ASSISTED is only for")


async def test_who_may_not_see_all_clusters_of_a_watch_does_not_see_it(platform: Platform) -> None:
    mine, foreign = str(new_id()), str(new_id())
    watches = {
        name: _watch(cluster_ids=clusters)
        for name, clusters in {
            "everywhere": (), "both": (mine, foreign), "mine": (mine,), "foreign": (foreign,),
        }.items()
    }  # fmt: skip
    for watch in watches.values():
        assert (await platform.http.post(URL, json=watch)).status_code == 201
    token = await platform.token(Role.OPERATOR, mine)
    async with platform.client(token) as client:
        page = (await client.get(URL)).json()
        assert [each["id"] for each in page["items"]] == [watches["mine"]["id"]]
        assert page["total"] == 1
        for name in ("everywhere", "both", "foreign"):
            one = f"{URL}/{watches[name]['id']}"
            refused(await client.get(one), "WATCH_NOT_FOUND")
            refused(await client.put(one, json=watches[name]), "PERMISSION_DENIED")
            refused(await client.delete(one), "WATCH_NOT_FOUND")
        assert (await client.post(URL, json=_watch(cluster_ids=(mine,)))).status_code == 201
        refused(await client.post(URL, json=_watch(cluster_ids=())), "PERMISSION_DENIED")
    async with platform.client(await platform.token(Role.VIEWER, mine)) as client:
        assert (await client.get(f"{URL}/{watches['mine']['id']}")).status_code == 200
        refused(await client.post(URL, json=_watch(cluster_ids=(mine,))), "PERMISSION_DENIED")
    for watch in watches.values():
        assert (await platform.http.delete(f"{URL}/{watch['id']}")).status_code == 204


async def test_what_is_watched_is_asked_and_told(platform: Platform) -> None:
    bus = platform.gate.runtime.bus
    async with prometheus(says(answer(vector(sample("7"))))) as asking:
        endpoints = {"prometheus_url": asking.origin.url()}
        cluster = (await platform.register(watched=True, endpoints=endpoints))["id"]
        watch = _watch(query="up", cluster_ids=(cluster,))
        assert (await platform.http.post(URL, json=watch)).status_code == 201
        subject = {"last_by_subj": f"tel.metric.{cluster}.{watch['id']}"}
        stored = await eventually(lambda: bus.get(streams.TELEMETRY, subject))
        assert stored is not None
        update = MetricUpdate.model_validate_json(stored.data)
        assert [each.value for each in update.series] == [7.0]
        await platform.http.delete(f"{URL}/{watch['id']}")
