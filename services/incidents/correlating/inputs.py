"""What correlation looks at: the events that signals are made of, and those that it tells."""

from typing import get_args

from contracts.alerts import AlertEvent, MutingEvent
from contracts.anomalies import AnomalyDetected, AnomalyEnded
from contracts.clusters import ClusterStatusChanged
from contracts.cnf import CnfStatusChanged
from contracts.envelope import Event
from contracts.gpu import GpuEvent
from contracts.incidents import CorrelationRuleEvent, IncidentEvent
from contracts.telemetry import CircuitEvent

INPUTS: tuple[type[Event], ...] = (
    *get_args(AlertEvent),
    *get_args(MutingEvent),
    AnomalyDetected,
    AnomalyEnded,
    ClusterStatusChanged,
    CnfStatusChanged,
    *get_args(GpuEvent),
    *get_args(CircuitEvent),
)
"""What signals are made of."""
TOLD: tuple[type[Event], ...] = get_args(IncidentEvent)
RULES: tuple[type[Event], ...] = get_args(CorrelationRuleEvent)
