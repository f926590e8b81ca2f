"""How the tests ask parts of the simulator without a server: at any time they like."""

import json
from datetime import UTC, datetime
from typing import Any

from deploy.simulator import objects, prometheus_api
from deploy.simulator.cluster import Cluster, Pod
from deploy.simulator.exchange import Request
from deploy.simulator.fleet import Fleet
from deploy.simulator.programs import Place, run
from deploy.simulator.shell import Outcome

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOON_S = NOON.timestamp()
Json = dict[str, Any]


def fleet() -> Fleet:
    """A fleet of one's own: what goes wrong in it goes wrong for nobody else."""
    return Fleet.make(12, seed=7)


def query(cluster: Cluster, text: str, at: float = NOON_S) -> list[tuple[Json, float]]:
    """Labels and values of an instant query."""
    pairs = (("query", text), ("time", repr(at)))
    request = Request("GET", "/api/v1/query", pairs, b"", None, None, NOON)
    answer = prometheus_api.answer(cluster, "api/v1/query", request)
    assert answer is not None
    assert answer.status == 200, answer.body
    result = json.loads(answer.body)["data"]["result"]
    return [(each["metric"], float(each["value"][1])) for each in result]


def value(cluster: Cluster, text: str, at: float = NOON_S) -> float:
    """The value of the only series that there is."""
    [(_, found)] = query(cluster, text, at)
    return found


def pods(cluster: Cluster, app: str) -> list[Pod]:
    """The pods of an app."""
    return [each for each in cluster.pods() if each.app == app]


def said(cluster: Cluster, pod: Pod, *command: str, at: float = NOON_S) -> Outcome:
    """What a program prints in a pod."""
    return run(Place(cluster, pod, datetime.fromtimestamp(at, UTC)), command)


def pod_at(cluster: Cluster, pod: Pod, at: float) -> Json:
    """A pod as the API shows it at a time."""
    now = datetime.fromtimestamp(at, UTC)
    return objects.pod_now(cluster, pod, objects.pod(cluster, pod), now)


def allocatable(cluster: Cluster, name: str, at: float) -> dict[str, str]:
    """What a node has to give at a time, as the API shows it."""
    node = next(each for each in cluster.nodes() if each.name == name)
    now = datetime.fromtimestamp(at, UTC)
    made = objects.node_now(cluster, node, objects.node(cluster, node), now)
    return made["status"]["allocatable"]
