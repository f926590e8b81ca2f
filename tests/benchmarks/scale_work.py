"""What `scale_out` has done: changes of clusters and posts of alerts, as messages for the queue."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol
from uuid import UUID

import msgspec

from contracts.alerts import AlertReport, IngestAlerts
from contracts.clusters import Cluster, ClusterRegistered, Endpoints, UpdateCluster
from contracts.envelope import Command
from services.runtime import streams
from services.runtime.bus import Bus, Outgoing
from services.runtime.clock import SystemClock
from services.runtime.command_bus import CommandBus, Origin
from services.runtime.ids import derived_id, new_id
from tests.benchmarks import material
from tests.benchmarks.platform import context, event_log, registration

_POST = 50
_CLUSTERS = 64
_EACH = 10
"""Changes of one cluster."""


class Work(Protocol):
    """Commands of one area, all alike."""

    name: ClassVar[str]
    area: ClassVar[str]
    unit: ClassVar[str]
    events: ClassVar[int]
    """That each of them makes."""
    subjects: ClassVar[str]
    """Of these events."""

    async def seed(self, bus: Bus) -> None:
        """What has to be in the log before."""
        ...

    def commands(self) -> Sequence[Command]:
        """All of them."""
        ...


@dataclass(frozen=True)
class Changes:
    """Each loads a cluster of some versions, decides and appends one more: ten of each cluster."""

    amount: int
    name: ClassVar[str] = "changes of clusters"
    area: ClassVar[str] = "clusters"
    unit: ClassVar[str] = "commands/s"
    events: ClassVar[int] = 1
    subjects: ClassVar[str] = "evt.*.cluster.*.updated.*"

    @property
    def _ids(self) -> list[UUID]:
        return [derived_id("scale", number) for number in range(self.amount // _EACH)]

    async def seed(self, bus: Bus) -> None:
        """The clusters, without a backend to be asked."""
        now, written = SystemClock().now(), event_log(bus)
        registered = [
            Cluster.model_validate(
                registration(f"scale-{number}")
                | {"id": each, "created_at": now, "updated_at": now, "endpoints": Endpoints()}
            )
            for number, each in enumerate(self._ids)
        ]
        for each in registered:
            await written.append([ClusterRegistered(cluster=each)], {}, context(), now)

    def commands(self) -> Sequence[Command]:
        """By turns, so that no cluster is changed twice at once."""
        return [
            UpdateCluster(cluster_id=each, patch={"labels": {"turn": f"{turn}"}})
            for turn in range(_EACH)
            for each in self._ids
        ]


@dataclass(frozen=True)
class Posts:
    """Each tells fifty new alerts of one of 64 clusters."""

    amount: int
    name: ClassVar[str] = f"alerts in posts of {_POST}"
    area: ClassVar[str] = "alerts"
    unit: ClassVar[str] = "alerts/s"
    events: ClassVar[int] = _POST
    subjects: ClassVar[str] = "evt.*.alert.*.fired"

    async def seed(self, bus: Bus) -> None:
        """Nothing: who they are of is not asked behind the door."""

    def commands(self) -> Sequence[Command]:
        """All fire, so that their order is no matter."""
        now = SystemClock().now()
        reports = [material.Report(number, resolved=False) for number in range(self.amount * _POST)]
        return [
            IngestAlerts(
                cluster_id=derived_id("scale", number % _CLUSTERS),
                received_at=now,
                reports=_reports(group),
            )
            for number, group in enumerate(material.posts(reports, _POST))
        ]


def _reports(group: Sequence[material.Report]) -> tuple[AlertReport, ...]:
    told = msgspec.json.decode(material.body(group))["alerts"]
    return tuple(map(AlertReport.model_validate, told))


def messages(bus: Bus, work: Work) -> list[Outgoing]:
    """As the gateway publishes them."""
    commands, origin = CommandBus(bus, "gateway"), Origin("benchmark")
    return [commands.message(each, new_id(), origin) for each in work.commands()]


async def stored(bus: Bus, work: Work) -> int:
    """How many of its events are in the log."""
    told = await bus.api(f"STREAM.INFO.{streams.EVENTS}", {"subjects_filter": work.subjects})
    found: dict[str, int] = told["state"].get("subjects") or {}
    return sum(found.values())
