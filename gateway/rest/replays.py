"""What-if over REST: a part of history is run again with other settings, and compared."""

from typing import Any
from uuid import UUID

from litestar import Response, Router, get, post
from litestar.datastructures import ResponseHeader
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, JSONBody

from contracts.outcomes import Outcome
from contracts.refusals import Code, Refused
from contracts.replays import CancelReplay, ReplayAsked, StartReplay
from gateway.auth.guards import READERS, Mine, giving, reads_of
from gateway.gate import Gate
from gateway.rest import as_of
from gateway.rest.as_of import AS_OF_HEADER, AsOfSequence, AsOfTime
from gateway.rest.documented_replays import ReplayList
from gateway.rest.shared import (
    AnyRequest,
    PageNumber,
    PageSize,
    WithGate,
    errors,
    field_error,
    page_of,
    raw,
)
from gateway.rest.writes import Done, Pending, write
from projections.replays import queries
from projections.replays.view import ReplayView

_HEADERS = [
    ResponseHeader(
        name="Location", documentation_only=True, description="Where the replay is, from now on."
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
    Code.REPLAY_NOT_FOUND,
    Code.BODY_TOO_LARGE,
    Code.UNSUPPORTED_MEDIA_TYPE,
    Code.BUS_UNAVAILABLE,
)


@post("/", operation_id="startReplay", status_code=201, opt=giving(StartReplay),
      summary="Run history again", response_headers=_HEADERS, responses=_ANSWERS)  # fmt: skip
async def start_replay(
    gate: WithGate, request: AnyRequest, data: JSONBody[ReplayAsked]
) -> Response[ReplayView]:
    """Detection, correlation or root cause analysis over a time of the log of at most 7 days, with
    other settings; nothing is changed by it.

    It runs after this was answered: read it until its state is no longer RUNNING. With settings
    as they are it tells what is told otherwise today than it was.
    """
    if data.start >= gate.clock.now():
        raise field_error("start", "is in the future")
    done = await write(gate, request, StartReplay(asked=data), "replays")
    return await _show(gate, request, done, status=201)


@get("/", operation_id="listReplays", opt=READERS, summary="List replays",
     response_headers=[AS_OF_HEADER], responses=errors())  # fmt: skip
async def list_replays(
    gate: WithGate,
    mine: Mine,
    page: PageNumber = 1,
    page_size: PageSize = 20,
    moment: AsOfTime = None,
    sequence: AsOfSequence = None,
) -> Response[ReplayList]:
    """The newest first; one about all clusters is seen by who may see everything."""
    at = await as_of.find(gate, moment, sequence, "replays")
    found = await queries.listing(gate.database, page_of(page, page_size), mine, at)
    return raw(found, headers=as_of.headers(at))


@get("/{replay_id:uuid}", operation_id="getReplay", opt=READERS, summary="One replay",
     response_headers=[AS_OF_HEADER], responses=errors(Code.REPLAY_NOT_FOUND))  # fmt: skip
async def get_replay(
    gate: WithGate,
    mine: Mine,
    replay_id: FromPath[UUID],
    moment: AsOfTime = None,
    sequence: AsOfSequence = None,
) -> Response[ReplayView]:
    """What would have been otherwise, once that is known."""
    at = await as_of.find(gate, moment, sequence, "replays")
    found = await queries.by_id(gate.database, replay_id, mine, at)
    if found is None:
        raise _no_replay(replay_id)
    return raw(found, headers=as_of.headers(at))


@post("/{replay_id:uuid}/cancel", operation_id="cancelReplay", status_code=200,
      opt=giving(CancelReplay), summary="Cancel a replay", response_headers=_HEADERS,
      responses=_ANSWERS)  # fmt: skip
async def cancel_replay(
    gate: WithGate, request: AnyRequest, replay_id: FromPath[UUID]
) -> Response[ReplayView]:
    """It is not run to its end; one that is over stays as it is."""
    if await queries.by_id(gate.database, replay_id, reads_of(request)) is None:
        raise _no_replay(replay_id)
    done = await write(gate, request, CancelReplay(replay_id=replay_id), "replays")
    return await _show(gate, request, done, status=200)


async def _show(
    gate: Gate, request: AnyRequest, done: Done | Pending, *, status: int
) -> Response[Any]:
    if isinstance(done, Pending):
        return done.response()
    replay_id = UUID(done.outcome.id or "")
    found = await queries.by_id(gate.database, replay_id, reads_of(request))
    if found is None:
        raise _no_replay(replay_id)
    headers = {"Location": f"/api/v1/replays/{replay_id}"}
    if done.outcome.sequence is not None:
        headers["X-Event-Sequence"] = str(done.outcome.sequence)
    return raw(found, status=status, headers=headers)


def _no_replay(replay_id: UUID) -> Refused:
    return Refused(Code.REPLAY_NOT_FOUND, f"there is no replay {replay_id}")


replays = Router(
    "/replays",
    route_handlers=[start_replay, list_replays, get_replay, cancel_replay],
    tags=["Intelligence"],
)
"""What-if: one row for each replay, with what came of it."""
