"""The three slices over REST: the log, the fleet registry, alerts."""

import asyncio
import random
from collections import Counter
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from gateway.rest.documented import ClusterList, EventCauses, EventList
from gateway.rest.documented_alerts import AlertList
from services.runtime import streams
from tests.kit.gateway import API, Platform, alert, refused, registration, webhook

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]


async def test_a_registered_cluster_is_read_at_once(platform: Platform) -> None:
    answer = await platform.http.post(f"{API}/clusters", json=registration(labels={"a": "b"}))
    assert answer.status_code == 201
    cluster = answer.json()
    assert answer.headers["etag"] == '"1"'
    assert answer.headers["location"] == f"{API}/clusters/{cluster['id']}"
    stored = await platform.gate.log.at(int(answer.headers["x-event-sequence"]))
    assert stored is not None
    assert stored.headers["ce-type"] == "aiops.cluster.registered.v1"
    assert cluster["status"]["health_score"] is None, "unknown is null, never zero"
    status = cluster.pop("status")
    assert status["state"] in {"PROVISIONING", "UNKNOWN"}, "its first check may be done already"
    for path in (cluster["id"], f"by-name/{cluster['name']}"):
        assert cluster.items() <= (await platform.list(f"/clusters/{path}")).items()


async def test_clusters_are_filtered_sorted_and_paged(platform: Platform) -> None:
    names = [
        (await platform.register(name=f"list-{i}", region=f"r{i % 2}", labels={"l": str(i % 3)}))[
            "name"
        ]
        for i in range(6)
    ]
    assert await platform.names(name="list-", sort="-name") == names[::-1]
    assert await platform.names(name="list-", region="r1") == names[1::2]
    assert await platform.names(label="l=0", name="list-") == [names[0], names[3]]
    assert await platform.names(name="list-", has_gpu=True) == []
    assert await platform.names(name="list-", state="UNKNOWN") == names
    assert await platform.names(name="list-", state="ONLINE") == []
    page = ClusterList.model_validate(
        await platform.list("/clusters", name="list-", page=2, page_size=4)
    )
    assert ([item.name for item in page.items], page.total, page.total_pages) == (names[4:], 6, 2)


async def test_put_replaces_and_patch_merges(platform: Platform) -> None:
    cluster = await platform.register(region="eu", labels={"keep": "1", "drop": "2"})
    path = f"{API}/clusters/{cluster['id']}"
    patched = await platform.http.patch(path, json={"region": None, "labels": {"drop": None}})
    assert (patched.json()["region"], patched.json()["labels"]) == (None, {"keep": "1"})
    body = registration(name=cluster["name"])
    replaced = await platform.http.put(path, json=body, headers={"if-match": '"2"'})
    assert (replaced.json()["labels"], replaced.headers["etag"]) == ({}, '"3"')


async def test_a_rename_takes_the_new_name_and_frees_the_old_one(platform: Platform) -> None:
    cluster = await platform.register()
    path = f"{API}/clusters/{cluster['id']}"
    await platform.http.patch(path, json={"name": "renamed-1"})
    clash = await platform.http.post(f"{API}/clusters", json=registration(name="renamed-1"))
    refused(clash, "CLUSTER_ALREADY_EXISTS")
    assert (await platform.register(name=cluster["name"]))["id"] != cluster["id"]


async def test_one_of_fifty_racing_registrations_wins(platform: Platform) -> None:
    body = registration(name="race")
    answers = await asyncio.gather(
        *(platform.http.post(f"{API}/clusters", json=body) for _ in range(50))
    )
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 49}


async def test_a_deleted_cluster_leaves_its_name_and_its_history(platform: Platform) -> None:
    cluster = await platform.register()
    path = f"{API}/clusters/{cluster['id']}"
    assert (await platform.http.delete(path)).status_code == 204
    refused(await platform.http.get(path), "CLUSTER_NOT_FOUND")
    refused(await platform.http.delete(path), "CLUSTER_NOT_FOUND")
    await platform.register(name=cluster["name"])
    await platform.settle()
    history = await platform.list("/events", entity_type="cluster", entity_id=cluster["id"])
    types = [item["event_type"] for item in history["items"]]
    assert types == ["CLUSTER_REGISTERED", "CLUSTER_DELETED"]


async def test_the_same_idempotency_key_has_one_effect(platform: Platform) -> None:
    body, headers = registration(), {"idempotency-key": "once"}
    first = await platform.http.post(f"{API}/clusters", json=body, headers=headers)
    again = await platform.http.post(f"{API}/clusters", json=body, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["id"] == again.json()["id"]


async def test_the_outcome_of_a_webhook_is_told(platform: Platform) -> None:
    cluster = (await platform.register())["id"]
    taken = await platform.report(cluster, alert(1))
    outcome = await platform.list(f"/commands/{taken['command_id']}")
    assert outcome["outcome"] == "accepted"


async def test_an_alert_fires_and_is_history_once_resolved(platform: Platform) -> None:
    cluster = (await platform.register())["id"]
    await platform.report(cluster, alert(5, labels={"namespace": "demo"}))
    (open_one,) = (await platform.list("/alerts", cluster_id=cluster))["items"]
    assert (open_one["state"], open_one["severity"]) == ("FIRING", "CRITICAL")
    ended = {"status": "resolved", "endsAt": "2026-01-01T13:00:00Z"}
    await platform.report(cluster, alert(5, labels={"namespace": "demo"}, **ended))
    assert (await platform.list("/alerts", cluster_id=cluster))["items"] == []
    history = AlertList.model_validate(await platform.list("/alerts/history", cluster_id=cluster))
    (past,) = history.items
    assert (str(past.id), past.state) == (open_one["id"], "RESOLVED")
    assert (await platform.list(f"/alerts/{past.id}"))["ends_at"].startswith("2026-01-01T13:00:00")


async def test_a_prometheus_sends_alerts_as_to_an_alertmanager(platform: Platform) -> None:
    cluster = await platform.register()
    labels = {"alertname": "Direct", "cluster": cluster["name"]}
    for ends, states in (("2126-01-01T00:00:00Z", ["FIRING"]), ("2026-01-01T13:00:00Z", [])):
        body = [{"labels": labels, "startsAt": "2026-01-01T12:00:00Z", "endsAt": ends}]
        answer = await platform.http.post("/alertmanager/api/v2/alerts", json=body)
        assert answer.status_code == 200
        await platform.settle()
        found = (await platform.list("/alerts", cluster_id=cluster["id"]))["items"]
        assert [item["state"] for item in found] == states


async def test_totals_agree_with_the_rows_for_any_filter(platform: Platform) -> None:
    chance = random.Random(7)
    clusters = [(await platform.register())["id"] for _ in range(3)]
    for cluster in clusters:
        reports = [
            alert(
                number,
                labels={
                    "severity": chance.choice(["critical", "warning", "info"]),
                    "namespace": chance.choice(["a", "b"]),
                },
                **chance.choice([{}, {"status": "resolved", "endsAt": "2026-01-01T13:00:00Z"}]),
            )
            for number in range(40)
        ]
        await platform.report(cluster, *reports)
    for _ in range(30):
        query: dict[str, Any] = {"cluster_id": chance.sample(clusters, chance.randint(1, 3))}
        query["state"] = chance.sample(["FIRING", "RESOLVED"], chance.randint(1, 2))
        if chance.random() < 0.5:
            query["severity"] = chance.choice(["CRITICAL", "WARNING"])
        if chance.random() < 0.5:
            query["namespace"] = chance.choice(["a", "b"])
        pages = [await platform.list("/alerts", page=n, page_size=100, **query) for n in (1, 2)]
        items = [item for page in pages for item in page["items"]]
        counted = Counter(item["severity"] for item in items)
        assert pages[0]["total"] == len(items), query
        assert pages[0]["by_severity"] == {
            name: counted[name] for name in ("CRITICAL", "WARNING", "INFO")
        }, query


async def test_the_log_is_read_by_cursor_without_gap_or_repeat(platform: Platform) -> None:
    cluster = (await platform.register())["id"]
    await platform.report(cluster, *(alert(number) for number in range(25)))
    for order in ("asc", "desc"):
        found: list[int] = []
        query: dict[str, Any] = {"cluster_id": cluster, "order": order, "limit": 10}
        while True:
            page = EventList.model_validate(await platform.list("/events", **query))
            found += [item.sequence or 0 for item in page.items]
            if page.next_cursor is None:
                break
            query["cursor"] = page.next_cursor
        assert len(found) == len(set(found)) == 27, "registered, checked, and the alerts"
        assert found == sorted(found, reverse=order == "desc")


async def test_what_one_request_caused_belongs_together(platform: Platform) -> None:
    await platform.register()
    await platform.settle()
    newest = {"event_type": "CLUSTER_REGISTERED", "order": "desc", "limit": 1}
    last = (await platform.list("/events", **newest))["items"][0]["sequence"]
    told = EventCauses.model_validate(await platform.list(f"/events/{last}/causes"))
    assert told.event.event_type == "CLUSTER_REGISTERED"
    together = await platform.list("/events", correlation_id=str(told.event.correlation_id))
    types = {item["event_type"] for item in together["items"]}
    assert types == {"CLUSTER_NAME_TAKEN", "CLUSTER_REGISTERED"}
    assert told.event.actor == "ada"


async def test_a_payload_that_has_aged_out_is_null(platform: Platform) -> None:
    cluster = (await platform.register())["id"]
    await platform.report(cluster, alert(1))
    last = await platform.last_sequence()
    bus = platform.gate.runtime.bus
    await bus.api("STREAM.MSG.DELETE.EVT", {"seq": last, "no_erase": True})
    assert (await platform.list(f"/events/{last}"))["payload"] is None


async def test_the_api_describes_itself(platform: Platform) -> None:
    document = (await platform.http.get("/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    operations = [
        operation
        for path in document["paths"].values()
        for method, operation in path.items()
        if method in {"get", "post", "put", "patch", "delete"}
    ]
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names))
    assert all(operation.get("summary") for operation in operations)
    page = await platform.http.get("/docs")
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert "http" not in page.text, "nothing comes from outside"


async def test_a_login_code_becomes_a_session_once(platform: Platform) -> None:
    code = await platform.gate.access.mint_login_code()
    async with platform.client() as browser:
        answer = await browser.post("/auth/login", json={"code": code})
        assert answer.status_code == 200
        assert "HttpOnly" in answer.headers["set-cookie"]
        told = (await browser.get("/auth/me")).json()
        assert told["role"] == "admin"
        assert datetime.fromisoformat(told["expires_at"]) > platform.gate.clock.now()
        refused(await browser.post("/auth/login", json={"code": code}), "AUTH_FAILED")
        foreign = {"origin": "https://evil.example.com"}
        answer = await browser.post(f"{API}/clusters", json=registration(), headers=foreign)
        refused(answer, "AUTH_FAILED")
        await browser.post("/auth/logout")
        browser.cookies.clear()
        refused(await browser.get("/auth/me"), "AUTH_FAILED")


async def test_a_token_is_never_told_again(
    platform: Platform, capfd: pytest.CaptureFixture[str]
) -> None:
    cluster = (await platform.register())["id"]
    await platform.http.post(f"{API}/alerts/webhook/{cluster}", json=webhook(alert(1)))
    await platform.http.get(f"{API}/nothing")
    await platform.settle()
    events = await platform.http.get(f"{API}/events", params={"limit": 1000})
    said = capfd.readouterr()
    assert platform.admin not in said.out + said.err + events.text
    assert UUID(cluster)


async def test_rows_write_times_as_events_do(platform: Platform) -> None:
    cluster = await platform.register()
    sent = {"startsAt": "2026-01-31T13:00:00.25+01:00"}
    await platform.report(
        cluster["id"], alert(1, **sent), alert(2, startsAt="2026-01-31T12:00:00Z")
    )
    events = await platform.list("/events", cluster_id=cluster["id"])
    told = {
        each["payload"]["alert"]["fingerprint"]: each["payload"]["alert"]["starts_at"]
        for each in events["items"]
        if each["event_type"] == "ALERT_FIRED"
    }
    listed = await platform.list("/alerts", cluster_id=cluster["id"])
    assert {each["fingerprint"]: each["starts_at"] for each in listed["items"]} == told
    assert sorted(told.values()) == ["2026-01-31T12:00:00.250000Z", "2026-01-31T12:00:00Z"]
    (registered,) = [e for e in events["items"] if e["event_type"] == "CLUSTER_REGISTERED"]
    assert cluster["created_at"] == registered["payload"]["cluster"]["created_at"]


async def test_no_part_changes_the_configuration_of_a_stream(platform: Platform) -> None:
    bus = platform.gate.runtime.bus
    before = await streams.configurations(bus)
    for part in (platform.workers, platform.projector):
        await part.stop()
        await part.start()
    await platform.register()
    assert await streams.configurations(bus) == before
    for wanted in streams.definitions(platform.settings):
        assert streams.is_as_wanted(before[wanted["name"]], wanted)
