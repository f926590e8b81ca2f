"""Watches over REST: what is asked of clusters' metrics again and again, and looked at."""

from typing import Any, cast

from litestar import Response, Router, delete, get, post, put
from litestar.datastructures import ResponseHeader
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, JSONBody

from contracts.anomalies import DefineWatch, RemoveWatch, Watch
from contracts.outcomes import Outcome
from contracts.refusals import Code, Refused
from gateway.auth.guards import READERS, Mine, giving, reads_of
from gateway.gate import Gate
from gateway.rest import as_of
from gateway.rest.as_of import AS_OF_HEADER, AsOfSequence, AsOfTime
from gateway.rest.documented_anomalies import WatchList
from gateway.rest.shared import (
    AnyRequest,
    IfMatch,
    PageNumber,
    PageSize,
    WithGate,
    errors,
    expected_version,
    field_error,
    page_of,
    preconditions,
    raw,
)
from gateway.rest.writes import Done, Pending, write
from projections.anomalies import queries
from projections.anomalies.view import WatchView

_ETAG = ResponseHeader(name="ETag", documentation_only=True, description="The watch's version.")
_HEADERS = [
    _ETAG,
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
    Code.INVALID_PROMQL,
    Code.WATCH_NOT_FOUND,
    Code.VERSION_CONFLICT,
    Code.PRECONDITION_FAILED,
    Code.BODY_TOO_LARGE,
    Code.UNSUPPORTED_MEDIA_TYPE,
    Code.LIMIT_REACHED,
    Code.BUS_UNAVAILABLE,
)


@get("/", operation_id="listWatches", opt=READERS, summary="What is watched",
     response_headers=[AS_OF_HEADER], responses=errors())  # fmt: skip
async def list_watches(
    gate: WithGate,
    mine: Mine,
    page: PageNumber = 1,
    page_size: PageSize = 20,
    moment: AsOfTime = None,
    sequence: AsOfSequence = None,
) -> Response[WatchList]:
    """By their ids; one for all clusters is seen by who may see everything."""
    at = await as_of.find(gate, moment, sequence, "anomalies")
    found = await queries.listing(gate.database, page_of(page, page_size), mine, at)
    return raw(found, headers=as_of.headers(at))


@get("/{watch_id:str}", operation_id="getWatch", opt=READERS, summary="One watch",
     response_headers=[AS_OF_HEADER, _ETAG], responses=errors(Code.WATCH_NOT_FOUND))  # fmt: skip
async def get_watch(
    gate: WithGate,
    mine: Mine,
    watch_id: FromPath[str],
    moment: AsOfTime = None,
    sequence: AsOfSequence = None,
) -> Response[WatchView]:
    """What is watched; its version is the ETag."""
    at = await as_of.find(gate, moment, sequence, "anomalies")
    found = await queries.by_id(gate.database, watch_id, mine, at)
    if found is None:
        raise _no_watch(watch_id)
    return raw(found[0], headers={"ETag": f'"{found[1]}"'} | as_of.headers(at))


@post("/", operation_id="createWatch", summary="Watch something",
      opt=giving(DefineWatch), response_headers=_HEADERS,
      responses=_CHANGE)  # fmt: skip
async def create_watch(
    gate: WithGate, request: AnyRequest, data: JSONBody[Watch]
) -> Response[WatchView]:
    """Ask this again and again, and look at the answers; refused if there is such a watch.

    Its first answers come within seconds, as `METRIC_UPDATE` of the live stream.
    """
    command = DefineWatch(watch=data, expected_version=0)
    done = await write(gate, request, command, "anomalies")
    return await _show(gate, request, data.id, done, status=201)


@put("/{watch_id:str}", operation_id="replaceWatch", summary="Watch it in another way",
     opt=giving(DefineWatch), response_headers=_HEADERS,
     responses=_CHANGE)  # fmt: skip
async def replace_watch(
    gate: WithGate,
    request: AnyRequest,
    watch_id: FromPath[str],
    data: JSONBody[Watch],
    if_match: IfMatch = None,
) -> Response[WatchView]:
    """Say it anew, or for the first time; it counts for what comes after."""
    if data.id != watch_id:
        raise field_error("id", "must be that of the address")
    version = expected_version(if_match, "a watch")
    command = DefineWatch(watch=data, expected_version=version)
    with preconditions():
        done = await write(gate, request, command, "anomalies")
    return await _show(gate, request, watch_id, done)


@delete("/{watch_id:str}", operation_id="removeWatch", summary="Watch it no more",
        opt=giving(RemoveWatch), status_code=204, responses=_CHANGE)  # fmt: skip
async def remove_watch(
    gate: WithGate, request: AnyRequest, watch_id: FromPath[str]
) -> Response[None]:
    """It is asked no more; anomalies stay as they are."""
    if await queries.by_id(gate.database, watch_id, reads_of(request)) is None:
        raise _no_watch(watch_id)
    command = RemoveWatch(watch_id=watch_id)
    done = await write(gate, request, command, "anomalies")
    if isinstance(done, Pending):
        return cast("Response[None]", done.response())
    return Response(None, status_code=204, headers=_sequence(done))


async def _show(
    gate: Gate, request: AnyRequest, watch_id: str, done: Done | Pending, *, status: int = 200
) -> Response[Any]:
    """The watch as it is after a write; 202 if that is not visible yet."""
    if isinstance(done, Pending):
        return done.response()
    found = await queries.by_id(gate.database, watch_id, reads_of(request))
    if found is None:
        raise _no_watch(watch_id)
    headers = {"ETag": f'"{found[1]}"'} | _sequence(done)
    if status == 201:
        headers["Location"] = f"/api/v1/watches/{watch_id}"
    return raw(found[0], status=status, headers=headers)


def _sequence(done: Done) -> dict[str, str]:
    sequence = done.outcome.sequence
    return {} if sequence is None else {"X-Event-Sequence": str(sequence)}


def _no_watch(watch_id: str) -> Refused:
    return Refused(Code.WATCH_NOT_FOUND, f"there is no watch {watch_id}")


watches = Router(
    "/watches",
    route_handlers=[
        list_watches,
        get_watch,
        create_watch,
        replace_watch,
        remove_watch,
    ],
    tags=["Intelligence"],
)
