"""Root cause analyses over REST: asked for, shown, and as they were."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from litestar import Response, Router, get, post
from litestar.datastructures import ResponseHeader
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, JSONBody

from contracts.outcomes import Outcome
from contracts.rca import LONGEST_WINDOW, AnalyzeRootCause
from contracts.refusals import Code, Refused
from gateway.auth.guards import READERS, Mine, giving, reads_of
from gateway.gate import Gate
from gateway.rest import as_of
from gateway.rest.as_of import AS_OF_HEADER, AsOfSequence, AsOfTime
from gateway.rest.documented_rca import RcaList, RcaSearch
from gateway.rest.incident_changes import no_incident
from gateway.rest.shared import (
    AnyRequest,
    PageNumber,
    PageSize,
    Several,
    WithGate,
    errors,
    field_error,
    ids,
    page_of,
    raw,
)
from gateway.rest.writes import Done, Pending, write
from projections.alerts import queries as alerts
from projections.anomalies import anomaly_queries as anomalies
from projections.fleet import queries as fleet
from projections.incidents import queries as incidents
from projections.rca import queries
from projections.rca.view import RcaView
from services.runtime.principals import Scope

_PATIENCE = 30.0
"""Seconds: what it reads of the log may be a day."""
_SUBJECTS = ("incident_id", "alert_id", "anomaly_id", "cluster_id")
_HEADERS = [
    ResponseHeader(
        name="Location", documentation_only=True, description="Where the analysis is, from now on."
    ),
    ResponseHeader(
        name="X-Event-Sequence", documentation_only=True, description="Position in the log."
    ),
]
_ANSWERS = {
    202: ResponseSpec(
        Outcome, generate_examples=False, description="Taken, but not yet visible: see Location."
    )
} | errors(
    Code.INVALID_JSON,
    Code.INCIDENT_NOT_FOUND,
    Code.ALERT_NOT_FOUND,
    Code.ANOMALY_NOT_FOUND,
    Code.CLUSTER_NOT_FOUND,
    Code.RCA_NOT_FOUND,
    Code.BODY_TOO_LARGE,
    Code.UNSUPPORTED_MEDIA_TYPE,
    Code.LIMIT_REACHED,
    Code.BUS_UNAVAILABLE,
)


@post("/", operation_id="analyzeRootCause", status_code=201, opt=giving(AnalyzeRootCause),
      summary="Look for a root cause", response_headers=_HEADERS,
      responses=_ANSWERS)  # fmt: skip
async def analyze_root_cause(
    gate: WithGate, request: AnyRequest, data: JSONBody[RcaSearch]
) -> Response[RcaView]:
    """What was found of an incident, of the one that an alert or anomaly belongs to, or of all that
    was wrong with a cluster in a time. That nothing was wrong, or the cause is unknown, is an
    answer."""
    _one_subject(data)
    _window(data)
    await _known(gate, data, reads_of(request))
    command = AnalyzeRootCause.model_validate(data.model_dump())
    done = await write(gate, request, command, "rca", wait=_PATIENCE)
    if isinstance(done, Pending):
        return done.response()
    return await _show(gate, request, done)


@get("/{rca_id:uuid}", operation_id="getRootCause", opt=READERS, summary="One analysis",
     response_headers=[AS_OF_HEADER], responses=errors(Code.RCA_NOT_FOUND))  # fmt: skip
async def get_root_cause(
    gate: WithGate,
    mine: Mine,
    rca_id: FromPath[UUID],
    moment: AsOfTime = None,
    sequence: AsOfSequence = None,
) -> Response[RcaView]:
    """The likely causes with what speaks for and against them, and what has led to what.

    Each claim cites events by their sequences: `GET /events/{sequence}` shows them.
    """
    at = await as_of.find(gate, moment, sequence, "rca")
    found = await queries.by_id(gate.database, rca_id, mine, at)
    if found is None:
        raise _no_analysis(rca_id)
    return raw(found, headers=as_of.headers(at))


@get("/", operation_id="listRootCauses", opt=READERS, summary="List analyses",
     response_headers=[AS_OF_HEADER], responses=errors())  # fmt: skip
async def list_root_causes(
    gate: WithGate,
    mine: Mine,
    incident_id: Several = None,
    cluster_id: Several = None,
    page: PageNumber = 1,
    page_size: PageSize = 20,
    moment: AsOfTime = None,
    sequence: AsOfSequence = None,
) -> Response[RcaList]:
    """The newest first: those that were asked for, and those of incidents that opened or grew.

    `incident_id` also finds those of incidents that were merged into it. Of one incident, or of
    what belongs to none of one alert, anomaly or cluster, the newest 100 are kept.
    """
    wanted = queries.AnalysisFilter(
        mine, incident_id=ids("incident_id", incident_id), cluster_id=ids("cluster_id", cluster_id),
        as_of=await as_of.find(gate, moment, sequence, "rca"),
    )  # fmt: skip
    found = await queries.listing(gate.database, wanted, page_of(page, page_size))
    return raw(found, headers=as_of.headers(wanted.as_of))


def _one_subject(data: RcaSearch) -> None:
    given = [name for name in _SUBJECTS if getattr(data, name) is not None]
    if not given:
        raise field_error("incident_id", f"one of these must be given: {', '.join(_SUBJECTS)}")
    if len(given) > 1:
        raise field_error(given[1], f"cannot be given together with {given[0]}")


def _window(data: RcaSearch) -> None:
    if data.cluster_id is None:
        for name in ("start", "end"):
            if getattr(data, name) is not None:
                raise field_error(name, "goes without anything but cluster_id")
        return
    if data.start is None:
        raise field_error("start", "is missing: it goes with cluster_id")
    if data.end is None:
        raise field_error("end", "is missing: it goes with cluster_id")
    if not timedelta(0) < data.end - data.start <= LONGEST_WINDOW:
        raise field_error("end", "must be after start, by a day at most")


async def _known(gate: Gate, data: RcaSearch, mine: Scope) -> None:
    """Refused, as what there is not, also for what whoever asks does not see."""
    database = gate.database
    if data.incident_id is not None:
        if await incidents.by_id(database, data.incident_id, mine) is None:
            raise no_incident(data.incident_id)
    elif data.alert_id is not None:
        if await alerts.by_id(database, data.alert_id, mine, gate.clock.now()) is None:
            raise Refused(Code.ALERT_NOT_FOUND, f"there is no alert {data.alert_id}")
    elif data.anomaly_id is not None:
        if await anomalies.by_id(database, data.anomaly_id, mine) is None:
            raise Refused(Code.ANOMALY_NOT_FOUND, f"there is no anomaly {data.anomaly_id}")
    elif data.cluster_id is not None and (
        await fleet.by_id(database, data.cluster_id, mine) is None
    ):
        raise Refused(Code.CLUSTER_NOT_FOUND, f"there is no cluster {data.cluster_id}")


async def _show(gate: Gate, request: AnyRequest, done: Done) -> Response[Any]:
    rca_id = UUID(done.outcome.id or "")
    found = await queries.by_id(gate.database, rca_id, reads_of(request))
    if found is None:
        raise _no_analysis(rca_id)
    headers = {"Location": f"/api/v1/analysis/rca/{rca_id}"}
    if done.outcome.sequence is not None:
        headers["X-Event-Sequence"] = str(done.outcome.sequence)
    return raw(found, status=201, headers=headers)


def _no_analysis(rca_id: UUID) -> Refused:
    return Refused(Code.RCA_NOT_FOUND, f"there is no analysis {rca_id}")


rca = Router(
    "/analysis/rca",
    route_handlers=[analyze_root_cause, list_root_causes, get_root_cause],
    tags=["Intelligence"],
)
