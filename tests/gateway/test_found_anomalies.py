"""From telemetry to people: found, shown, joined into an incident, judged, and over."""

import random
from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any

import pytest

from services.runtime.clock import SystemClock
from services.runtime.settings import Settings
from services.runtime.settings_collecting import AnomalySettings, IncidentSettings
from tests.kit.gateway import API, Json, Platform, platform_on
from tests.kit.gpu_builders import gpu, gpu_update
from tests.kit.runtime import eventually

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

QUICK = {
    "anomalies": AnomalySettings(learning_seconds=0),
    "incidents": IncidentSettings(settle_seconds=0.5, settle_critical_seconds=0.5),
}
EVERY = timedelta(seconds=15)
PAST, STRANGE, AFTER = 230, 20, 60


@pytest.fixture(scope="module")
async def platform(platform_settings: Settings) -> AsyncGenerator[Platform]:
    """One that tells from the first row what is unusual."""
    async with platform_on(platform_settings.model_copy(update=QUICK)) as running:
        yield running


async def _samples(
    platform: Platform, cluster: str, celsius: list[float], before: timedelta
) -> None:
    """A GPU's temperature every 15 seconds, the last one so long ago."""
    end = SystemClock().now() - before
    for at, value in enumerate(celsius):
        sample = gpu_update(
            cluster_id=cluster,
            sampled_at=end - EVERY * (len(celsius) - at),
            gpus=(gpu(temperature_celsius=value, processes=()),),
        )
        body = sample.model_dump_json().encode()
        await platform.gate.runtime.bus.publish(f"tel.gpu.{cluster}.{sample.node_name}", body)


def _usual(rows: int, seed: int) -> list[float]:
    rng = random.Random(seed)
    return [rng.gauss(60, 1) for _ in range(rows)]


async def _one(platform: Platform, path: str, **query: Any) -> Json:
    """The only one of a list, once it is there."""

    async def found() -> Json | None:
        items = (await platform.list(path, **query))["items"]
        assert len(items) <= 1, items
        return items[0] if items else None

    one = await eventually(found)
    assert one is not None
    return one


async def test_a_gpu_that_is_hotter_than_ever_is_shown_explained_judged_and_over(
    platform: Platform,
) -> None:
    cluster = (await platform.register(name="hot-gpu"))["id"]
    hot = [160.0] * STRANGE
    await _samples(platform, cluster, [*_usual(PAST, 1), *hot], EVERY * AFTER)

    anomaly = await _one(platform, "/anomalies", cluster_id=cluster, state="OPEN")
    assert anomaly["metric_name"] == "gpu_temperature_celsius"
    assert anomaly["labels"]["gpu_uuid"] == gpu().uuid
    assert anomaly["cluster_name"] == "hot-gpu"
    assert "160" in anomaly["explanation"]
    assert anomaly["evidence"]

    incident = await _one(platform, "/incidents", cluster_id=cluster)
    assert incident["signals"] == 1

    async def joined() -> bool:
        shown = await platform.list(f"/anomalies/{anomaly['id']}")
        return bool(shown["incident_id"] == incident["id"])

    assert await eventually(joined)

    said = await platform.http.post(
        f"{API}/anomalies/{anomaly['id']}/feedback", json={"verdict": "USEFUL", "comment": "a fan"}
    )
    assert said.status_code == 200, said.text
    assert said.json()["feedback"]["verdict"] == "USEFUL"

    await _samples(platform, cluster, _usual(AFTER, 2), timedelta(0))
    over = await _one(platform, "/anomalies", cluster_id=cluster, state="ENDED")
    assert over["id"] == anomaly["id"]
    assert over["feedback"]["comment"] == "a fan"
