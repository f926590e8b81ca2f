"""Two clusters of which everything is known, one of them not theirs who ask."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from contracts.anomalies import AnomalyDetected, WatchDefined
from contracts.incidents import CorrelationRuleDefined, IncidentOpened
from contracts.subjects import token
from services.runtime.ids import new_id
from services.runtime.log import NOTHING
from services.runtime.principals import Role
from tests.gateway.network_functions import Teller, clock, resource, workload
from tests.kit.anomaly_builders import anomaly, watch
from tests.kit.gateway import Platform, alert
from tests.kit.gpu_builders import gpu, gpu_update
from tests.kit.incident_builders import incident, rule, signal
from tests.kit.persona_builders import created
from tests.kit.rca_builders import cause, rca_complete
from tests.kit.replay_builders import replay_asked, replay_completed, replay_result
from tests.kit.report_builders import recurring, report_asked, report_generated, report_scheduled
from tests.kit.runtime import eventually, store

MARK = "foreign-mark"
"""Stands in every name and label of the cluster that is not theirs."""
PERSONA = "of-everybody"
"""A custom one, of no cluster."""


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
    incident: str
    rule: str
    """Of correlation."""
    watch: str
    anomaly: str
    rca: str
    """An analysis of a bad time."""
    replay: str
    report: str


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
    # Of both: the foreign one's mark is in all that is said of it.
    await _incident(platform, foreign.name, foreign.id, mine.id)
    await _persona(platform)
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
    watched = await _watch(platform, name, cluster)
    anomalous = await _anomaly(platform, name, cluster, watched)
    incident, rule = await _incident(platform, name, cluster), await _rule(platform, name, cluster)
    analysis = await _analysis(platform, name, cluster)
    again = await _replay(platform, name, cluster)
    report = await _report(platform, name, cluster)
    sequence: int = event["sequence"]
    return Somewhere(
        cluster, name, found["id"], fingerprint, node, sequence, incident, rule, watched, anomalous,
        analysis, again, report,
    )  # fmt: skip


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


async def _incident(platform: Platform, name: str, *clusters: str) -> str:
    """One of a signal in each of these clusters; all that is said of it has the name in it."""
    # Nothing in common with others, so that nobody makes one of them.
    nodes = [f"{name if cluster == clusters[0] else 'other'}-{new_id()}" for cluster in clusters]
    signals = tuple(
        signal(id=new_id(), cluster_id=cluster, name=node, where=(f"node/{node}",))
        for cluster, node in zip(clusters, nodes, strict=True)
    )
    told = incident(
        id=new_id(),
        title=name,
        cluster_ids=clusters,
        where=(f"node/{name}",),
        signals=len(signals),
        lasting=len(signals),
    )
    event = IncidentOpened(incident=told, reason=name, added=signals)
    last = (await store(platform.gate.log, event, after=NOTHING)).sequence
    assert await platform.gate.positions.wait("incidents", last, 10)

    async def analysed() -> bool:
        # By itself; what is counted afterwards is what tests do.
        return bool((await platform.list("/analysis/rca", incident_id=str(told.id)))["total"])

    await eventually(analysed)
    return str(told.id)


async def _rule(platform: Platform, name: str, cluster: str) -> str:
    made = CorrelationRuleDefined(
        rule=rule(id=f"rule-{name}", cluster_ids=(cluster,), comment=name)
    )
    last = (await store(platform.gate.log, made, after=NOTHING)).sequence
    assert await platform.gate.positions.wait("incidents", last, 10)
    return made.rule.id


async def _watch(platform: Platform, name: str, cluster: str) -> str:
    made = WatchDefined(watch=watch(id=f"watch-{name}", title=name, cluster_ids=(cluster,)))
    last = (await store(platform.gate.log, made, after=NOTHING)).sequence
    assert await platform.gate.positions.wait("anomalies", last, 10)
    return made.watch.id


async def _anomaly(platform: Platform, name: str, cluster: str, watched: str) -> str:
    # Of little weight, so that nobody makes an incident of it.
    told = anomaly(
        id=new_id(), cluster_id=cluster, watch_id=watched, labels={"namespace": name},
        explanation=name, severity="LOW",
    )  # fmt: skip
    last = (await store(platform.gate.log, AnomalyDetected(anomaly=told), after=NOTHING)).sequence
    assert await platform.gate.positions.wait("anomalies", last, 10)
    return str(told.id)


async def _analysis(platform: Platform, name: str, cluster: str) -> str:
    told = rca_complete(
        id=new_id(), trigger="WINDOW", trigger_id=cluster, incident_id=None, cluster=UUID(cluster),
        causes=(cause(name, UUID(cluster)),), explanation=name,
    )  # fmt: skip
    last = (await store(platform.gate.log, told, after=NOTHING)).sequence
    assert await platform.gate.positions.wait("rca", last, 10)
    return str(told.result.id)


async def _persona(platform: Platform) -> None:
    last = (await store(platform.gate.log, created(id=PERSONA), after=NOTHING)).sequence
    assert await platform.gate.positions.wait("personas", last, 10)


async def _replay(platform: Platform, name: str, cluster: str) -> str:
    first = replay_result(cluster=UUID(cluster)).differences[0]
    result = replay_result(differences=(first.model_copy(update={"title": name}),))
    rules = (rule(id=f"rule-{name}", cluster_ids=(cluster,), comment=name),)
    asked = replay_asked(cluster_ids=(cluster,), correlation={"rules": rules})
    told = replay_completed(replay_id=new_id(), asked=asked, result=result)
    last = (await store(platform.gate.log, told, after=NOTHING)).sequence
    assert await platform.gate.positions.wait("replays", last, 10)
    return str(told.replay_id)


async def _report(platform: Platform, name: str, cluster: str) -> str:
    asked = report_asked(cluster_scope=(cluster,), title=name)
    told = report_generated(report_id=new_id(), asked=asked)
    await store(platform.gate.log, told, after=NOTHING)
    often = recurring(cluster_scope=(cluster,), title=name, cron="0 7 1 1 *")
    later = platform.gate.clock.now() + timedelta(days=180)
    schedule = report_scheduled(schedule_id=new_id(), recurring=often, expires_at=later)
    last = (await store(platform.gate.log, schedule, after=NOTHING)).sequence
    assert await platform.gate.positions.wait("reports", last, 10)
    return str(told.report_id)
