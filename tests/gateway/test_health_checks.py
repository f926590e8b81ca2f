"""A registered cluster is checked by itself, and what changes is an event, a row and an answer."""

from typing import Any
from uuid import UUID

import pytest

from services.runtime import schedules
from tests.kit.backends import Backend, backend
from tests.kit.gateway import API, Json, Platform, refused
from tests.kit.runtime import eventually

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]


async def _in_state(platform: Platform, cluster: str, state: str) -> Json:
    """The cluster, once its checks have found it so."""

    async def there() -> Json | None:
        found = await platform.list(f"/clusters/{cluster}")
        return found if found["status"]["state"] == state else None

    found = await eventually(there)
    assert found is not None
    return found


async def _watched(platform: Platform, *backends: Backend, **changes: Any) -> Json:
    names = ("prometheus_url", "tempo_url", "loki_url", "alertmanager_url")
    urls = {name: each.url for name, each in zip(names, backends, strict=False)}
    return await platform.register(watched=True, endpoints=urls, **changes)


async def _refresh(platform: Platform, cluster: str) -> Json:
    answer = await platform.http.post(f"{API}/clusters/{cluster}/refresh")
    assert answer.status_code == 200, answer.text
    return answer.json()["status"]


async def _changes(platform: Platform, cluster: str) -> list[Json]:
    assert await platform.gate.positions.wait("activity", await platform.last_sequence(), 10)
    events = await platform.list("/events", cluster_id=cluster, event_type="CLUSTER_STATUS_CHANGED")
    return [each["payload"] for each in events["items"]]


async def test_a_new_cluster_is_checked_at_once(platform: Platform) -> None:
    async with backend() as prometheus:
        cluster = await _watched(platform, prometheus)
        found = await _in_state(platform, cluster["id"], "ONLINE")
    assert found["status"]["prometheus_healthy"] is True
    assert found["status"]["health_score"] == 100
    assert found["status"]["connectivity"] == "CONNECTED"
    assert found["version"] == 1, "health is no change of the registration"


async def test_a_cluster_with_nothing_to_check_is_unknown(platform: Platform) -> None:
    found = await _in_state(platform, (await platform.register(watched=True))["id"], "UNKNOWN")
    assert found["status"]["health_score"] is None
    assert found["status"]["api_server_healthy"] is None


async def test_a_refresh_shows_what_it_has_found(platform: Platform) -> None:
    async with backend() as prometheus, backend() as loki:
        cluster = (await _watched(platform, prometheus, loki))["id"]
        await _in_state(platform, cluster, "ONLINE")
        prometheus.status = 503
        ill = await _refresh(platform, cluster)
        assert (ill["state"], ill["health_score"]) == ("DEGRADED", 80)
        assert ill["last_error"] == "Prometheus answered 503"
        prometheus.status = 200
        well = await _refresh(platform, cluster)
        assert (well["state"], well["last_error"]) == ("ONLINE", None)
    told = await _changes(platform, cluster)
    assert [(each["old_state"], each["new_state"]) for each in told] == [
        ("PROVISIONING", "ONLINE"),
        ("ONLINE", "DEGRADED"),
        ("DEGRADED", "ONLINE"),
    ]
    assert [each["reason"] for each in told][1] == "Prometheus answered 503"


async def test_the_same_again_is_no_event_but_a_check(platform: Platform) -> None:
    async with backend() as prometheus:
        cluster = (await _watched(platform, prometheus))["id"]
        await _in_state(platform, cluster, "ONLINE")
        for _ in range(3):
            await _refresh(platform, cluster)

        async def counted() -> bool:
            found = await platform.list(f"/clusters/{cluster}/status")
            return sum(run["checks"] for run in found["runs"]) >= 4

        await eventually(counted)
        found = await platform.list(f"/clusters/{cluster}/status")
    assert len(await _changes(platform, cluster)) == 1
    assert [check["name"] for check in found["checks"]] == ["PROMETHEUS"]
    assert found["last_seen_at"] == found["status"]["checked_at"] is not None
    assert len(found["runs"]) == 1


async def test_checks_are_scheduled_by_the_type_and_end_with_the_cluster(
    platform: Platform,
) -> None:
    cluster = await platform.register(watched=True, cluster_type="HUB")
    bus, name = platform.gate.runtime.bus, cluster["id"]

    async def rule() -> str | None:
        return await schedules.scheduled(bus, "check", name)

    assert await eventually(rule) == schedules.spread(UUID(name), 15)
    await platform.http.patch(f"{API}/clusters/{name}", json={"cluster_type": "EDGE"})
    # As if it were due by the old rule.
    await bus.publish(f"due.check.{name}", schedules.spread(UUID(name), 15).encode())

    async def slower() -> bool:
        return await rule() == schedules.spread(UUID(name), 60)

    await eventually(slower)
    await platform.http.delete(f"{API}/clusters/{name}")

    async def cancelled() -> bool:
        return await rule() is None

    await eventually(cancelled)


async def test_a_cluster_that_is_not_there_cannot_be_refreshed(platform: Platform) -> None:
    answer = await platform.http.post(f"{API}/clusters/{UUID(int=5)}/refresh")
    refused(answer, "CLUSTER_NOT_FOUND")


async def test_an_endpoint_that_is_given_up_is_checked_no_more(platform: Platform) -> None:
    async with backend() as prometheus:
        cluster = (await _watched(platform, prometheus))["id"]
        await _in_state(platform, cluster, "ONLINE")
        await platform.http.patch(
            f"{API}/clusters/{cluster}", json={"endpoints": {"prometheus_url": None}}
        )
        found = await _refresh(platform, cluster)
    assert (found["state"], found["prometheus_healthy"]) == ("UNKNOWN", None)


async def test_changed_endpoints_count_from_the_next_check_on(platform: Platform) -> None:
    async with backend() as told:
        cluster = (await _watched(platform, told))["id"]
        await _in_state(platform, cluster, "ONLINE")
        changed = {"endpoints": {"prometheus_url": None, "loki_url": told.url}}
        await platform.http.patch(f"{API}/clusters/{cluster}", json=changed)
        found = await _refresh(platform, cluster)
    assert (found["prometheus_healthy"], found["loki_healthy"]) == (None, True)
    assert told.asked[-1] == "/ready"
