"""Projections over REST: how far each is, and a rebuild."""

import msgspec
from litestar import Response, Router, get, post
from litestar.params import FromPath

from contracts.operations import RebuildProjection
from contracts.outcomes import Outcome
from contracts.refusals import Code
from gateway.builds import builds
from gateway.rest.documented_operations import ProjectionList
from gateway.rest.shared import AnyRequest, WithGate, errors, raw
from gateway.rest.writes import Pending, write

_REBUILD = errors(Code.PROJECTION_NOT_FOUND, Code.BUS_UNAVAILABLE)


@get("/", operation_id="listProjections", summary="How far projections are",
     responses=errors())  # fmt: skip
async def list_projections(gate: WithGate) -> Response[ProjectionList]:
    """Every build: the live one, and while a projection is built anew also the next."""
    items = await builds(gate.database, gate.log, await gate.parts.standing())
    return raw(msgspec.json.encode({"items": items}))


@post("/{name:str}/rebuild", operation_id="rebuildProjection", summary="Build one anew",
      status_code=202, responses=_REBUILD)  # fmt: skip
async def rebuild_projection(
    gate: WithGate, request: AnyRequest, name: FromPath[str]
) -> Response[Outcome]:
    """Build a projection anew from the log, beside the live one, which serves on until the switch.

    GET /projections shows how far it is. While one is under way, another request is part of it.
    """
    done = await write(gate, request, RebuildProjection(name=name), "activity")
    if isinstance(done, Pending):
        return done.response()
    where = {"Location": "/api/v1/projections"}
    return raw(done.outcome.model_dump_json().encode(), status=202, headers=where)


projections = Router(
    "/projections",
    route_handlers=[list_projections, rebuild_projection],
    tags=["Events and operations"],
)
