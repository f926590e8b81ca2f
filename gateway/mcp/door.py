"""``/mcp``: Streamable HTTP without sessions, so that any instance answers any request.

The SDK costs a process 22 MB and two seconds, so that it is loaded when somebody comes.
"""

import asyncio
import sys
from importlib import import_module
from typing import Any, cast

from litestar import Litestar, asgi
from litestar.handlers import ASGIRouteHandler
from litestar.types import Receive, Scope, Send

from contracts.refusals import Code, Refused
from gateway.auth.guards import READERS
from gateway.gate import Gate
from gateway.tools.inner import Inner
from services.runtime.principals import Principal

_LOADING = asyncio.Lock()
_SERVER = "gateway.mcp.server"


def mcp_door(gate: Gate) -> ASGIRouteHandler:
    """The route."""

    @asgi("/mcp", opt=READERS, copy_scope=True)
    async def mcp(scope: Scope, receive: Receive, send: Send) -> None:
        """One message of a client, answered as JSON."""
        told = cast("dict[str, Any]", scope)
        if told["method"] != "POST":
            text = "this server keeps no sessions and sends nothing by itself: use POST"
            raise Refused(Code.METHOD_NOT_ALLOWED, text)
        state = told["state"]
        principal = cast("Principal", state["principal"])
        app = cast("Litestar", told["litestar_app"])
        inner = Inner(app, principal, state, clock=gate.clock, trail=gate.trail)
        server = sys.modules.get(_SERVER) or await _loaded()
        await server.serve(inner, told, receive, send)

    return mcp


async def _loaded() -> Any:
    async with _LOADING:
        return await asyncio.to_thread(import_module, _SERVER)
