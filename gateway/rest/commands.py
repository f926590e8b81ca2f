"""Commands over REST: any of them by its name, and what became of one."""

from collections.abc import Mapping
from typing import cast
from uuid import UUID

import msgspec
from litestar import Response, Router, get, post
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, JSONBody
from pydantic import Field, JsonValue, ValidationError

from contracts.alerts import IngestAlerts, SilenceAlert, UnsilenceAlert
from contracts.catalog import COMMANDS
from contracts.envelope import Command, Message
from contracts.operations import DropDeadLetter, RebuildProjection, RetryDeadLetter
from contracts.outcomes import Outcome
from contracts.refusals import Code, Refused
from gateway.auth.guards import principal_of, roles
from gateway.origin import origin_of
from gateway.rest.shared import AnyRequest, WithGate, errors, field_error, raw
from gateway.rest.writes import Pending, write
from services.runtime import outcomes, rights
from services.runtime.command_bus import LARGEST_COMMAND
from services.runtime.principals import Role
from services.runtime.validation import problems

_PATIENCE = 30.0
_BY_NAME: Mapping[str, type[Command]] = {command.__name__: command for command in COMMANDS}
_OF_ALERTS = frozenset({IngestAlerts, SilenceAlert, UnsilenceAlert})
_OF_OPERATIONS = frozenset({RebuildProjection, RetryDeadLetter, DropDeadLetter})
_TAKEN = {
    202: ResponseSpec(
        Outcome, generate_examples=False, description="Taken, but not yet done: see Location."
    )
}
_GIVE = _TAKEN | errors(*Code)


class GivenCommand(Message):
    """A command by its name."""

    name: str = Field(max_length=100)
    """As it is called in the documents of the bus, for example `RegisterCluster`."""
    data: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue])
    """Its fields."""
    command_id: UUID | None = None
    """Given twice it has one effect and one outcome; a new one if it is left out."""


@post("/", operation_id="giveCommand", summary="Give a command by its name", status_code=200,
      opt=roles(*Role), responses=_GIVE)  # fmt: skip
async def give_command(
    gate: WithGate, request: AnyRequest, data: JSONBody[GivenCommand]
) -> Response[Outcome]:
    """Its outcome. Who may give it depends on the command; credentials have paths of their own."""
    command = _command(request, data)
    if data.command_id is not None:
        kept = await outcomes.find(gate.runtime.bus, data.command_id)
        if kept is not None and not kept.belongs_to(gate.commands.owner(origin_of(request))):
            raise outcomes.id_taken(data.command_id)
    done = await write(
        gate,
        request,
        command,
        _shown_by(type(command)),
        wait=_PATIENCE,
        command_id=data.command_id,
    )
    if isinstance(done, Pending):
        return cast("Response[Outcome]", done.response())
    sequence = done.outcome.sequence
    headers = {} if sequence is None else {"X-Event-Sequence": str(sequence)}
    return raw(done.outcome.model_dump_json().encode(), headers=headers)


def _shown_by(command: type[Command]) -> str | None:
    """The projection that shows what a command has changed."""
    if command in _OF_OPERATIONS:
        return None
    if command.area in {"anomalies", "incidents", "personas", "rca", "replays", "reports"}:
        return command.area
    return "alerts" if command in _OF_ALERTS else "fleet"


def _command(request: AnyRequest, given: GivenCommand) -> Command:
    """The command that was given, by one who may give it."""
    kind = _BY_NAME.get(given.name)
    if kind is None:
        raise field_error("name", "is not the name of a command")
    principal = principal_of(request)
    rights.require_role(principal, kind)
    if not rights.may_be_given_by_name(kind):
        text = f"{given.name} is given by its own path"
        raise Refused(Code.PERMISSION_DENIED, text)
    body = msgspec.json.encode(given.data)
    if len(body) > LARGEST_COMMAND:
        raise Refused(Code.BODY_TOO_LARGE, f"a command is {LARGEST_COMMAND:,} bytes at most")
    try:
        command = kind.model_validate_json(body)
    except ValidationError as error:
        details = problems(error)
        for field in details["fields"]:
            field["field"] = f"data.{field['field']}"
        raise Refused(Code.VALIDATION_FAILED, "the command is not valid", details) from None
    return command


@get("/{command_id:uuid}", operation_id="getCommand", summary="The outcome of a command",
     opt=roles(*Role), responses=errors(Code.COMMAND_NOT_FOUND, Code.BUS_UNAVAILABLE))  # fmt: skip
async def get_command(
    gate: WithGate, request: AnyRequest, command_id: FromPath[UUID]
) -> Response[Outcome]:
    """What became of a command, for 24 hours. Administrators of all see any, others their own."""
    kept = await outcomes.find(gate.runtime.bus, command_id)
    of_all = principal_of(request).scope({Role.ADMIN}).whole
    owner = gate.commands.owner(origin_of(request))
    if kept is None or not (of_all or kept.belongs_to(owner)):
        raise Refused(
            Code.COMMAND_NOT_FOUND,
            f"there is no outcome of command {command_id} (yet, or any more)",
        )
    return raw(kept.outcome.model_dump_json().encode())


commands = Router(
    "/commands", route_handlers=[give_command, get_command], tags=["Events and operations"]
)
