"""Tools that take too long or fail, of whoever leaves, and of personas; then all goes on."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from litestar import get
from litestar.params import FromQuery
from litestar.response import Stream
from pydantic import SecretStr

from contracts.personas import BUILT_IN
from contracts.refusals import Code, Refused
from contracts.tools import TOOLS
from gateway.app import build
from gateway.auth.guards import READERS
from gateway.gate import ANYBODY
from gateway.tools.inner import Inner
from gateway.tools.reads import READS, Found
from gateway.tools.runner import run
from services.runtime.database import Database
from services.runtime.metrics import REGISTRY
from services.runtime.principals import Role
from services.runtime.settings import DatabaseSettings
from tests.gateway.access.limited import WIDE, Limited, but, gateway, served
from tests.kit.gateway import Platform, refused
from tests.kit.mcp_client import called, connected, connected_to, failed
from tests.kit.runtime import until

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

TOOL = "list_alerts"
"""The one that asks for something else here."""


@dataclass
class Hanging:
    """A read of the API that never ends by itself."""

    begun: int = 0
    cancelled: int = 0
    goes_on: bool = False
    """It answers."""
    wanted: asyncio.Event = field(default_factory=asyncio.Event)

    def route(self) -> Any:
        """Of the API."""

        @get("/api/v1/hanging", opt=READERS)
        async def hang() -> dict[str, list[int]]:
            if self.goes_on:
                return {"items": [1]}
            self.begun += 1
            try:
                await self.wanted.wait()
            except asyncio.CancelledError:
                self.cancelled += 1
                raise
            return {"items": []}

        return hang


@get("/api/v1/large", opt=READERS)
async def large(megabytes: FromQuery[int]) -> dict[str, str]:
    """So much."""
    return {"text": "a" * (megabytes * 1024 * 1024)}


@get("/api/v1/broken", opt=READERS)
async def broken() -> Stream:
    """It begins, and fails."""

    async def pieces() -> AsyncGenerator[bytes]:
        yield b'{"items":['
        raise ConnectionError

    return Stream(pieces())


def _asks(patch: pytest.MonkeyPatch, path: str, seconds: float = 30, **query: object) -> None:
    """The tool asks for this, and is waited for so long."""

    async def read(inner: Inner, asked: Any) -> Found:
        del asked
        return Found(await inner.get(path, query))

    patch.setitem(READS, TOOL, read)
    tool = replace(TOOLS[TOOL], patience=timedelta(seconds=seconds))
    patch.setitem(TOOLS, TOOL, tool)


@pytest.fixture
def hanging() -> Hanging:
    return Hanging()


@pytest.fixture
def limited(platform: Platform, hanging: Hanging) -> Limited:
    return gateway(platform, hanging.route(), large, broken, **WIDE)


@pytest.fixture
async def token(platform: Platform) -> str:
    return await platform.token(Role.VIEWER)


async def test_one_that_takes_too_long_is_ended_and_the_next_call_is_answered(
    limited: Limited, hanging: Hanging, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _asks(monkeypatch, "/hanging", 0.2)
    async with connected(limited, token) as client:
        error = await failed(client, TOOL)
        assert error["code"] == "QUERY_TIMEOUT"
        assert "ask for less" in error["message"]
        assert (hanging.begun, hanging.cancelled) == (1, 1), "nothing goes on for nobody"
        hanging.goes_on = True
        assert (await called(client, TOOL))["data"] == {"items": [1]}
        assert (await called(client, "list_clusters"))["tool"] == "list_clusters"


async def test_others_are_answered_meanwhile(
    limited: Limited, hanging: Hanging, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _asks(monkeypatch, "/hanging")
    async with connected(limited, token) as client, asyncio.TaskGroup() as together:
        slow = together.create_task(called(client, TOOL))
        await until(lambda: hanging.begun)
        assert (await called(client, "list_clusters"))["tool"] == "list_clusters"
        assert not slow.done()
        hanging.wanted.set()


async def test_an_answer_has_a_bound_before_it_is_cut(
    limited: Limited, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with connected(limited, token) as client:
        _asks(monkeypatch, "/large", megabytes=17)
        error = await failed(client, TOOL)
        assert (error["code"], error["message"]) == (
            "LIMIT_REACHED",
            "the answer is too large: ask for less",
        )
        _asks(monkeypatch, "/large", megabytes=1)
        told = await called(client, TOOL)
        assert told["cut"] == [
            {"path": "text", "shown": 600, "of": 1024 * 1024, "unit": "characters"}
        ]


async def test_an_answer_that_breaks_off_is_an_error_of_the_tool(
    limited: Limited, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _asks(monkeypatch, "/broken")
    async with connected(limited, token) as client:
        assert (await failed(client, TOOL))["code"] == "INTERNAL_ERROR"
        assert (await called(client, "list_clusters"))["tool"] == "list_clusters"


async def test_what_is_asked_for_somebody_who_leaves_is_ended(
    limited: Limited, hanging: Hanging, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both when they close the connection, and when they say so by the official client."""
    _asks(monkeypatch, "/hanging")
    before = _left()
    async with served(limited) as port:
        await _leave(f"http://127.0.0.1:{port}/mcp", token, lambda: hanging.begun == 1)
        await until(lambda: hanging.cancelled == 1)
        async with connected_to(f"http://127.0.0.1:{port}/mcp", token) as client:
            calling = asyncio.ensure_future(client.call_tool(TOOL, {}))
            await until(lambda: hanging.begun == 2)
            calling.cancel()
            await asyncio.wait([calling])
            await until(lambda: hanging.cancelled == 2)
            assert (await called(client, "list_clusters"))["tool"] == "list_clusters"
        await until(lambda: _left() == before + 2)


def _left() -> float:
    """Requests whose clients have left."""
    labels = {"method": "POST", "path": "/mcp", "status": "499"}
    return REGISTRY.get_sample_value("aiops_http_requests_total", labels) or 0.0


def _message(name: str = TOOL) -> dict[str, Any]:
    params: dict[str, Any] = {"name": name, "arguments": {}}
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}


async def _leave(url: str, token: str, begun: Any) -> None:
    """Ask, by hand and by an older version, and go."""
    headers = {"authorization": f"Bearer {token}", "accept": "application/json"}
    async with httpx.AsyncClient(timeout=60) as client:
        asking = asyncio.ensure_future(client.post(url, json=_message(), headers=headers))
        await until(begun)
        asking.cancel()
        await asyncio.wait([asking])


async def test_a_body_that_never_ends_is_waited_for_only_so_long(
    limited: Limited, token: str
) -> None:
    limited.front._body_seconds = 0.2

    async def endless() -> AsyncGenerator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    async with limited.client(token) as client:
        refused(await client.post("/mcp", content=endless(), headers=_KINDS), "OVERLOADED")


_KINDS = {"content-type": "application/json", "accept": "application/json"}


@pytest.mark.parametrize("persona", BUILT_IN)
async def test_a_persona_has_its_tools_and_no_others(platform: Platform, persona: str) -> None:
    inner = Inner(build(platform.gate), ANYBODY)
    allowed = BUILT_IN[persona].capabilities
    assert set(allowed) <= TOOLS.keys()
    for name in TOOLS.keys() - set(allowed):
        with pytest.raises(Refused) as told:
            await run(name, {}, inner, allowed=allowed)
        assert told.value.code is Code.NOT_FOUND
        assert all(each in told.value.message for each in allowed)
    arguments: dict[str, Any] = {"get_cnf_workloads": {}, "list_clusters": {}}
    name = next(each for each in arguments if each in allowed)
    assert (await run(name, arguments[name], inner, allowed=allowed)).tool == name


async def test_without_the_database_it_is_an_error_of_the_tool(platform: Platform) -> None:
    nowhere = DatabaseSettings(url=SecretStr("postgresql://127.0.0.1:1/none"), timeout=0.5)
    database = Database(nowhere, "test")
    await database.open()
    try:
        inner = Inner(build(replace(platform.gate, database=database)), ANYBODY)
        for name in (TOOL, "list_clusters", "get_event_history"):
            with pytest.raises(Refused) as told:
                await run(name, {}, inner)
            assert told.value.code is Code.DATABASE_UNAVAILABLE
    finally:
        await database.close()


async def test_while_the_database_is_away_the_client_is_told_and_goes_on_afterwards(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks is known; what is read is not to be had."""
    nowhere = DatabaseSettings(url=SecretStr("postgresql://127.0.0.1:1/none"), timeout=0.5)
    database = Database(nowhere, "test")
    await database.open()
    try:
        async with connected(platform, platform.admin) as client:
            with monkeypatch.context() as patch:
                patch.setattr(platform.gate.database, "_pool", database._pool)
                error = await failed(client, TOOL)
                assert error["code"] == "DATABASE_UNAVAILABLE"
            assert (await called(client, TOOL))["tool"] == TOOL
    finally:
        await database.close()


async def test_a_call_counts_once_whatever_it_reads(platform: Platform) -> None:
    """The state of a time is read by three requests to the API."""
    token = await platform.token(Role.VIEWER)
    limited = gateway(platform, **but(WIDE, token_per_second=1, token_burst=3))
    body = _message("get_state_as_of")
    body["params"]["arguments"] = {"time": platform.gate.clock.now().isoformat()}
    async with limited.client(token) as client:
        for left in (2, 1, 0):
            answer = await client.post("/mcp", json=body, headers=_KINDS)
            assert answer.json()["result"]["isError"] is False
            assert answer.headers["x-ratelimit-remaining"] == str(left)
        refused(await client.post("/mcp", json=body, headers=_KINDS), "RATE_LIMITED")
