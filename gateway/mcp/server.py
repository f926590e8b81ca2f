"""The hub as an MCP server: what each request of a client is answered.

https://modelcontextprotocol.io/specification/2025-11-25 and 2026-07-28, by the official SDK.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

import anyio
import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from mcp.shared.exceptions import MCPError

from contracts.refusals import Code, Refused
from contracts.tools import TOOLS, ToolAnswer
from gateway.mcp import prompts
from gateway.mcp.leaving import MOST_BODY, Exchange
from gateway.mcp.resources import LISTED, TEMPLATES, listed, read
from gateway.tools.inner import Inner
from gateway.tools.runner import run
from services.runtime.logging import logger

_INSTRUCTIONS = (
    "The operations hub of a fleet of OpenShift and Kubernetes clusters. No tool changes a"
    " cluster; each has the rights of the token that is used. Answers are within 4,000 tokens:"
    " `cut` says what was left out, `next` are the arguments that go on. Times are RFC 3339. Begin"
    " with list_incidents."
)
_Context = ServerRequestContext[Any, Any]
_Asked = types.PaginatedRequestParams | None
_OUTPUT = ToolAnswer.model_json_schema()
_READS = types.ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)

_MAKES = types.ToolAnnotations(
    read_only_hint=False, destructive_hint=False, idempotent_hint=False, open_world_hint=False
)
_PATIENCE = 60.0
"""Seconds; a tool has less of its own."""


async def serve(inner: Inner, scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer one request of whoever ``inner`` asks for; when they leave, nothing goes on for them.

    Refused: BODY_TOO_LARGE, and whatever ``receive`` refuses.
    """
    exchange = await Exchange.begun(receive, send)
    async with anyio.create_task_group() as together:
        together.start_soon(exchange.until_left, together.cancel_scope)
        await _answered(inner, scope, exchange)
        together.cancel_scope.cancel()
    await exchange.end()


async def _answered(inner: Inner, scope: dict[str, Any], exchange: Exchange) -> None:
    manager = StreamableHTTPSessionManager(
        _server(inner),
        stateless=True,
        json_response=True,
        # Hosts and origins are looked at before, for all doors alike.
        security_settings=TransportSecuritySettings(enable_dns_rebinding_protection=False),
        max_request_body_size=MOST_BODY,
    )
    async with manager.run():
        await manager.handle_request(scope, exchange.receive, exchange.send)


def _server(inner: Inner) -> Server[Any]:
    async def call_tool(_: _Context, asked: types.CallToolRequestParams) -> types.CallToolResult:
        if asked.name not in TOOLS:
            raise MCPError(types.INVALID_PARAMS, f"there is no tool {asked.name[:100]!r}")
        async with _in_words():
            try:
                answer = await run(asked.name, asked.arguments or {}, inner)
            except Refused as refused:
                return _failed(refused)
            told = answer.model_dump(mode="json")
            return types.CallToolResult(content=[_text(told)], structured_content=told)

    async def list_resources(_: _Context, __: _Asked) -> types.ListResourcesResult:
        async with _in_words():
            return types.ListResourcesResult(resources=[*LISTED, *await listed(inner)])

    async def read_resource(
        _: _Context, asked: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        uri = str(asked.uri)
        async with _in_words():
            told = await read(inner, uri)
        text = json.dumps(told, ensure_ascii=False)
        contents = types.TextResourceContents(uri=uri, mime_type="application/json", text=text)
        return types.ReadResourceResult(contents=[contents])

    async def list_prompts(_: _Context, __: _Asked) -> types.ListPromptsResult:
        async with _in_words():
            return types.ListPromptsResult(prompts=await prompts.listed(inner))

    async def get_prompt(_: _Context, asked: types.GetPromptRequestParams) -> types.GetPromptResult:
        async with _in_words():
            return await prompts.prompt(inner, asked)

    return Server(
        "aiops-nextgen",
        version=version("aiops-nextgen"),
        title="AIOps NextGen",
        instructions=_INSTRUCTIONS,
        on_list_tools=_list_tools,
        on_call_tool=call_tool,
        on_list_resources=list_resources,
        on_list_resource_templates=_list_templates,
        on_read_resource=read_resource,
        on_list_prompts=list_prompts,
        on_get_prompt=get_prompt,
        get_tool_input_schema=_schema,
    )


@asynccontextmanager
async def _in_words() -> AsyncGenerator[None]:
    """What goes wrong as an error of the protocol; of what nobody expected no text gets out."""
    try:
        async with asyncio.timeout(_PATIENCE):
            yield
    except MCPError:
        raise
    except Refused as refused:
        raise MCPError(types.INVALID_PARAMS, refused.message, _details(refused)) from None
    except TimeoutError:
        raise MCPError(types.INTERNAL_ERROR, "the hub has not answered in time") from None
    except Exception as error:  # noqa: BLE001 - its text may hold values, and goes nowhere.
        logger("mcp").error("unexpected_error", exc_info=error)
        raise MCPError(types.INTERNAL_ERROR, "an unexpected error; the hub's log has it") from None


_LISTED = types.ListToolsResult(
    tools=[
        types.Tool(
            name=tool.name,
            description=tool.text,
            input_schema=tool.schema,
            output_schema=_OUTPUT,
            annotations=_READS if tool.only_reads else _MAKES,
        )
        for tool in TOOLS.values()
    ]
)


async def _list_tools(_: _Context, __: _Asked) -> types.ListToolsResult:
    return _LISTED


def _schema(name: str) -> Mapping[str, Any] | None:
    """Of a tool's arguments: the SDK looks at it before each call, else by listing all tools."""
    return TOOLS[name].schema if name in TOOLS else None


async def _list_templates(_: _Context, __: _Asked) -> types.ListResourceTemplatesResult:
    return types.ListResourceTemplatesResult(resource_templates=[*TEMPLATES])


def _failed(refused: Refused) -> types.CallToolResult:
    """For the model, which may ask better."""
    return types.CallToolResult(
        content=[_text({"error": {"message": refused.message, **_details(refused)}})], is_error=True
    )


def _details(refused: Refused) -> dict[str, Any]:
    code: Code = refused.code
    return {"code": code.name, "details": refused.details}


def _text(told: Any) -> types.TextContent:
    return types.TextContent(text=json.dumps(told, ensure_ascii=False, separators=(",", ":")))
