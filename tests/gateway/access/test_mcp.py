"""``/mcp`` by the official client: every tool, as whoever asks may; nothing of foreign clusters."""

import json
from typing import Any

import pytest
from mcp.shared.exceptions import MCPError

from contracts.personas import BUILT_IN
from contracts.tools import CHARACTERS_OF_TOKEN, MOST_TOKENS, TOOLS
from services.runtime import metrics
from services.runtime.principals import Role
from tests.gateway.access.world import MARK, World
from tests.kit.gateway import refused
from tests.kit.mcp_client import called, connected, failed

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

_RANGE = {"start_time": "2026-01-01T00:00:00Z", "end_time": "2026-01-01T00:30:00Z"}


def arguments(world: World, name: str) -> dict[str, Any]:
    """What each tool is asked that must be asked something."""
    mine = world.mine
    return {
        "get_cluster_status": {"cluster_id": mine.id},
        "query_metrics": {"query": "up"},
        "query_logs": {"query": '{namespace="a"}'},
        "get_trace": {"trace_id": "1" * 32},
        "detect_anomalies": {"query": "up", **_RANGE},
        "analyze_root_cause": {"incident_id": mine.incident},
        "get_state_as_of": {"time": world.platform.gate.clock.now().isoformat()},
    }.get(name, {})


async def test_every_tool_is_listed_with_its_schema_and_only_reads(world: World) -> None:
    async with connected(
        world.platform, await world.token(Role.VIEWER, everywhere=False)
    ) as client:
        listed = {each.name: each for each in (await client.list_tools()).tools}
    assert listed.keys() == TOOLS.keys()
    for name, tool in listed.items():
        assert tool.input_schema == TOOLS[name].schema
        assert tool.input_schema["additionalProperties"] is False
        assert tool.annotations is not None
        assert tool.annotations.read_only_hint is (name != "analyze_root_cause")
        assert tool.annotations.destructive_hint is False


_AWAY = {"query_metrics", "get_metric_labels", "search_traces", "get_trace", "query_logs",
         "detect_anomalies"}  # fmt: skip
"""What asks backends of clusters, of which those of this world have none."""


@pytest.mark.parametrize("name", TOOLS)
async def test_every_tool_tells_what_is_of_whoever_asks(world: World, name: str) -> None:
    token = await world.token(Role.OPERATOR, everywhere=False)
    async with connected(world.platform, token) as client:
        result = await client.call_tool(name, arguments(world, name))
    told = json.dumps(result.model_dump(mode="json"))
    assert MARK not in told
    assert world.foreign.id not in told
    assert len(told) < 3 * MOST_TOKENS * CHARACTERS_OF_TOKEN
    if name not in _AWAY:
        assert not result.is_error, told
        assert world.mine.id in told or name in {"get_fleet_summary", "get_gpu_summary"}


async def test_what_is_foreign_is_not_there(world: World) -> None:
    foreign = world.foreign
    async with connected(
        world.platform, await world.token(Role.VIEWER, everywhere=False)
    ) as client:
        for name, asked, code in (
            ("get_cluster_status", {"cluster_id": foreign.id}, "CLUSTER_NOT_FOUND"),
            ("query_metrics", {"query": "up", "cluster_ids": [foreign.id]}, "CLUSTER_NOT_FOUND"),
            ("analyze_root_cause", {"incident_id": foreign.incident}, "PERMISSION_DENIED"),
        ):
            error = await failed(client, name, **asked)
            assert error["code"] == code
            assert MARK not in json.dumps(error)
        for name in ("list_alerts", "get_gpu_nodes", "list_incidents"):
            told = await called(client, name, cluster_ids=[foreign.id])
            assert "items" not in told["data"]


async def test_who_may_only_read_is_shown_the_analysis_that_is_there(world: World) -> None:
    mine = world.mine
    async with connected(
        world.platform, await world.token(Role.OPERATOR, everywhere=False)
    ) as client:
        made = await called(client, "analyze_root_cause", incident_id=mine.incident)
    async with connected(
        world.platform, await world.token(Role.VIEWER, everywhere=False)
    ) as client:
        shown = await called(client, "analyze_root_cause", incident_id=mine.incident)
    assert shown["data"]["incident_id"] == made["data"]["incident_id"] == mine.incident


@pytest.mark.parametrize(
    ("name", "asked", "field"),
    [
        ("list_alerts", {"state": "ON_FIRE"}, "state"),
        ("list_alerts", {"unknown": 1}, "unknown"),
        ("query_metrics", {}, "query"),
        ("query_metrics", {"query": 7}, "query"),
        ("query_metrics", {"query": "up", "start_time": "yesterday"}, "start_time"),
        ("get_cluster_status", {"cluster_id": "../tokens"}, "cluster_id"),
        ("get_trace", {"trace_id": "../../tokens"}, "trace_id"),
        ("list_incidents", {"offset": -1}, "offset"),
        ("get_state_as_of", {"time": "2026-01-01T00:00:00"}, "time"),
        ("get_event_history", {"entity_type": "a\0b"}, "body"),
        ("analyze_root_cause", {}, "body"),
    ],
)
async def test_wrong_arguments_are_told(
    world: World, name: str, asked: dict[str, Any], field: str
) -> None:
    async with connected(
        world.platform, await world.token(Role.VIEWER, everywhere=False)
    ) as client:
        error = await failed(client, name, **asked)
    assert error["code"] == "VALIDATION_FAILED"
    assert [each["field"] for each in error["details"]["fields"]] == [field]


@pytest.mark.parametrize("label", ["../tokens", "a/b", "a b", "", "é"])
async def test_a_label_is_a_name_and_no_way_elsewhere(world: World, label: str) -> None:
    async with connected(
        world.platform, await world.token(Role.VIEWER, everywhere=False)
    ) as client:
        error = await failed(client, "get_metric_labels", label_name=label)
    assert error["code"] == "VALIDATION_FAILED"


async def test_wrong_promql_is_told_with_its_place(world: World) -> None:
    async with connected(
        world.platform, await world.token(Role.VIEWER, everywhere=False)
    ) as client:
        error = await failed(client, "query_metrics", query="sum(up")
    assert error["code"] == "INVALID_PROMQL"


async def test_what_is_denied_within_a_tool_is_told_of(world: World) -> None:
    token = await world.token(Role.VIEWER, everywhere=False)
    before = _denied()
    async with connected(world.platform, token) as client:
        error = await failed(client, "get_event_history", cluster_id=world.foreign.id)
    assert error["code"] == "PERMISSION_DENIED"
    assert _denied() == before + 1


def _denied() -> float:
    (family,) = metrics.AUTH_FAILURES.collect()
    return sum(
        one.value
        for one in family.samples
        if one.labels == {"status": "403"} and one.name.endswith("_total")
    )


async def test_there_is_no_other_tool(world: World) -> None:
    async with connected(world.platform, await world.token(Role.ADMIN, everywhere=False)) as client:
        for name in ("delete_cluster", "", "list_clusters/../tokens"):
            with pytest.raises(MCPError, match="there is no tool"):
                await client.call_tool(name, {})


async def test_personas_are_prompts(world: World) -> None:
    async with connected(
        world.platform, await world.token(Role.VIEWER, everywhere=False)
    ) as client:
        listed = (await client.list_prompts()).prompts
        assert BUILT_IN.keys() <= {each.name for each in listed}
        for each in (each for each in listed if each.name in BUILT_IN):
            told = await client.get_prompt(each.name, {"question": "What is wrong?"})
            text = told.messages[0].content.text  # pyright: ignore
            assert text.endswith("What is wrong?")
            assert all(name in text for name in BUILT_IN[each.name].capabilities)
        for name in ("nobody", "../tokens", "default/../../tokens", "", "a\0b"):
            with pytest.raises(MCPError, match="there is no prompt"):
                await client.get_prompt(name)


async def test_incidents_and_clusters_are_resources(world: World) -> None:
    mine, foreign = world.mine, world.foreign
    async with connected(
        world.platform, await world.token(Role.VIEWER, everywhere=False)
    ) as client:
        listed = {str(each.uri) for each in (await client.list_resources()).resources}
        assert {f"aiops://clusters/{mine.id}", "aiops://fleet"} <= listed
        assert f"aiops://clusters/{foreign.id}" not in listed
        templates = (await client.list_resource_templates()).resource_templates
        assert len(templates) == 2
        for uri in (
            f"aiops://incidents/{mine.incident}",
            f"aiops://clusters/{mine.id}",
            "aiops://fleet",
        ):
            (content,) = (await client.read_resource(uri)).contents
            told = json.loads(content.text)  # pyright: ignore
            assert told.get("id", "") in uri
        for uri in (
            f"aiops://clusters/{foreign.id}",
            f"aiops://incidents/{foreign.incident}",
            "aiops://tokens/x",
            "aiops://clusters/../tokens",
        ):
            with pytest.raises(MCPError):
                await client.read_resource(uri)


async def test_who_may_not_read_is_not_let_in(world: World) -> None:
    platform = world.platform
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    kinds = {"accept": "application/json, text/event-stream"}
    async with platform.client() as nobody:
        refused(await nobody.post("/mcp", json=body, headers=kinds), "AUTH_FAILED")
    async with platform.client(await world.token(Role.INGEST, everywhere=False)) as source:
        refused(await source.post("/mcp", json=body, headers=kinds), "PERMISSION_DENIED")


async def test_it_keeps_no_streams_open(world: World) -> None:
    async with world.platform.client(await world.token(Role.VIEWER, everywhere=False)) as client:
        for method in ("GET", "DELETE"):
            refused(await client.request(method, "/mcp"), "METHOD_NOT_ALLOWED")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff\xfe", b'{"jsonrpc":"1.0"}'])
async def test_what_is_no_message_is_refused(world: World, body: bytes) -> None:
    token = await world.token(Role.VIEWER, everywhere=False)
    headers = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
    headers["authorization"] = f"Bearer {token}"
    async with world.platform.client() as client:
        client.event_hooks = {}  # Its errors are those of JSON-RPC.
        answer = await client.post("/mcp", content=body, headers=headers)
        assert 400 <= answer.status_code < 500
        large = b'{"x":"' + b"a" * 300_000 + b'"}'
        answer = await client.post("/mcp", content=large, headers=headers)
        assert answer.status_code == 413
