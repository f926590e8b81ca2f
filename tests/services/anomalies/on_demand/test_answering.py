"""A worker is asked on the bus, asks clusters or reads what is stored, and tells what it found."""

import asyncio
import random
import subprocess
import sys
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from contracts.analysis import AnomaliesFound, DetectAnomalies, GpuMeasure
from contracts.anomalies import AnomalyType, DetectionType
from contracts.clusters import HUB
from contracts.envelope import Query
from contracts.refusals import Code, Refused
from contracts.subjects import token
from contracts.telemetry import QueryMetrics
from services.anomalies.on_demand import answering, asking, stored
from services.runtime.answering import Answering
from services.runtime.asking import Asker, Place
from services.runtime.ids import new_id
from services.runtime.log import EventLog
from services.runtime.settings import Settings
from services.telemetry.handlers import query_metrics
from tests.kit.gpu_builders import GPU_UUID, NODE, gpu, gpu_update
from tests.kit.runtime import UNTRACED, running
from tests.services.anomalies.watched_hub import Hub, watching_hub
from tests.services.telemetry.collecting import prometheus

pytestmark = [pytest.mark.anyio, pytest.mark.nats]

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
STEP = 60.0
SPIKE = 500
SITE = "ship-7"


def matrix(*spikes: int | None, rows: int = 600) -> bytes:
    """Series of noise from BEGIN on, a spike in each where it is said."""
    result: list[Any] = []
    for number, spike in enumerate(spikes):
        rng = random.Random(number)
        values = [
            [BEGIN.timestamp() + STEP * at, str(400.0 if at == spike else rng.gauss(50, 2))]
            for at in range(rows)
        ]
        metric = {"__name__": "load", "pod": f"pod-{number}"}
        result.append({"metric": metric, "values": values})
    data = {"resultType": "matrix", "result": result}
    return msgspec.json.encode({"status": "success", "data": data})


@pytest.fixture
async def hub(log: EventLog, bus_settings: Settings) -> AsyncGenerator[Hub]:
    async with watching_hub(log, bus_settings) as made:
        routes: dict[type[Query], Any] = {DetectAnomalies: answering.detect_anomalies}
        worker = Answering(
            HUB, "anomalies", routes, log.bus, log, bus_settings, UNTRACED, made.collector.outside
        )
        async with running(worker.run):
            await log.bus.client.flush()
            yield made


def question(hub: Hub, *others: Any, **changes: Any) -> DetectAnomalies:
    metrics = {"query": "load", "cluster_ids": [hub.cluster_id, *others], "step_seconds": STEP}
    metrics |= {name: changes.pop(name) for name in ("query", "seconds") if name in changes}
    told = {
        "metrics": metrics,
        "start": BEGIN + timedelta(minutes=300),
        "end": BEGIN + timedelta(minutes=599),
        "learn_from": BEGIN,
    }
    return DetectAnomalies.model_validate(told | changes)


async def ask(hub: Hub, asked: DetectAnomalies) -> AnomaliesFound:
    asker = Asker(hub.collector.log.bus, hub.collector.clock)
    async with asker.ask(Place(HUB, "-"), asked, seconds=60) as answer:
        body = b"".join([part async for part in answer])
    assert answer.trailer == {"missing": len(AnomaliesFound.model_validate_json(body).missing)}
    return AnomaliesFound.model_validate_json(body)


async def refusal(hub: Hub, asked: DetectAnomalies) -> Refused:
    with pytest.raises(Refused) as refused:
        await ask(hub, asked)
    return refused.value


async def test_what_is_found_over_a_query_is_told(hub: Hub) -> None:
    hub.fake.body = matrix(None, SPIKE)
    found = await ask(hub, question(hub))
    assert (found.clusters_queried, found.clusters_succeeded, found.missing) == (1, 1, ())
    assert (found.anomalies, found.truncated) == (1, False)
    first, second = found.series
    (anomaly,) = first.anomalies
    assert (anomaly.cluster_id, anomaly.labels) == (hub.cluster_id, {"pod": "pod-1"})
    assert anomaly.anomaly_type is AnomalyType.SPIKE
    assert anomaly.detected_at == BEGIN + timedelta(minutes=SPIKE)
    assert first.scores
    assert (second.anomalies, second.scores, second.points, second.past) == ((), (), 300, 300)


async def test_bounds_and_methods_are_as_asked_for(hub: Hub) -> None:
    hub.fake.body = matrix(SPIKE)
    found = await ask(hub, question(hub, above=300.0, detection_type="STATISTICAL"))
    assert {it.anomaly_type for it in found.series[0].anomalies} == {AnomalyType.THRESHOLD_BREACH}
    assert {it.detection_type for it in found.series[0].anomalies} == {DetectionType.STATISTICAL}


async def test_clusters_that_do_not_answer_are_named(hub: Hub) -> None:
    hub.fake.body = matrix(SPIKE)

    async def hangs(*_: object) -> None:
        await asyncio.sleep(60)

    async with prometheus(hangs) as hanging:
        made = hub.collector
        others = [await made.cluster(hanging.origin.url()), new_id()]
        found = await ask(hub, question(hub, *others, seconds=3))
    assert (found.clusters_queried, found.clusters_succeeded, found.anomalies) == (3, 1, 1)
    assert {(each.cluster_id, each.code) for each in found.missing} == {
        (others[0], "QUERY_TIMEOUT"),
        (others[1], "CLUSTER_NOT_FOUND"),
    }


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"<html>", Code.UPSTREAM_FAILED),
        (matrix(None).replace(b"matrix", b"vector"), Code.UPSTREAM_FAILED),
        (b'{"status":"error","errorType":"bad_data","error":"odd"}', Code.INVALID_PROMQL),
    ],
)
async def test_if_nobody_answers_it_is_refused(hub: Hub, body: bytes, code: Code) -> None:
    hub.fake.body = body
    refused = await refusal(hub, question(hub))
    assert refused.code is code
    assert refused.details["missing"][0]["cluster_id"] == str(hub.cluster_id)


async def test_more_than_a_cluster_may_answer_is_a_limit(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "_SERIES", 10_000)
    series = [{"metric": {"pod": str(number)}, "values": [[1, "1"]]} for number in range(100_000)]
    data = {"resultType": "matrix", "result": series}
    hub.fake.body = msgspec.json.encode({"status": "success", "data": data})
    assert (await refusal(hub, question(hub))).code is Code.LIMIT_REACHED


async def test_a_far_edge_is_asked_by_its_site(hub: Hub) -> None:
    await hub.update(site=SITE, cluster_type="FAR_EDGE")
    refused = await refusal(hub, question(hub))
    assert refused.details["missing"][0]["code"] == "CLUSTER_UNREACHABLE"
    hub.fake.body, made = matrix(SPIKE), hub.collector
    site = Answering(
        SITE, "site", {QueryMetrics: query_metrics}, made.log.bus, made.log, made.settings,
        UNTRACED, made.outside,
    )  # fmt: skip
    async with running(site.run):
        await made.log.bus.client.flush()
        assert (await ask(hub, question(hub))).anomalies == 1


async def test_nobody_to_ask_is_an_answer(hub: Hub) -> None:
    metrics: dict[str, Any] = {"query": "load", "cluster_ids": [], "step_seconds": STEP}
    found = await ask(hub, question(hub, metrics=metrics))
    assert (found.clusters_queried, found.series, hub.queries()) == (0, (), [])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"detection_type": "LLM_ASSISTED"}, Code.MODEL_NOT_AVAILABLE),
        ({"metrics": None}, Code.VALIDATION_FAILED),
        ({"gpus": {"cluster_id": str(new_id())}}, Code.VALIDATION_FAILED),
        ({"query": "sum("}, Code.INVALID_PROMQL),
        ({"query": "load[5m]"}, Code.INVALID_PROMQL),
        ({"learn_from": BEGIN + timedelta(days=1)}, Code.VALIDATION_FAILED),
    ],
)
async def test_what_makes_no_sense_is_refused(hub: Hub, changes: Any, code: Code) -> None:
    assert (await refusal(hub, question(hub, **changes))).code is code
    assert hub.queries() == []


async def test_only_a_few_are_looked_for_at_once(hub: Hub) -> None:
    waits = asyncio.Event()
    hub.fake.meanwhile, hub.fake.body = waits.wait, matrix(None, rows=20)
    tasks = [asyncio.create_task(ask(hub, question(hub))) for _ in range(3)]
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    (refused,) = [each.exception() for each in done]
    assert isinstance(refused, Refused)
    assert refused.code is Code.OVERLOADED
    waits.set()
    await asyncio.gather(*(each for each in tasks if each not in done))


async def test_time_that_runs_out_is_told(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "_SECONDS", 0.0)
    hub.fake.body = matrix(SPIKE, None)
    found = await ask(hub, question(hub))
    assert [(each.limit, each.series) for each in found.left_out] == [("TIME", 2)]
    assert (found.series, found.truncated) == ((), True)


async def sample(hub: Hub, rows: int, spike: int | None = None, **changes: Any) -> datetime:
    """Store samples of a node, the last one now; when the one with the spike was taken."""
    bus, rng, found = hub.collector.log.bus, random.Random(5), BEGIN
    now = hub.collector.clock.now().replace(microsecond=0)
    for at in range(rows):
        taken = now - timedelta(seconds=15 * (rows - 1 - at))
        found = taken if at == spike else found
        watts = 690.0 if at == spike else rng.gauss(200, 5)
        one = gpu(power_draw_watts=watts, temperature_celsius=None)
        values = {"cluster_id": hub.cluster_id, "sampled_at": taken, "gpus": (one,)}
        update = gpu_update(**(values | changes))
        subject = f"tel.gpu.{update.cluster_id}.{token(update.node_name)}"
        await bus.publish(subject, update.model_dump_json().encode())
    return found


def of_gpus(hub: Hub, **changes: Any) -> DetectAnomalies:
    now = hub.collector.clock.now()
    told = {"start": now - timedelta(hours=1), "end": now, "learn_from": now - timedelta(hours=3)}
    return question(hub, metrics=None, gpus={"cluster_id": hub.cluster_id} | changes, **told)


async def test_stored_gpu_telemetry_is_looked_at(hub: Hub) -> None:
    spiked = await sample(hub, 600, 500)
    await sample(hub, 20, node_name="other.example.com")
    await hub.collector.log.bus.publish(f"tel.gpu.{hub.cluster_id}.odd", b"{")
    await sample(hub, 3, cluster_id=new_id())
    found = await ask(hub, of_gpus(hub))
    (anomaly,) = [it for each in found.series for it in each.anomalies]
    assert anomaly.metric_name == "gpu_power_draw_watts"
    assert anomaly.labels == {"node": NODE, "gpu_uuid": GPU_UUID, "gpu": "0"}
    assert (anomaly.detected_at, anomaly.actual_value) == (spiked, 690.0)
    counts = {(each.labels["node"], each.points + each.past) for each in found.series}
    assert counts == {(NODE, 600), ("other.example.com", 20)}
    assert len(found.series) == 6  # Nobody knows the temperature.


async def test_gpus_are_chosen_by_node_and_uuid(hub: Hub) -> None:
    await sample(hub, 12)
    await sample(hub, 12, node_name="other.example.com")
    metric = GpuMeasure.POWER_DRAW_WATTS
    chosen = of_gpus(hub, node_name="other.example.com", gpu_uuid=GPU_UUID, metrics=[metric])
    (one,) = (await ask(hub, chosen)).series
    assert (one.labels["node"], one.points, one.warming) == ("other.example.com", 12, True)
    for nothing in ({"node_name": "*"}, {"gpu_uuid": "GPU-none"}):
        assert (await ask(hub, of_gpus(hub, **nothing))).series == ()


async def test_a_time_before_all_samples_is_an_answer(hub: Hub) -> None:
    assert (await ask(hub, of_gpus(hub))).series == ()
    await sample(hub, 5)
    early = question(hub, metrics=None, gpus={"cluster_id": hub.cluster_id})
    assert (await ask(hub, early)).series == ()


async def test_too_many_samples_are_a_limit(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "MOST_MESSAGES", 10)
    await sample(hub, 12)
    assert (await refusal(hub, of_gpus(hub))).code is Code.LIMIT_REACHED


def test_nobody_has_numpy_before_there_is_a_question() -> None:
    code = "import sys, services.anomalies.handlers; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
