"""The official MCP client, on a platform in this process or on a port."""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Protocol

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import TextContent

from gateway.middleware import Front
from tests.kit.gateway import Json

URL = "http://127.0.0.1:8080/mcp"


class Fronted(Protocol):
    """A platform, or a gateway beside it."""

    front: Front


@asynccontextmanager
async def connected(platform: Fronted, token: str) -> AsyncGenerator[Client]:
    """With a token."""
    transport = httpx2.ASGITransport(platform.front)  # pyright: ignore[reportArgumentType] - ASGI types differ in name
    async with connected_to(URL, token, transport) as client:
        yield client


@asynccontextmanager
async def connected_to(
    url: str, token: str, transport: httpx2.AsyncBaseTransport | None = None
) -> AsyncGenerator[Client]:
    """To a server that listens there."""
    headers = {"authorization": f"Bearer {token}"}
    async with (
        httpx2.AsyncClient(transport=transport, headers=headers, timeout=60) as http,
        Client(streamable_http_client(url, http_client=http)) as client,
    ):
        yield client


async def called(client: Client, name: str, **arguments: Any) -> Json:
    """What a tool tells; it must not have failed."""
    result = await client.call_tool(name, arguments)
    assert not result.is_error, result.content
    told: Mapping[str, Any] = result.structured_content
    return dict(told)


async def failed(client: Client, name: str, **arguments: Any) -> Json:
    """Why a tool tells nothing."""
    result = await client.call_tool(name, arguments)
    assert result.is_error, result.structured_content
    (content,) = result.content
    assert isinstance(content, TextContent)
    return json.loads(content.text)["error"]


async def followed(client: Client, name: str, **arguments: Any) -> list[Json]:
    """All answers of a list: the first, and those that each one's ``next`` asks for."""
    answers = [await called(client, name, **arguments)]
    while answers[-1]["next"] is not None:
        assert len(answers) < 1_000, "it has no end"
        answers.append(await called(client, name, **answers[-1]["next"]))
    return answers
