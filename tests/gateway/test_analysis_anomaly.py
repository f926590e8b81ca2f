"""Looking for anomalies over REST: over clusters' metrics, and over stored GPU telemetry."""

import asyncio
import json
import random
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from contracts.analysis import AnomaliesFound
from contracts.subjects import token
from gateway.rest import analysis
from services.anomalies.on_demand import answering
from services.runtime.clock import SystemClock
from services.runtime.ids import new_id
from services.runtime.principals import Role
from tests.kit.gateway import API, Json, Platform, refused
from tests.kit.gpu_builders import gpu, gpu_update
from tests.runtime.outbound.origins import answer
from tests.services.telemetry.collecting import Asking, prometheus

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

URL = f"{API}/analysis/anomaly"
WINDOW = {"start_time": "2026-01-01T06:00:00Z", "end_time": "2026-01-01T11:00:00Z"}
SPIKE = 1_767_225_600.0 + 9 * 3600
"""Unix seconds: 2026-01-01T09:00:00Z."""


def _values(form: dict[str, list[str]]) -> Iterator[tuple[float, str]]:
    start, end, step = (float(form[name][0]) for name in ("start", "end", "step"))
    rng = random.Random(1)
    for at in range(int((end - start) / step) + 1):
        time = start + at * step
        yield time, str(900.0 if time == SPIKE else rng.gauss(100, 3))


def last_range(asked: Asking) -> tuple[float, float]:
    """Start and end of what was asked over a range last."""
    form = next(form for form in map(parse_qs, reversed(asked.forms)) if "start" in form)
    return float(form["start"][0]), float(form["end"][0])


@asynccontextmanager
async def backend() -> AsyncGenerator[Asking]:
    """A Prometheus in which everything is noise, but for one moment."""
    made: list[Asking] = []

    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        form = parse_qs(made[0].forms[-1])
        data: Json = {"resultType": "vector", "result": []}
        if "start" in form:
            series = {"metric": {"job": "a"}, "values": list(_values(form))}
            data = {"resultType": "matrix", "result": [series]}
        writer.write(answer(json.dumps({"status": "success", "data": data}).encode()))
        await writer.drain()

    async with prometheus(talk) as asking:
        made.append(asking)
        yield asking


@pytest.fixture(scope="module")
async def asked() -> AsyncGenerator[Asking]:
    async with backend() as asking:
        yield asking


@pytest.fixture(scope="module")
async def cluster(platform: Platform, asked: Asking) -> str:
    return (await platform.register(endpoints={"prometheus_url": asked.origin.url()}))["id"]


async def post(platform: Platform, **body: Any) -> httpx.Response:
    return await platform.http.post(URL, json=body)


def of(cluster: str, **changes: Any) -> Json:
    return {"query": "sum(load)", "cluster_ids": [cluster]} | WINDOW | changes


async def found(platform: Platform, status: int = 200, **body: Any) -> AnomaliesFound:
    response = await post(platform, **body)
    assert response.status_code == status, response.text
    return AnomaliesFound.model_validate(response.json())


async def test_an_anomaly_of_a_query_is_found(
    platform: Platform, cluster: str, asked: Asking
) -> None:
    answer = await found(platform, **of(cluster))
    (series,) = answer.series
    (anomaly,) = series.anomalies
    assert (series.metric_name, series.labels) == ("sum(load)", {"job": "a"})
    assert (anomaly.detected_at.timestamp(), anomaly.actual_value) == (SPIKE, 900.0)
    assert (series.points, series.past) == (301, 300)
    start, end = last_range(asked)
    # As long before the window as it lasts.
    assert end - start == 10 * 3600


async def test_from_when_on_is_learnt_can_be_said(platform: Platform, cluster: str) -> None:
    told = of(cluster, learn_from=WINDOW["start_time"])
    assert (await found(platform, **told)).series[0].past == 0
    told |= {"step": "15m", "learn_from": "2025-12-31T06:00:00Z"}
    answer = await found(platform, **told)
    assert (answer.series[0].past, answer.series[0].points) == (96, 21)
    assert answer.series[0].warming


async def test_the_past_is_no_longer_than_a_prometheus_answers(
    platform: Platform, cluster: str, asked: Asking
) -> None:
    told = of(cluster, step="2s") | {"end_time": "2026-01-01T11:30:00Z"}
    assert (await post(platform, **told)).status_code == 200
    start, end = last_range(asked)
    assert 10_900 < (end - start) / 2 < 11_000
    too_long = told | {"learn_from": "2025-12-01T00:00:00Z"}
    assert (
        "fewer than 11000"
        in refused(await post(platform, **too_long), "VALIDATION_FAILED")["message"]
    )


async def test_without_names_all_clusters_that_one_may_read_are_asked(
    platform: Platform, cluster: str
) -> None:
    other = await platform.register(endpoints={"prometheus_url": "http://127.0.0.1:9"})
    body = {name: value for name, value in of(cluster).items() if name != "cluster_ids"}
    answer = await found(platform, 206, **body)
    assert [str(each.cluster_id) for each in answer.missing] == [other["id"]]
    assert answer.missing[0].cluster_name == other["name"]
    viewer = platform.client(await platform.token(Role.VIEWER, cluster))
    async with viewer:
        mine = AnomaliesFound.model_validate((await viewer.post(URL, json=body)).json())
        assert (mine.clusters_queried, mine.missing) == (1, ())
        foreign = await viewer.post(URL, json=of(other["id"]))
        refused(foreign, "CLUSTER_NOT_FOUND")
        refused(
            await viewer.post(URL, json={"gpu": {"cluster_id": other["id"]}}), "CLUSTER_NOT_FOUND"
        )
    nobodys = platform.client(await platform.token(Role.VIEWER, str(new_id())))
    async with nobodys:
        none = AnomaliesFound.model_validate((await nobodys.post(URL, json=body)).json())
        assert (none.clusters_queried, none.series) == (0, ())


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"query": "sum("}, "INVALID_PROMQL"),
        ({"query": "load[5m]"}, "INVALID_PROMQL"),
        ({"query": None}, "VALIDATION_FAILED"),
        ({"gpu": {"cluster_id": str(new_id())}}, "VALIDATION_FAILED"),
        ({"step": "0s"}, "VALIDATION_FAILED"),
        ({"step": "1s"}, "VALIDATION_FAILED"),
        ({"start_time": WINDOW["end_time"]}, "VALIDATION_FAILED"),
        ({"start_time": "2026-01-02T00:00:00Z"}, "VALIDATION_FAILED"),
        ({"learn_from": WINDOW["end_time"]}, "VALIDATION_FAILED"),
        ({"detection_type": "LLM_ASSISTED"}, "MODEL_NOT_AVAILABLE"),
        ({"sensitivity": "MAXIMAL"}, "VALIDATION_FAILED"),
        ({"above": "high"}, "VALIDATION_FAILED"),
        ({"timeout": 61}, "VALIDATION_FAILED"),
        ({"cluster_ids": [str(new_id())]}, "CLUSTER_NOT_FOUND"),
    ],
)
async def test_what_makes_no_sense_is_refused(
    platform: Platform, cluster: str, changes: Json, code: str
) -> None:
    error = refused(await post(platform, **(of(cluster) | changes)), code)
    assert code != "INVALID_PROMQL" or error["details"]["position"] >= 0


async def test_times_at_the_end_of_the_calendar_are_taken(platform: Platform, cluster: str) -> None:
    for start in ("0001-01-01T00:00:00Z", "9999-12-31T22:00:00Z"):
        end = start.replace("22:00:00", "23:00:00").replace("00:00:00", "01:00:00")
        answer = await post(platform, **of(cluster, start_time=start, end_time=end))
        assert answer.status_code in {200, 206, 502}, answer.text


async def test_stored_gpu_telemetry_is_looked_at(platform: Platform, cluster: str) -> None:
    now, rng = SystemClock().now().replace(microsecond=0), random.Random(2)
    spiked = now - timedelta(seconds=15 * 20)
    for at in reversed(range(400)):
        taken = now - timedelta(seconds=15 * at)
        watts = 699.0 if taken == spiked else rng.gauss(300, 4)
        one = gpu(power_draw_watts=watts)
        told = gpu_update(cluster_id=cluster, node_name="gpu.a", sampled_at=taken, gpus=(one,))
        subject = f"tel.gpu.{cluster}.{token('gpu.a')}"
        await platform.gate.runtime.bus.publish(subject, told.model_dump_json().encode())
    which = {"cluster_id": cluster, "node_name": "gpu.a", "metrics": ["power_draw_watts"]}
    answer = await found(platform, gpu=which)
    (series,) = answer.series
    (anomaly,) = series.anomalies
    assert (anomaly.detected_at, anomaly.actual_value) == (spiked, 699.0)
    assert series.metric_name == "gpu_power_draw_watts"
    assert series.points + series.past == 400
    wrong = await post(platform, gpu=which | {"metrics": ["mood"]})
    refused(wrong, "VALIDATION_FAILED")
    refused(await post(platform, gpu=which, cluster_ids=[cluster]), "VALIDATION_FAILED")


async def test_a_bug_in_a_worker_is_told_as_such(
    platform: Platform, cluster: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("bug")

    monkeypatch.setattr(answering, "_look", broken)
    refused(await post(platform, **of(cluster)), "ANOMALY_DETECTION_FAILED")


async def test_two_searches_run_at_once_and_no_more(
    platform: Platform, cluster: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(analysis, "_SLOTS", analysis.Slots(0))
    refused(await post(platform, **of(cluster)), "OVERLOADED")


async def test_without_a_worker_it_is_said(platform: Platform, cluster: str) -> None:
    await platform.workers.stop()
    error = refused(await post(platform, **of(cluster)), "OVERLOADED")
    assert "no worker" in error["message"]
