"""Importing clusters over REST: every context of a kubeconfig, every cluster that a hub manages."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from contracts.clusters import ClusterType, cluster_name_key
from deploy.simulator.cluster import Part
from deploy.simulator.faults import FaultKind
from deploy.simulator.fleet import Fleet
from deploy.simulator.kubeconfig import kubeconfig
from deploy.simulator.simulator import Options, Running, simulating
from services.runtime import streams
from tests.kit.gateway import API, Json, Platform, refused
from tests.kit.simulated import of_type, with_credentials

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]


@pytest.fixture
async def fleet() -> AsyncGenerator[Running]:
    """Twelve clusters over TLS."""
    async with simulating(Fleet.make(12, seed=7), Options(bad_tls=False)) as running:
        yield running


async def _import(platform: Platform, **body: Any) -> Json:
    answer = await platform.http.post(f"{API}/clusters/import", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def _remove(platform: Platform, told: Json) -> None:
    for item in told["items"]:
        if item["cluster_id"]:
            await platform.http.delete(f"{API}/clusters/{item['cluster_id']}")


async def test_every_context_of_a_kubeconfig_becomes_a_cluster_with_credentials(
    platform: Platform, fleet: Running
) -> None:
    text = kubeconfig(each.entry() for each in fleet.clusters.values())
    told = await _import(platform, kubeconfig=text, labels={"from": "import"})
    assert (told["registered"], told["known"], told["refused"]) == (12, 0, 0), told
    assert [item["name"] for item in told["items"]] == [*fleet.clusters]
    for item in told["items"]:
        view = await platform.list(f"/clusters/{item['cluster_id']}")
        assert view["credentials"]["auth_type"] == "KUBECONFIG"
        assert view["labels"] == {"from": "import"}
    again = await _import(platform, kubeconfig=text)
    assert (again["registered"], again["known"]) == (0, 12)
    assert {item["outcome"] for item in again["items"]} == {"ALREADY_REGISTERED"}
    await _remove(platform, told)


async def test_a_dry_run_says_what_would_be_and_does_nothing(
    platform: Platform, fleet: Running
) -> None:
    first, second, *_ = fleet.clusters.values()
    second.fail(FaultKind.EXPIRED_TOKEN)
    text = kubeconfig([first.entry(), second.entry()])
    told = await _import(platform, kubeconfig=text, dry_run=True)
    assert [item["outcome"] for item in told["items"]] == ["WOULD_REGISTER", "REFUSED"]
    assert told["items"][1]["code"] == "CREDENTIALS_INVALID"
    assert await platform.names(name=first.name) == []
    stored = await platform.gate.runtime.bus.get(
        streams.EVENTS, {"last_by_subj": cluster_name_key(first.name).filter}
    )
    assert stored is None or b"freed" in stored.subject.encode()


async def test_a_broken_cluster_keeps_the_others_out_of_nothing(
    platform: Platform, fleet: Running
) -> None:
    first, second, third, *_ = fleet.clusters.values()
    second.fail(FaultKind.HTML, Part.API)
    text = kubeconfig([first.entry(), second.entry(), third.entry()])
    told = await _import(platform, kubeconfig=text, names={third.name: "third-of-all"})
    outcomes = {item["source"]: item["outcome"] for item in told["items"]}
    assert outcomes == {
        first.name: "REGISTERED",
        second.name: "REFUSED",
        third.name: "REGISTERED",
    }
    assert await platform.names(name=second.name) == []
    assert await platform.names(name="third-of-all") == ["third-of-all"]
    await _remove(platform, told)


async def test_chosen_contexts_alone_are_imported(platform: Platform, fleet: Running) -> None:
    first, second, *_ = fleet.clusters.values()
    text = kubeconfig([first.entry(), second.entry()])
    told = await _import(platform, kubeconfig=text, contexts=[second.name])
    assert [item["source"] for item in told["items"]] == [second.name]
    await _remove(platform, told)
    answer = await platform.http.post(
        f"{API}/clusters/import", json={"kubeconfig": text, "contexts": ["none-of-these"]}
    )
    assert "none-of-these" in refused(answer, "VALIDATION_FAILED")["message"]


async def test_a_name_that_another_cluster_has_gets_a_number(
    platform: Platform, fleet: Running
) -> None:
    first = next(iter(fleet.clusters.values()))
    other = await platform.register(name=first.name)
    told = await _import(platform, kubeconfig=kubeconfig([first.entry()]))
    assert told["items"][0]["name"] == f"{first.name}-2"
    await _remove(platform, told)
    await platform.http.delete(f"{API}/clusters/{other['id']}")


async def test_the_clusters_of_a_hub_are_taken_over(platform: Platform, fleet: Running) -> None:
    hub = of_type(fleet, ClusterType.HUB)
    known = await with_credentials(platform, fleet, hub)
    told = await _import(platform, source="MANAGED_CLUSTERS", hub_cluster_id=known["id"])
    assert (told["registered"], told["refused"]) == (11, 0), told
    one = await platform.list(f"/clusters/{told['items'][0]['cluster_id']}")
    assert one["api_server_url"].startswith("https://")
    assert one["labels"]["vendor"]
    assert one["credentials"] is None
    await _remove(platform, told)


async def test_an_import_needs_what_it_imports_from(platform: Platform, fleet: Running) -> None:
    refused(await platform.http.post(f"{API}/clusters/import", json={}), "VALIDATION_FAILED")
    body = {"source": "MANAGED_CLUSTERS"}
    refused(await platform.http.post(f"{API}/clusters/import", json=body), "VALIDATION_FAILED")
    bare = await platform.register()
    body["hub_cluster_id"] = bare["id"]
    answer = await platform.http.post(f"{API}/clusters/import", json=body)
    refused(answer, "CREDENTIALS_NOT_FOUND")
    spoke = of_type(fleet, ClusterType.SPOKE)
    body["hub_cluster_id"] = (await with_credentials(platform, fleet, spoke))["id"]
    answer = await platform.http.post(f"{API}/clusters/import", json=body)
    assert "hub" in refused(answer, "UPSTREAM_FAILED")["message"]
