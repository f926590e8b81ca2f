"""Health over REST: what the checks have found, now and over the last days."""

from collections.abc import AsyncGenerator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from contracts.clusters import ClusterHealthChecked, cluster_health_key, cluster_key
from contracts.envelope import Event
from gateway.rest.documented import ClusterList, FleetHealth, FleetSummary
from projections.fleet.view import ClusterHealth, ClusterView
from services.runtime.clock import SystemClock
from services.runtime.ids import new_id
from services.runtime.log import NOTHING, Head
from services.runtime.settings import Settings
from tests.kit import builders
from tests.kit.gateway import API, Platform, platform_on, refused
from tests.kit.runtime import eventually

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]


@pytest.fixture(scope="module")
async def platform(platform_settings: Settings) -> AsyncGenerator[Platform]:
    """One on which nobody checks anything: these tests say themselves what was found."""
    async with platform_on(platform_settings) as running:
        await running.workers.stop()
        yield running


async def _told(platform: Platform, event: Event, after: Head = NOTHING) -> int:
    """Append an event as its service would, and wait until the fleet shows it."""
    context = builders.context(command_id=new_id())
    appended = await platform.gate.log.append([event], {event.key: after}, context, builders.at())
    assert await platform.gate.positions.wait("fleet", appended.sequence, 10)
    return appended.sequence


async def _registered(platform: Platform, **changes: Any) -> str:
    cluster = new_id()
    event = builders.registered(id=cluster, name=f"c-{cluster}", endpoints={}, **changes)
    await _told(platform, event)
    return str(cluster)


GOOD = {"name": "PROMETHEUS", "healthy": True, "latency_ms": 12.5}
BAD = {
    "name": "PROMETHEUS",
    "healthy": False,
    "latency_ms": 3.0,
    "error": "Prometheus answered 503",
    "advice": "look at its pods",
    "answered": True,
}


async def _changed(platform: Platform, cluster: str, **status: Any) -> None:
    """The cluster is in another state, as a health check would say."""
    key = cluster_health_key(UUID(cluster))
    last = await platform.gate.log.head(key)
    told = builders.status(**status)
    event = builders.status_changed(
        cluster_id=cluster, new_state=told.state, health_score=told.health_score, status=told
    )
    await _told(platform, event, NOTHING if last is None else Head(last.sequence))


async def _checked(
    platform: Platform, cluster: str, at: datetime, *, answered: bool = True, check: Any = GOOD
) -> None:
    """One round of checks, as telemetry."""
    score = 100 if check["healthy"] else 80
    message = ClusterHealthChecked.model_validate(
        {
            "cluster_id": cluster,
            "checked_at": at,
            "answered": answered,
            "state": "ONLINE" if check["healthy"] else "DEGRADED",
            "health_score": score,
            "checks": [check],
        }
    )
    body = message.model_dump_json().encode()
    await platform.gate.runtime.bus.publish(f"tel.health.{cluster}.-", body)


async def _health(platform: Platform, cluster: str, **query: Any) -> ClusterHealth:
    found = await platform.list(f"/clusters/{cluster}/status", **query)
    return ClusterHealth.model_validate(found)


async def _with_checks(platform: Platform, cluster: str, count: int) -> ClusterHealth:
    """The health once this many checks have been taken in."""

    async def there() -> ClusterHealth | None:
        found = await _health(platform, cluster)
        return found if sum(run.checks for run in found.runs) >= count else None

    found = await eventually(there)
    assert found is not None
    return found


async def test_a_change_of_state_shows_in_the_cluster(platform: Platform) -> None:
    cluster = await _registered(platform)
    await _changed(platform, cluster, state="DEGRADED", health_score=80)
    found = ClusterView.model_validate(await platform.list(f"/clusters/{cluster}"))
    assert (found.status.state, found.status.health_score) == ("DEGRADED", 80)
    assert found.status.prometheus_healthy is False
    assert found.status.tempo_healthy is None
    assert found.status.last_error == "Prometheus answered 503"


async def test_clusters_are_found_and_sorted_by_their_health(platform: Platform) -> None:
    region = "health-sorted"
    made = [await _registered(platform, region=region) for _ in range(3)]
    await _changed(platform, made[0], state="ONLINE", health_score=100)
    await _changed(platform, made[1], state="OFFLINE", health_score=50)
    listed = ClusterList.model_validate(
        await platform.list("/clusters", region=region, sort="-health_score")
    )
    assert [str(item.id) for item in listed.items] == made
    offline = await platform.list("/clusters", region=region, state="OFFLINE")
    assert [item["id"] for item in offline["items"]] == [made[1]]
    assert offline["total"] == 1


async def test_what_stays_the_same_is_one_run(platform: Platform) -> None:
    cluster, start = await _registered(platform), SystemClock().now() - timedelta(hours=2)
    for minute in range(5):
        await _checked(platform, cluster, start + timedelta(minutes=minute))
    for minute in range(5, 8):
        await _checked(
            platform, cluster, start + timedelta(minutes=minute), answered=False, check=BAD
        )
    found = await _with_checks(platform, cluster, 8)
    assert [(run.checks, run.answered, run.health_score) for run in found.runs] == [
        (3, False, 80),
        (5, True, 100),
    ]
    assert [check.model_dump(mode="json") for check in found.checks] == [BAD]
    assert found.last_seen_at == start + timedelta(minutes=4)
    assert found.status.checked_at == start + timedelta(minutes=7)


async def test_a_round_that_is_told_twice_or_late_counts_once(platform: Platform) -> None:
    cluster, start = await _registered(platform), SystemClock().now() - timedelta(hours=2)
    for minute in (0, 1, 1, 0, 2):
        await _checked(platform, cluster, start + timedelta(minutes=minute))
    found = await _with_checks(platform, cluster, 3)
    assert [run.checks for run in found.runs] == [3]


async def test_a_trend_weighs_the_last_hour_against_the_day_before(platform: Platform) -> None:
    cluster, now = await _registered(platform), SystemClock().now()
    for minutes, check in ((1400, GOOD), (70, GOOD), (50, BAD), (5, BAD)):
        await _checked(platform, cluster, now - timedelta(minutes=minutes), check=check)
    trend = (await _with_checks(platform, cluster, 4)).trend
    assert (trend.last_hour, trend.day_before) == (80, 100)
    assert trend.direction == "WORSENING"
    await _checked(platform, cluster, now - timedelta(minutes=2))
    await _with_checks(platform, cluster, 5)
    assert (await _health(platform, cluster)).trend.direction == "WORSENING"
    other = await _registered(platform)
    await _checked(platform, other, now - timedelta(minutes=3))
    fresh = (await _with_checks(platform, other, 1)).trend
    assert (fresh.last_hour, fresh.day_before, fresh.direction) == (100, None, None)


async def test_history_shows_the_worst_of_each_step_and_gaps_as_not_known(
    platform: Platform,
) -> None:
    cluster, now = await _registered(platform), SystemClock().now()
    await _checked(platform, cluster, now - timedelta(minutes=150))
    await _checked(platform, cluster, now - timedelta(minutes=149), check=BAD)
    await _checked(platform, cluster, now - timedelta(minutes=10))
    await _with_checks(platform, cluster, 3)
    found = await _health(platform, cluster, window="3h", step="1h")
    assert [step.health_score for step in found.history] == [80, None, 100, None]
    assert (await _health(platform, cluster)).history == []


async def test_the_fleet_in_figures(platform: Platform) -> None:
    before = FleetSummary.model_validate(await platform.list("/fleet/summary"))
    made = [await _registered(platform, cluster_type="HUB") for _ in range(3)]
    await _changed(platform, made[0], state="OFFLINE", health_score=50)
    after = FleetSummary.model_validate(await platform.list("/fleet/summary"))
    assert after.total == before.total + 3
    assert after.by_type["HUB"] == before.by_type.get("HUB", 0) + 3
    assert after.by_state["OFFLINE"] == before.by_state.get("OFFLINE", 0) + 1
    assert after.average_health_score is not None
    assert after.gpu_count is None, "not known is not zero"
    listed = FleetHealth.model_validate(await platform.list("/fleet/health"))
    scores = [item.health_score for item in listed.items if item.health_score is not None]
    assert scores == sorted(scores)
    assert len(listed.items) == after.total


async def test_the_fleets_health_tells_what_clusters_are_grouped_by(platform: Platform) -> None:
    cluster = await _registered(
        platform,
        display_name="Berlin",
        cluster_type="EDGE",
        environment="STAGING",
        region="eu-central",
    )
    listed = FleetHealth.model_validate(await platform.list("/fleet/health"))
    (found,) = [item for item in listed.items if str(item.id) == cluster]
    assert (found.display_name, found.cluster_type) == ("Berlin", "EDGE")
    assert (found.environment, found.region) == ("STAGING", "eu-central")


@pytest.mark.parametrize("query", [{"step": "0m"}, {"step": "5"}, {"window": "1y"}, {"step": "1s"}])
async def test_an_odd_duration_is_named(platform: Platform, query: dict[str, str]) -> None:
    cluster = await _registered(platform)
    answer = await platform.http.get(f"{API}/clusters/{cluster}/status", params=query)
    (field,) = refused(answer, "VALIDATION_FAILED")["details"]["fields"]
    assert field["field"] in query


async def test_a_cluster_that_is_not_there_has_no_health(platform: Platform) -> None:
    answer = await platform.http.get(f"{API}/clusters/{builders.OTHER_CLUSTER_ID}/status")
    refused(answer, "CLUSTER_NOT_FOUND")


async def test_a_deleted_cluster_is_in_no_figure(platform: Platform) -> None:
    cluster = await _registered(platform)
    await _changed(platform, cluster, state="OFFLINE", health_score=50)
    before = await platform.list("/fleet/summary")
    last = await platform.gate.log.head(cluster_key(UUID(cluster)))
    assert last is not None
    gone = builders.deleted(cluster_id=cluster, name=f"c-{cluster}")
    await _told(platform, gone, Head(last.sequence, 1))
    after = await platform.list("/fleet/summary")
    assert after["by_state"].get("OFFLINE", 0) == before["by_state"]["OFFLINE"] - 1
