"""Two clusters of which everything is known, one of them not theirs who ask."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from contracts.subjects import token
from services.runtime.ids import new_id
from services.runtime.principals import Role
from tests.gateway.network_functions import Teller, clock, resource, workload
from tests.kit.gateway import Platform, alert
from tests.kit.gpu_builders import gpu, gpu_update
from tests.kit.runtime import eventually

MARK = "foreign-mark"
"""Stands in every name and label of the cluster that is not theirs."""


@dataclass(frozen=True)
class Somewhere:
    """A cluster, and one of each kind of thing in it."""

    id: str
    name: str
    alert: str
    fingerprint: str
    node: str
    sequence: int
    """Of an event of it."""


@dataclass
class World:
    """Both, and tokens for all who ask."""

    platform: Platform
    mine: Somewhere
    foreign: Somewhere
    tokens: dict[str, str] = field(default_factory=dict[str, str])

    async def token(self, role: Role, *, everywhere: bool) -> str:
        """That of a role, for all clusters or for `mine` alone."""
        name = f"{role} everywhere={everywhere}"
        if name not in self.tokens:
            scope = () if everywhere else (self.mine.id,)
            self.tokens[name] = await self.platform.token(role, *scope)
        return self.tokens[name]


async def world_on(platform: Platform) -> World:
    """Build it."""
    mine = await _somewhere(platform, f"own-{new_id().hex[-8:]}", 1)
    foreign = await _somewhere(platform, f"{MARK}-{new_id().hex[-8:]}", 2)
    return World(platform, mine, foreign)


async def _somewhere(platform: Platform, name: str, number: int) -> Somewhere:
    labels = {"team": name}
    cluster: str = (await platform.register(name=name, labels=labels))["id"]
    fingerprint = f"{new_id().int & (2**64 - 1):016x}"
    told = alert(number, labels={"alertname": name, "namespace": name}, fingerprint=fingerprint)
    await platform.report(cluster, told)
    node = f"gpu-{name}"
    await _gpus(platform, cluster, node, name)
    await _functions(platform, cluster, name)
    found = await eventually(lambda: _first(platform, "/alerts", cluster))
    event = await eventually(lambda: _first(platform, "/events", cluster))
    assert found is not None
    assert event is not None
    return Somewhere(cluster, name, found["id"], fingerprint, node, event["sequence"])


async def _first(platform: Platform, path: str, cluster: str) -> Mapping[str, Any] | None:
    items = (await platform.list(path, cluster_id=cluster))["items"]
    return items[0] if items else None


async def _gpus(platform: Platform, cluster: str, node: str, name: str) -> None:
    process = {"gpu_uuid": f"GPU-{name}", "namespace": name, "pod": f"{name}-0", "pid": 1,
               "used_memory_mb": 100, "attribution": "POD"}  # fmt: skip
    now = platform.gate.clock.now() - timedelta(seconds=2)
    update = gpu_update(
        cluster_id=cluster,
        node_name=node,
        sampled_at=now,
        gpus=(gpu(uuid=f"GPU-{name}", name=f"GPU of {name}", processes=(process,)),),
    )
    subject = f"tel.gpu.{cluster}.{token(node)}"
    await platform.gate.runtime.bus.publish(subject, update.model_dump_json().encode())
    await eventually(lambda: _first(platform, "/gpu/nodes", cluster))


async def _functions(platform: Platform, cluster: str, name: str) -> None:
    teller = Teller(platform, UUID(cluster), name)
    await teller.sample(
        platform.gate.clock.now(),
        workloads=[workload(f"{name}-pod", namespace=name)],
        ptp=[clock(node_name=f"node-{name}")],
        sriov=[resource(node_name=f"node-{name}")],
        dpdk=[{"namespace": name, "pod": f"{name}-upf", "ports": [{"port": "0", "rx_packets": 1}]}],
    )
    await eventually(lambda: _first(platform, "/cnf/workloads", cluster))
