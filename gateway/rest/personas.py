"""Personas over REST: whom an assistant may speak as, and which tools it may use then."""

from typing import Any, cast

from litestar import Response, Router, delete, get, post, put
from litestar.datastructures import ResponseHeader
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, JSONBody

from contracts.outcomes import Outcome
from contracts.personas import (
    BUILT_IN,
    CreatePersona,
    DeletePersona,
    PersonaDraft,
    UpdatePersona,
)
from contracts.refusals import Code, Refused
from gateway.auth.guards import READERS, giving, principal_of
from gateway.gate import Gate
from gateway.rest import as_of
from gateway.rest.as_of import AS_OF_HEADER, AsOfSequence, AsOfTime
from gateway.rest.documented_personas import PersonaList
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
from projections.personas import queries
from projections.personas.view import PersonaDetail
from services.runtime import rights

_ETAG = ResponseHeader(
    name="ETag", documentation_only=True, description="The version of a custom persona."
)
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
    Code.PERSONA_READONLY,
    Code.PERSONA_NOT_FOUND,
    Code.VERSION_CONFLICT,
    Code.PRECONDITION_FAILED,
    Code.BODY_TOO_LARGE,
    Code.UNSUPPORTED_MEDIA_TYPE,
    Code.LIMIT_REACHED,
    Code.BUS_UNAVAILABLE,
)


@get("/", operation_id="listPersonas", opt=READERS, summary="Personas",
     response_headers=[AS_OF_HEADER], responses=errors())  # fmt: skip
async def list_personas(
    gate: WithGate,
    page: PageNumber = 1,
    page_size: PageSize = 20,
    moment: AsOfTime = None,
    sequence: AsOfSequence = None,
) -> Response[PersonaList]:
    """Built-in ones, as this release has them, then custom ones by their ids; everybody who reads
    anything sees them all."""
    at = await as_of.find(gate, moment, sequence, "personas")
    found = await queries.listing(gate.database, page_of(page, page_size), at)
    return raw(found, headers=as_of.headers(at))


@get("/{persona_id:str}", operation_id="getPersona", opt=READERS, summary="One persona",
     response_headers=[AS_OF_HEADER, _ETAG],
     responses=errors(Code.PERSONA_NOT_FOUND))  # fmt: skip
async def get_persona(
    gate: WithGate,
    persona_id: FromPath[str],
    moment: AsOfTime = None,
    sequence: AsOfSequence = None,
) -> Response[PersonaDetail]:
    """With all that an assistant is told; the version of a custom one is the ETag."""
    at = await as_of.find(gate, moment, sequence, "personas")
    found = await queries.by_id(gate.database, persona_id, at)
    if found is None:
        raise _no_persona(persona_id)
    return raw(found[0], headers=_tag(found[1]) | as_of.headers(at))


@post("/", operation_id="createPersona", summary="Make a persona", opt=giving(CreatePersona),
      response_headers=_HEADERS, responses=_CHANGE)  # fmt: skip
async def create_persona(
    gate: WithGate, request: AnyRequest, data: JSONBody[PersonaDraft]
) -> Response[PersonaDetail]:
    """A custom persona; it takes a role for everything. Refused if there is one of this id.

    With `extends` the instructions of a built-in one come before its own. `capabilities` are all
    tools that it may call; without them it has those of the built-in one, as they are now.
    """
    done = await write(gate, request, CreatePersona(persona=data), "personas")
    return await _show(gate, data.id, done, status=201)


@put("/{persona_id:str}", operation_id="replacePersona", summary="Change a persona",
     opt=giving(UpdatePersona), response_headers=_HEADERS, responses=_CHANGE)  # fmt: skip
async def replace_persona(
    gate: WithGate,
    request: AnyRequest,
    persona_id: FromPath[str],
    data: JSONBody[PersonaDraft],
    if_match: IfMatch = None,
) -> Response[PersonaDetail]:
    """All of a custom persona is said anew; it counts for the questions that come after."""
    if data.id != persona_id:
        raise field_error("id", "must be that of the address")
    version = expected_version(if_match, "a persona")
    with preconditions():
        command = UpdatePersona(persona=data, expected_version=version)
        done = await write(gate, request, command, "personas")
    return await _show(gate, persona_id, done)


@delete("/{persona_id:str}", operation_id="deletePersona", summary="Delete a persona",
        opt=giving(DeletePersona), status_code=204, responses=_CHANGE)  # fmt: skip
async def delete_persona(
    gate: WithGate, request: AnyRequest, persona_id: FromPath[str]
) -> Response[None]:
    """A custom persona is there no more; what was answered in its name stays."""
    rights.require_scope(principal_of(request), DeletePersona, None)
    known = persona_id in BUILT_IN or await queries.by_id(gate.database, persona_id)
    if not known:
        raise _no_persona(persona_id)
    done = await write(gate, request, DeletePersona(persona_id=persona_id), "personas")
    if isinstance(done, Pending):
        return cast("Response[None]", done.response())
    return Response(None, status_code=204, headers=_sequence(done))


async def _show(
    gate: Gate, persona_id: str, done: Done | Pending, *, status: int = 200
) -> Response[Any]:
    """The persona as it is after a write; 202 if that is not visible yet."""
    if isinstance(done, Pending):
        return done.response()
    found = await queries.by_id(gate.database, persona_id)
    if found is None:
        raise _no_persona(persona_id)
    headers = _tag(found[1]) | _sequence(done)
    if status == 201:
        headers["Location"] = f"/api/v1/personas/{persona_id}"
    return raw(found[0], status=status, headers=headers)


def _tag(version: int | None) -> dict[str, str]:
    return {} if version is None else {"ETag": f'"{version}"'}


def _sequence(done: Done) -> dict[str, str]:
    sequence = done.outcome.sequence
    return {} if sequence is None else {"X-Event-Sequence": str(sequence)}


def _no_persona(persona_id: str) -> Refused:
    return Refused(Code.PERSONA_NOT_FOUND, f"there is no persona {persona_id}")


personas = Router(
    "/personas",
    route_handlers=[list_personas, get_persona, create_persona, replace_persona, delete_persona],
    tags=["Intelligence"],
)
