"""What workers ask the gateway: reads of the REST API and tools, with the rights of somebody."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from contracts.acting import Acting
from contracts.envelope import Query

MOST_BODY = 262_144
MOST_TOOL_ARGUMENTS = 65_536


class ReadApi(Query):
    """A read of the REST API as somebody; the parts are the JSON of its answer."""

    acting: Acting
    method: Literal["GET", "POST"] = "GET"
    """POST only for questions that have a body: of metrics, logs, traces and analyses."""
    path: Annotated[str, StringConstraints(pattern=r"^/[A-Za-z0-9/_.:-]{1,300}$")]
    """Below ``/api/v1``."""
    parameters: Annotated[tuple[tuple[str, str], ...], Field(max_length=2_000)] = ()
    body: Annotated[str, StringConstraints(max_length=MOST_BODY)] = ""
    """JSON of a POST."""


class RunTool(Query):
    """Run a tool as somebody; the parts are the JSON of a `contracts.tools.ToolAnswer`."""

    acting: Acting
    tool: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    arguments: Annotated[str, StringConstraints(max_length=MOST_TOOL_ARGUMENTS)]
    """A JSON object."""
    allowed: Annotated[tuple[str, ...], Field(max_length=100)]
    """Tools that may be called, as a persona has them; any other is not there."""
    key: Annotated[str, StringConstraints(max_length=200)] = ""
    """Asked again with the same one, what the tool makes is made once."""
