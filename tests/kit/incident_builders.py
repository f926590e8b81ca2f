"""Incidents and what people do about them, with sensible values; part of `builders`."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from contracts.envelope import Command, Event
from contracts.incidents import (
    AcknowledgeIncident,
    CorrelationRule,
    CorrelationRuleDefined,
    CorrelationRuleRemoved,
    DefineCorrelationRule,
    Incident,
    IncidentAcknowledged,
    IncidentMerged,
    IncidentOpened,
    IncidentReopened,
    IncidentResolved,
    IncidentSplit,
    IncidentUpdated,
    Joined,
    MergeIncidents,
    RemoveCorrelationRule,
    ReopenIncident,
    ResolveIncident,
    Signal,
    SplitIncident,
)
from tests.kit.samples import ALERT_ID, CLUSTER_ID, at

INCIDENT_ID = UUID("77777777-7777-5777-8777-777777777777")
OTHER_INCIDENT_ID = UUID("88888888-8888-5888-8888-888888888888")
_OTHER_SIGNAL_ID = UUID("33333333-3333-5333-8333-333333333334")
_NODE = "node/worker-3"


def signal(**changes: Any) -> Signal:
    values: dict[str, Any] = {
        "id": ALERT_ID,
        "kind": "ALERT",
        "cluster_id": CLUSTER_ID,
        "name": "KubeNodeNotReady",
        "severity": "CRITICAL",
        "where": (_NODE,),
        "started_at": at(),
        "sequence": 4,
    }
    return Signal.model_validate(values | changes)


def joined(*, reason: str = "same node as 1 of 1", **changes: Any) -> Joined:
    """``changes`` are those of the signal."""
    of_a_pod: dict[str, Any] = {
        "id": _OTHER_SIGNAL_ID,
        "name": "KubePodNotReady",
        "severity": "WARNING",
        "where": ("pod/shop/cart-5d8f", "workload/shop/cart", _NODE, "namespace/shop"),
        "started_at": at(20),
        "sequence": 6,
    }
    return Joined(signal=signal(**(of_a_pod | changes)), reason=reason, likeness=0.8)


def incident(**changes: Any) -> Incident:
    """One that is open, of the one signal of `signal`."""
    values: dict[str, Any] = {
        "id": INCIDENT_ID,
        "title": "KubeNodeNotReady on worker-3",
        "state": "OPEN",
        "severity": "CRITICAL",
        "cluster_ids": (CLUSTER_ID,),
        "where": (_NODE,),
        "signals": 1,
        "lasting": 1,
        "opened_at": at(),
        "last_signal_at": at(),
    }
    return Incident.model_validate(values | changes)


def _fact(of: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """Fields of an event; an ``incident`` that is given counts more than what is ``of`` it."""
    return {"incident": incident(**of), "reason": "it is on worker-3"} | changes


def opened(**changes: Any) -> IncidentOpened:
    return IncidentOpened.model_validate(_fact({}, added=(signal(),)) | changes)


def incident_updated(**changes: Any) -> IncidentUpdated:
    of = {"signals": 2, "lasting": 1, "last_signal_at": at(20)}
    values = _fact(of, added=(joined(),), ended=(ALERT_ID,))
    return IncidentUpdated.model_validate(values | changes)


def acknowledged(**changes: Any) -> IncidentAcknowledged:
    of = {"state": "ACKNOWLEDGED", "acknowledged_by": "ada", "acknowledged_at": at(60)}
    return IncidentAcknowledged.model_validate(_fact(of, reason="I look at it") | changes)


def incident_resolved(**changes: Any) -> IncidentResolved:
    of = {"state": "RESOLVED", "lasting": 0, "resolved_by": "ada", "resolved_at": at(600)}
    return IncidentResolved.model_validate(_fact(of, reason="the node is back") | changes)


def reopened(**changes: Any) -> IncidentReopened:
    of = {"signals": 2, "last_signal_at": at(660)}
    values = _fact(of, added=(joined(started_at=at(660)),))
    return IncidentReopened.model_validate(values | changes)


def merged(**changes: Any) -> IncidentMerged:
    """As it is told of the incident that stays."""
    values = _fact({"signals": 3, "lasting": 3}, other_id=OTHER_INCIDENT_ID)
    return IncidentMerged.model_validate(values | changes)


def split(**changes: Any) -> IncidentSplit:
    """As it is told of the incident that signals have left."""
    told = {"other_id": OTHER_INCIDENT_ID, "moved": (_OTHER_SIGNAL_ID,), "from_other": False}
    return IncidentSplit.model_validate(_fact({}, **told) | changes)


def rule(**changes: Any) -> CorrelationRule:
    values: dict[str, Any] = {
        "id": "one-rack",
        "effect": "TOGETHER",
        "names": ("KubeNode*",),
        "where": ("node/rack-7-*",),
        "equal": ("cluster",),
        "within_seconds": 300,
        "comment": "they share a power supply",
    }
    return CorrelationRule.model_validate(values | changes)


def _of(kind: type[Command], **fields: Any) -> Callable[[], Command]:
    return lambda: kind.model_validate({"incident_id": INCIDENT_ID} | fields)


EVENTS: Mapping[type[Event], Callable[[], Event]] = {
    IncidentOpened: opened,
    IncidentUpdated: incident_updated,
    IncidentAcknowledged: acknowledged,
    IncidentResolved: incident_resolved,
    IncidentReopened: reopened,
    IncidentMerged: merged,
    IncidentSplit: split,
    CorrelationRuleDefined: lambda: CorrelationRuleDefined(rule=rule()),
    CorrelationRuleRemoved: lambda: CorrelationRuleRemoved(rule=rule()),
}
COMMANDS: Mapping[type[Command], Callable[[], Command]] = {
    AcknowledgeIncident: _of(AcknowledgeIncident, comment="I look at it"),
    ResolveIncident: _of(ResolveIncident, expected_version=3),
    ReopenIncident: _of(ReopenIncident),
    MergeIncidents: _of(MergeIncidents, other_id=OTHER_INCIDENT_ID),
    SplitIncident: _of(SplitIncident, signal_ids=(_OTHER_SIGNAL_ID,)),
    DefineCorrelationRule: lambda: DefineCorrelationRule(rule=rule()),
    RemoveCorrelationRule: lambda: RemoveCorrelationRule(rule_id="one-rack"),
}
