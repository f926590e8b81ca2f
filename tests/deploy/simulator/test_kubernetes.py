"""The simulated API server: versions, discovery, objects, and what it refuses."""

import pytest

from deploy.simulator.rights import reading
from deploy.simulator.simulator import Running
from tests.deploy.simulator.reaching import Clients, items, refused, with_trait

SIMULATED = ("aiops.simulated", "true")


async def test_the_version_says_that_it_is_simulated(running: Running, clients: Clients) -> None:
    cluster = running.cluster("edge-1")
    answer = await clients.api(cluster, None).get("/version")
    assert answer.json()["gitVersion"] == cluster.simulated.cluster.version
    assert answer.json()["gitVersion"].endswith("+simulated")


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/livez"])
async def test_probes_answer_everybody(running: Running, clients: Clients, path: str) -> None:
    answer = await clients.api(running.cluster("edge-1"), None).get(path)
    assert (answer.status_code, answer.text) == (200, "ok")


async def test_clusters_on_one_port_are_told_apart(running: Running, clients: Clients) -> None:
    for name in ("edge-1", "spoke-1"):
        cluster = running.cluster(name)
        nodes = await items(clients.api(cluster), "/api/v1/nodes")
        assert all(node["metadata"]["name"].endswith(f".{name}") for node in nodes)


async def test_every_node_is_labelled_as_simulated(running: Running, clients: Clients) -> None:
    nodes = await items(clients.api(running.cluster("hub-1")), "/api/v1/nodes")
    assert len(nodes) == 6
    assert all(SIMULATED in node["metadata"]["labels"].items() for node in nodes)


async def test_gpus_show_in_the_capacity_of_nodes(running: Running, clients: Clients) -> None:
    cluster = with_trait(running, lambda each: each.traits.gpu_nodes)
    nodes = await items(clients.api(cluster), "/api/v1/nodes")
    gpus = [node["status"]["capacity"].get("nvidia.com/gpu") for node in nodes]
    assert gpus == [None] * 4 + ["8", "4"]
    assert nodes[-1]["metadata"]["labels"]["nvidia.com/gpu.present"] == "true"


async def test_the_services_of_monitoring_are_there(running: Running, clients: Clients) -> None:
    path = "/api/v1/namespaces/openshift-monitoring/services"
    found = await items(clients.api(running.cluster("hub-1")), path)
    names = {each["metadata"]["name"] for each in found}
    assert names >= {"prometheus-k8s", "thanos-querier"}
    assert {each["metadata"]["namespace"] for each in found} == {"openshift-monitoring"}


async def test_pods_of_a_namespace_are_those_of_the_whole_list(
    running: Running, clients: Clients
) -> None:
    client = clients.api(running.cluster("edge-1"))
    every = await items(client, "/api/v1/pods")
    shop = await items(client, "/api/v1/namespaces/shop/pods")
    assert shop
    assert shop == [pod for pod in every if pod["metadata"]["namespace"] == "shop"]
    assert len(every) == 60


async def test_a_cnf_cluster_shows_its_policies_and_clocks(
    running: Running, clients: Clients
) -> None:
    client = clients.api(with_trait(running, lambda each: each.traits.cnf))
    sriov = "/apis/sriovnetwork.openshift.io/v1"
    assert len(await items(client, f"{sriov}/sriovnetworknodepolicies")) == 2
    assert len(await items(client, f"{sriov}/sriovnetworknodestates")) == 2
    elsewhere = f"{sriov}/namespaces/other"
    assert await items(client, f"{elsewhere}/sriovnetworknodestates") == []
    assert len(await items(client, "/apis/ptp.openshift.io/v1/ptpconfigs")) == 1
    assert await items(client, "/apis/ptp.openshift.io/v1/namespaces/other/ptpconfigs") == []


async def test_a_mesh_shows_in_the_definitions(running: Running, clients: Clients) -> None:
    client = clients.api(with_trait(running, lambda each: each.traits.mesh))
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    names = {each["metadata"]["name"] for each in await items(client, path)}
    assert "virtualservices.networking.istio.io" in names


async def test_a_group_without_definition_is_no_status_but_a_plain_404(
    running: Running, clients: Clients
) -> None:
    client = clients.api(with_trait(running, lambda each: not each.traits.cnf))
    answer = await client.get("/apis/ptp.openshift.io/v1/ptpconfigs")
    assert (answer.status_code, answer.text) == (404, "404 page not found\n")


async def test_the_hub_lists_its_managed_clusters(running: Running, clients: Clients) -> None:
    path = "/apis/cluster.open-cluster-management.io/v1/managedclusters"
    found = await items(clients.api(running.cluster("hub-1")), path)
    assert len(found) == len(running.clusters) - 1


async def test_openshift_tells_its_own_version(running: Running, clients: Clients) -> None:
    cluster = running.cluster("hub-1")
    path = "/apis/config.openshift.io/v1/clusterversions/version"
    told = (await clients.api(cluster).get(path)).json()
    version = cluster.simulated.cluster.platform_version
    assert told["status"]["desired"]["version"] == version
    assert told["kind"] == "ClusterVersion"


async def test_discovery_names_what_is_served(running: Running, clients: Clients) -> None:
    client = clients.api(with_trait(running, lambda each: each.traits.cnf))
    assert (await client.get("/api")).json()["versions"] == ["v1"]
    groups = [each["name"] for each in (await client.get("/apis")).json()["groups"]]
    assert {"ptp.openshift.io", "authorization.k8s.io"} <= set(groups)
    core = {each["name"] for each in (await client.get("/api/v1")).json()["resources"]}
    assert core == {"namespaces", "nodes", "pods", "services"}
    for group in groups:
        assert (await client.get(f"/apis/{group}/v1")).json()["resources"], group


async def test_without_a_token_one_is_anonymous_and_forbidden(
    running: Running, clients: Clients
) -> None:
    client = clients.api(running.cluster("edge-1"), None)
    told = refused(await client.get("/api/v1/namespaces"), 403, "Forbidden")
    assert 'User "system:anonymous" cannot list resource "namespaces"' in told["message"]
    refused(await client.get("/api"), 403, "Forbidden")


async def test_a_wrong_token_is_unauthorized_even_for_the_version(
    running: Running, clients: Clients
) -> None:
    client = clients.api(running.cluster("edge-1"), "sha256~wrong")
    refused(await client.get("/api/v1/namespaces"), 401, "Unauthorized")
    refused(await client.get("/version"), 401, "Unauthorized")


async def test_the_token_of_one_cluster_is_worthless_at_another(
    running: Running, clients: Clients
) -> None:
    token = running.cluster("edge-1").account().token
    client = clients.api(running.cluster("edge-2"), token)
    refused(await client.get("/api/v1/namespaces"), 401, "Unauthorized")


async def test_an_account_can_lack_a_single_right(running: Running, clients: Clients) -> None:
    cluster = running.cluster("edge-1")
    account = cluster.admit("half-blind", "sha256~half", reading(without={"nodes"}))
    client = clients.api(cluster, account.token)
    assert (await client.get("/api/v1/pods")).status_code == 200
    told = refused(await client.get("/api/v1/nodes"), 403, "Forbidden")
    assert told["details"] == {"kind": "nodes"}


async def test_what_has_no_such_name_is_not_found(running: Running, clients: Clients) -> None:
    client = clients.api(running.cluster("edge-1"))
    told = refused(await client.get("/api/v1/namespaces/nowhere"), 404, "NotFound")
    assert told["message"] == 'namespaces "nowhere" not found'
    there = await client.get("/api/v1/namespaces/shop")
    assert there.json()["kind"] == "Namespace"


@pytest.mark.parametrize("path", ["/nothing", "/api/v2/pods", "/api/v1/a/b/c/d", "/"])
async def test_other_paths_lead_nowhere(running: Running, clients: Clients, path: str) -> None:
    operator = running.cluster("edge-1").account("operator").token
    answer = await clients.api(running.cluster("edge-1"), operator).get(path)
    assert (answer.status_code, answer.text) == (404, "404 page not found\n")


async def test_nothing_can_be_changed(running: Running, clients: Clients) -> None:
    client = clients.api(running.cluster("edge-1"))
    assert (await client.delete("/api/v1/namespaces/shop")).status_code == 405
    refused(await client.post("/api/v1/namespaces", json={"spec": {}}), 403, "Forbidden")


async def test_an_unknown_cluster_is_not_there(running: Running, clients: Clients) -> None:
    answer = await clients.control(running).get("/c/edge-99/version")
    assert answer.status_code == 404
    assert (await clients.control(running).get("/version")).status_code == 404
