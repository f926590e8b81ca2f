"""``/mcp``: Streamable HTTP without sessions, so that any instance answers any request.

The SDK costs a process 22 MB and two seconds, so that it is loaded when somebody comes.
"""

import asyncio
from importlib import import_module
from typing import Any, cast

from litestar import Litestar, asgi
from litestar.types import Receive, Scope, Send

from contracts.refusals import Code, Refused
from gateway.auth.guards import READERS
from gateway.tools.inner import Inner
from services.runtime.principals import Principal

_LOADING = asyncio.Lock()


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
    inner = Inner(app, principal, str(state.get("trace_id", "")), state.get("traceparent"))
    async with _LOADING:
        module = await asyncio.to_thread(import_module, "gateway.mcp.server")
    await module.serve(inner, told, receive, send)
