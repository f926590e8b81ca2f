"""What workers ask of the API and of the tools, over the bus, as somebody who asked them."""

from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Litestar

from contracts.acting import Acting
from contracts.api import ReadApi, RunTool
from contracts.refusals import Code, Refused
from gateway.gate import Gate
from gateway.tools.inner import Inner
from gateway.tools.runner import run
from services.runtime.answering import Answering
from services.runtime.principals import principal_of_acting
from services.runtime.replies import Asked

_QUESTIONS = ("/metrics/", "/logs/", "/traces/", "/analysis/")
"""Where a POST asks, and changes nothing but that an analysis is made."""


def answering(gate: Gate, app: Litestar) -> Answering:
    """The loop of a gateway that answers."""
    runtime = gate.runtime

    def inner(acting: Acting, key: str = "") -> Inner:
        principal = principal_of_acting(acting)
        return Inner(app, principal, clock=gate.clock, trail=gate.trail, key=key)

    async def read_api(query: ReadApi, asked: Asked) -> Mapping[str, Any]:
        """Read as somebody who has asked a worker to."""
        api = inner(query.acting)
        if query.method == "GET":
            told = await api.read(query.path, query.parameters)
        elif query.path.startswith(_QUESTIONS):
            told = await api.ask(query.path, query.body.encode())
        else:
            raise Refused(Code.PERMISSION_DENIED, f"{query.path} is no question")
        await asked.send(told)
        return {}

    async def run_tool(query: RunTool, asked: Asked) -> Mapping[str, Any]:
        """Run a tool as somebody who has asked a worker to."""
        api = inner(query.acting, query.key)
        told = await run(query.tool, _arguments(query), api, allowed=query.allowed)
        await asked.send(told.model_dump_json().encode())
        return {}

    return Answering(
        runtime.settings.site,
        "gateway",
        {ReadApi: read_api, RunTool: run_tool},
        runtime.bus,
        runtime.log,
        runtime.settings,
        runtime.tracing,
        runtime.outside,
    )


def _arguments(query: RunTool) -> dict[str, Any]:
    try:
        return msgspec.json.decode(query.arguments, type=dict[str, Any])
    except msgspec.DecodeError:
        raise Refused(Code.VALIDATION_FAILED, "arguments are no JSON object") from None
