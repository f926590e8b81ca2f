"""Long lists by tools: every entry once and in order, each answer within its size."""

import json
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from uuid import UUID

import pytest
from mcp import Client

from contracts.tools import CHARACTERS_OF_TOKEN, MOST_TOKENS
from services.runtime.principals import Role
from services.runtime.settings import Settings
from tests.gateway.network_functions import Teller, workload
from tests.kit.gateway import Json, Platform, alert, platform_on
from tests.kit.mcp_client import called, connected, followed
from tests.kit.pods import GPUS, NODES, PODS, plant

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

ALERTS = 350


@dataclass(frozen=True)
class Large:
    """A cluster with many of everything; another has even more pods."""

    platform: Platform
    token: str
    id: str
    crowded: str


@pytest.fixture(scope="module")
async def large(platform_settings: Settings) -> AsyncGenerator[Large]:
    """From when on it is there nothing changes any more."""
    async with platform_on(platform_settings) as platform:
        cluster, crowded = [(await platform.register())["id"] for _ in range(2)]
        labels = [{"alertname": f"Alert{number}", "pod": "p" * 30} for number in range(ALERTS)]
        alerts = [alert(number, labels=each) for number, each in enumerate(labels)]
        await platform.report(cluster, *alerts)
        await platform.workers.stop()
        pods = [workload(f"du-{number}") for number in range(ALERTS)]
        at = platform.gate.clock.now()
        await Teller(platform, UUID(cluster)).sample(at, workloads=pods)
        await plant(platform.settings, UUID(crowded))
        yield Large(platform, await platform.token(Role.VIEWER), cluster, crowded)


@pytest.fixture
async def client(large: Large) -> AsyncGenerator[Client]:
    async with connected(large.platform, large.token) as client:
        yield client


def _fits(answer: Json) -> None:
    text = json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
    assert len(text.encode()) <= MOST_TOKENS * CHARACTERS_OF_TOKEN


async def _all_pages(large: Large, path: str, identity: str) -> list[str]:
    """What REST tells, page by page."""
    found: list[str] = []
    for page in range(1, 100):
        told = await large.platform.list(path, cluster_id=large.id, page=page, page_size=100)
        found += [each[identity] for each in told["items"]]
        if len(found) == told["total"]:
            return found
    raise AssertionError(f"{path} has no end")


@pytest.mark.parametrize(
    ("tool", "path", "identity"),
    [("list_alerts", "/alerts", "id"), ("get_cnf_workloads", "/cnf/workloads", "pod")],
)
async def test_what_is_next_leads_through_all_of_them(
    large: Large, client: Client, tool: str, path: str, identity: str
) -> None:
    answers = await followed(client, tool, cluster_ids=[large.id])
    found = [each[identity] for answer in answers for each in answer["data"]["items"]]
    assert found == await _all_pages(large, path, identity)
    assert len(found) == ALERTS
    for answer in answers:
        _fits(answer)
        assert answer["data"]["total"] == ALERTS
    assert 3 < len(answers) < ALERTS / 10, "an answer holds many of them"


async def test_the_log_is_read_back_to_its_begin(large: Large, client: Client) -> None:
    answers = await followed(client, "get_event_history", cluster_id=large.id)
    found = [each["sequence"] for answer in answers for each in answer["data"]["items"]]
    told = await large.platform.list("/events", cluster_id=large.id, order="desc", limit=1000)
    assert found == [each["sequence"] for each in told["items"]]
    assert len(found) > ALERTS
    for answer in answers:
        _fits(answer)


async def test_an_answer_says_how_much_of_its_list_is_there(large: Large, client: Client) -> None:
    told = await called(client, "list_alerts", cluster_ids=[large.id])
    shown = len(told["data"]["items"])
    (cut,) = [each for each in told["cut"] if each["path"] == "items"]
    assert cut == {"path": "items", "shown": shown, "of": 100, "unit": "entries"}
    assert told["next"] == {"cluster_ids": [large.id], "offset": shown}


@pytest.mark.parametrize("offset", [ALERTS - 1, ALERTS, ALERTS + 1, 5_000, 100_000])
async def test_behind_the_last_one_there_is_nothing(
    large: Large, client: Client, offset: int
) -> None:
    told = await called(client, "list_alerts", cluster_ids=[large.id], offset=offset)
    assert len(told["data"].get("items", ())) == (1 if offset < ALERTS else 0)
    assert told["next"] is None


_CROWDED: Mapping[str, tuple[Json, int]] = {
    "get_cnf_workloads": ({}, PODS),
    "get_gpu_processes": ({}, PODS),
    "get_gpu_nodes": ({}, NODES),
}


@pytest.mark.parametrize("name", _CROWDED)
async def test_of_ten_thousand_pods_an_answer_says_how_many_there_are(
    large: Large, client: Client, name: str
) -> None:
    arguments, total = _CROWDED[name]
    told = await called(client, name, cluster_ids=[large.crowded], **arguments)
    _fits(told)
    assert told["data"]["total"] == total
    assert told["data"]["items"]
    assert told["next"]["offset"] == len(told["data"]["items"])


async def test_the_end_of_ten_thousand_is_reached_at_once(large: Large, client: Client) -> None:
    asked = {"cluster_ids": [large.crowded], "offset": PODS - 3}
    told = await called(client, "get_gpu_processes", **asked)
    assert len(told["data"]["items"]) == 3
    assert told["next"] is None


async def test_a_summary_of_a_crowded_cluster_fits(large: Large, client: Client) -> None:
    told = await called(client, "get_gpu_summary", cluster_ids=[large.crowded])
    _fits(told)
    assert told["cut"] == []
    assert str(NODES * GPUS) in json.dumps(told["data"])
