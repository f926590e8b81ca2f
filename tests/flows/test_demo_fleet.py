"""``aiops up --demo`` as a user meets it: a fleet that is watched, whatever happens to workers."""

import asyncio
import json
import random
import ssl
import time
from collections.abc import Generator, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import pytest
from pydantic import SecretStr

from contracts.clusters import ClusterHealthChecked, ClusterType
from deploy.local.nats_users import SETUP, passwords
from services.clusters import status
from services.runtime import bus as buses, schedules, streams
from services.runtime.pull import Ordered, PullReader
from services.runtime.settings import NatsSettings
from tests.kit.hub import Hub, running_hub, until

pytestmark = [pytest.mark.flow, pytest.mark.timeout(300)]

Json = dict[str, Any]
_HUB = "hub-1"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Generator[Hub]:
    """The platform with its simulated fleet, all of it online."""
    with running_hub(tmp_path_factory.mktemp("demo") / "data", "--demo") as hub:
        until(lambda: _online(hub) == 12, within=60, every=0.5)
        yield hub


def _get(hub: Hub, path: str) -> Json:
    with hub.client() as client:
        answer = client.get(f"/api/v1{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def _online(hub: Hub) -> int:
    return _get(hub, "/fleet/summary")["by_state"].get("ONLINE", 0)


def _fault(hub: Hub, kind: str) -> None:
    """Let the API server of the hub misbehave from now on."""
    folder = hub.directory / "demo"
    ready = json.loads((folder / "ready.json").read_text())
    trust = ssl.create_default_context(cafile=ready["ca"])
    body = {"cluster": _HUB, "fault": {"kind": kind}}
    answer = httpx.post(f"{ready['url']}/_control/faults", json=body, verify=trust)
    assert answer.status_code == 200, answer.text


def test_the_fleet_is_there_labelled_as_simulated_and_looked_at(demo: Hub) -> None:
    found = _get(demo, "/clusters?label=aiops.io/simulated=true&page_size=100")
    assert found["total"] == 12
    for cluster in found["items"]:
        assert "simulated" in cluster["display_name"]
        assert cluster["credentials"]["auth_type"]
        assert cluster["capabilities"]["node_count"] > 0
        assert cluster["status"]["api_server_healthy"] is True
    told = _get(demo, "/fleet/capabilities")
    assert told["discovered"] == 12
    assert told["gpu_count"] > 0


def test_the_command_line_shows_it(demo: Hub) -> None:
    listed = json.loads(demo.aiops("cluster", "list", "--json"))
    assert len(listed) == 12
    shown = json.loads(demo.aiops("cluster", "show", _HUB, "--json"))
    assert _HUB in json.dumps(shown)
    assert "hub-1" in demo.aiops("cluster", "list", "--type", "HUB")


def test_a_kubeconfig_is_imported_and_a_real_cluster_added_in_one_command(demo: Hub) -> None:
    folder = demo.directory / "demo"
    dry = demo.aiops("cluster", "import", "--kubeconfig", str(folder / "fleet.yaml"), "--dry-run")
    assert "ALREADY_REGISTERED" in dry
    kubeconfig = str(folder / "spoke-1.yaml")
    demo.aiops("cluster", "rm", "spoke-1", "--yes")
    demo.aiops("cluster", "add", "again-1", "--kubeconfig", kubeconfig, "--label", "team=ran")
    until(lambda: _get(demo, "/clusters/by-name/again-1")["status"]["state"] == "ONLINE")


def test_killed_workers_lose_no_check_and_no_event(demo: Hub) -> None:
    cluster = _get(demo, f"/clusters/by-name/{_HUB}")["id"]
    began = time.time()
    chance = random.Random(7)
    for kind, state in (("reset", "OFFLINE"), ("none", "ONLINE"), ("status", "DEGRADED")):
        _fault(demo, kind)
        for _ in range(2):
            old = demo.kill("workers")
            until(lambda old=old: demo.run["parts"].get("workers") not in {None, old}, within=30)
            time.sleep(chance.uniform(0.2, 1.5))
        until(lambda state=state: _state(demo) == state, within=60, every=0.2)
    _fault(demo, "none")
    until(lambda: _state(demo) == "ONLINE", within=60, every=0.2)
    ended = time.time()

    changes = _changes(demo, cluster, began)
    assert [each["new_state"] for each in changes] == ["OFFLINE", "ONLINE", "DEGRADED", "ONLINE"]
    for earlier, later in pairwise(changes):
        assert later["old_state"] == earlier["new_state"]
    types = {
        UUID(each["id"]): ClusterType(each["cluster_type"])
        for each in _get(demo, "/clusters?label=aiops.io/simulated=true&page_size=100")["items"]
    }
    found = asyncio.run(_checked(demo))
    for each, kind in types.items():
        assert _missed(each, kind, found.get(each, []), (began, ended)) == [], kind


def _state(hub: Hub) -> str:
    return _get(hub, f"/clusters/by-name/{_HUB}")["status"]["state"]


def _changes(hub: Hub, cluster: str, since: float) -> list[Json]:
    found = _get(hub, f"/events?event_type=CLUSTER_STATUS_CHANGED&cluster_id={cluster}&limit=1000")
    return [each["payload"] for each in found["items"] if _seconds(each["timestamp"]) >= since]


def _seconds(timestamp: str) -> float:
    return datetime.fromisoformat(timestamp).timestamp()


async def _checked(hub: Hub) -> dict[UUID, list[float]]:
    """When each cluster was due at the checks that were made, by the bus itself."""
    where = urlsplit(str(hub.run["nats"]))
    password = passwords(Path(hub.directory) / "nats-users.json")[SETUP]
    settings = NatsSettings(
        url=f"nats://{where.hostname}:{where.port}", user=SETUP, password=SecretStr(password)
    )
    bus = await buses.connect(settings, "test")
    found: dict[UUID, list[float]] = {}
    reader = PullReader(bus, Ordered(streams.TELEMETRY, ("tel.health.>",)), start=1, batch=500)
    await reader.open()
    while deliveries := await reader.take(500, wait=1.0):
        for each in deliveries:
            told = ClusterHealthChecked.model_validate_json(each.data)
            found.setdefault(told.cluster_id, []).append(told.checked_at.timestamp())
    await reader.close()
    await bus.close()
    return found


def _missed(
    cluster: UUID, kind: ClusterType, checked: Sequence[float], window: tuple[float, float]
) -> list[float]:
    """The moments at which it was due, and was not checked."""
    interval, _ = status.interval_and_timeout(kind)
    phase = schedules.phase(cluster, interval)
    first = (window[0] - phase) // interval * interval + phase + interval
    due = [first + interval * n for n in range(int((window[1] - 5 - first) // interval) + 1)]
    return [at for at in due if not any(0 <= each - at < 2 for each in checked)]
