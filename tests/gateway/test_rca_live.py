"""What metrics, logs and traces tell of an incident gets into its analysis, with the queries."""

import json
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest

from services.rca.live import looking
from services.runtime.clock import SystemClock
from services.runtime.settings import Settings
from services.runtime.settings_collecting import IncidentSettings
from tests.kit.gateway import API, Json, Platform, alert, platform_on
from tests.kit.live_backends import Answer, Lines, Traced, loki, speaking, tempo
from tests.kit.prometheus import INSTALLED, line, prometheus
from tests.kit.runtime import eventually

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.nats,
    pytest.mark.postgres,
    pytest.mark.skipif(not INSTALLED, reason="needs prometheus and promtool"),
]

QUICK = IncidentSettings(settle_seconds=1.0, settle_critical_seconds=0.5, quiet_seconds=60.0)
FAILED = [f"{number:032x}" for number in range(1, 9)]
USUAL = [f"{number:032x}" for number in range(101, 121)]


@cache
def _broke() -> int:
    """When the new version of the cart was rolled out: ten minutes before the first test ran."""
    return int(time.time()) - 600


def _loki() -> Answer:
    """The cart panics since it was rolled out; nothing of it in the hour before."""
    labels = {"namespace": "shop", "pod": "cart-7d9c6f5b8-x2x4z"}
    text = "panic: nil pointer, password=hunter2"
    return loki(Lines(labels, [(_broke() + 20 * number, text) for number in range(12)]))


def _tempo() -> Answer:
    """Requests go from web to cart to prices; now they fail in cart."""
    way = [("shop", name) for name in ("web", "cart", "prices")]
    failed = [Traced(each, _broke() + 60, way, fails_at=1) for each in FAILED]
    return tempo(*failed, *(Traced(each, _broke() - 1800, way) for each in USUAL))


def _state() -> list[Any]:
    """What kube-state-metrics says of the cart."""
    now = _broke() + 600
    every = dict.fromkeys(range(now - 5400, now + 120, 30), 1)
    since = {at: _broke() for at in every if at >= _broke()}
    cart = {"namespace": "shop", "replicaset": "cart-7d9c6f5b8"}
    owner = {"owner_kind": "Deployment", "owner_name": "cart"}
    pod = {"namespace": "shop", "pod": "cart-7d9c6f5b8-x2x4z", "node": "worker-3"}
    return [
        line("kube_replicaset_created", since, **cart),
        line("kube_replicaset_owner", dict.fromkeys(since, 1), **cart, **owner),
        line("kube_pod_info", every, **pod),
        line("kube_node_spec_unschedulable", every, node="worker-9"),
    ]


def _errors() -> list[Json]:
    began = (SystemClock().now() - timedelta(minutes=5)).isoformat()
    return [
        alert(number, startsAt=began, labels=labels | {"severity": "critical"})
        for number, labels in enumerate(
            {"alertname": "HighErrorRate", "namespace": "shop", "service": name}
            for name in ("web", "cart")
        )
    ]


async def _opened(platform: Platform, cluster: str) -> Json:
    async def found() -> Json | None:
        items = (await platform.list("/incidents", cluster_id=cluster))["items"]
        return items[0] if items else None

    told = await eventually(found, within=30)
    assert told is not None
    return told


@pytest.fixture(scope="module")
async def platform(platform_settings: Settings) -> AsyncGenerator[Platform]:
    """One that does not wait for long before an incident, and for what is seen as on a busy
    machine."""
    settings = platform_settings.model_copy(update={"incidents": QUICK})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(looking, "SECONDS", 20.0)
        async with platform_on(settings) as running:
            yield running


@pytest.fixture(scope="module")
async def found(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Json:
    """The analysis of errors of web and cart after a rollout; the backends are gone by then."""
    async with AsyncExitStack() as stack:
        data = tmp_path_factory.mktemp("state") / "prometheus"
        endpoints = {
            "prometheus_url": await stack.enter_async_context(prometheus(data, _state())),
            "loki_url": (await stack.enter_async_context(speaking(_loki()))).url,
            "tempo_url": (await stack.enter_async_context(speaking(_tempo()))).url,
        }
        cluster = (await platform.register(endpoints=endpoints))["id"]
        await platform.report(cluster, *_errors())
        incident = await _opened(platform, cluster)
        body = {"incident_id": incident["id"]}
        answer = await platform.http.post(f"{API}/analysis/rca", json=body)
        assert answer.status_code == 201, answer.text
    return answer.json()


async def test_it_tells_what_metrics_logs_and_traces_have_shown(found: Json) -> None:
    live = found["live"]
    looks = {each["backend"]: each["failure"] for each in live["looks"]}
    assert looks == {"PROMETHEUS": "", "LOKI": "", "TEMPO": ""}
    seen = {each["name"]: each for each in live["seen"]}
    assert {"ROLLOUT_BEGAN", "LOG_PANIC", "ERRORS_BEGIN_HERE"} <= seen.keys()
    assert "NODE_CORDONED" not in seen, "it was so before"
    began = datetime.fromisoformat(seen["ROLLOUT_BEGAN"]["began_at"])
    assert began == datetime.fromtimestamp(_broke(), UTC)
    assert seen["ERRORS_BEGIN_HERE"]["where"] == ["workload/shop/cart"]
    assert {(each["caller"], each["callee"]) for each in live["calls"]} == {
        ("workload/shop/web", "workload/shop/cart"),
        ("workload/shop/cart", "workload/shop/prices"),
    }
    assert {each["node"] for each in live["placed"]} == {"node/worker-3"}
    assert "hunter2" not in json.dumps(found)


async def test_a_rollout_is_named_with_what_speaks_for_it(found: Json) -> None:
    first = found["causes"][0]
    assert found["is_known"]
    assert first["entity"]["place"] == "workload/shop/cart"
    seen = found["live"]["seen"]
    cited = {number for claim in first["claims"] for number in claim["seen"]}
    assert {seen[number]["name"] for number in cited} >= {"ROLLOUT_BEGAN", "LOG_PANIC"}
    # A rollout before the errors of its callers is a fact by the clocks of both.
    assert [each for each in first["claims"] if each["is_fact"] and each["seen"]]


async def test_run_again_from_the_log_it_comes_to_the_same(platform: Platform, found: Json) -> None:
    now = SystemClock().now()
    window = {"start": (now - timedelta(minutes=10)).isoformat(), "end": now.isoformat()}
    asked = {"kind": "RCA", "cluster_ids": found["cluster_ids"], **window}
    started = await platform.http.post(f"{API}/replays", json=asked)
    assert started.is_success, started.text
    replay = started.json()["id"]

    async def done() -> Json | None:
        told = await platform.list(f"/replays/{replay}")
        return told["result"]

    result = await eventually(done, within=30)
    assert result is not None
    assert result["told"] >= 1
    assert result["equal"] == result["told"], result["differences"]


async def test_a_backend_that_does_not_answer_is_told_and_holds_up_nothing(
    platform: Platform,
) -> None:
    gone = {"prometheus_url": "http://127.0.0.1:9", "loki_url": "http://127.0.0.1:9"}
    cluster = (await platform.register(endpoints=gone))["id"]
    await platform.report(cluster, *_errors())
    incident = await _opened(platform, cluster)
    answer = await platform.http.post(f"{API}/analysis/rca", json={"incident_id": incident["id"]})
    assert answer.status_code == 201, answer.text
    looks = {each["backend"]: each["failure"] for each in answer.json()["live"]["looks"]}
    assert looks.keys() == {"PROMETHEUS", "LOKI"}
    assert all(looks.values())
    assert answer.json()["live"]["seen"] == []
    assert "Not all was seen" in answer.json()["explanation"]
