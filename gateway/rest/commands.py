"""Outcomes of commands over REST."""

from uuid import UUID

from litestar import Response, Router, get
from litestar.params import FromPath

from contracts.outcomes import Outcome
from contracts.refusals import Code, Refused
from gateway.rest.shared import WithGate, errors, raw
from services.runtime import outcomes


@get("/{command_id:uuid}", operation_id="getCommand", summary="The outcome of a command",
     responses=errors(Code.COMMAND_NOT_FOUND, Code.BUS_UNAVAILABLE))  # fmt: skip
async def get_command(gate: WithGate, command_id: FromPath[UUID]) -> Response[Outcome]:
    """What became of a command, for 24 hours."""
    outcome = await outcomes.find(gate.runtime.bus, command_id)
    if outcome is None:
        raise Refused(
            Code.COMMAND_NOT_FOUND,
            f"there is no outcome of command {command_id} (yet, or any more)",
        )
    return raw(outcome.model_dump_json().encode())


commands = Router("/commands", route_handlers=[get_command], tags=["Events and operations"])
