"""What a cluster's Korrel8r relates to an alert is shown with the analysis, and blames nobody."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import timedelta

import pytest

from services.rca.live import looking
from services.runtime.clock import SystemClock
from services.runtime.settings import Settings
from services.runtime.settings_collecting import IncidentSettings
from tests.kit.gateway import API, Json, Platform, alert, platform_on
from tests.kit.korrel8r import OLD_PATH, PATH, FakeKorrel8r, korrel8r
from tests.kit.runtime import eventually
from tests.runtime.outbound.origins import answer, says

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

QUICK = IncidentSettings(settle_seconds=1.0, settle_critical_seconds=0.5, quiet_seconds=60.0)
POD = "cart-7d9c6f5b8-x2x4z"
ABOUT = {"alertname": "PodCrashLooping", "namespace": "shop", "pod": POD}


@pytest.fixture(scope="module")
async def platform(platform_settings: Settings) -> AsyncGenerator[Platform]:
    """One that does not wait for long before an incident, and for answers as on a busy machine."""
    settings = platform_settings.model_copy(update={"incidents": QUICK})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(looking, "SECONDS", 20.0)
        async with platform_on(settings) as running:
            yield running


async def _analysed(platform: Platform, url: str | None) -> Json:
    """The analysis of a pod's alert in a cluster whose Korrel8r is there."""
    endpoints = {} if url is None else {"korrel8r_url": url}
    cluster = (await platform.register(endpoints=endpoints))["id"]
    began = (SystemClock().now() - timedelta(minutes=5)).isoformat()
    about = ABOUT | {"severity": "critical"}
    await platform.report(cluster, alert(1, startsAt=began, labels=about))

    async def found() -> Json | None:
        items = (await platform.list("/incidents", cluster_id=cluster))["items"]
        return items[0] if items else None

    incident = await eventually(found, within=30)
    assert incident is not None
    body = {"incident_id": incident["id"]}
    answered = await platform.http.post(f"{API}/analysis/rca", json=body)
    assert answered.status_code == 201, answered.text
    return answered.json()


def _causes(found: Json) -> list[tuple[str, float]]:
    return [(each["entity"]["place"], each["score"]) for each in found["causes"]]


async def test_what_is_related_is_shown_with_its_query_and_weighs_nothing(
    platform: Platform,
) -> None:
    async with korrel8r() as fake:
        found = await _analysed(platform, fake.url)
        asked = fake.asked[-1]
    live = found["live"]
    assert {each["backend"]: each["failure"] for each in live["looks"]} == {"KORREL8R": ""}
    assert asked["depth"] == 3
    assert asked["start"]["class"] == "alert:alert"
    assert {(each["name"], each["severity"]) for each in live["seen"]} == {("RELATED", "INFO")}
    shown = {each["query"]: each["where"] for each in live["seen"]}
    assert shown['k8s:Deployment.v1.apps:{"namespace":"shop","name":"cart"}'] == [
        "workload/shop/cart"
    ]
    assert 'log:application:{kubernetes_namespace_name="shop"}' in shown
    assert not any(each.startswith("alert:") for each in shown)
    assert [(each["pod"], each["node"]) for each in live["placed"]] == [
        (f"pod/shop/{POD}", "node/worker-3")
    ]
    claims = [claim for cause in found["causes"] for claim in cause["claims"]]
    assert not any(claim["seen"] or claim["effects_seen"] for claim in claims)
    assert _causes(found) == _causes(await _analysed(platform, None))


async def test_where_none_is_registered_nothing_is_asked_or_said(platform: Platform) -> None:
    found = await _analysed(platform, None)
    assert found["live"]["looks"] == []
    assert "Korrel8r" not in found["explanation"]


async def _told_as_failed(platform: Platform, url: str) -> str:
    found = await _analysed(platform, url)
    assert found["causes"]
    assert found["live"]["seen"] == []
    assert "Not all was seen that it wanted to see: Korrel8r." in found["explanation"]
    (look,) = found["live"]["looks"]
    assert look["backend"] == "KORREL8R"
    return look["failure"]


async def test_one_that_is_not_there_is_told_and_holds_up_nothing(platform: Platform) -> None:
    assert "CLUSTER_UNREACHABLE" in await _told_as_failed(platform, "http://127.0.0.1:9")


async def test_one_that_never_answers_is_told_and_holds_up_nothing(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hangs(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(looking, "SECONDS", 2.0)
    async with korrel8r(ill=hangs) as fake:
        assert "QUERY_TIMEOUT" in await _told_as_failed(platform, fake.url)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"nodes":[{"class":"a:b","queries":{}}]}', "UPSTREAM_FAILED"),
        (b'{"nodes":' + b"[" * 200_000, "UPSTREAM_FAILED"),
        (b'{"nodes":[' + b" " * 2_000_000 + b"]}", "LIMIT_REACHED"),
    ],
)
async def test_one_that_answers_nonsense_is_told(
    platform: Platform, body: bytes, code: str
) -> None:
    async with korrel8r(ill=says(answer(body))) as fake:
        assert code in await _told_as_failed(platform, fake.url)


def _paths(fake: FakeKorrel8r) -> list[str]:
    return [each.split(" ", 2)[1] for each in fake.origin.heads]


async def test_an_older_one_is_asked_by_its_own_spelling(platform: Platform) -> None:
    async with korrel8r(is_old=True) as fake:
        found = await _analysed(platform, fake.url)
        assert _paths(fake)[:2] == [PATH, OLD_PATH]
    assert found["live"]["seen"]
