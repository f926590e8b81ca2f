"""Whose alerts they are: the path's cluster, else the token's; a label comes last."""

from typing import Any

import pytest

from services.runtime import metrics
from services.runtime.principals import Role
from tests.kit.gateway import API, Platform, alert, refused, webhook

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

PROMETHEUS = "/alertmanager/api/v2/alerts"


async def _alerts(platform: Platform, cluster: str) -> list[dict[str, Any]]:
    return (await platform.list("/alerts", cluster_id=cluster, page_size=100))["items"]


def _mislabelled(door: str) -> float:
    found = metrics.REGISTRY.get_sample_value("aiops_alerts_mislabelled_total", {"door": door})
    return found or 0.0


@pytest.mark.parametrize("by", ["id", "name"])
async def test_the_clusters_own_token_wins_over_the_label_of_another(
    platform: Platform, by: str
) -> None:
    own, other = await platform.register(), await platform.register()
    labelled = alert(1, labels={"cluster": other[by]})
    token, before = await platform.token(Role.INGEST, own["id"]), _mislabelled("webhook")
    async with platform.client(token) as client:
        for path in ("/alerts/webhook", f"/alerts/webhook/{own['id']}"):
            answer = await client.post(f"{API}{path}", json=webhook(labelled, alert(2)))
            assert answer.status_code == 202
        answer = await client.post(f"{API}/alerts/webhook/{other['id']}", json=webhook(labelled))
        refused(answer, "PERMISSION_DENIED")
    await platform.settle()
    (found,) = [each for each in await _alerts(platform, own["id"]) if "cluster" in each["labels"]]
    assert found["labels"]["cluster"] == other[by], "it is kept as it came"
    assert await _alerts(platform, other["id"]) == []
    assert _mislabelled("webhook") == before + 2, "that it came is told by a metric"


async def test_the_path_wins_over_the_label_of_another(platform: Platform) -> None:
    own, other = await platform.register(), await platform.register()
    before = _mislabelled("webhook")
    labelled = alert(1, labels={"cluster": other["name"]})
    await platform.report(own["id"], labelled)
    assert len(await _alerts(platform, own["id"])) == 1
    assert await _alerts(platform, other["id"]) == []
    assert _mislabelled("webhook") == before + 1


async def test_labels_that_name_no_other_cluster_are_no_conflict(platform: Platform) -> None:
    own = await platform.register()
    before = _mislabelled("webhook")
    labels: list[dict[str, str]] = [
        {},
        {"cluster": own["name"]},
        {"cluster": own["id"]},
        {"cluster": "eu-1 of theirs"},
    ]
    await platform.report(own["id"], *(alert(n, labels=each) for n, each in enumerate(labels)))
    assert len(await _alerts(platform, own["id"])) == len(labels)
    assert _mislabelled("webhook") == before


async def test_without_path_and_scope_each_alert_goes_where_its_label_says(
    platform: Platform,
) -> None:
    one, two = await platform.register(), await platform.register()
    posted = [alert(1, labels={"cluster": one["name"]}), alert(2, labels={"cluster": two["id"]})]
    async with platform.client(await platform.token(Role.INGEST)) as client:
        answer = await client.post(f"{API}/alerts/webhook", json=webhook(*posted))
    assert answer.json()["accepted"] == 2
    await platform.settle()
    for cluster in (one, two):
        assert len(await _alerts(platform, cluster["id"])) == 1


async def test_the_prometheus_door_goes_by_the_token_too(platform: Platform) -> None:
    own, other = await platform.register(), await platform.register()
    before = _mislabelled("prometheus")
    sent = {"labels": {"alertname": "NodeDown", "cluster": other["name"]}, "annotations": {}}
    async with platform.client(await platform.token(Role.INGEST, own["id"])) as client:
        assert (await client.post(PROMETHEUS, json=[sent])).status_code == 200
    await platform.settle()
    assert len(await _alerts(platform, own["id"])) == 1
    assert await _alerts(platform, other["id"]) == []
    assert _mislabelled("prometheus") == before + 1


async def test_a_prometheus_that_knows_only_the_api_before_is_understood(
    platform: Platform,
) -> None:
    own = await platform.register()
    sent = {
        "labels": {"alertname": "NodeDown", "severity": "critical"},
        "annotations": {"summary": "Node worker-1 does not answer"},
        "startsAt": "2026-01-01T12:00:00.123Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus/graph",
    }
    path = "/alertmanager/api/v1/alerts"
    async with platform.client(await platform.token(Role.INGEST, own["id"])) as client:
        answer = await client.post(path, json=[sent])
        assert (answer.status_code, answer.json()) == (200, {"status": "success"})
        refused(await client.post(path, json={"alerts": [sent]}), "VALIDATION_FAILED")
        refused(await client.post(path, content=b"[{"), "INVALID_JSON")
    async with platform.client(None) as stranger:
        refused(await stranger.post(path, json=[sent]), "AUTH_FAILED")
    await platform.settle()
    (found,) = await _alerts(platform, own["id"])
    assert (found["alertname"], found["severity"]) == ("NodeDown", "CRITICAL")
