"""Scans over every event and every command: an addition is tested by being there."""

import importlib
import inspect
import json
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, strategies as st

import contracts
from contracts.catalog import CATALOG, COMMANDS, EVENTS, command_class
from contracts.envelope import Command, Event, Message
from contracts.subjects import address, is_plain_token, parse
from tests.kit import builders

MESSAGES: tuple[type[Message], ...] = (*EVENTS, *COMMANDS)
SAMPLES: Mapping[type[Message], Callable[[], Message]] = {**builders.EVENTS, **builders.COMMANDS}

# A published name is for ever: lines are added here, never changed or removed.
EVENT_NAMES = {
    "ClusterRegistered": ("aiops.cluster.registered.v1", "registered", "CLUSTER_REGISTERED"),
    "ClusterUpdated": ("aiops.cluster.updated.v1", "updated", "CLUSTER_UPDATED"),
    "ClusterDeleted": ("aiops.cluster.deleted.v1", "deleted", "CLUSTER_DELETED"),
    "ClusterNameTaken": ("aiops.cluster_name.taken.v1", "taken", "CLUSTER_NAME_TAKEN"),
    "ClusterNameFreed": ("aiops.cluster_name.freed.v1", "freed", "CLUSTER_NAME_FREED"),
    "ClusterStatusChanged": (
        "aiops.cluster.status_changed.v1",
        "status_changed",
        "CLUSTER_STATUS_CHANGED",
    ),
    "ClusterCredentialsUpdated": (
        "aiops.cluster_credentials.updated.v1",
        "updated",
        "CLUSTER_CREDENTIALS_UPDATED",
    ),
    "ClusterCredentialsExpiring": (
        "aiops.cluster_credentials.expiring.v1",
        "expiring",
        "CLUSTER_CREDENTIALS_EXPIRING",
    ),
    "ClusterCredentialsDeleted": (
        "aiops.cluster_credentials.deleted.v1",
        "deleted",
        "CLUSTER_CREDENTIALS_DELETED",
    ),
    "ClusterCapabilitiesChanged": (
        "aiops.cluster_capabilities.changed.v1",
        "changed",
        "CLUSTER_CAPABILITIES_CHANGED",
    ),
    "AlertFired": ("aiops.alert.fired.v1", "fired", "ALERT_FIRED"),
    "AlertResolved": ("aiops.alert.resolved.v1", "resolved", "ALERT_RESOLVED"),
    "BackendCircuitOpened": (
        "aiops.backend_circuit.opened.v1",
        "opened",
        "BACKEND_CIRCUIT_OPENED",
    ),
    "BackendCircuitClosed": (
        "aiops.backend_circuit.closed.v1",
        "closed",
        "BACKEND_CIRCUIT_CLOSED",
    ),
    "AlertSilenced": ("aiops.alert.silenced.v1", "silenced", "ALERT_SILENCED"),
    "AlertUnsilenced": ("aiops.alert.unsilenced.v1", "unsilenced", "ALERT_UNSILENCED"),
    "AlertPending": ("aiops.alert.pending.v1", "pending", "ALERT_PENDING"),
    "AlertPendingEnded": ("aiops.alert.pending_ended.v1", "pending_ended", "ALERT_PENDING_ENDED"),
    "EdgeLinkLost": ("aiops.edge_link.lost.v1", "lost", "EDGE_LINK_LOST"),
    "EdgeLinkRestored": ("aiops.edge_link.restored.v1", "restored", "EDGE_LINK_RESTORED"),
    "TraceReceived": ("aiops.trace.received.v1", "received", "TRACE_RECEIVED"),
    "GpuThresholdCrossed": (
        "aiops.gpu.threshold_crossed.v1",
        "threshold_crossed",
        "GPU_THRESHOLD_CROSSED",
    ),
    "GpuXidError": ("aiops.gpu.xid_error.v1", "xid_error", "GPU_XID_ERROR"),
    "GpuDisappeared": ("aiops.gpu.disappeared.v1", "disappeared", "GPU_DISAPPEARED"),
    "GpuReappeared": ("aiops.gpu.reappeared.v1", "reappeared", "GPU_REAPPEARED"),
    "TokenCreated": ("aiops.token.created.v1", "created", "TOKEN_CREATED"),
    "TokenRevoked": ("aiops.token.revoked.v1", "revoked", "TOKEN_REVOKED"),
    "LoggedIn": ("aiops.logged.in.v1", "in", "LOGGED_IN"),
    "LoggedOut": ("aiops.logged.out.v1", "out", "LOGGED_OUT"),
    "AccessDenied": ("aiops.access.denied.v1", "denied", "ACCESS_DENIED"),
    "LoginsFailed": ("aiops.logins.failed.v1", "failed", "LOGINS_FAILED"),
    "AccessBindingsChanged": (
        "aiops.access.bindings_changed.v1",
        "bindings_changed",
        "ACCESS_BINDINGS_CHANGED",
    ),
    "ProjectionRebuildStarted": (
        "aiops.projection.rebuild_started.v1",
        "rebuild_started",
        "PROJECTION_REBUILD_STARTED",
    ),
    "DeadLetterRetried": ("aiops.dead_letter.retried.v1", "retried", "DEAD_LETTER_RETRIED"),
    "DeadLetterDropped": ("aiops.dead_letter.dropped.v1", "dropped", "DEAD_LETTER_DROPPED"),
    "CnfStatusChanged": ("aiops.cnf.status_changed.v1", "status_changed", "CNF_STATUS_CHANGED"),
    "AnomalyDetected": ("aiops.anomaly.detected.v1", "detected", "ANOMALY_DETECTED"),
    "AnomalyEnded": ("aiops.anomaly.ended.v1", "ended", "ANOMALY_ENDED"),
    "AnomalyFeedbackGiven": ("aiops.anomaly_feedback.given.v1", "given", "ANOMALY_FEEDBACK_GIVEN"),
    "WatchDefined": ("aiops.watch.defined.v1", "defined", "WATCH_DEFINED"),
    "WatchRemoved": ("aiops.watch.removed.v1", "removed", "WATCH_REMOVED"),
    "IncidentOpened": ("aiops.incident.opened.v1", "opened", "INCIDENT_OPENED"),
    "IncidentUpdated": ("aiops.incident.updated.v1", "updated", "INCIDENT_UPDATED"),
    "IncidentAcknowledged": (
        "aiops.incident.acknowledged.v1",
        "acknowledged",
        "INCIDENT_ACKNOWLEDGED",
    ),
    "IncidentResolved": ("aiops.incident.resolved.v1", "resolved", "INCIDENT_RESOLVED"),
    "IncidentReopened": ("aiops.incident.reopened.v1", "reopened", "INCIDENT_REOPENED"),
    "IncidentMerged": ("aiops.incident.merged.v1", "merged", "INCIDENT_MERGED"),
    "IncidentSplit": ("aiops.incident.split.v1", "split", "INCIDENT_SPLIT"),
    "CorrelationRuleDefined": (
        "aiops.correlation_rule.defined.v1",
        "defined",
        "CORRELATION_RULE_DEFINED",
    ),
    "CorrelationRuleRemoved": (
        "aiops.correlation_rule.removed.v1",
        "removed",
        "CORRELATION_RULE_REMOVED",
    ),
    "RcaComplete": ("aiops.rca.complete.v1", "complete", "RCA_COMPLETE"),
    "ReplayStarted": ("aiops.replay.started.v1", "started", "REPLAY_STARTED"),
    "ReplayCompleted": ("aiops.replay.completed.v1", "completed", "REPLAY_COMPLETED"),
    "ReplayFailed": ("aiops.replay.failed.v1", "failed", "REPLAY_FAILED"),
    "ReportRequested": ("aiops.report.requested.v1", "requested", "REPORT_REQUESTED"),
    "ReportStarted": ("aiops.report.started.v1", "started", "REPORT_STARTED"),
    "ReportGenerated": ("aiops.report.generated.v1", "generated", "REPORT_GENERATED"),
    "ReportFailed": ("aiops.report.failed.v1", "failed", "REPORT_FAILED"),
    "ReportDeleted": ("aiops.report.deleted.v1", "deleted", "REPORT_DELETED"),
    "ReportScheduled": ("aiops.report.scheduled.v1", "scheduled", "REPORT_SCHEDULED"),
    "ReportUnscheduled": ("aiops.report.unscheduled.v1", "unscheduled", "REPORT_UNSCHEDULED"),
    "PersonaCreated": ("aiops.persona.created.v1", "created", "PERSONA_CREATED"),
    "PersonaUpdated": ("aiops.persona.updated.v1", "updated", "PERSONA_UPDATED"),
    "PersonaDeleted": ("aiops.persona.deleted.v1", "deleted", "PERSONA_DELETED"),
    "ChatSessionCreated": (
        "aiops.chat.session_created.v1",
        "session_created",
        "CHAT_SESSION_CREATED",
    ),
    "ChatMessage": ("aiops.chat.message.v1", "message", "CHAT_MESSAGE"),
    "ModelCalled": ("aiops.chat.model_called.v1", "model_called", "MODEL_CALLED"),
    "ToolCalled": ("aiops.chat.tool_called.v1", "tool_called", "TOOL_CALLED"),
    "ToolAnswered": ("aiops.chat.tool_answered.v1", "tool_answered", "TOOL_ANSWERED"),
    "TurnCancelled": ("aiops.chat.turn_cancelled.v1", "turn_cancelled", "TURN_CANCELLED"),
    "ChatSessionDeleted": (
        "aiops.chat.session_deleted.v1",
        "session_deleted",
        "CHAT_SESSION_DELETED",
    ),
}
COMMAND_NAMES = {
    "RegisterCluster": ("clusters", "register_cluster"),
    "UpdateCluster": ("clusters", "update_cluster"),
    "DeleteCluster": ("clusters", "delete_cluster"),
    "RefreshCluster": ("fleet", "refresh_cluster"),
    "UploadCredentials": ("fleet", "upload_credentials"),
    "RotateCredentials": ("fleet", "rotate_credentials"),
    "ValidateCredentials": ("fleet", "validate_credentials"),
    "DeleteCredentials": ("fleet", "delete_credentials"),
    "ImportClusters": ("fleet", "import_clusters"),
    "IngestAlerts": ("alerts", "ingest_alerts"),
    "SilenceAlert": ("fleet", "silence_alert"),
    "UnsilenceAlert": ("fleet", "unsilence_alert"),
    "RebuildProjection": ("projections", "rebuild_projection"),
    "RetryDeadLetter": ("dead_letters", "retry_dead_letter"),
    "DropDeadLetter": ("dead_letters", "drop_dead_letter"),
    "CreateToken": ("access", "create_token"),
    "RevokeToken": ("access", "revoke_token"),
    "NoteAccess": ("access", "note_access"),
    "DefineWatch": ("anomalies", "define_watch"),
    "RemoveWatch": ("anomalies", "remove_watch"),
    "GiveAnomalyFeedback": ("anomalies", "give_anomaly_feedback"),
    "AcknowledgeIncident": ("incidents", "acknowledge_incident"),
    "ResolveIncident": ("incidents", "resolve_incident"),
    "ReopenIncident": ("incidents", "reopen_incident"),
    "MergeIncidents": ("incidents", "merge_incidents"),
    "SplitIncident": ("incidents", "split_incident"),
    "DefineCorrelationRule": ("incidents", "define_correlation_rule"),
    "RemoveCorrelationRule": ("incidents", "remove_correlation_rule"),
    "AnalyzeRootCause": ("rca", "analyze_root_cause"),
    "StartReplay": ("replays", "start_replay"),
    "CancelReplay": ("replays", "cancel_replay"),
    "GenerateReport": ("reports", "generate_report"),
    "DeleteReport": ("reports", "delete_report"),
    "ScheduleReport": ("reports", "schedule_report"),
    "UnscheduleReport": ("reports", "unschedule_report"),
    "CreatePersona": ("personas", "create_persona"),
    "UpdatePersona": ("personas", "update_persona"),
    "DeletePersona": ("personas", "delete_persona"),
    "CreateChatSession": ("chat", "create_chat_session"),
    "AskQuestion": ("chat", "ask_question"),
    "CancelTurn": ("chat", "cancel_turn"),
    "DeleteChatSession": ("chat", "delete_chat_session"),
}
# One stored payload of every type ever published, by ce-type; also only added to.
STORED: dict[str, dict[str, Any]] = json.loads(
    Path(__file__).with_name("stored_events.json").read_text()
)

every_message = pytest.mark.parametrize("message", MESSAGES, ids=lambda cls: cls.__name__)
every_event = pytest.mark.parametrize("event", EVENTS, ids=lambda cls: cls.__name__)
every_command = pytest.mark.parametrize("command", COMMANDS, ids=lambda cls: cls.__name__)


def public_classes() -> Iterator[type]:
    for found in pkgutil.walk_packages(contracts.__path__, "contracts."):
        for name, cls in inspect.getmembers(importlib.import_module(found.name), inspect.isclass):
            if cls.__module__ == found.name and not name.startswith("_"):
                yield cls


@every_message
def test_a_message_survives_the_journey_through_json(message: type[Message]) -> None:
    sample = SAMPLES[message]()
    assert message.model_validate_json(sample.model_dump_json()) == sample


@every_message
def test_a_message_knows_exactly_its_own_fields(message: type[Message]) -> None:
    fields = json.loads(SAMPLES[message]().model_dump_json())
    with pytest.raises(ValueError, match="unheard_of"):
        message.model_validate(fields | {"unheard_of": 1})


@every_message
def test_a_message_cannot_be_changed(message: type[Message]) -> None:
    sample = SAMPLES[message]()
    with pytest.raises(ValueError, match="frozen"):
        setattr(sample, next(iter(message.model_fields)), None)


@given(st.dictionaries(st.text(), st.text()), st.text())
def test_any_text_of_an_alert_survives(labels: dict[str, str], summary: str) -> None:
    event = builders.fired(labels=labels, annotations={"summary": summary})
    assert CATALOG.decode(event.names.type, event.model_dump_json().encode()) == event


def test_every_public_class_says_what_it_is_for() -> None:
    assert [cls.__name__ for cls in public_classes() if not cls.__doc__] == []


def test_every_event_and_command_is_in_the_catalog() -> None:
    bases = {"Message", "Event", "Command", "Query"}
    written = {
        cls
        for cls in public_classes()
        if issubclass(cls, Event | Command) and cls.__name__ not in bases
    }
    assert written == set(MESSAGES)


def test_event_names_are_as_published() -> None:
    names = {
        event.__name__: (event.names.type, event.names.token, event.names.public)
        for event in EVENTS
    }
    assert names == EVENT_NAMES


def test_command_names_are_as_published() -> None:
    names = {command.__name__: (command.area, command.snake_name()) for command in COMMANDS}
    assert names == COMMAND_NAMES


def test_no_two_events_share_a_name() -> None:
    assert len({event.names.type for event in EVENTS}) == len(EVENTS)
    assert len({event.names.public for event in EVENTS}) == len(EVENTS)
    assert len({(event.entity, event.names.token) for event in EVENTS}) == len(EVENTS)


@every_event
def test_class_name_and_version_agree(event: type[Event]) -> None:
    suffix = "" if event.version == 1 else f"V{event.version}"
    stem = event.__name__.removesuffix(suffix)
    assert event.__name__ == stem + suffix
    assert not stem[-1].isdigit()


@every_event
def test_an_event_lands_under_its_entity(event: type[Event]) -> None:
    sample = builders.EVENTS[event]()
    place = address(sample.key, event.names.token, 3 if event.aggregate else None)
    taken_apart = parse(place.subject)
    assert taken_apart.key == sample.key
    assert taken_apart.event == event.names.token
    assert sample.key.type == event.entity
    assert is_plain_token(event.names.token)
    assert place.subject.startswith(place.filter.removesuffix(">"))


@every_event
def test_the_catalog_reads_an_event_by_its_type(event: type[Event]) -> None:
    sample = builders.EVENTS[event]()
    body = sample.model_dump_json().encode()
    assert CATALOG.decode(event.names.type, body) == sample
    assert CATALOG.public_name(event.names.type) == event.names.public


@pytest.mark.parametrize("event_type", STORED)
def test_what_was_stored_once_is_readable_for_ever(event_type: str) -> None:
    event = CATALOG.decode(event_type, json.dumps(STORED[event_type]).encode())
    if event.names.type == event_type:
        # It may have gained fields since, with what it reads as where they are not.
        assert _within(STORED[event_type], json.loads(event.model_dump_json()))


def _within(stored: Any, told: Any) -> bool:
    if isinstance(stored, list) and isinstance(told, list):
        pairs = zip(cast("list[Any]", stored), cast("list[Any]", told), strict=True)
        return len(stored) == len(told) and all(_within(*pair) for pair in pairs)  # pyright: ignore[reportUnknownArgumentType]
    if not isinstance(stored, dict):
        return stored == told
    fields = cast(dict[str, Any], stored)
    return all(name in told and _within(each, told[name]) for name, each in fields.items())


@every_event
def test_a_stored_sample_of_every_event_is_kept(event: type[Event]) -> None:
    sample = builders.EVENTS[event]().model_dump_json()
    assert event.names.type in STORED, f"add to stored_events.json: {sample}"


@every_command
def test_a_command_is_found_by_its_address(command: type[Command]) -> None:
    assert command_class(command.area, command.snake_name()) is command
    assert is_plain_token(command.area)
    assert is_plain_token(command.snake_name())


def test_an_unheard_of_command_is_not_found() -> None:
    assert command_class("clusters", "paint_cluster") is None
