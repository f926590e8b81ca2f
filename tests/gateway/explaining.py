"""An incident with its analysis, an alert and an anomaly, to be explained."""

from dataclasses import dataclass
from uuid import UUID

from contracts.anomalies import AnomalyDetected
from services.runtime.ids import new_id
from services.runtime.log import NOTHING
from tests.kit import incident_builders as incidents
from tests.kit.anomaly_builders import anomaly
from tests.kit.gateway import API, Platform, alert
from tests.kit.runtime import eventually, store

URL = f"{API}/analysis/explain"


@dataclass
class Story:
    """An incident, and what belongs to it."""

    platform: Platform
    cluster: str
    node: str
    incident: str
    rca: str
    anomaly: str
    alert: str


async def told_on(platform: Platform) -> Story:
    """An incident of a node whose cause was looked for, an alert and an anomaly."""
    cluster = (await platform.register())["id"]
    incident, node = await opened_in(platform, cluster)
    items = (await platform.list("/analysis/rca", incident_id=incident))["items"]
    odd = anomaly(id=new_id(), cluster_id=UUID(cluster), severity="LOW")
    last = (await store(platform.gate.log, AnomalyDetected(anomaly=odd), after=NOTHING)).sequence
    assert await platform.gate.positions.wait("anomalies", last, 20)
    labels = {"alertname": "DiskSlow", "severity": "info", "node": f"other-{new_id()}"}
    await platform.report(cluster, alert(1, labels=labels))
    found = (await platform.list("/alerts", cluster_id=cluster))["items"]
    return Story(platform, cluster, node, incident, items[0]["id"], str(odd.id), found[0]["id"])


async def opened_in(platform: Platform, *clusters: str) -> tuple[str, str]:
    """An incident of a node in each of these clusters, whose cause was looked for.

    Its id, and the name of the node in the last one. The events of its signals are the first ones
    of the log, whatever they are.
    """
    now = platform.gate.clock.now()
    nodes = [f"worker-{new_id().hex}" for _ in clusters]
    signals = tuple(
        incidents.signal(
            id=new_id(), cluster_id=each, where=(f"node/{node}",), started_at=now, sequence=number
        )
        for number, (each, node) in enumerate(zip(clusters, nodes, strict=True), 1)
    )
    made = incidents.incident(
        id=new_id(), cluster_ids=tuple(dict.fromkeys(clusters)),
        signals=len(signals), lasting=len(signals),
        opened_at=now, last_signal_at=now,
    )  # fmt: skip
    event = incidents.opened(incident=made, added=signals)
    last = (await store(platform.gate.log, event, after=NOTHING)).sequence
    assert await platform.gate.positions.wait("incidents", last, 20)

    async def analysed() -> bool:
        return bool((await platform.list("/analysis/rca", incident_id=str(made.id)))["items"])

    await eventually(analysed)
    return str(made.id), nodes[-1]
