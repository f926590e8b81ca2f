"""What sources tell becomes incidents, from the webhook to the list: one of each cause."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from services.runtime.settings import Settings
from services.runtime.settings_collecting import IncidentSettings
from tests.kit.gateway import API, Json, Platform, alert, platform_on
from tests.kit.runtime import eventually

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

QUICK = IncidentSettings(settle_seconds=1.0, settle_critical_seconds=0.5, quiet_seconds=1.0)
PODS = 30


@pytest.fixture(scope="module")
async def platform(platform_settings: Settings) -> AsyncGenerator[Platform]:
    """One that does not wait for long, and to which nothing else happens."""
    async with platform_on(platform_settings.model_copy(update={"incidents": QUICK})) as running:
        yield running


def _node(mark: str, **more: Any) -> list[Json]:
    """A node is gone, and what ran on it."""
    place = {"node": f"worker-{mark}"}
    down = {"alertname": "KubeNodeNotReady", "severity": "critical"}
    pods = [
        {"alertname": "KubePodNotReady", "severity": "warning", "namespace": f"ns-{number % 4}"}
        | {"pod": f"app-{mark}-{number}"}
        for number in range(PODS)
    ]
    return [
        alert(number, labels=labels | place, **more) for number, labels in enumerate([down, *pods])
    ]


def _rollout(mark: str) -> list[Json]:
    """A deployment whose new pods do not start."""
    place = {"namespace": f"shop-{mark}", "deployment": "cart", "severity": "warning"}
    pods = [
        {"alertname": "KubePodCrashLooping", "pod": f"cart-7d9c6f5b8-{number:05}"}
        for number in range(PODS)
    ]
    told = [{"alertname": "KubeDeploymentReplicasMismatch"}, *pods]
    return [alert(number, labels=labels | place) for number, labels in enumerate(told)]


async def _of(platform: Platform, cluster: str, **query: Any) -> list[Json]:
    asked = {"cluster_id": cluster} | query
    return (await platform.list("/incidents", **asked))["items"]


async def _whole(platform: Platform, cluster: str, signals: int) -> Json:
    """The one incident of a cluster, once it has so many signals."""

    async def found() -> Json | None:
        items = await _of(platform, cluster)
        assert len(items) <= 1, [each["title"] for each in items]
        return items[0] if items and items[0]["signals"] == signals else None

    incident = await eventually(found)
    assert incident is not None
    return incident


async def test_a_storm_is_one_incident_of_each_cause(platform: Platform) -> None:
    one, other = [
        (await platform.register(name=name))["id"] for name in ("storm-node", "storm-rollout")
    ]
    told = _node("a"), _rollout("a")
    for start in range(0, PODS + 1, 10):
        await platform.report(one, *told[0][start : start + 10])
        await platform.report(other, *told[1][start : start + 10])

    node, rollout = [await _whole(platform, each, PODS + 1) for each in (one, other)]

    assert "KubeNodeNotReady" in node["title"]
    assert "worker-a" in node["title"]
    assert (node["severity"], node["where"][0]) == ("CRITICAL", "node/worker-a")
    assert rollout["severity"] == "WARNING"
    alerts = (await platform.list("/alerts", cluster_id=one, page_size=100))["items"]
    assert {each["incident_id"] for each in alerts} == {node["id"]}
    timeline = (await platform.list(f"/incidents/{node['id']}/timeline"))["items"]
    assert timeline[-1]["event_type"] == "INCIDENT_OPENED"
    assert all(each["reason"] for each in timeline)
    assert len(timeline) < 10, "quiet under a storm"


async def test_it_is_over_when_all_of_it_is_and_comes_back_with_it(platform: Platform) -> None:
    cluster = (await platform.register(name="back-again"))["id"]
    fired = _node("b")
    await platform.report(cluster, *fired)
    incident = await _whole(platform, cluster, PODS + 1)
    one = f"{API}/incidents/{incident['id']}"
    answer = await platform.http.post(f"{one}/acknowledge", json={"comment": "on it"})
    assert answer.status_code == 200, answer.text
    now = platform.gate.clock.now().isoformat()
    await platform.report(
        cluster, *[each | {"status": "resolved", "endsAt": now} for each in fired]
    )

    async def resolved() -> Json | None:
        told = (await platform.http.get(one)).json()
        return told if told["state"] == "RESOLVED" else None

    over = await eventually(resolved)
    assert over is not None
    assert (over["lasting"], over["resolved_by"]) == (0, None)
    assert over["acknowledged_by"] == "ada"

    later = platform.gate.clock.now().isoformat()
    await platform.report(cluster, *[each | {"startsAt": later} for each in fired])

    async def open_again() -> Json | None:
        told = (await platform.http.get(one)).json()
        return told if told["state"] == "OPEN" and told["lasting"] == PODS + 1 else None

    assert await eventually(open_again) is not None
    assert len(await _of(platform, cluster, state=["OPEN", "RESOLVED"])) == 1


async def test_a_worker_that_is_started_anew_goes_on_with_the_same_incident(
    platform: Platform,
) -> None:
    cluster = (await platform.register(name="restarted"))["id"]
    told = _node("c")
    await platform.report(cluster, *told[:10])
    before = await _whole(platform, cluster, 10)
    await platform.workers.stop()
    await platform.workers.start()
    await platform.report(cluster, *told[10:])
    after = await _whole(platform, cluster, PODS + 1)
    assert after["id"] == before["id"]
    signals = (await platform.list(f"/incidents/{after['id']}/signals", page_size=100))["items"]
    assert len({each["id"] for each in signals}) == len(signals) == PODS + 1
