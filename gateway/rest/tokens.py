"""API tokens over REST: made, told of, revoked."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, Router, delete, get, post
from litestar.params import FromPath, JSONBody

from contracts.access import CreateToken, RevokeToken
from contracts.envelope import rfc3339
from contracts.refusals import Code, Refused
from gateway.auth.guards import principal_of
from gateway.rest.documented_access import NewToken, TokenList, TokenMade
from gateway.rest.shared import AnyRequest, PageNumber, PageSize, WithGate, errors, page_of, raw
from gateway.rest.writes import Pending, write
from services.runtime.access import KnownToken, TokenRequest

_CODES = (Code.INVALID_JSON, Code.UNSUPPORTED_MEDIA_TYPE, Code.BUS_UNAVAILABLE)


@get("/", operation_id="listTokens", summary="API tokens",
     responses=errors())  # fmt: skip
async def list_tokens(
    gate: WithGate, page: PageNumber = 1, page_size: PageSize = 50
) -> Response[TokenList]:
    """Every token that was made, the newest first; none of their secrets."""
    part = page_of(page, page_size)
    total, found = await gate.access.tokens(part.offset, part.size)
    answer = {
        "items": [_view(each) for each in found],
        "total": total,
        "page": page,
        "page_size": page_size,
        "total_pages": -(-total // page_size),
    }
    return raw(msgspec.json.encode(answer))


@post("/", operation_id="createToken", summary="Make an API token",
      status_code=201, responses=errors(*_CODES, Code.CLUSTER_NOT_FOUND))  # fmt: skip
async def create_token(
    gate: WithGate, request: AnyRequest, data: JSONBody[NewToken]
) -> Response[TokenMade]:
    """A token for a role and clusters; its secret is in this answer and nowhere else."""
    for cluster in data.clusters:
        if not await gate.directory.has_now(cluster):
            raise Refused(Code.CLUSTER_NOT_FOUND, f"there is no cluster {cluster}")
    command = CreateToken.model_validate(data.model_dump())
    done = await write(gate, request, command, None)
    if isinstance(done, Pending):
        raise Refused(Code.OVERLOADED, "it was not made in time; try again")
    token_id = UUID(done.outcome.id or "")
    wanted = TokenRequest(data.name, data.role, data.clusters, until=data.expires_at)
    secret = await gate.access.keep_token(token_id, wanted, principal_of(request).actor)
    made = await gate.access.token(token_id)
    if made is None:
        raise Refused(Code.TOKEN_NOT_FOUND, f"there is no token {token_id}")
    body = msgspec.json.encode(_view(made) | {"token": secret})
    return raw(body, status=201, headers={"Cache-Control": "no-store"})


@delete("/{token_id:uuid}", operation_id="revokeToken", status_code=204,
        summary="Revoke an API token",
        responses=errors(*_CODES, Code.TOKEN_NOT_FOUND))  # fmt: skip
async def revoke_token(
    gate: WithGate, request: AnyRequest, token_id: FromPath[UUID]
) -> Response[None]:
    """It is good for nothing from now on; by other instances within five seconds."""
    known = await gate.access.token(token_id)
    if known is None:
        raise Refused(Code.TOKEN_NOT_FOUND, f"there is no token {token_id}")
    # First what counts; what is told of it can be said again.
    await gate.access.revoke_by_id(token_id)
    command = RevokeToken(token_id=token_id)
    try:
        await write(gate, request, command, None)
    except Refused as refused:
        # One of a command line, of which no event was told.
        if refused.code is not Code.TOKEN_NOT_FOUND:
            raise
    return Response(None, status_code=204)


def _view(token: KnownToken) -> dict[str, Any]:
    return {
        "id": token.id,
        "name": token.name,
        "role": token.role,
        "clusters": token.clusters,
        "created_at": _at(token.created_at),
        "created_by": token.created_by,
        "expires_at": _at(token.expires_at),
        "revoked_at": _at(token.revoked_at),
        "last_used_at": _at(token.last_used_at),
    }


def _at(moment: datetime | None) -> str | None:
    return None if moment is None else rfc3339(moment)


tokens = Router(
    "/tokens", route_handlers=[list_tokens, create_token, revoke_token], tags=["Access"]
)
