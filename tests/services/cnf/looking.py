"""What looks at network functions: a worker of a hub, its clusters, and what it has told."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from contracts.clusters import cluster_capabilities_key, cluster_key
from contracts.cnf import CnfStatusChanged, CnfUpdate
from contracts.envelope import Event
from services.cnf import handlers, sampling
from services.cnf.sampling import Memory
from services.runtime import schedules, streams
from services.runtime.ids import new_id
from services.runtime.log import NOTHING, Head
from services.runtime.service import Due
from services.runtime.store import Store
from services.runtime.vault.logins import Login, Logins, origin_of
from tests.kit import builders
from tests.services.cnf import objects
from tests.services.cnf.fake_api import TOKEN, FakeApi
from tests.services.cnf.fake_prometheus import FakePrometheus
from tests.services.telemetry.collecting import Collector


@dataclass
class Hub:
    """A worker, and the servers of the cluster that it looks at."""

    collector: Collector
    prometheus: FakePrometheus
    api: FakeApi

    async def cluster(
        self,
        *,
        kind: str = "SPOKE",
        discovered: bool | None = True,
        login: bool = True,
        **changes: Any,
    ) -> UUID:
        """A new cluster; ``discovered``: whether discovery has found network functions there."""
        cluster_id = new_id()
        told: dict[str, Any] = {
            "id": cluster_id,
            "endpoints": {"prometheus_url": self.prometheus.url},
            "api_server_url": self.api.url,
            "cluster_type": kind,
        }
        await self._append(builders.registered(**(told | changes)))
        if discovered is not None:
            await self.discovered(cluster_id, functions=discovered)
        if login:
            await self._login(cluster_id)
        return cluster_id

    async def discovered(self, cluster_id: UUID, *, functions: bool) -> None:
        """Discovery has run."""
        abilities = builders.capabilities(has_cnf_workloads=functions)
        event = builders.capabilities_changed(cluster_id=cluster_id, capabilities=abilities)
        assert event.key == cluster_capabilities_key(cluster_id)
        await self._append(event)

    async def deleted(self, cluster_id: UUID) -> None:
        """The cluster has left the fleet."""
        log = self.collector.log
        last = await log.head(cluster_key(cluster_id))
        assert last is not None
        event = builders.deleted(cluster_id=cluster_id)
        store = self.store()
        await store.append([event], {event.key: Head(last.sequence, last.version or 0)})

    async def _login(self, cluster_id: UUID) -> None:
        login = Login(origin=origin_of(self.api.url), token=TOKEN)
        await self.give(cluster_id, Logins(login))

    async def give(self, cluster_id: UUID, logins: Logins) -> None:
        """Give the cluster credentials."""
        vault = await self.collector.outside.vault()
        await vault.replace(cluster_id, logins.materials())
        told = builders.credentials(fingerprint=new_id().hex)
        await self._append(builders.credentials_updated(cluster_id=cluster_id, credentials=told))

    async def _append(self, event: Event) -> None:
        store = self.store()
        await store.append([event], {event.key: NOTHING})

    def store(self, command_id: UUID | None = None) -> Store:
        made = self.collector
        context = builders.context(command_id=command_id or new_id())
        return Store(made.log, context, made.clock.now(), made.settings, made.outside)

    async def look(self, cluster_id: UUID, command_id: UUID | None = None) -> None:
        """What is due is done."""
        due = Due(str(cluster_id), b"", self.collector.clock.now())
        await handlers.look(due, self.store(command_id))

    async def sample(self, cluster_id: UUID, seconds: float = 10.0) -> CnfUpdate:
        """What is found out, and neither stored nor told."""
        found = await self.collector.log.head(cluster_key(cluster_id))
        assert found is not None
        cluster: Any = found.event
        asked = self.collector.asked(cluster_id, seconds)
        return await sampling.sample(asked, cluster.cluster, 60, Memory())

    async def samples(self, cluster_id: UUID) -> list[CnfUpdate]:
        """All that were stored."""
        query = {"seq": 1, "batch": 100, "next_by_subj": f"tel.cnf.{cluster_id}.-"}
        stored = await self.collector.log.bus.get_many(streams.TELEMETRY, query)
        return [CnfUpdate.model_validate_json(each.data) for each in stored]

    async def events(self, cluster_id: UUID) -> list[CnfStatusChanged]:
        """All that was told, in order."""
        log = self.collector.log
        query = {"seq": 1, "batch": 1_000, "next_by_subj": f"evt.{cluster_id}.cnf.>"}
        stored = await log.bus.get_many(streams.EVENTS, query)
        told = [log.catalog.decode(each.headers["ce-type"], each.data) for each in stored]
        return [each for each in told if isinstance(each, CnfStatusChanged)]

    async def rule(self, cluster_id: UUID) -> str | None:
        return await schedules.scheduled(self.collector.log.bus, handlers.LOOK, str(cluster_id))

    def functions(self) -> None:
        """A distributed unit with virtual functions, and its neighbours."""
        fronthaul = {"openshift.io/du_fronthaul": "2", "hugepages-1Gi": "4Gi"}
        self.api.states = [objects.node_state()]
        self.api.nodes = [objects.node()]
        self.api.pods = [
            objects.pod("du-0", asks=fronthaul),
            objects.pod("web-0", "shop"),
            objects.pod("linuxptp-daemon-x7k2p", "openshift-ptp"),
        ]
