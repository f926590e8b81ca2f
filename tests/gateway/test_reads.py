"""What lists filter by, in which order they come, and how one thing is found."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from services.runtime.principals import Role
from tests.kit.gateway import API, Platform, alert, refused, registration, webhook
from tests.kit.runtime import until

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]


async def test_clusters_are_found_by_what_they_are(platform: Platform) -> None:
    common: dict[str, Any] = {"region": "by-kind"}
    hub = await platform.register(cluster_type="HUB", environment="LAB", **common)
    edge = await platform.register(cluster_type="EDGE", environment="PRODUCTION", **common)
    spoke = await platform.register(**common)
    for query, found in (
        ({"cluster_type": "HUB"}, [hub]),
        ({"cluster_type": ["hub", "EDGE"]}, [hub, edge]),
        ({"environment": "DEVELOPMENT"}, [spoke]),
        ({"environment": "LAB", "cluster_type": "EDGE"}, []),
        ({"state": ["ONLINE", "UNKNOWN"]}, [hub, edge, spoke]),
        ({"state": "PROVISIONING"}, []),
        ({"has_gpu": "false"}, []),
        ({"has_cnf": "true"}, []),
    ):
        names = {each["name"] for each in found}
        assert set(await platform.names(region="by-kind", **query)) == names, query


async def test_a_name_is_found_by_any_part_and_by_no_pattern(platform: Platform) -> None:
    await platform.register(name="part-a-x")
    await platform.register(name="part-b-x")
    assert await platform.names(name="rt-a") == ["part-a-x"]
    for pattern in ("part_a", "part%", "part.*"):
        assert await platform.names(name=pattern) == []


async def test_all_labels_have_to_match(platform: Platform) -> None:
    both = await platform.register(labels={"of": "labels", "a": "1", "b": "2"})
    one = await platform.register(labels={"of": "labels", "a": "1"})
    assert set(await platform.names(label=["of=labels", "a=1"])) == {both["name"], one["name"]}
    assert await platform.names(label=["of=labels", "a=1", "b=2"]) == [both["name"]]
    assert await platform.names(label=["of=labels", "a=1", "a=2"]) == []


async def test_clusters_are_sorted_by_several_fields(platform: Platform) -> None:
    for name, environment in (("s-1", "LAB"), ("s-2", "STAGING"), ("s-3", "LAB")):
        await platform.register(name=name, environment=environment, region="sorted")
    for sort, names in (
        ("environment,-name", ["s-3", "s-1", "s-2"]),
        ("-environment,name", ["s-2", "s-1", "s-3"]),
        ("-created_at", ["s-3", "s-2", "s-1"]),
        ("-health_score,name", ["s-1", "s-2", "s-3"]),
    ):
        assert await platform.names(region="sorted", sort=sort) == names, sort


async def test_a_page_beyond_the_end_is_empty_and_tells_the_total(platform: Platform) -> None:
    await platform.register(region="paged")
    page = await platform.list("/clusters", region="paged", page=7, page_size=5)
    assert page == {"items": [], "total": 1, "page": 7, "page_size": 5, "total_pages": 1}
    nothing = await platform.list("/clusters", region="nowhere")
    assert (nothing["total"], nothing["total_pages"]) == (0, 0)


async def test_a_replaced_registration_gets_defaults_for_what_is_left_out(
    platform: Platform,
) -> None:
    given: dict[str, Any] = {
        "display_name": "D",
        "environment": "LAB",
        "endpoints": {"loki_url": "https://l"},
    }
    cluster = await platform.register(labels={"a": "b"}, region="r", cluster_type="HUB", **given)
    path = f"{API}/clusters/{cluster['id']}"
    body = registration(name=cluster["name"])
    replaced = (await platform.http.put(path, json=body)).json()
    fresh = await platform.register()
    own = {"id", "name", "created_at", "updated_at", "version", "status", "last_seen_at"}
    assert {k: v for k, v in replaced.items() if k not in own} == {
        k: v for k, v in fresh.items() if k not in own
    }


async def test_a_change_that_changes_nothing_is_no_event(platform: Platform) -> None:
    cluster = await platform.register(region="same")
    before = await platform.last_sequence()
    path = f"{API}/clusters/{cluster['id']}"
    answer = await platform.http.patch(path, json={"region": "same"})
    assert (answer.status_code, answer.headers["etag"]) == (200, '"1"')
    assert await platform.last_sequence() == before


async def test_one_of_two_racing_changes_with_the_same_etag_wins(platform: Platform) -> None:
    path = f"{API}/clusters/{(await platform.register())['id']}"
    answers = await asyncio.gather(
        *(
            platform.http.patch(path, json={"region": f"r{n}"}, headers={"if-match": '"1"'})
            for n in range(10)
        )
    )
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [200, *[412] * 9]


async def test_a_stale_delete_deletes_nothing(platform: Platform) -> None:
    path = f"{API}/clusters/{(await platform.register())['id']}"
    await platform.http.patch(path, json={"region": "b"})
    stale = await platform.http.delete(path, headers={"if-match": '"1"'})
    refused(stale, "PRECONDITION_FAILED")
    gone = await platform.http.delete(path, headers={"if-match": '"2"'})
    assert (gone.status_code, gone.content) == (204, b"")


async def test_an_idempotency_key_belongs_to_one_request(platform: Platform) -> None:
    headers = {"idempotency-key": "shared"}
    made = await platform.http.post(f"{API}/clusters", json=registration(), headers=headers)
    path = f"{API}/clusters/{made.json()['id']}"
    changed = await platform.http.patch(path, json={"region": "x"}, headers=headers)
    assert changed.json()["region"] == "x"
    assert (await platform.http.delete(path, headers=headers)).status_code == 204
    refused(await platform.http.get(path), "CLUSTER_NOT_FOUND")


async def test_racing_requests_with_one_idempotency_key_get_one_answer(platform: Platform) -> None:
    body, headers = registration(), {"idempotency-key": "raced"}
    path = f"{API}/clusters"
    answers = await asyncio.gather(
        *(platform.http.post(path, json=body, headers=headers) for _ in range(10))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1


async def test_alerts_are_found_by_what_they_say(platform: Platform) -> None:
    cluster = (await platform.register())["id"]
    await platform.report(
        cluster,
        alert(1, labels={"namespace": "ran", "pod": "du-1"}),
        alert(2, labels={"alertname": "Slow", "severity": "warning", "pod": "du-1"}),
        alert(3, labels={"alertname": "Slow"}, annotations={"description": "100% of_it"}),
    )
    for query, found in (
        ({"namespace": "ran"}, {1}),
        ({"alertname": "Slow"}, {2, 3}),
        ({"severity": ["warning", "INFO"]}, {2}),
        ({"label": "pod=du-1"}, {1, 2}),
        ({"label": ["pod=du-1", "alertname=Slow"]}, {2}),
        ({"label": ["pod=du-1", "pod=du-2"]}, set[int]()),
        ({"q": "slow"}, {2, 3}),
        ({"q": "WORKER-1"}, {1, 2}),
        ({"q": "100% of_"}, {3}),
        ({"q": "100_"}, set[int]()),
        ({"state": "RESOLVED"}, set[int]()),
    ):
        items = (await platform.list("/alerts", cluster_id=cluster, **query))["items"]
        assert {int(item["fingerprint"], 16) for item in items} == found, query


async def test_the_newest_occurrence_stands_for_a_fingerprint(platform: Platform) -> None:
    cluster = (await platform.register())["id"]
    ended = {"status": "resolved", "endsAt": "2026-01-01T13:00:00Z"}
    await platform.report(cluster, alert(900), alert(900, **ended))
    await platform.report(cluster, alert(900, startsAt="2026-01-02T12:00:00Z"))
    newest = await platform.list(f"/alerts/{900:016x}")
    assert (newest["state"], newest["starts_at"][:10]) == ("FIRING", "2026-01-02")
    everything = await platform.list("/alerts", cluster_id=cluster, state=["FIRING", "RESOLVED"])
    assert everything["total"] == 2


async def test_a_cluster_is_named_by_the_label_of_each_alert(platform: Platform) -> None:
    first, second = await platform.register(), await platform.register()
    body = webhook(
        alert(1, labels={"cluster": first["name"]}),
        alert(1, labels={"cluster": second["id"]}),
        alert(2, labels={"cluster": "nobody"}),
        alert(3, labels={"cluster": "\u0000"}),
    )
    letters = len(await platform.letters())
    answer = await platform.http.post(f"{API}/alerts/webhook", json=body)
    assert (answer.json()["accepted"], answer.json()["rejected"]) == (2, 2)
    await platform.settle()
    for cluster in (first, second):
        assert (await platform.list("/alerts", cluster_id=cluster["id"]))["total"] == 1
    assert len(await platform.letters()) == letters + 2


async def test_a_cluster_can_be_named_by_a_label_as_soon_as_it_is_registered(
    platform: Platform,
) -> None:
    for _ in range(20):
        cluster = await platform.register()
        body = webhook(alert(1, labels={"cluster": cluster["name"]}))
        answer = await platform.http.post(f"{API}/alerts/webhook", json=body)
        assert answer.status_code == 202, answer.text


async def test_a_deleted_cluster_takes_no_alerts(platform: Platform) -> None:
    cluster = await platform.register()
    await platform.http.delete(f"{API}/clusters/{cluster['id']}")
    await platform.settle()
    # The directory follows the log by itself.
    await until(lambda: not platform.gate.directory.has(UUID(cluster["id"])))
    for path, labels in (
        (f"/alerts/webhook/{cluster['id']}", {}),
        ("/alerts/webhook", {"cluster": cluster["name"]}),
        ("/alerts/webhook", {"cluster": cluster["id"]}),
    ):
        body = webhook(alert(1, labels=labels))
        refused(await platform.http.post(f"{API}{path}", json=body), "CLUSTER_NOT_FOUND")


async def test_a_token_of_two_clusters_goes_by_the_label_within_them(platform: Platform) -> None:
    own, also, other = [(await platform.register())["id"] for _ in range(3)]
    async with platform.client(await platform.token(Role.INGEST, own, also)) as client:
        body = webhook(*(alert(1, labels={"cluster": each}) for each in (own, also, other)))
        answer = await client.post(f"{API}/alerts/webhook", json=body)
        assert (answer.json()["accepted"], answer.json()["rejected"]) == (2, 1)
    await platform.settle()
    totals = [
        (await platform.list("/alerts", cluster_id=each))["total"] for each in (own, also, other)
    ]
    assert totals == [1, 1, 0]


async def test_the_log_is_found_by_what_happened_when(platform: Platform) -> None:
    cluster = await platform.register()
    path = f"{API}/clusters/{cluster['id']}"
    before = await platform.last_sequence()
    await platform.http.patch(path, json={"region": "a"})
    await platform.report(cluster["id"], alert(1), alert(2))
    (updated,) = (await platform.list("/events", event_type="CLUSTER_UPDATED", limit=1000))[
        "items"
    ][-1:]
    assert updated["payload"]["changed_fields"] == ["region"]
    assert updated["cluster_name"] == cluster["name"]
    moment = updated["timestamp"]
    for query, count in (
        ({"event_type": "ALERT_FIRED"}, 2),
        ({"event_type": ["ALERT_FIRED", "cluster_updated"]}, 3),
        ({"entity_type": "alert"}, 2),
        ({"entity_type": "cluster"}, 2),
        ({"since_sequence": before}, 3),
        ({"since_sequence": await platform.last_sequence()}, 0),
        ({"to": moment}, 2),
        ({"from": "2126-01-01T00:00:00Z"}, 0),
        ({"correlation_id": updated["correlation_id"]}, 1),
    ):
        found = await platform.list("/events", cluster_id=cluster["id"], **query)
        assert len(found["items"]) == count, query
        assert found["next_cursor"] is None


async def test_the_end_of_the_log_has_no_cursor(platform: Platform) -> None:
    cluster = (await platform.register())["id"]
    await platform.report(cluster, alert(1), alert(2))
    full = await platform.list("/events", cluster_id=cluster, limit=4)
    assert (len(full["items"]), full["next_cursor"]) == (4, None)
    part = await platform.list("/events", cluster_id=cluster, limit=2)
    assert part["next_cursor"] == str(part["items"][-1]["sequence"])
