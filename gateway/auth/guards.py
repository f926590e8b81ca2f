"""Who may use a route, and what may be sent to it: said on the route, checked in one place."""

from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency
from litestar.handlers import BaseRouteHandler
from litestar.params import SkipValidation

from contracts.envelope import Command
from contracts.refusals import Code, Refused
from services.runtime import rights
from services.runtime.principals import READING, Principal, Role, Scope

_RULING = frozenset({Role.ADMIN})
PUBLIC = {"public": True}
"""``opt`` of a route that needs no login."""


KNOWN = {"known": True}
"""``opt`` of a route for everybody who has logged in, whatever they may do."""


def roles(*allowed: Role) -> dict[str, Any]:
    """``opt`` of a route that these roles may use; without it only admins of everything may."""
    return {"roles": frozenset(allowed)}


def giving(command: type[Command]) -> dict[str, Any]:
    """``opt`` of a route that gives this command."""
    return {"roles": rights.given_by(command)}


READERS = roles(*READING)
"""``opt`` of a route that shows what is of clusters, to each what is of theirs."""


Mine = NamedDependency[SkipValidation[Scope]]
"""What whoever asks may read of: a parameter of every route that shows what is of clusters."""


async def admit(connection: ASGIConnection[Any, Any, Any, Any], route: BaseRouteHandler) -> None:
    """401 without a login, 403 for a role that may not, 415 for a body that is not JSON.

    One guard, as Litestar copies the route for each; a coroutine, as it would run a plain function
    in a thread, at every request.
    """
    _require_role(connection, route)
    _require_json(connection, route)


def _require_role(connection: ASGIConnection[Any, Any, Any, Any], route: BaseRouteHandler) -> None:
    if route.opt.get("public"):
        return
    state = connection.scope["state"]
    principal: Principal | None = state.get("principal")
    if principal is None:
        raise state.get("not_known") or Refused(
            Code.AUTH_FAILED, "log in, or send a token: Authorization: Bearer <token>"
        )
    if route.opt.get("known"):
        return
    allowed: frozenset[Role] | None = route.opt.get("roles")
    if allowed is None:
        if not principal.scope(_RULING).whole:
            text = "only an administrator of all clusters may do this"
            raise Refused(Code.PERMISSION_DENIED, text)
    elif not principal.may(allowed):
        needed = " or ".join(role.value for role in Role if role in allowed)
        text = f"{_as_what(principal)} may not do this: it takes the role {needed}"
        raise Refused(Code.PERMISSION_DENIED, text)


def _as_what(principal: Principal) -> str:
    role = principal.role
    return "somebody without a role" if role is None else f"the role {role.value}"


def _require_json(connection: ASGIConnection[Any, Any, Any, Any], route: BaseRouteHandler) -> None:
    kind = connection.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not kind or kind == "application/json" or kind.endswith("+json"):
        return
    if "data" in route.parsed_fn_signature.parameters:
        raise Refused(Code.UNSUPPORTED_MEDIA_TYPE, "send JSON: Content-Type: application/json")


def principal_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Principal:
    """Who is asking, on a route that needs a login."""
    principal: Principal | None = connection.scope["state"].get("principal")
    if principal is None:
        raise Refused(Code.AUTH_FAILED, "log in first")
    return principal


def mine(request: Request[Any, Any, Any]) -> Scope:
    """`Mine`, of a request."""
    return reads_of(request)


def reads_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Scope:
    """The clusters that whoever asks may read of, on a route that needs a login."""
    return principal_of(connection).reads
