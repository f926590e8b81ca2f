"""Who may use a route, and what may be sent to it: said on the route, checked in one place."""

from collections.abc import Iterable
from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from contracts.refusals import Code, Refused
from services.runtime.access import Principal, Role

PUBLIC = {"public": True}
"""``opt`` of a route that needs no login."""


def roles(*allowed: Role) -> dict[str, Any]:
    """``opt`` of a route that these roles may use; without it only admins may."""
    return {"roles": frozenset(allowed)}


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
    allowed: Iterable[Role] = route.opt.get("roles", (Role.ADMIN,))
    if principal.role not in allowed:
        raise Refused(Code.PERMISSION_DENIED, f"the role {principal.role.value} may not do this")


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
