"""What people do about incidents over REST: each a command that its handler decides."""

from typing import Any
from uuid import UUID

from litestar import Response, post
from litestar.datastructures import ResponseHeader
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, JSONBody

from contracts.envelope import Command
from contracts.incidents import (
    AcknowledgeIncident,
    MergeIncidents,
    ReopenIncident,
    ResolveIncident,
    SplitIncident,
)
from contracts.outcomes import Outcome
from contracts.refusals import Code, Refused
from gateway.auth.guards import giving, reads_of
from gateway.gate import Gate
from gateway.rest.documented_incidents import IncidentComment, IncidentMerge, IncidentSplitOff
from gateway.rest.shared import (
    AnyRequest,
    IfMatch,
    WithGate,
    errors,
    expected_version,
    field_error,
    preconditions,
    raw,
)
from gateway.rest.writes import Done, Pending, write
from projections.incidents import queries
from projections.incidents.view import IncidentDetail

_HEADERS = [
    ResponseHeader(name="ETag", documentation_only=True, description="The incident's version."),
    ResponseHeader(
        name="X-Event-Sequence", documentation_only=True, description="Position in the log."
    ),
]
_CHANGE = {
    202: ResponseSpec(
        Outcome, generate_examples=False, description="Taken, but not yet visible: see Location."
    )
} | errors(
    Code.INVALID_JSON,
    Code.INCIDENT_NOT_FOUND,
    Code.VERSION_CONFLICT,
    Code.PRECONDITION_FAILED,
    Code.BODY_TOO_LARGE,
    Code.UNSUPPORTED_MEDIA_TYPE,
    Code.LIMIT_REACHED,
    Code.BUS_UNAVAILABLE,
)


@post("/{incident_id:uuid}/acknowledge", operation_id="acknowledgeIncident", status_code=200,
      summary="Take an incident up", opt=giving(AcknowledgeIncident),
      response_headers=_HEADERS, responses=_CHANGE)  # fmt: skip
async def acknowledge(
    gate: WithGate,
    request: AnyRequest,
    incident_id: FromPath[UUID],
    data: JSONBody[IncidentComment],
    if_match: IfMatch = None,
) -> Response[IncidentDetail]:
    """Say that somebody works on it; it stays open."""
    told = _told(incident_id, if_match, data)
    return await _changed(gate, request, incident_id, AcknowledgeIncident.model_validate(told))


@post("/{incident_id:uuid}/resolve", operation_id="resolveIncident", status_code=200,
      summary="Say that an incident is over", opt=giving(ResolveIncident),
      response_headers=_HEADERS, responses=_CHANGE)  # fmt: skip
async def resolve(
    gate: WithGate,
    request: AnyRequest,
    incident_id: FromPath[UUID],
    data: JSONBody[IncidentComment],
    if_match: IfMatch = None,
) -> Response[IncidentDetail]:
    """Whatever its signals say."""
    told = _told(incident_id, if_match, data)
    return await _changed(gate, request, incident_id, ResolveIncident.model_validate(told))


@post("/{incident_id:uuid}/reopen", operation_id="reopenIncident", status_code=200,
      summary="Say that an incident is not over", opt=giving(ReopenIncident),
      response_headers=_HEADERS, responses=_CHANGE)  # fmt: skip
async def reopen(
    gate: WithGate,
    request: AnyRequest,
    incident_id: FromPath[UUID],
    data: JSONBody[IncidentComment],
    if_match: IfMatch = None,
) -> Response[IncidentDetail]:
    """One that was resolved is open again."""
    told = _told(incident_id, if_match, data)
    return await _changed(gate, request, incident_id, ReopenIncident.model_validate(told))


@post("/{incident_id:uuid}/merge", operation_id="mergeIncidents", status_code=200,
      summary="Make one incident of two", opt=giving(MergeIncidents),
      response_headers=_HEADERS, responses=_CHANGE)  # fmt: skip
async def merge(
    gate: WithGate,
    request: AnyRequest,
    incident_id: FromPath[UUID],
    data: JSONBody[IncidentMerge],
    if_match: IfMatch = None,
) -> Response[IncidentDetail]:
    """What belongs to the other one belongs to this one; the other one ends in it."""
    if data.other_id == incident_id:
        raise field_error("other_id", "must be that of another incident")
    await _seen(gate, request, data.other_id)
    told = _told(incident_id, if_match, data)
    return await _changed(gate, request, incident_id, MergeIncidents.model_validate(told))


@post("/{incident_id:uuid}/split", operation_id="splitIncident", status_code=201,
      summary="Make an incident of some signals", opt=giving(SplitIncident),
      response_headers=_HEADERS, responses=_CHANGE)  # fmt: skip
async def split(
    gate: WithGate,
    request: AnyRequest,
    incident_id: FromPath[UUID],
    data: JSONBody[IncidentSplitOff],
    if_match: IfMatch = None,
) -> Response[IncidentDetail]:
    """Some of its signals become another incident, which is shown."""
    command = SplitIncident.model_validate(_told(incident_id, if_match, data))
    done = await _done(gate, request, incident_id, command)
    if isinstance(done, Pending):
        return done.response()
    made = UUID(done.outcome.id or "")
    return await _show(gate, request, made, done, status=201)


def no_incident(incident_id: UUID) -> Refused:
    """There is none, or none that is seen."""
    return Refused(Code.INCIDENT_NOT_FOUND, f"there is no incident {incident_id}")


def _told(incident_id: UUID, if_match: str | None, body: IncidentComment) -> dict[str, Any]:
    version = expected_version(if_match, "an incident")
    return {"incident_id": incident_id, "expected_version": version} | body.model_dump()


async def _changed(
    gate: Gate, request: AnyRequest, incident_id: UUID, command: Command
) -> Response[Any]:
    """The incident as it is after a command; 202 if that is not visible yet."""
    done = await _done(gate, request, incident_id, command)
    if isinstance(done, Pending):
        return done.response()
    return await _show(gate, request, incident_id, done)


async def _done(
    gate: Gate, request: AnyRequest, incident_id: UUID, command: Command
) -> Done | Pending:
    await _seen(gate, request, incident_id)
    with preconditions():
        return await write(gate, request, command, "incidents")


async def _show(
    gate: Gate, request: AnyRequest, incident_id: UUID, done: Done, *, status: int = 200
) -> Response[Any]:
    found = await _seen(gate, request, incident_id)
    headers = {"ETag": f'"{found.version}"'}
    if done.outcome.sequence is not None:
        headers["X-Event-Sequence"] = str(done.outcome.sequence)
    if status == 201:
        headers["Location"] = f"/api/v1/incidents/{incident_id}"
    return raw(found.body, status=status, headers=headers)


async def _seen(gate: Gate, request: AnyRequest, incident_id: UUID) -> queries.Found:
    """An incident that whoever asks may see, or a part of."""
    found = await queries.by_id(gate.database, incident_id, reads_of(request))
    if found is None:
        raise no_incident(incident_id)
    return found


CHANGES = (acknowledge, resolve, reopen, merge, split)
