"""What root cause analyses have found, with sensible values; part of `builders`."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from contracts.envelope import Command, Event
from contracts.rca import AnalyzeRootCause, RcaComplete, RcaResult
from tests.kit import chat_builders, persona_builders, replay_builders, report_builders
from tests.kit.incident_builders import INCIDENT_ID
from tests.kit.samples import CLUSTER_ID, START, at

RCA_ID = UUID("aaaaaaaa-aaaa-5aaa-8aaa-aaaaaaaaaaaa")


def entity(place: str = "node/worker-3", cluster: UUID = CLUSTER_ID) -> dict[str, Any]:
    return {"cluster_id": cluster, "place": place}


def cause(place: str = "node/worker-3", cluster: UUID = CLUSTER_ID) -> dict[str, Any]:
    claim = {"text": f"{place} is not ready", "cited": (4,), "effects": (6,), "is_fact": True}
    return {
        "entity": entity(place, cluster),
        "kind": "node",
        "score": 0.9,
        "claims": (claim,),
        "doubts": ("one pod on it is well",),
    }


def rca_result(*, cluster: UUID = CLUSTER_ID, **changes: Any) -> RcaResult:
    """Of an incident of one cluster: a node is behind it; all of it is of ``cluster``."""
    node, pod = entity(cluster=cluster), entity("pod/shop/cart-5d8f", cluster)
    values: dict[str, Any] = {
        "id": RCA_ID,
        "trigger": "INCIDENT",
        "trigger_id": INCIDENT_ID,
        "incident_id": INCIDENT_ID,
        "cluster_ids": (cluster,),
        "window_start": START - timedelta(hours=1),
        "window_end": at(20),
        "first_sequence": 4,
        "last_sequence": 6,
        "signals": 2,
        "is_known": True,
        "causes": (cause(cluster=cluster),),
        "edges": ({"kind": "TEMPORAL", "source": node, "target": pod, "weight": 0.8},),
        "timeline": ({"at": at(), "entity": node, "text": "KubeNodeNotReady", "sequence": 4},),
        "explanation": "node/worker-3 (node, 90%): worker-3 is not ready.",
        "actions": ({"text": "Look at the node.", "command": "oc describe node worker-3"},),
    }
    return RcaResult.model_validate(values | changes)


def rca_complete(**changes: Any) -> RcaComplete:
    """``changes`` are those of the result."""
    return RcaComplete(result=rca_result(**changes))


def analyze(**changes: Any) -> AnalyzeRootCause:
    values = {"cluster_id": CLUSTER_ID, "start": START - timedelta(hours=1), "end": at()}
    return AnalyzeRootCause.model_validate(values | changes)


EVENTS: Mapping[type[Event], Callable[[], Event]] = {
    RcaComplete: rca_complete,
    **replay_builders.EVENTS,
    **persona_builders.EVENTS,
    **chat_builders.EVENTS,
    **report_builders.EVENTS,
}
COMMANDS: Mapping[type[Command], Callable[[], Command]] = {
    AnalyzeRootCause: analyze,
    **replay_builders.COMMANDS,
    **persona_builders.COMMANDS,
    **chat_builders.COMMANDS,
    **report_builders.COMMANDS,
}
