"""Tells the platform of network functions, as their service would, and reads them over REST."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.clusters import cluster_key
from contracts.envelope import Event
from services.runtime.ids import new_id
from services.runtime.log import NOTHING, Head
from tests.kit import builders
from tests.kit.gateway import Json, Platform
from tests.kit.runtime import eventually


@dataclass
class Teller:
    """Of one cluster."""

    platform: Platform
    id: UUID = field(default_factory=new_id)
    name: str = ""

    def __post_init__(self) -> None:
        self.name = self.name or f"c-{self.id}"

    async def register(self) -> "Teller":
        """It belongs to the fleet."""
        await self.tell(builders.registered(id=self.id, name=self.name, endpoints={}))
        return self

    async def delete(self) -> None:
        """It belongs to the fleet no more."""
        last = await self.platform.gate.log.head(cluster_key(self.id))
        assert last is not None
        gone = builders.deleted(cluster_id=self.id, name=self.name)
        await self.tell(gone, Head(last.sequence, 1))

    async def change(self, **values: Any) -> int:
        """Something of it is in another state."""
        event = builders.cnf_status_changed(cluster_id=self.id, **values)
        last = await self.platform.gate.log.head(event.key)
        return await self.tell(event, NOTHING if last is None else Head(last.sequence))

    async def tell(self, event: Event, after: Head = NOTHING) -> int:
        """Append an event, and wait until the projection has it; gives its sequence."""
        context = builders.context(command_id=new_id())
        log = self.platform.gate.log
        appended = await log.append([event], {event.key: after}, context, builders.at())
        assert await self.platform.gate.positions.wait("cnf", appended.sequence, 10)
        return appended.sequence

    async def sample(self, at: datetime, **parts: Any) -> None:
        """What was found then of its network functions; wait until it is taken in.

        Parts that are not given are missing.
        """
        nothing: dict[str, Any] = {"workloads": None, "ptp": None, "sriov": None, "dpdk": None}
        told: dict[str, Any] = {"sources": {}, "missing": {}}
        told |= nothing | parts
        message = builders.cnf_update(cluster_id=self.id, sampled_at=at, **told)
        bus, database = self.platform.gate.runtime.bus, self.platform.gate.database
        await bus.publish(f"tel.cnf.{self.id}.-", message.model_dump_json().encode())

        async def taken() -> bool:
            row = await database.fetch_one(
                "select count(*) from aiops.cnf_latest where cluster_id = %s and asked_at >= %s",
                (self.id, at),
            )
            return row == (4,)

        await eventually(taken)

    async def read(self, path: str, **query: Any) -> Json:
        """One list of it."""
        return await self.platform.list(f"/cnf/{path}", cluster_id=str(self.id), **query)


def workload(pod: str, state: str = "RUNNING", **more: Any) -> Json:
    """One pod of a distributed unit."""
    return {
        "cnf_type": "VDU",
        "namespace": "du-site",
        "pod": pod,
        "node_name": "worker-1",
        "state": state,
        "ready": state == "RUNNING",
        "restarts": 0,
        "evidence": "namespace named like a VDU",
    } | more


def clock(interface: str = "ens1f0", offset: float | None = -4.0, **more: Any) -> Json:
    """One clock that follows its master."""
    return {
        "node_name": "worker-1",
        "interface": interface,
        "process": "ptp4l",
        "offset_ns": offset,
        "clock_state": "LOCKED",
        "role": "SLAVE",
        "clock_class": 6,
    } | more


def resource(name: str = "openshift.io/fronthaul", **more: Any) -> Json:
    """Eight virtual functions, two of them in use."""
    return {
        "node_name": "worker-1",
        "resource_name": name,
        "policy": "fronthaul",
        "interfaces": ["ens2f0"],
        "total_vfs": 8,
        "allocatable_vfs": 8,
        "used_vfs": 2,
    } | more


def counted(*ports: Mapping[str, Any], pod: str = "upf-0", **more: Any) -> Json:
    """The ports of one pod."""
    return {"namespace": "core", "pod": pod, "node_name": "worker-1", "ports": [*ports]} | more
