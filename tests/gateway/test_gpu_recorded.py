"""What real exporters and drivers have printed is what REST shows, value by value.

Through all parts as they run: a registered cluster with a real Prometheus or an API server that
runs commands, the handlers that sample it, the bus, the projector and the gateway.
"""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from gateway.rest.documented_gpu import GpuNodeList
from services.gpu.schedule import SAMPLE
from services.runtime.ids import new_id
from services.runtime.log import NOTHING
from services.runtime.vault.logins import Login, Logins, origin_of
from tests.gateway import recorded_gpus as recorded
from tests.gateway.recorded_gpus import Values
from tests.kit import builders
from tests.kit.gateway import Json, Platform
from tests.kit.prometheus import INSTALLED
from tests.kit.runtime import eventually
from tests.kit.worker import come_due, working
from tests.services.gpu.exporters import Exporter, scraping
from tests.services.gpu.nodes import Node, cluster as nodes_of

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.nats,
    pytest.mark.postgres,
    pytest.mark.timeout(120),
]

_EXPORTED = {
    "a100-mig-2.4.0.txt": "ub20-a100-k8s",
    "unnamed-2.3.5.txt": "10.0.3.4",
    "a100-510.47.03.txt": "a100-worker",
    "a30-mig.txt": "yg-data-k8s-gpu-a30-node-test-test0003.mt",
    "a800-mig-535.129.03.txt": "msxf-hpc-64-35-ai",
    "h100-580.105.08.txt": "gpu-node-1",
    "h100-vgpu-580.95.05.txt": "cluster-tkr1341-ubu2204-1xh100-20c-np-lcqbg-49wfm-rhpj8",
    "l4-580.105.08.txt": "i-030791dc5a37cd257",
    "a30-mig-2026.txt": "mixed-worker",
}
"""Recordings, and which node they are of."""
_LABELS = {
    "unnamed-2.3.5.txt": {"instance": "10.0.3.4:9400"},
    "a100-510.47.03.txt": {"node": "a100-worker"},
    "a30-mig-2026.txt": {"node": "mixed-worker"},
}
"""What their Prometheus knows besides, where the exporter does not name its node."""
_PRINTED = (
    "a100-mig-535.161.08.csv",
    "gb10.csv",
    "laptop-2020-new.csv",
    "laptop-2020-old.csv",
    "rtx-2060-460.91.03.csv",
    "rtx-2080-440.64.csv",
    "rtx-2080-ti-442.19.csv",
    "rtx-520.56.06.csv",
    "titan-v-570.86.15.csv",
)
_BESIDE = {"raised", "idle", "wasted", "last_xid"}
"""What the hub concludes, beside what is told."""
_OF_A_PROCESS = ("pid", "process_name", "used_memory_mb", "type", "gpu_instance_id", "gpu_index")


@dataclass(frozen=True)
class Cluster:
    """One that is registered."""

    platform: Platform
    id: UUID

    async def sample(self, nodes: int) -> None:
        """Have it sampled, and wait until so many nodes show."""
        await come_due(self.platform, SAMPLE, str(self.id))

        async def shown() -> bool:
            page = await self.platform.list("/gpu/nodes", cluster_id=str(self.id), page_size=100)
            return len(GpuNodeList.model_validate(page).items) == nodes

        await eventually(shown)

    async def node(self, name: str) -> Json:
        return await self.platform.list(f"/gpu/nodes/{self.id}/{name}")

    async def processes(self, **query: Any) -> list[Json]:
        query |= {"cluster_id": str(self.id), "page_size": 100}
        return (await self.platform.list("/gpu/processes", **query))["items"]


async def _registered(platform: Platform, **told: Any) -> Cluster:
    cluster_id = new_id()
    event = builders.registered(id=cluster_id, name=f"c-{cluster_id}", **told)
    log, context = platform.gate.log, builders.context(command_id=new_id())
    appended = await log.append([event], {event.key: NOTHING}, context, builders.at())
    assert await platform.gate.positions.wait("gpu", appended.sequence, 20)
    return Cluster(platform, cluster_id)


async def _with_login(cluster: Cluster, url: str) -> None:
    async with working(cluster.platform.settings) as worker:
        logins = Logins(Login(origin=origin_of(url), token="ey-of-the-test"))
        vault = await worker.runtime.outside.vault()
        await vault.replace(cluster.id, logins.materials())
    known = builders.credentials(fingerprint=new_id().hex)
    event = builders.credentials_updated(cluster_id=cluster.id, credentials=known)
    context = builders.context(command_id=new_id())
    await cluster.platform.gate.log.append([event], {event.key: NOTHING}, context, builders.at())


def _exactly(told: Json, expected: Values) -> None:
    """All that is known is as expected, and all else is null, or nothing."""
    found = {name: value for name, value in told.items() if name not in _BESIDE}
    found.pop("processes")
    found["mig"] = [_known(part) for part in found["mig"]]
    wanted = _known(expected)
    wanted["mig"] = [_known(part) for part in expected.get("mig", [])]
    assert _known(found) == wanted, expected["uuid"]


def _known(values: Mapping[str, Any]) -> Values:
    return {name: value for name, value in values.items() if value is not None}


@pytest.fixture(scope="module")
async def exported(
    platform: Platform, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Cluster]:
    """A cluster whose Prometheus scrapes all recordings."""
    if not INSTALLED:
        pytest.skip("Debian's package prometheus is not installed")
    exporters = [Exporter(file, _LABELS.get(file, {})) for file in _EXPORTED]
    async with scraping(tmp_path_factory.mktemp("gpus") / "prometheus", exporters) as url:
        found = await _registered(platform, endpoints={"prometheus_url": url})
        await found.sample(len(_EXPORTED))
        yield found


@pytest.mark.parametrize("file", _EXPORTED)
async def test_what_dcgm_exporter_has_told(exported: Cluster, file: str) -> None:
    expected = recorded.exposition(file)
    assert expected.metrics - set(recorded.METRICS) <= recorded.UNASKED
    node = await exported.node(_EXPORTED[file])
    assert (node["source"], node["error"], node["stale"]) == ("DCGM", None, False)
    assert [gpu["uuid"] for gpu in node["gpus"]] == [gpu["uuid"] for gpu in expected.gpus]
    for told, gpu in zip(node["gpus"], expected.gpus, strict=True):
        _exactly(told, gpu)


@pytest.mark.parametrize("file", _EXPORTED)
async def test_whom_dcgm_exporter_has_seen(exported: Cluster, file: str) -> None:
    found = await exported.processes(node_name=_EXPORTED[file])
    names = ("gpu_uuid", "namespace", "pod", "container", "gpu_instance_id")
    users = sorted(tuple(each[name] for name in names) for each in found)
    assert users == sorted(recorded.exposition(file).users)
    for each in found:
        assert (each["attribution"], each["pid"], each["type"]) == ("POD", None, None)
        assert (each["process_name"], each["used_memory_mb"]) == (None, None)


def _nodes(file: str) -> dict[str, list[dict[str, str]]]:
    """Nodes that print a recording; a GPU that comes again is that of a later second."""
    name, found = file.removesuffix(".csv"), dict[str, list[dict[str, str]]]()
    for number, line in enumerate(recorded.printed(file)):
        others = found.get(name, [])
        again = any(line.get("index") == each["index"] for each in others)
        place = f"{name}-{number}" if again else name
        whole = {"index": "0", "uuid": f"GPU-{name}-{number}".replace(".", "-"), **line}
        found.setdefault(place, []).append(whole)
    return found


async def test_what_nvidia_smi_has_printed(platform: Platform) -> None:
    lines = {node: told for file in _PRINTED for node, told in _nodes(file).items()}
    made = [Node(name, overview="", gpus=told) for name, told in lines.items()]
    async with nodes_of(*made) as server:
        found = await _registered(platform, api_server_url=server.url, endpoints={})
        await _with_login(found, server.url)
        await found.sample(len(lines))
        for name, told in lines.items():
            node = await found.node(name)
            assert (node["source"], node["error"]) == ("NVIDIA_SMI", None)
            expected = [recorded.shown(line) for line in told]
            assert len(node["gpus"]) == len(expected), name
            for gpu, values in zip(node["gpus"], expected, strict=True):
                _exactly(gpu, values)
        assert await found.processes() == []


async def test_instances_and_their_processes(platform: Platform) -> None:
    table, listed = recorded.text("a100-mig.txt"), recorded.text("a100-mig-list.txt")
    busy = recorded.text("a100-mig-570.148.08.txt")
    running = recorded.processes(busy)
    divided = {"mig.mode.current": "Enabled"}
    processes = "\n".join(
        f"GPU-busy, {each['pid']}, {each['process_name']}, {each['used_memory_mb']}"
        for each in running
    )
    nodes = (
        Node("idle", overview=table, listed=listed, values=divided),
        Node("busy", overview=busy, values=divided, processes=processes),
    )
    async with nodes_of(*nodes) as server:
        found = await _registered(platform, api_server_url=server.url, endpoints={})
        await _with_login(found, server.url)
        await found.sample(len(nodes))
        assert len(running) == 10
        for name, output, names in (("idle", table, listed), ("busy", busy, "")):
            (gpu,) = (await found.node(name))["gpus"]
            parts = recorded.instances(output, names)
            assert (gpu["mig_enabled"], len(parts)) == (True, 4)
            assert [_known(part) for part in gpu["mig"]] == [_known(part) for part in parts]
        told = await found.processes()
        shown = [{name: each[name] for name in _OF_A_PROCESS} for each in told]
        assert {each["pid"]: each for each in shown} == {each["pid"]: each for each in running}
        assert {(each["node_name"], each["attribution"]) for each in told} == {("busy", "UNKNOWN")}
