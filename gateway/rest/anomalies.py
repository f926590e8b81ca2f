"""Anomalies over REST: what behaved as it never did, and what people say of it."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from litestar import Response, Router, get, post
from litestar.datastructures import ResponseHeader
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, JSONBody

from contracts.anomalies import GiveAnomalyFeedback
from contracts.outcomes import Outcome
from contracts.refusals import Code, Refused
from gateway.auth.guards import READERS, Mine, giving, reads_of
from gateway.gate import Gate
from gateway.rest import as_of
from gateway.rest.anomaly_filters import FILTERS, Wanted
from gateway.rest.as_of import AS_OF_HEADER, AsOfSequence, AsOfTime
from gateway.rest.documented_anomalies import AnomalyFeedback, AnomalyList
from gateway.rest.shared import (
    AnyRequest,
    PageNumber,
    PageSize,
    Text,
    WithGate,
    cursor_of,
    errors,
    field_error,
    page_of,
    raw,
)
from gateway.rest.writes import Done, Pending, write
from projections.anomalies import anomaly_queries as queries
from projections.anomalies.view import AnomalyView
from services.runtime.queries import Cursor

_HEADERS = [
    ResponseHeader(
        name="X-Event-Sequence", documentation_only=True, description="Position in the log."
    )
]
_CHANGE = {
    202: ResponseSpec(
        Outcome, generate_examples=False, description="Taken, but not yet visible: see Location."
    )
} | errors(
    Code.INVALID_JSON,
    Code.ANOMALY_NOT_FOUND,
    Code.BODY_TOO_LARGE,
    Code.UNSUPPORTED_MEDIA_TYPE,
    Code.LIMIT_REACHED,
    Code.BUS_UNAVAILABLE,
)


@get("/", operation_id="listAnomalies", opt=READERS, summary="List anomalies",
     response_headers=[AS_OF_HEADER], responses=errors())  # fmt: skip
async def list_anomalies(
    gate: WithGate,
    wanted: Wanted,
    page: PageNumber = 1,
    page_size: PageSize = 20,
    cursor: Text = None,
    moment: AsOfTime = None,
    sequence: AsOfSequence = None,
) -> Response[AnomalyList]:
    """Those that last and those that have ended, or those asked for; with `from` and `to`, those
    that were within that time, or a part of it.

    `next_cursor` leads on, however long the list is; it is null at its end, and of any order but
    the newest first. No more than 1,000 are counted: then `total_at_least` is true.
    """
    after = _after(wanted, page, cursor)
    at = await as_of.find(gate, moment, sequence, "anomalies")
    wanted = replace(wanted, as_of=at)
    found = await queries.listing(gate.database, wanted, page_of(page, page_size), after)
    return raw(found, headers=as_of.headers(at))


def _after(wanted: queries.AnomalyFilter, page: int, cursor: str | None) -> Cursor | None:
    if cursor is None:
        return None
    if page != 1:
        raise field_error("cursor", "goes without a page")
    if wanted.sort != queries.NEWEST:
        raise field_error("cursor", f"cannot be given together with sort={wanted.sort}")
    return cursor_of(cursor)


@get("/{anomaly_id:uuid}", operation_id="getAnomaly", opt=READERS, summary="One anomaly",
     response_headers=[AS_OF_HEADER], responses=errors(Code.ANOMALY_NOT_FOUND))  # fmt: skip
async def get_anomaly(
    gate: WithGate,
    mine: Mine,
    anomaly_id: FromPath[UUID],
    moment: AsOfTime = None,
    sequence: AsOfSequence = None,
) -> Response[AnomalyView]:
    """What was found, what it rests on, and what was said of it."""
    at = await as_of.find(gate, moment, sequence, "anomalies")
    found = await queries.by_id(gate.database, anomaly_id, mine, at)
    if found is None:
        raise _no_anomaly(anomaly_id)
    return raw(found.body, headers=as_of.headers(at))


@post("/{anomaly_id:uuid}/feedback", operation_id="giveAnomalyFeedback", status_code=200,
      summary="Say whether it was right to tell an anomaly", opt=giving(GiveAnomalyFeedback),
      response_headers=_HEADERS, responses=_CHANGE)  # fmt: skip
async def give_feedback(
    gate: WithGate, request: AnyRequest, anomaly_id: FromPath[UUID], data: JSONBody[AnomalyFeedback]
) -> Response[AnomalyView]:
    """The anomaly as it is then. The last word counts; of NOISE the detector wants to see more of
    this series before it tells of it again."""
    anomaly = await _seen(gate, request, anomaly_id)
    command = GiveAnomalyFeedback(
        cluster_id=anomaly.cluster_id,
        anomaly_id=anomaly_id,
        verdict=data.verdict,
        comment=data.comment,
    )
    done = await write(gate, request, command, "anomalies")
    if isinstance(done, Pending):
        return done.response()
    return await _show(gate, request, anomaly_id, done)


async def _show(gate: Gate, request: AnyRequest, anomaly_id: UUID, done: Done) -> Response[Any]:
    found = await _seen(gate, request, anomaly_id)
    sequence = done.outcome.sequence
    headers = {} if sequence is None else {"X-Event-Sequence": str(sequence)}
    return raw(found.body, headers=headers)


async def _seen(gate: Gate, request: AnyRequest, anomaly_id: UUID) -> queries.Found:
    """An anomaly that whoever asks may see."""
    found = await queries.by_id(gate.database, anomaly_id, reads_of(request))
    if found is None:
        raise _no_anomaly(anomaly_id)
    return found


def _no_anomaly(anomaly_id: UUID) -> Refused:
    return Refused(Code.ANOMALY_NOT_FOUND, f"there is no anomaly {anomaly_id}")


anomalies = Router(
    "/anomalies",
    route_handlers=[list_anomalies, get_anomaly, give_feedback],
    dependencies=FILTERS,
    tags=["Intelligence"],
)
