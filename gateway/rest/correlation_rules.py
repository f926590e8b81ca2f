"""Rules of correlation over REST: what operators know about signals that belong together."""

from typing import Any, cast

from litestar import Response, Router, delete, get, post, put
from litestar.datastructures import ResponseHeader
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, JSONBody

from contracts.incidents import CorrelationRule, DefineCorrelationRule, RemoveCorrelationRule
from contracts.outcomes import Outcome
from contracts.refusals import Code, Refused
from gateway.auth.guards import READERS, Mine, giving, reads_of
from gateway.gate import Gate
from gateway.rest import as_of
from gateway.rest.as_of import AS_OF_HEADER, AsOfSequence, AsOfTime
from gateway.rest.documented_incidents import CorrelationRuleList
from gateway.rest.rehearsal import rehearse_rule
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
from projections.incidents import rule_queries
from projections.incidents.view import CorrelationRuleView

_ETAG = ResponseHeader(name="ETag", documentation_only=True, description="The rule's version.")
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
    Code.RULE_NOT_FOUND,
    Code.VERSION_CONFLICT,
    Code.PRECONDITION_FAILED,
    Code.BODY_TOO_LARGE,
    Code.UNSUPPORTED_MEDIA_TYPE,
    Code.LIMIT_REACHED,
    Code.BUS_UNAVAILABLE,
)


@get("/", operation_id="listCorrelationRules", opt=READERS, summary="Rules of correlation",
     response_headers=[AS_OF_HEADER], responses=errors())  # fmt: skip
async def list_rules(
    gate: WithGate,
    mine: Mine,
    page: PageNumber = 1,
    page_size: PageSize = 20,
    moment: AsOfTime = None,
    sequence: AsOfSequence = None,
) -> Response[CorrelationRuleList]:
    """The rules that count, by their ids."""
    at = await as_of.find(gate, moment, sequence, "incidents")
    found = await rule_queries.listing(gate.database, page_of(page, page_size), mine, at)
    return raw(found, headers=as_of.headers(at))


@get("/{rule_id:str}", operation_id="getCorrelationRule", opt=READERS, summary="One rule",
     response_headers=[AS_OF_HEADER, _ETAG], responses=errors(Code.RULE_NOT_FOUND))  # fmt: skip
async def get_rule(
    gate: WithGate,
    mine: Mine,
    rule_id: FromPath[str],
    moment: AsOfTime = None,
    sequence: AsOfSequence = None,
) -> Response[CorrelationRuleView]:
    """A rule that counts; its version is the ETag."""
    at = await as_of.find(gate, moment, sequence, "incidents")
    found = await rule_queries.by_id(gate.database, rule_id, mine, at)
    if found is None:
        raise _no_rule(rule_id)
    return raw(found[0], headers={"ETag": f'"{found[1]}"'} | as_of.headers(at))


@post("/", operation_id="createCorrelationRule", summary="Make a rule",
      opt=giving(DefineCorrelationRule), response_headers=_HEADERS,
      responses=_CHANGE)  # fmt: skip
async def create_rule(
    gate: WithGate, request: AnyRequest, data: JSONBody[CorrelationRule]
) -> Response[CorrelationRuleView]:
    """Say what belongs together, for what comes after; refused if there is such a rule."""
    command = DefineCorrelationRule(rule=data, expected_version=0)
    done = await write(gate, request, command, "incidents")
    return await _show(gate, request, data.id, done, status=201)


@put("/{rule_id:str}", operation_id="replaceCorrelationRule", summary="Change a rule",
     opt=giving(DefineCorrelationRule), response_headers=_HEADERS,
     responses=_CHANGE)  # fmt: skip
async def replace_rule(
    gate: WithGate,
    request: AnyRequest,
    rule_id: FromPath[str],
    data: JSONBody[CorrelationRule],
    if_match: IfMatch = None,
) -> Response[CorrelationRuleView]:
    """Say it anew, or for the first time; it counts for what comes after."""
    if data.id != rule_id:
        raise field_error("id", "must be that of the address")
    version = expected_version(if_match, "a rule")
    command = DefineCorrelationRule(rule=data, expected_version=version)
    with preconditions():
        done = await write(gate, request, command, "incidents")
    return await _show(gate, request, rule_id, done)


@delete("/{rule_id:str}", operation_id="removeCorrelationRule", summary="Remove a rule",
        opt=giving(RemoveCorrelationRule), status_code=204, responses=_CHANGE)  # fmt: skip
async def remove_rule(
    gate: WithGate, request: AnyRequest, rule_id: FromPath[str]
) -> Response[None]:
    """It counts no more; incidents stay as they are."""
    if await rule_queries.by_id(gate.database, rule_id, reads_of(request)) is None:
        raise _no_rule(rule_id)
    command = RemoveCorrelationRule(rule_id=rule_id)
    done = await write(gate, request, command, "incidents")
    if isinstance(done, Pending):
        return cast("Response[None]", done.response())
    return Response(None, status_code=204, headers=_sequence(done))


async def _show(
    gate: Gate, request: AnyRequest, rule_id: str, done: Done | Pending, *, status: int = 200
) -> Response[Any]:
    """The rule as it is after a write; 202 if that is not visible yet."""
    if isinstance(done, Pending):
        return done.response()
    found = await rule_queries.by_id(gate.database, rule_id, reads_of(request))
    if found is None:
        raise _no_rule(rule_id)
    headers = {"ETag": f'"{found[1]}"'} | _sequence(done)
    if status == 201:
        headers["Location"] = f"/api/v1/correlation-rules/{rule_id}"
    return raw(found[0], status=status, headers=headers)


def _sequence(done: Done) -> dict[str, str]:
    sequence = done.outcome.sequence
    return {} if sequence is None else {"X-Event-Sequence": str(sequence)}


def _no_rule(rule_id: str) -> Refused:
    return Refused(Code.RULE_NOT_FOUND, f"there is no rule {rule_id}")


correlation_rules = Router(
    "/correlation-rules",
    route_handlers=[
        list_rules,
        get_rule,
        create_rule,
        replace_rule,
        remove_rule,
        rehearse_rule,
    ],
    tags=["Intelligence"],
)
