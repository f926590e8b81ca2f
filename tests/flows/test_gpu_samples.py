"""GPUs of a cluster over time, while the workers that sample them are killed."""

import asyncio
import ssl
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
from pydantic import SecretStr

from contracts.gpu import GpuUpdate
from deploy.cli.demo_fleet import Demonstration
from deploy.local.nats_users import SETUP, passwords
from services.runtime import bus as buses, streams
from services.runtime.pull import Ordered, PullReader
from services.runtime.settings import NatsSettings
from tests.kit.hub import Hub, running_hub, until
from tests.kit.simulator_program import simulator

pytestmark = [pytest.mark.flow, pytest.mark.timeout(300)]

INTERVAL = 10
CLUSTER = "spoke-1"


def test_killed_workers_leave_no_gap_and_tell_nothing_twice(tmp_path: Path) -> None:
    setting = {"AIOPS_COLLECTOR__GPU_SECONDS": str(INTERVAL)}
    with simulator(3) as fleet, running_hub(tmp_path / "data", **setting) as hub:
        cluster = _register(hub, fleet)
        until(lambda: _sampled(hub), within=60, every=0.5)
        _incident(fleet, "gpu_hot")
        for _ in range(2):
            old, before = hub.kill("workers"), len(_sampled(hub))
            until(lambda old=old: hub.run["parts"].get("workers") not in {None, old}, within=30)
            until(lambda before=before: len(_sampled(hub)) > before, within=40, every=0.5)
        until(lambda: _events(hub, cluster), within=60, every=0.5)
        samples = _sampled(hub)

        times: dict[str, list[float]] = {}
        for each in samples:
            times.setdefault(each.node_name, []).append(each.sampled_at.timestamp())
        assert len(times) == 2
        for node, at in times.items():
            apart = [later - earlier for earlier, later in pairwise(at)]
            # Of what a killed worker had in hand one sample is missing at most.
            assert all(0 < each < 2 * INTERVAL + 2 for each in apart), (node, apart)
        until(lambda: _rows(hub) >= sum(len(each.gpus) for each in samples), within=20)
        raised = [each["payload"]["gpu_uuid"] for each in _events(hub, cluster)]
        assert len(raised) == len(set(raised)), "each is told once"


def _register(hub: Hub, fleet: Mapping[str, Any]) -> str:
    """The one cluster that has GPUs, with its credentials."""
    shown = Demonstration.read(Path(fleet["credentials"]).parent / "ready.json")
    (found,) = (each for each in shown.clusters if each.name == CLUSTER)
    with hub.client() as client:
        answer = client.post("/api/v1/clusters", json=dict(found.registration))
        assert answer.status_code == 201, answer.text
        cluster: str = answer.json()["id"]
        path = f"/api/v1/clusters/{cluster}/credentials"
        answer = client.post(path, json=dict(found.credentials))
        assert answer.status_code == 201, answer.text
    return cluster


def _incident(fleet: Mapping[str, Any], name: str) -> None:
    trust = ssl.create_default_context(cafile=fleet["ca"])
    order = {"cluster": CLUSTER, "incident": name, "seconds": 120}
    answer = httpx.post(f"{fleet['url']}/_control/incidents", json=order, verify=trust)
    assert answer.status_code == 200, answer.text


def _events(hub: Hub, cluster: str) -> list[dict[str, Any]]:
    """What was told of temperatures that are too high."""
    asked = {"event_type": "GPU_THRESHOLD_CROSSED", "cluster_id": cluster, "limit": "1000"}
    with hub.client() as client:
        found = client.get("/api/v1/events", params=asked).json()["items"]
    return [
        each
        for each in found
        if (each["payload"]["metric"], each["payload"]["crossing"]) == ("TEMPERATURE", "RAISED")
    ]


def _rows(hub: Hub) -> int:
    with psycopg.connect(hub.run["database"]) as connection:
        row = connection.execute(
            "select count(*), count(distinct (gpu_id, at)) from aiops.gpu_sample"
        ).fetchone()
    assert row is not None
    assert row[0] == row[1], "none is there twice"
    return row[0]


def _sampled(hub: Hub) -> list[GpuUpdate]:
    """All samples on the bus, in their order."""
    return asyncio.run(_read(hub))


async def _read(hub: Hub) -> list[GpuUpdate]:
    where = urlsplit(str(hub.run["nats"]))
    password = passwords(Path(hub.directory) / "nats-users.json")[SETUP]
    settings = NatsSettings(
        url=f"nats://{where.hostname}:{where.port}", user=SETUP, password=SecretStr(password)
    )
    bus = await buses.connect(settings, "test")
    reader = PullReader(bus, Ordered(streams.TELEMETRY, ("tel.gpu.>",)), start=1, batch=500)
    found: list[GpuUpdate] = []
    try:
        await reader.open()
        while deliveries := await reader.take(500, wait=0.2):
            found += [GpuUpdate.model_validate_json(each.data) for each in deliveries]
    finally:
        await reader.close()
        await bus.close()
    return found
