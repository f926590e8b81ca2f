"""A log with alerts and incidents in it, and a worker that looks for causes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from contracts.catalog import CATALOG
from contracts.envelope import Event, Recorded
from contracts.incidents import (
    Incident,
    IncidentMerged,
    IncidentOpened,
    IncidentUpdated,
    Joined,
    Signal,
    incident_key,
)
from contracts.rca import AnalyzeRootCause, RcaComplete, RcaResult, rca_key
from services.rca import handlers
from services.runtime.clock import SystemClock
from services.runtime.following import event_of
from services.runtime.ids import new_id
from services.runtime.log import EventLog, Head
from services.runtime.principals import EVERYWHERE
from services.runtime.replay import Replay, Window, event_filters
from services.runtime.settings import Settings
from services.runtime.store import Accepted, Store
from tests.kit import builders, incident_builders, rca_builders

DOWN = ("KubeNodeNotReady", "node/worker-3")
POD = ("KubePodNotReady", "pod/shop/cart-a", "workload/shop/cart", "node/worker-3")


@dataclass
class Hub:
    """All of it happens in one cluster, now."""

    log: EventLog
    settings: Settings
    cluster: UUID = field(default_factory=new_id)

    def now(self) -> datetime:
        return SystemClock().now()

    def store(self, command_id: UUID | None = None) -> Store:
        context = builders.context(command_id=command_id or new_id())
        return Store(self.log, context, self.now(), self.settings, scope=EVERYWHERE)

    async def happens(self, event: Event) -> int:
        last = await self.log.head(event.key)
        head = Head(last.sequence, last.version or 0) if last else Head()
        context = builders.context(command_id=new_id(), actor="service:incidents")
        return (await self.log.append([event], {event.key: head}, context, self.now())).sequence

    async def fires(self, name: str, *where: str, after: float = 0.0) -> Signal:
        """An alert that began so many seconds after now, by its source's clock."""
        began = self.now() + timedelta(seconds=after)
        told = builders.fired(
            id=new_id(), fingerprint=new_id().hex[:16], cluster_id=self.cluster, alertname=name,
            starts_at=began, first_seen_at=began,
        )  # fmt: skip
        return incident_builders.signal(
            id=told.alert.id, cluster_id=self.cluster, name=name, where=where, started_at=began,
            sequence=await self.happens(told),
        )  # fmt: skip

    async def opens(self, *signals: Signal, incident: UUID | None = None) -> UUID:
        """An incident of these signals; its id."""
        told = self._incident(incident or new_id(), len(signals))
        await self.happens(IncidentOpened(incident=told, reason="it is new", added=signals))
        return told.id

    async def grows(self, incident: UUID, *signals: Signal, **changes: Any) -> None:
        known = await self.incident(incident)
        told = self._incident(incident, known.signals + len(signals), **changes)
        added = tuple(Joined(signal=each, reason="same node", likeness=0.8) for each in signals)
        await self.happens(IncidentUpdated(incident=told, reason="more", added=added))

    async def merges(self, gone: UUID, stays: UUID) -> None:
        one, other = await self.incident(gone), await self.incident(stays)
        ends = self._incident(gone, 0, merged_into=stays)
        whole = self._incident(stays, one.signals + other.signals)
        await self.happens(IncidentMerged(incident=ends, reason="one cause", other_id=stays))
        await self.happens(IncidentMerged(incident=whole, reason="one cause", other_id=gone))

    def _incident(self, incident: UUID, signals: int, **changes: Any) -> Incident:
        return incident_builders.incident(
            id=incident, cluster_ids=(self.cluster,), signals=signals, lasting=signals, **changes
        )

    async def incident(self, incident: UUID) -> Incident:
        last = await self.log.head(incident_key(incident))
        assert last is not None
        return last.event.incident  # type: ignore[attr-defined,no-any-return]

    async def node_down(self) -> UUID:
        """An incident of a node and a pod on it."""
        return await self.opens(await self.fires(*DOWN), await self.fires(*POD))

    async def looks_at(self, incident: UUID) -> Sequence[RcaResult]:
        """The worker is given the incident's last event; all that was found so far."""
        last = await self.log.head(incident_key(incident))
        assert last is not None
        await handlers.look_at_incident(last, self.store(last.event_id))
        return await self.found(incident)

    async def found(self, incident: UUID) -> Sequence[RcaResult]:
        """What was found of an incident, oldest first."""
        async with Replay(self.log, Window(), event_filters(types=(RcaComplete,))) as replay:
            events = [event_of(CATALOG, each).event for each in await replay.take()]
        told = [each.result for each in events if isinstance(each, RcaComplete)]
        return [each for each in told if each.incident_id == incident]

    async def ask(self, **of: Any) -> RcaResult:
        """Somebody asks; what was found."""
        return await self.result(
            await handlers.analyze(AnalyzeRootCause.model_validate(of), self.store())
        )

    async def lately(self) -> RcaResult:
        """Of the cluster's last hour."""
        now = self.now() + timedelta(seconds=1)
        return await self.ask(cluster_id=self.cluster, start=now - timedelta(hours=1), end=now)

    async def result(self, accepted: Accepted) -> RcaResult:
        told: Recorded | None = await self.log.head(rca_key(UUID(accepted.id)))
        assert told is not None
        assert isinstance(told.event, RcaComplete)
        return told.event.result

    async def was(self, place: str = "node/worker-3", **changes: Any) -> int:
        """An earlier incident was found to be caused by this; the analysis's position."""
        cause = rca_builders.cause(place, self.cluster)
        of = {"id": new_id(), "incident_id": new_id(), "causes": (cause,)}
        return await self.happens(rca_builders.rca_complete(cluster=self.cluster, **(of | changes)))

    async def leaves(self, *sequences: int) -> None:
        """These events are in the log no more."""
        for each in sequences:
            await self.log.bus.api("STREAM.MSG.DELETE.EVT", {"seq": each})
