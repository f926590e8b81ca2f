"""Lists of the simulated API server: pages, selectors, watches."""

import json
from typing import Any

import httpx
import pytest

from deploy.simulator.faults import Fault, FaultKind
from deploy.simulator.fleet import Fleet
from deploy.simulator.simulator import Options, Running, simulating
from tests.deploy.simulator.reaching import Clients, Json, items, refused

PODS = "/api/v1/pods"
METADATA = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json;q=0.9"


async def pages(client: httpx.AsyncClient, path: str, **query: Any) -> list[list[Json]]:
    """All pages of a list."""
    found: list[list[Json]] = []
    token: str | None = None
    while token is not None or not found:
        more = {"continue": token} if token else {}
        answer = await client.get(path, params=query | more)
        assert answer.status_code == 200, answer.text
        found.append(answer.json()["items"])
        token = answer.json()["metadata"].get("continue")
    return found


async def events(client: httpx.AsyncClient, path: str, **query: Any) -> list[Json]:
    """What a watch tells until the server ends it."""
    async with client.stream("GET", path, params={"watch": "true"} | query) as answer:
        assert answer.status_code == 200
        return [json.loads(line) async for line in answer.aiter_lines()]


async def test_pages_together_are_the_whole_list(running: Running, clients: Clients) -> None:
    client = clients.api(running.cluster("edge-1"))
    found = await pages(client, PODS, limit=25)
    assert [len(page) for page in found] == [25, 25, 10]
    assert [pod for page in found for pod in page] == await items(client, PODS)


async def test_a_page_that_ends_with_the_list_is_the_last(
    running: Running, clients: Clients
) -> None:
    found = await pages(clients.api(running.cluster("edge-1")), PODS, limit=30)
    assert [len(page) for page in found] == [30, 30]


async def test_pages_of_a_selection_are_the_whole_selection(
    running: Running, clients: Clients
) -> None:
    client = clients.api(running.cluster("edge-1"))
    found = await pages(client, PODS, limit=4, labelSelector="app=shop")
    assert [pod for page in found for pod in page] == [
        pod for pod in await items(client, PODS) if pod["metadata"]["labels"]["app"] == "shop"
    ]
    assert len(found) > 1


@pytest.mark.parametrize(
    ("selector", "apps"),
    [
        ("app=shop", {"shop"}),
        ("app==shop,aiops.simulated=true", {"shop"}),
        ("app=shop,aiops.simulated=false", set[str]()),
        ("app!=shop,app!=orders,app!=billing", {"inventory"}),
    ],
)
async def test_labels_select(
    running: Running, clients: Clients, selector: str, apps: set[str]
) -> None:
    client = clients.api(running.cluster("edge-1"))
    found = (await client.get(PODS, params={"labelSelector": selector})).json()["items"]
    ordinary = {"shop", "orders", "billing", "inventory"}
    assert {pod["metadata"]["labels"]["app"] for pod in found} & ordinary == apps


async def test_a_name_selects(running: Running, clients: Clients) -> None:
    client = clients.api(running.cluster("edge-1"))
    name = (await items(client, PODS))[7]["metadata"]["name"]
    chosen = await client.get(PODS, params={"fieldSelector": f"metadata.name={name}"})
    assert [pod["metadata"]["name"] for pod in chosen.json()["items"]] == [name]


@pytest.mark.parametrize(
    ("selector", "all_of_them"),
    [
        ("status.phase!=Succeeded,status.phase!=Failed", True),
        ("status.phase=Running", True),
        ("status.phase==Running,status.phase!=Running", False),
        ("status.phase=Succeeded", False),
    ],
)
async def test_a_phase_selects_pods(
    running: Running, clients: Clients, selector: str, all_of_them: bool
) -> None:
    client = clients.api(running.cluster("edge-1"))
    found = await pages(client, PODS, limit=25, fieldSelector=selector)
    expected = await items(client, PODS) if all_of_them else []
    assert [pod for page in found for pod in page] == expected


async def test_a_node_selects_its_pods(running: Running, clients: Clients) -> None:
    client = clients.api(running.cluster("edge-1"))
    every = await items(client, PODS)
    node = every[7]["spec"]["nodeName"]
    selector = {"fieldSelector": f"spec.nodeName={node},status.phase=Running"}
    found = (await client.get(PODS, params=selector)).json()["items"]
    assert found == [pod for pod in every if pod["spec"]["nodeName"] == node]
    assert 0 < len(found) < len(every)
    other = {"fieldSelector": f"spec.nodeName={node},spec.nodeName=none"}
    assert (await client.get(PODS, params=other)).json()["items"] == []


async def test_a_name_and_a_phase_select_together(running: Running, clients: Clients) -> None:
    client = clients.api(running.cluster("edge-1"))
    name = (await items(client, PODS))[7]["metadata"]["name"]
    for phase, expected in (("status.phase=Running", [name]), ("status.phase=Failed", [])):
        selector = {"fieldSelector": f"metadata.name={name},{phase}"}
        found = (await client.get(PODS, params=selector)).json()["items"]
        assert [pod["metadata"]["name"] for pod in found] == expected


async def test_who_asks_for_metadata_gets_nothing_else(running: Running, clients: Clients) -> None:
    client = clients.api(running.cluster("edge-1"))
    whole = await items(client, PODS)
    accept = {"accept": METADATA}
    first = (await client.get(PODS, params={"limit": 50}, headers=accept)).json()
    query = {"limit": 50, "continue": first["metadata"]["continue"]}
    second = (await client.get(PODS, params=query, headers=accept)).json()
    kind = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1"}
    assert [*first["items"], *second["items"]] == [
        kind | {"metadata": pod["metadata"]} for pod in whole
    ]
    for page in (first, second):
        named = (page["kind"], page["apiVersion"])
        assert named == ("PartialObjectMetadataList", "meta.k8s.io/v1")


@pytest.mark.parametrize(
    "accept",
    [
        "application/json",
        f"application/json,{METADATA}",
        "application/json;as=PartialObjectMetadataList;v=v1beta9;g=meta.k8s.io,application/json",
        "application/vnd.kubernetes.protobuf, */*",
        "text/html",
    ],
)
async def test_everybody_else_gets_whole_objects(
    running: Running, clients: Clients, accept: str
) -> None:
    client = clients.api(running.cluster("edge-1"))
    found = (await client.get(PODS, headers={"accept": accept})).json()
    assert (found["kind"], found["apiVersion"]) == ("PodList", "v1")
    assert all("spec" in pod for pod in found["items"])


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "many"},
        {"continue": "!!!"},
        {"continue": "bm90IGpzb24="},
        {"labelSelector": "app in (shop)"},
        {"fieldSelector": "spec.nodeName!=worker"},
        {"fieldSelector": "spec.hostNetwork=true"},
        {"fieldSelector": "metadata.name!=worker"},
        {"fieldSelector": "status.phase"},
    ],
)
async def test_what_is_not_understood_is_a_bad_request(
    running: Running, clients: Clients, query: dict[str, str]
) -> None:
    client = clients.api(running.cluster("edge-1"))
    refused(await client.get(PODS, params=query), 400, "BadRequest")


async def test_an_old_continue_token_is_gone_and_comes_with_another(
    running: Running, clients: Clients
) -> None:
    cluster = running.cluster("edge-1")
    client = clients.api(cluster)
    first = (await client.get(PODS, params={"limit": 5})).json()
    cluster.fail(Fault(FaultKind.OLD_CONTINUE, times=1))
    query = {"limit": 5, "continue": first["metadata"]["continue"]}
    told = refused(await client.get(PODS, params=query), 410, "Expired")
    query["continue"] = told["metadata"]["continue"]
    second = await client.get(PODS, params=query)
    assert second.json()["items"] == (await items(client, PODS))[5:10]


async def test_only_pods_have_phases(running: Running, clients: Clients) -> None:
    client = clients.api(running.cluster("edge-1"))
    answer = await client.get("/api/v1/nodes", params={"fieldSelector": "status.phase=Running"})
    refused(answer, 400, "BadRequest")


async def test_a_watch_begins_with_what_is_there(running: Running, clients: Clients) -> None:
    client = clients.api(running.cluster("edge-1"))
    told = await events(client, "/api/v1/nodes", timeoutSeconds=1, allowWatchBookmarks="true")
    assert [event["type"] for event in told] == ["ADDED"] * 6 + ["BOOKMARK"]
    assert {event["object"]["kind"] for event in told} == {"Node"}
    added = [event["object"]["metadata"] for event in told[:-1]]
    assert added == [node["metadata"] for node in await items(client, "/api/v1/nodes")]


async def test_a_watch_from_a_list_tells_nothing_again(running: Running, clients: Clients) -> None:
    client = clients.api(running.cluster("edge-1"))
    listed = (await client.get("/api/v1/nodes")).json()["metadata"]["resourceVersion"]
    query = {"resourceVersion": listed, "allowWatchBookmarks": "true", "timeoutSeconds": 1}
    told = await events(client, "/api/v1/nodes", **query)
    assert [event["type"] for event in told] == ["BOOKMARK"]
    assert told[0]["object"]["metadata"]["resourceVersion"] == listed


async def test_a_watch_from_too_long_ago_ends_with_an_error(
    running: Running, clients: Clients
) -> None:
    client = clients.api(running.cluster("edge-1"))
    (told,) = await events(client, "/api/v1/nodes", resourceVersion="3")
    assert told["type"] == "ERROR"
    assert (told["object"]["code"], told["object"]["reason"]) == (410, "Expired")


async def test_a_watch_needs_its_own_right(running: Running, clients: Clients) -> None:
    cluster = running.cluster("edge-1")
    client = clients.api(cluster, cluster.account("nobody").token)
    answer = await client.get("/api/v1/nodes", params={"watch": "true"})
    assert 'cannot watch resource "nodes"' in refused(answer, 403, "Forbidden")["message"]


async def test_ten_thousand_pods_come_in_pages() -> None:
    fleet = Fleet.make(1, seed=1, nodes=1000, pods=10_000)
    async with simulating(fleet, Options(bad_tls=False)) as running:
        clients = Clients(running)
        found = await pages(clients.api(running.cluster("hub-1")), PODS, limit=1000)
        await clients.close()
    assert [len(page) for page in found] == [1000] * 10
    heads = [pod["metadata"] for page in found for pod in page]
    names = {(meta["namespace"], meta["name"]) for meta in heads}
    assert len(names) == 10_000
