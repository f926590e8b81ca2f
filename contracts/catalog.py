"""The closed lists: every event and every command there is, by name."""

import json
from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any, get_args

from pydantic_core import to_json

from contracts import (
    access,
    alerts,
    anomalies,
    chat,
    clusters,
    cnf,
    edge,
    gpu,
    incidents,
    operations,
    personas,
    rca,
    replays,
    reports,
    telemetry,
)
from contracts.envelope import Command, Event, Message, public_name
from contracts.upcasts import DOWNCASTS, UPCASTS, Cast

EVENTS: tuple[type[Event], ...] = (
    *get_args(clusters.ClusterEvent),
    *get_args(clusters.ClusterNameEvent),
    clusters.ClusterStatusChanged,
    *get_args(clusters.CredentialsEvent),
    clusters.ClusterCapabilitiesChanged,
    *get_args(alerts.AlertEvent),
    *get_args(alerts.MutingEvent),
    *get_args(alerts.PendingEvent),
    *get_args(telemetry.CircuitEvent),
    telemetry.TraceReceived,
    *get_args(gpu.GpuEvent),
    cnf.CnfStatusChanged,
    *get_args(anomalies.AnomalyEvent),
    *get_args(anomalies.WatchEvent),
    *get_args(incidents.IncidentEvent),
    *get_args(incidents.CorrelationRuleEvent),
    rca.RcaComplete,
    *get_args(replays.ReplayEvent),
    *get_args(reports.ReportEvent),
    *get_args(reports.ReportScheduleEvent),
    *get_args(personas.PersonaEvent),
    *get_args(chat.ChatEvent),
    *get_args(edge.EdgeLinkEvent),
    *get_args(access.AccessEvent),
    *get_args(operations.OperationEvent),
)
COMMANDS: tuple[type[Command], ...] = (
    clusters.RegisterCluster,
    clusters.UpdateCluster,
    clusters.DeleteCluster,
    clusters.RefreshCluster,
    clusters.UploadCredentials,
    clusters.RotateCredentials,
    clusters.ValidateCredentials,
    clusters.DeleteCredentials,
    clusters.ImportClusters,
    alerts.IngestAlerts,
    alerts.SilenceAlert,
    alerts.UnsilenceAlert,
    anomalies.DefineWatch,
    anomalies.RemoveWatch,
    anomalies.GiveAnomalyFeedback,
    incidents.AcknowledgeIncident,
    incidents.ResolveIncident,
    incidents.ReopenIncident,
    incidents.MergeIncidents,
    incidents.SplitIncident,
    incidents.DefineCorrelationRule,
    incidents.RemoveCorrelationRule,
    rca.AnalyzeRootCause,
    replays.StartReplay,
    replays.CancelReplay,
    reports.GenerateReport,
    reports.DeleteReport,
    reports.ScheduleReport,
    reports.UnscheduleReport,
    personas.CreatePersona,
    personas.UpdatePersona,
    personas.DeletePersona,
    chat.CreateChatSession,
    chat.AskQuestion,
    chat.CancelTurn,
    chat.DeleteChatSession,
    operations.RebuildProjection,
    operations.RetryDeadLetter,
    operations.DropDeadLetter,
    access.CreateToken,
    access.RevokeToken,
    access.NoteAccess,
)


AUDITED: tuple[type[Event], ...] = (
    *get_args(clusters.ClusterEvent),
    *get_args(clusters.CredentialsEvent),
    *get_args(alerts.MutingEvent),
    anomalies.AnomalyFeedbackGiven,
    *get_args(anomalies.WatchEvent),
    incidents.IncidentAcknowledged,
    incidents.IncidentResolved,
    incidents.IncidentReopened,
    incidents.IncidentMerged,
    incidents.IncidentSplit,
    *get_args(incidents.CorrelationRuleEvent),
    replays.ReplayStarted,
    reports.ReportRequested,
    reports.ReportDeleted,
    *get_args(reports.ReportScheduleEvent),
    *get_args(personas.PersonaEvent),
    *get_args(access.AccessEvent),
    *get_args(operations.OperationEvent),
)
"""What the audit log shows, where it was somebody's doing and not a service's own."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Telemetry that live clients see: never kept as an event, newest wins."""

    message: type[Message]
    entity: str
    """Type of the entity that it is about."""
    source: str

    @property
    def public(self) -> str:
        """Its name on the live stream."""
        return public_name(self.message)


MEASURED: Mapping[str, Measured] = {
    "health": Measured(clusters.ClusterHealthChecked, "cluster_health", "/services/clusters"),
    "gpu": Measured(gpu.GpuUpdate, "gpu_node", "/services/gpu"),
    "cnf": Measured(cnf.CnfUpdate, "cnf_cluster", "/services/cnf"),
    "metric": Measured(anomalies.MetricUpdate, "watch", "/services/anomalies"),
    "report": Measured(reports.ReportProgress, "report", "/services/reports"),
}
"""By kind, the second token of its subject. What is not here is not shown."""
MEASURED_NAMES = frozenset(measured.public for measured in MEASURED.values())


class UnknownEvent(Exception):
    """An event of a type or version that this program does not know: its reader must stop."""


class CannotWrite(ValueError):
    """An event or version that this program does not write; the text says which ones it does."""


@dataclass(frozen=True, slots=True)
class _Older:
    """An older version that an event is written in."""

    type: str
    casts: tuple[Cast, ...]
    """From the newest version down to it."""

    def body(self, event: Event) -> str:
        payload: dict[str, Any] = json.loads(event.model_dump_json())
        for cast in self.casts:
            payload = cast(payload)
        # As a program of that version would write it, to the byte.
        return to_json(payload).decode()


class EventCatalog:
    """Finds the class of an event type, reads payloads of old versions and may write them."""

    def __init__(
        self,
        events: Iterable[type[Event]] = EVENTS,
        upcasts: Mapping[str, Cast] = UPCASTS,
        downcasts: Mapping[str, Cast] = DOWNCASTS,
    ) -> None:
        self._classes = {event.names.type: event for event in events}
        self._upcasts, self._downcasts = upcasts, downcasts
        self._older: Mapping[str, _Older] = {}
        self.spanning = frozenset(known.entity for known in self._classes.values() if known.spans)
        """Types of entities whose events may be about several clusters."""

    def decode(self, event_type: str, body: bytes) -> Event:
        """The event in a body; UnknownEvent, or pydantic's ValidationError for a broken payload."""
        known = self._classes.get(event_type)
        if known is not None:
            return known.model_validate_json(body)
        return self._decode_old(event_type, body)

    def _decode_old(self, event_type: str, body: bytes) -> Event:
        payload = None
        while event_type in self._upcasts:
            payload = self._upcasts[event_type](json.loads(body) if payload is None else payload)
            event_type = _next_version(event_type)
        known = self._classes.get(event_type)
        if known is None or payload is None:
            raise UnknownEvent(event_type)
        return known.model_validate_json(json.dumps(payload))

    def writing(self, versions: Mapping[str, int]) -> "EventCatalog":
        """The same, but it writes these versions, told by public name, where it wrote the newest.

        CannotWrite where it cannot: only a version that it reads again is one that it may write.
        """
        newest = {known.names.public: known for known in self._classes.values()}
        made = copy(self)
        older: dict[str, _Older] = {}
        for name, version in versions.items():
            event = newest.get(name)
            if event is None:
                raise CannotWrite(f"there is no event {name!r}")
            if version != event.version:
                older[event.names.type] = self._way_down(event, version)
        made._older = older
        return made

    def _way_down(self, event: type[Event], version: int) -> _Older:
        stem = event.names.type.rpartition(".v")[0]
        casts: list[Cast] = []
        for step in range(event.version - 1, 0, -1):
            known = f"{stem}.v{step}"
            if known not in self._upcasts or known not in self._downcasts:
                break
            casts.append(self._downcasts[known])
            if step == version:
                return _Older(known, tuple(casts))
        able = ", ".join(map(str, range(event.version - len(casts), event.version + 1)))
        raise CannotWrite(
            f"this program writes {event.names.public} in version {able}, not in {version}"
        )

    def encode(self, event: Event) -> tuple[str, str]:
        """The type that an event is written as, and its body."""
        older = self._older.get(event.names.type)
        if older is None:
            return event.names.type, event.model_dump_json()
        return older.type, older.body(event)

    @property
    def public_names(self) -> frozenset[str]:
        """The public name of every event type that is known here."""
        return frozenset(known.names.public for known in self._classes.values())

    @property
    def shown_names(self) -> frozenset[str]:
        """All that a live client may ask for: events and telemetry."""
        return self.public_names | MEASURED_NAMES

    def public_name(self, event_type: str) -> str:
        """The public name of an event type, also of one whose version is not known here."""
        known = self._classes.get(event_type)
        if known is not None:
            return known.names.public
        return "_".join(event_type.split(".")[1:-1]).upper()


def _next_version(event_type: str) -> str:
    stem, _, version = event_type.rpartition(".v")
    return f"{stem}.v{int(version) + 1}"


CATALOG = EventCatalog()
_BY_ADDRESS = {(command.area, command.snake_name()): command for command in COMMANDS}


def command_class(area: str, name: str) -> type[Command] | None:
    """The command with this area and snake name, if there is one."""
    return _BY_ADDRESS.get((area, name))
