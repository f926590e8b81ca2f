"""On whose behalf a request acts, for the envelope of what it causes."""

from typing import Any

from litestar.connection import ASGIConnection

from gateway.auth.guards import principal_of
from services.runtime.command_bus import Origin


def origin_of(request: ASGIConnection[Any, Any, Any, Any]) -> Origin:
    """The actor, and the trace that the request is part of."""
    state: dict[str, Any] = request.scope["state"]
    return Origin(actor=principal_of(request).actor, traceparent=state["traceparent"])
