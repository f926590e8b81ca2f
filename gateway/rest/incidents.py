"""Incidents over REST: what belongs together, why so, and what was done about it."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, Router, get
from litestar.datastructures import ResponseHeader
from litestar.params import FromPath, FromQuery, QueryParameter

from contracts.alerts import Severity
from contracts.incidents import SignalKind
from contracts.refusals import Code
from gateway.auth.guards import READERS, Mine
from gateway.gate import Gate
from gateway.rest import as_of
from gateway.rest.as_of import AS_OF_HEADER, AsOfSequence, AsOfTime
from gateway.rest.documented_incidents import IncidentList, SignalList, Timeline
from gateway.rest.events import position_of
from gateway.rest.incident_changes import CHANGES, no_incident
from gateway.rest.shared import (
    Flag,
    PageNumber,
    PageSize,
    Several,
    States,
    Text,
    WithGate,
    choices,
    errors,
    field_error,
    ids,
    page_of,
    raw,
    zoned,
)
from projections.incidents import queries, signal_queries, timeline_queries
from projections.incidents.view import IncidentDetail
from projections.rca import short_queries
from services.runtime.principals import Scope
from services.runtime.queries import AsOf

_SEVERITIES = tuple(Severity)
_KINDS = tuple(SignalKind)
From = Annotated[datetime | None, QueryParameter(name="from", description="Began then or later.")]
To = Annotated[datetime | None, QueryParameter(name="to", description="Began before.")]
Sort = Annotated[
    str,
    QueryParameter(
        description="`severity`: the worst first, of these the newest; `-opened_at`;"
        " `-last_signal_at`; `impact`: the worst first, of these those that last, that are about"
        " the most clusters, that have the most signals that last, the newest."
    ),
]
_INCLUDED = ("CAUSE", "REACH", "NAMES")
Include = Annotated[
    list[str] | None,
    QueryParameter(
        description="May be repeated. `CAUSE`: the newest analysis of each in short. `REACH`: what"
        " its signals are about, in numbers. `NAMES`: what lasts in all of them, by name."
    ),
]
Limit = Annotated[int, QueryParameter(ge=1, le=1000, description="Entries of one answer.")]
_ONE = errors(Code.INCIDENT_NOT_FOUND)
_ETAG = ResponseHeader(name="ETag", documentation_only=True, description="The incident's version.")


@get("/", operation_id="listIncidents", opt=READERS, summary="List incidents",
     response_headers=[AS_OF_HEADER], responses=errors())  # fmt: skip
async def list_incidents(
    gate: WithGate,
    mine: Mine,
    states: States = None,
    severity: Several = None,
    cluster_id: Several = None,
    q: Text = None,
    since: From = None,
    until: To = None,
    sort: Sort = "severity",
    include: Include = None,
    page: PageNumber = 1,
    page_size: PageSize = 20,
    moment: AsOfTime = None,
    sequence: AsOfSequence = None,
) -> Response[IncidentList]:
    """Open and acknowledged incidents, or those of the states asked for; `q` is in the title.

    One that has ended in another is left out: its signals belong to that one.

    With `include` one answer tells a story: what is behind each incident with what says so, how far
    it reaches, and which alerts need no line of their own. `CAUSE` costs a row for each incident,
    `REACH` up to 500; as of a time, both stand after the same event. An analysis that is also
    about clusters which whoever asks may not see is told of, and not shown.
    """
    if sort not in queries.SORTABLE:
        raise field_error("sort", f"must be one of {', '.join(queries.SORTABLE)}")
    included = choices("include", include, _INCLUDED)
    wanted = queries.IncidentFilter(
        mine=mine,
        with_reach="REACH" in included,
        with_names="NAMES" in included,
        state=choices("state", states, queries.STATES) or queries.OPEN,
        severity=choices("severity", severity, _SEVERITIES),
        cluster_id=ids("cluster_id", cluster_id),
        q=q,
        since=zoned("from", since),
        until=zoned("to", until),
        sort=sort,
    )
    at = await as_of.find(gate, moment, sequence, "incidents")
    wanted = replace(wanted, as_of=at)
    if at is not None and "CAUSE" in included:
        await as_of.find(gate, None, at.sequence, "rca")
    found = await queries.listing(gate.database, wanted, page_of(page, page_size))
    if "CAUSE" in included:
        found = await _with_causes(gate, found, mine, at)
    return raw(found, headers=as_of.headers(at))


async def _with_causes(gate: Gate, found: bytes, mine: Scope, at: AsOf | None) -> bytes:
    """The list with the newest analysis of each; the two projections know nothing of each other."""
    listed = msgspec.json.decode(found, type=dict[str, msgspec.Raw])
    items = msgspec.json.decode(listed["items"], type=list[dict[str, msgspec.Raw]])
    ids = [msgspec.json.decode(item["id"], type=UUID) for item in items]
    causes = await short_queries.newest(gate.database, ids, mine, at) if ids else {}
    told: list[dict[str, Any]] = [
        item | {"cause": causes.get(one)} for one, item in zip(ids, items, strict=True)
    ]
    return msgspec.json.encode({**listed, "items": told})


@get("/{incident_id:uuid}", operation_id="getIncident", opt=READERS, summary="One incident",
     response_headers=[AS_OF_HEADER, _ETAG], responses=_ONE)  # fmt: skip
async def get_incident(
    gate: WithGate,
    mine: Mine,
    incident_id: FromPath[UUID],
    moment: AsOfTime = None,
    sequence: AsOfSequence = None,
) -> Response[IncidentDetail]:
    """One incident with the newest of its timeline; its version is the ETag."""
    at = await as_of.find(gate, moment, sequence, "incidents")
    found = await queries.by_id(gate.database, incident_id, mine, at)
    if found is None:
        raise no_incident(incident_id)
    return raw(found.body, headers={"ETag": f'"{found.version}"'} | as_of.headers(at))


@get("/{incident_id:uuid}/signals", operation_id="listIncidentSignals", opt=READERS,
     summary="Signals of an incident", response_headers=[AS_OF_HEADER], responses=_ONE)  # fmt: skip
async def list_signals(
    gate: WithGate,
    mine: Mine,
    incident_id: FromPath[UUID],
    lasting: Flag = None,
    kind: Several = None,
    severity: Several = None,
    cluster_id: Several = None,
    q: Text = None,
    page: PageNumber = 1,
    page_size: PageSize = 20,
    moment: AsOfTime = None,
    sequence: AsOfSequence = None,
) -> Response[SignalList]:
    """What belongs to an incident, and why; those that came last first.

    `q` is looked for in their names and in what they are about.
    """
    wanted = signal_queries.SignalFilter(
        mine=mine,
        lasting=lasting,
        kind=choices("kind", kind, _KINDS),
        severity=choices("severity", severity, _SEVERITIES),
        cluster_id=ids("cluster_id", cluster_id),
        q=q,
    )
    at = await as_of.find(gate, moment, sequence, "incidents")
    wanted, part = replace(wanted, as_of=at), page_of(page, page_size)
    found = await signal_queries.signals(gate.database, incident_id, wanted, part)
    return raw(_known(found, incident_id), headers=as_of.headers(at))


@get("/{incident_id:uuid}/timeline", operation_id="getIncidentTimeline", opt=READERS,
     summary="What happened to an incident", response_headers=[AS_OF_HEADER],
     responses=_ONE)  # fmt: skip
async def get_timeline(
    gate: WithGate,
    mine: Mine,
    incident_id: FromPath[UUID],
    limit: Limit = 100,
    cursor: FromQuery[str | None] = None,
    moment: AsOfTime = None,
    sequence: AsOfSequence = None,
) -> Response[Timeline]:
    """Every decision about an incident with its reason, the newest first."""
    before = None if cursor is None else position_of(cursor)
    at = await as_of.find(gate, moment, sequence, "incidents")
    found = await timeline_queries.timeline(gate.database, incident_id, mine, limit, before, at)
    return raw(_known(found, incident_id), headers=as_of.headers(at))


def _known(found: bytes | None, incident_id: UUID) -> bytes:
    if found is None:
        raise no_incident(incident_id)
    return found


incidents = Router(
    "/incidents",
    route_handlers=[list_incidents, get_incident, list_signals, get_timeline, *CHANGES],
    tags=["Intelligence"],
)
