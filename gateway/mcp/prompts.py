"""Prompts: personas, built in and custom, as whoever asks may read them."""

from typing import Any

import mcp_types as types
from mcp.shared.exceptions import MCPError
from pydantic import TypeAdapter, ValidationError

from contracts.personas import PersonaId
from contracts.refusals import Code, Refused
from gateway.tools.inner import Inner

_PAGE = 100
_NAME: TypeAdapter[str] = TypeAdapter(PersonaId)
_ARGUMENTS = [types.PromptArgument(name="question", description="What is asked first.")]


async def listed(inner: Inner) -> list[types.Prompt]:
    """All of them: there are a few hundred at most."""
    found, number, last = list[Any](), 1, 1
    while number <= last:
        page = await inner.get("/personas", {"page": number, "page_size": _PAGE})
        found += page["items"]
        number, last = number + 1, page["total_pages"]
    return [
        types.Prompt(
            name=each["id"],
            title=each["name"],
            description=each["description"],
            arguments=_ARGUMENTS,
        )
        for each in found
    ]


async def prompt(inner: Inner, asked: types.GetPromptRequestParams) -> types.GetPromptResult:
    """What a client sends to its model to have it speak as a persona."""
    persona = await _persona(inner, asked.name)
    tools = ", ".join(persona["capabilities"])
    bound = f"Use these tools only: {tools}." if tools else "Use no tools."
    question = (asked.arguments or {}).get("question", "")
    text = f"{persona['instructions']}\n\n{bound}\n\n{question}".strip()
    message = types.PromptMessage(role="user", content=types.TextContent(text=text))
    return types.GetPromptResult(description=persona["description"], messages=[message])


async def _persona(inner: Inner, name: str) -> Any:
    try:
        # Of another form it is no part of an address.
        return await inner.get(f"/personas/{_NAME.validate_python(name)}")
    except ValidationError:
        pass
    except Refused as refused:
        if refused.code is not Code.PERSONA_NOT_FOUND:
            raise
    raise MCPError(types.INVALID_PARAMS, f"there is no prompt {name[:100]!r}")
