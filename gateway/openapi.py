"""The OpenAPI document: routes as Litestar sees them, shapes as pydantic says them."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from litestar import Litestar
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme
from litestar.routes import HTTPRoute
from litestar.serialization import decode_json, encode_json
from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from contracts.analysis import AnomaliesFound
from contracts.anomalies import Watch
from contracts.catalog import EVENTS, MEASURED
from contracts.clusters import Given, ImportRequest, ImportResult, Registration
from contracts.envelope import public_name
from contracts.incidents import CorrelationRule, Rehearsed
from contracts.outcomes import Outcome
from contracts.personas import PersonaDraft
from contracts.replays import ReplayAsked
from contracts.reports import Recurring
from gateway.posts import REPORTS, Webhook
from gateway.rest.analysis import AnomalySearch
from gateway.rest.commands import GivenCommand
from gateway.rest.documented import (
    AlertsAccepted,
    ClusterList,
    CredentialsTried,
    ErrorEnvelope,
    EventCauses,
    EventList,
    FleetCapabilities,
    FleetHealth,
    FleetSummary,
    Whoami,
)
from gateway.rest.documented_access import LoginWays, NewToken, SessionList, TokenList, TokenMade
from gateway.rest.documented_alerts import AlertFacets, AlertGroups, AlertList
from gateway.rest.documented_anomalies import AnomalyFeedback, AnomalyList, WatchList
from gateway.rest.documented_chat import (
    ChatComparison,
    ChatMessageList,
    ChatMessageView,
    ChatModelList,
    ChatSessionList,
    ChatSessionView,
    NewChatMessage,
    NewChatSession,
    Rerun,
)
from gateway.rest.documented_cnf import (
    CnfWorkloadList,
    DpdkPortList,
    PtpStatusList,
    SriovStatusList,
)
from gateway.rest.documented_gpu import (
    GpuHistory,
    GpuMap,
    GpuNodeList,
    GpuProcessList,
    GpuSummary,
    GpuThresholds,
)
from gateway.rest.documented_incidents import (
    CorrelationRuleList,
    IncidentComment,
    IncidentList,
    IncidentMerge,
    IncidentSplitOff,
    SignalList,
    Timeline,
)
from gateway.rest.documented_logs import LogQuery, LogRangeQuery, LogsAnswer, NamesAnswer
from gateway.rest.documented_metrics import (
    MetricAnswer,
    MetricMetadata,
    MetricNames,
    MetricQuery,
    MetricSeriesFound,
)
from gateway.rest.documented_operations import (
    DeadLetterItem,
    DeadLetterList,
    ProjectionList,
    StreamList,
)
from gateway.rest.documented_personas import PersonaList
from gateway.rest.documented_rca import RcaList, RcaSearch
from gateway.rest.documented_replays import ReplayList
from gateway.rest.documented_reports import ReportList, ReportRequest, ReportScheduleList
from gateway.rest.documented_silences import SilenceList, SilenceMade, SilenceRequest
from gateway.rest.documented_streaming import LiveClients, LiveSubscriptions, StreamingStatus
from gateway.rest.documented_traces import (
    ServiceMapAnswer,
    SpanList,
    TraceList,
    TraceQuery,
    WholeTrace,
)
from gateway.rest.explain import ExplainRequest, ExplanationView
from gateway.rest.login import LoginCode
from gateway.rest.rehearsal import DryRun
from gateway.rest.reports import FILES
from projections.cnf.view import PtpHistory
from projections.fleet.view import ClusterHealth
from projections.gpu.view import GpuNodeDetail
from projections.incidents.view import IncidentDetail
from projections.personas.view import PersonaDetail
from projections.rca.view import RcaView
from projections.replays.view import ReplayView
from projections.reports.view import ReportView, ScheduleView

VERSION = "0.1.0"

_DESCRIPTION = """Reads come from projections of the event log; writes become commands on the bus.
Every error is `{"error": {"code", "message", "details", "service", "trace_id", "timestamp"}}`."""
_REF = "#/components/schemas/{model}"
_ANSWERS: tuple[type[BaseModel], ...] = (
    AlertFacets,
    AlertGroups,
    AlertList,
    AlertsAccepted,
    AnomaliesFound,
    AnomalyList,
    ChatComparison,
    ChatMessageList,
    ChatMessageView,
    ChatModelList,
    ChatSessionList,
    ChatSessionView,
    ClusterHealth,
    ClusterList,
    CnfWorkloadList,
    CorrelationRuleList,
    CredentialsTried,
    DeadLetterItem,
    DeadLetterList,
    DpdkPortList,
    ErrorEnvelope,
    EventCauses,
    EventList,
    ExplanationView,
    FleetCapabilities,
    FleetHealth,
    FleetSummary,
    GpuHistory,
    GpuMap,
    GpuNodeDetail,
    GpuNodeList,
    GpuProcessList,
    GpuSummary,
    GpuThresholds,
    ImportResult,
    IncidentDetail,
    IncidentList,
    LiveClients,
    LiveSubscriptions,
    LoginWays,
    LogsAnswer,
    MetricAnswer,
    MetricMetadata,
    MetricNames,
    MetricSeriesFound,
    NamesAnswer,
    Outcome,
    PersonaDetail,
    PersonaList,
    ProjectionList,
    PtpHistory,
    PtpStatusList,
    RcaList,
    RcaView,
    ReplayList,
    ReplayView,
    ReportList,
    ReportScheduleList,
    ReportView,
    Rehearsed,
    ServiceMapAnswer,
    ScheduleView,
    SessionList,
    SignalList,
    SilenceList,
    SilenceMade,
    SpanList,
    SriovStatusList,
    StreamList,
    StreamingStatus,
    Timeline,
    TokenList,
    TokenMade,
    TraceList,
    WatchList,
    Whoami,
    WholeTrace,
)
_BODIES: tuple[type[BaseModel], ...] = (
    AnomalyFeedback,
    AnomalySearch,
    CorrelationRule,
    DryRun,
    ExplainRequest,
    Given,
    GivenCommand,
    ImportRequest,
    IncidentComment,
    IncidentMerge,
    IncidentSplitOff,
    LogQuery,
    LogRangeQuery,
    LoginCode,
    MetricQuery,
    NewChatMessage,
    NewChatSession,
    NewToken,
    PersonaDraft,
    RcaSearch,
    Recurring,
    ReplayAsked,
    Registration,
    ReportRequest,
    Rerun,
    SilenceRequest,
    TraceQuery,
    Watch,
    Webhook,
)
_MEASUREMENTS = tuple(measured.message for measured in MEASURED.values())
_RAW_BODIES: dict[str, TypeAdapter[Any]] = {
    "postAlerts": TypeAdapter(Webhook),
    "postClusterAlerts": TypeAdapter(Webhook),
    "postAlertmanagerAlerts": REPORTS,
}
"""Bodies that routes read by themselves, by operation."""


def config() -> OpenAPIConfig:
    """What Litestar is told about the document."""
    bearer = SecurityScheme(type="http", scheme="bearer", description="An API token.")
    values: dict[str, Any] = {
        "title": "AIOps NextGen",
        "version": VERSION,
        "description": _DESCRIPTION,
        "components": Components(security_schemes={"token": bearer}),
        "security": [{"token": []}],
        "render_plugins": [],
        "path": "/_openapi",
        "use_handler_docstrings": True,
    }
    return OpenAPIConfig(**values)


def document(app: Litestar) -> bytes:
    """The OpenAPI 3.1 document of an application, made from its handlers."""
    told: Any = decode_json(encode_json(app.openapi_schema.to_schema(), serializer=_plain))
    # Litestar's own schemas of pydantic models lose mappings and what an answer always has.
    told["components"]["schemas"] = _schemas()
    operations = {operation["operationId"]: operation for operation in _operations(told)}
    for name, body in _RAW_BODIES.items():
        schema = body.json_schema(ref_template=_REF)
        schema.pop("$defs", None)
        if "items" not in schema:
            schema = {"$ref": _REF.format(model=schema["title"])}
        content = {"application/json": {"schema": schema}}
        operations[name]["requestBody"] = {"required": True, "content": content}
    operations["downloadReport"]["responses"]["200"]["content"] = {
        kind: {"schema": {"type": "object"} if kind.endswith("json") else {"type": "string"}}
        for kind, _ in FILES.values()
    }
    for name in _public(app) & operations.keys():
        operations[name]["security"] = []
    for operation in operations.values():
        # Litestar tells of a body of null where there is none.
        operation["responses"].get("204", {}).pop("content", None)
    for header in _headers(operations.values()):
        # Litestar leaves it out where a header is only documented; OpenAPI wants one.
        header.setdefault("schema", {"type": "string"})
    # Sorted: Litestar keeps response headers in a set, whose order changes from run to run.
    return json.dumps(told, indent=2, sort_keys=True).encode()


def _plain(value: Any) -> Any:
    """Defaults in the schema may be models."""
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else str(value)


def _schemas() -> dict[str, Any]:
    """Every shape by its name; one that is both sent and answered is told as it may be sent.

    With those of events' payloads, which the live stream carries: the UI's types are made of them.
    """
    shapes = _definitions((*EVENTS, *_MEASUREMENTS, *_ANSWERS), "serialization")
    names = sorted({public_name(event) for event in (*EVENTS, *_MEASUREMENTS)})
    shapes["EventName"] = {"enum": names, "title": "EventName", "type": "string"}
    bodies = _definitions(_BODIES, "validation")
    for name in shapes.keys() & bodies.keys():
        if shapes[name].get("enum") != bodies[name].get("enum"):
            raise ValueError(f"two different shapes are named {name}")
    return shapes | bodies


def _definitions(models: tuple[type[BaseModel], ...], mode: JsonSchemaMode) -> dict[str, Any]:
    _, found = models_json_schema([(model, mode) for model in models], ref_template=_REF)
    definitions: dict[str, Any] = found["$defs"]
    for definition in definitions.values():
        for field in definition.get("properties", {}).values():
            # Generators of clients know mappings by this name only.
            for values in field.pop("patternProperties", {}).values():
                field["additionalProperties"] = values
    return definitions


def _operations(told: Any) -> Iterator[dict[str, Any]]:
    for path in told["paths"].values():
        yield from (operation for operation in path.values() if "operationId" in operation)


def _headers(operations: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for operation in operations:
        for response in operation["responses"].values():
            yield from response.get("headers", {}).values()


def _public(app: Litestar) -> set[str]:
    routes = (route for route in app.routes if isinstance(route, HTTPRoute))
    handlers = (handler for route in routes for handler in route.route_handlers)
    return {str(each.operation_id) for each in handlers if each.opt.get("public")}
