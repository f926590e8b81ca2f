"""Streams of the bus over REST."""

import msgspec
from litestar import Response, Router, get

from contracts.refusals import Code
from gateway.rest.documented_operations import StreamList
from gateway.rest.shared import WithGate, errors, raw
from services.runtime import stream_states


@get("/", operation_id="listStreams", summary="What the bus holds, and who reads it",
     responses=errors(Code.BUS_UNAVAILABLE))  # fmt: skip
async def list_streams(gate: WithGate) -> Response[StreamList]:
    """Every stream: what it holds, its limits and how full it is, and how far its readers are."""
    items = await stream_states.states(gate.runtime.bus)
    return raw(msgspec.json.encode({"items": items}))


streams = Router("/streams", route_handlers=[list_streams], tags=["Events and operations"])
