"""What is found out about a cluster over its API: what it can do, and which version it has."""

import base64
from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest

from contracts.clusters import CnfType, Finding
from deploy.simulator.faults import FaultKind
from deploy.simulator.fleet import Fleet as Simulated
from deploy.simulator.rights import reading
from deploy.simulator.simulator import Options, simulating
from services.clusters.kube_api import NEEDED, ApiFailureKind as Kind, ManagedCluster
from tests.services.clusters.api_servers import (
    Fleet,
    Said,
    Scripted,
    asked,
    failure,
    page,
    reaching,
    says,
)

pytestmark = pytest.mark.anyio

PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
KUBERNETES = Said({"gitVersion": "v1.29.3"})
CLUSTER_VERSION = "/apis/config.openshift.io/v1/clusterversions/version"


@pytest.fixture
async def fleet() -> AsyncGenerator[Fleet]:
    """A hub and eleven others of every type."""
    started = simulating(Simulated.make(12, seed=7), Options(bad_tls=False))
    async with started as running, reaching(running) as reached:
        yield reached


async def test_what_every_cluster_has_is_found(fleet: Fleet) -> None:
    for cluster in fleet.running.clusters.values():
        found = (await fleet.api(cluster).discover(30)).capabilities
        traits = cluster.simulated.cluster.traits
        assert found.node_count == 6
        assert found.has_gpu_nodes is (traits.gpu_nodes > 0)
        assert found.gpu_count == cluster.simulated.cluster.gpu_count
        assert found.has_service_mesh is traits.mesh
        assert found.has_cnf_workloads is bool(traits.cnf)
        assert found.has_prometheus
        assert found.has_thanos is traits.openshift
        assert found.has_loki is traits.loki
        assert found.has_tempo is traits.tempo
        assert found.has_alertmanager is traits.alertmanager


async def test_gpus_are_found_with_the_nodes_that_have_them(fleet: Fleet) -> None:
    cluster = fleet.cluster("spoke-1")
    found = (await fleet.api(cluster).discover(30)).capabilities
    assert found.gpu_types == cluster.simulated.cluster.gpu_types
    kinds = {(each.kind, each.reason) for each in found.evidence[Finding.GPU]}
    assert ("Node", "its capacity holds nvidia.com/gpu") in kinds
    assert ("Pod", "belongs to the GPU operator") in kinds


async def test_network_functions_are_found_with_their_kinds(fleet: Fleet) -> None:
    found = (await fleet.api(fleet.cluster("edge-1")).discover(30)).capabilities
    assert found.cnf_types == (CnfType.VDU, CnfType.VCU)
    assert {each.kind for each in found.evidence[Finding.CNF]} <= {"Namespace", "Pod"}


async def test_a_mesh_and_backends_are_found_with_what_shows_them(fleet: Fleet) -> None:
    found = (await fleet.api(fleet.cluster("hub-1")).discover(30)).capabilities
    mesh = found.evidence[Finding.SERVICE_MESH]
    assert {each.kind for each in mesh} == {"CustomResourceDefinition"}
    assert all(each.name.endswith(".istio.io") for each in mesh)
    services = {
        finding: {each.name for each in found.evidence[finding] if each.kind == "Service"}
        for finding in (Finding.THANOS, Finding.LOKI)
    }
    assert services == {Finding.THANOS: {"thanos-querier"}, Finding.LOKI: {"loki"}}


async def test_metadata_is_asked_for_where_it_is_enough(fleet: Fleet) -> None:
    accepted: dict[str, str] = {}
    selected: dict[str, str | None] = {}

    def note(request: httpx.Request) -> None:
        name, _ = asked(request)
        accepted[name] = request.headers["accept"]
        selected[name] = request.url.params.get("fieldSelector")

    await fleet.api(fleet.cluster("edge-1"), before=note).discover(30)
    lists = {each.resource for each in NEEDED}
    assert {name for name in lists if "PartialObjectMetadataList" not in accepted[name]} == {
        "nodes"
    }
    assert {name for name in lists if selected[name]} == {"pods"}


async def test_pods_that_are_over_do_not_count_where_a_server_sends_them_all() -> None:
    def pod(name: str, phase: str) -> Any:
        meta = {"name": name, "namespace": "ran"}
        return {"metadata": meta, "spec": {"containers": []}, "status": {"phase": phase}}

    def answer(request: httpx.Request) -> Said:
        if request.url.path != "/api/v1/pods":
            return Said(page())
        return Said(page(pod("upf-0", "Running"), pod("smf-0", "Failed"), pod("amf-0", "Unknown")))

    found = (await Scripted(answer).api.discover(30)).capabilities
    assert found.cnf_types == (CnfType.UPF, CnfType.AMF)


async def test_a_list_without_the_right_to_it_is_left_out_and_the_others_count(
    fleet: Fleet,
) -> None:
    cluster = fleet.cluster("spoke-1")
    cluster.admit("some", "t-some", reading(without={"nodes", "services"}))
    found = await fleet.api(cluster, "t-some").discover(30)
    assert [str(each) for each in found.left_out] == ["list nodes", "list services"]
    assert found.capabilities.node_count == 0
    assert found.capabilities.has_gpu_nodes
    assert found.capabilities.has_prometheus
    assert (await fleet.api(cluster).discover(30)).left_out == ()


async def test_definitions_that_are_not_served_are_left_out() -> None:
    def answer(request: httpx.Request) -> Said:
        served = request.url.path.startswith("/api/v1/")
        return Said(page()) if served else Said(b"404 page not found\n", 404)

    found = await Scripted(answer).api.discover(30)
    assert found.left_out == (NEEDED[4],)


async def test_who_may_read_nothing_discovers_nothing(fleet: Fleet) -> None:
    cluster = fleet.cluster("edge-1")
    token = cluster.account("nobody").token
    await failure(fleet.api(cluster, token).discover(30), Kind.FORBIDDEN, token)


async def test_who_is_not_let_in_discovers_nothing(fleet: Fleet) -> None:
    cluster = fleet.cluster("edge-1")
    await failure(fleet.api(cluster, "wrong-token").discover(30), Kind.UNAUTHORIZED, "wrong-token")


async def test_what_is_no_list_is_no_kubernetes(fleet: Fleet) -> None:
    cluster = fleet.cluster("edge-1")
    for fault in (FaultKind.HTML, FaultKind.REDIRECT, FaultKind.GARBAGE):
        cluster.fail(fault)
        await failure(fleet.api(cluster).discover(30), Kind.NOT_KUBERNETES)


async def test_a_list_without_end_is_not_taken_in(fleet: Fleet) -> None:
    cluster = fleet.cluster("edge-1")
    cluster.fail(FaultKind.HUGE)
    await failure(fleet.api(cluster, seconds=30).discover(60), Kind.OVERSIZED)


async def test_the_version_is_that_of_openshift_or_else_of_kubernetes(fleet: Fleet) -> None:
    for name, version in (
        ("edge-1", "4.16.1"),
        ("spoke-1", "1.29.2+simulated"),
        ("far-edge-1", "1.32.3+simulated"),
    ):
        assert (await fleet.api(fleet.cluster(name)).discover(30)).platform_version == version


async def test_whoever_may_not_see_the_version_of_openshift_sees_that_of_kubernetes(
    fleet: Fleet,
) -> None:
    cluster = fleet.cluster("edge-1")
    cluster.admit("some", "t-some", reading(without={"clusterversions"}))
    found = await fleet.api(cluster, "t-some").discover(30)
    assert found.platform_version == "1.29.1+simulated"


@pytest.mark.parametrize(
    ("openshift", "kubernetes", "version"),
    [
        (
            Said({"status": {"desired": {"version": "4.16\x00"}}}),
            Said({"gitVersion": "v1.29.3"}),
            "1.29.3",
        ),
        (Said(b"<html>"), Said({"gitVersion": "v1.29.3"}), "1.29.3"),
        (Said(b"", 403), Said(b"", 401), None),
        (Said({"status": {}}), Said({"gitVersion": "x" * 3000}), None),
    ],
)
async def test_a_version_that_cannot_be_told_spoils_nothing(
    openshift: Said, kubernetes: Said, version: str | None
) -> None:
    def answer(request: httpx.Request) -> Said:
        told = {CLUSTER_VERSION: openshift, "/version": kubernetes}
        return told.get(request.url.path, Said(page()))

    assert (await Scripted(answer).api.discover(30)).platform_version == version


async def test_a_hub_tells_its_managed_clusters(fleet: Fleet) -> None:
    found = await fleet.api(fleet.cluster("hub-1")).managed_clusters(30)
    assert [each.name for each in found] == sorted(fleet.cluster("hub-1").simulated.cluster.manages)
    assert {each.labels["aiops.simulated"] for each in found} == {"true"}


async def test_a_cluster_that_is_no_hub_says_so(fleet: Fleet) -> None:
    failed = await failure(fleet.api(fleet.cluster("edge-1")).managed_clusters(30), Kind.NOT_SERVED)
    assert "no hub" in failed.message
    assert "Open Cluster Management" in failed.advice


async def test_whoever_may_not_list_managed_clusters_is_told(fleet: Fleet) -> None:
    hub = fleet.cluster("hub-1")
    api = fleet.api(hub, hub.account("nobody").token)
    failed = await failure(api.managed_clusters(30), Kind.FORBIDDEN)
    assert "list managedclusters.cluster.open-cluster-management.io" in failed.message


async def test_a_managed_cluster_comes_with_its_address_and_ca_where_the_hub_knows_them() -> None:
    def managed(name: str, *configs: dict[str, Any]) -> Any:
        spec = {"managedClusterClientConfigs": configs} if configs else {}
        return {"metadata": {"name": name}, "spec": spec}

    bundle = base64.b64encode(PEM.encode()).decode()
    url = "https://api.edge.example.com:6443"
    first = page(
        managed("both", {"url": url, "caBundle": bundle}),
        managed("no-ca", {"caBundle": bundle}, {"url": url}),
        token="more",
    )
    second = page(
        managed("lies", {"url": url, "caBundle": "!!!"}, {"url": "https://other"}),
        managed("says-what-is-no-certificate", {"url": url, "caBundle": "aGVsbG8="}),
        managed("nothing"),
    )

    def answer(request: httpx.Request) -> Said:
        return Said(second if asked(request)[1] == "more" else first)

    assert await Scripted(answer).api.managed_clusters(30) == [
        ManagedCluster("both", url, PEM, {}),
        ManagedCluster("no-ca", url, None, {}),
        ManagedCluster("lies", url, None, {}),
        ManagedCluster("says-what-is-no-certificate", url, None, {}),
        ManagedCluster("nothing", None, None, {}),
    ]


async def test_what_is_no_list_of_managed_clusters_is_refused() -> None:
    await failure(says(page({"spec": {}})).api.managed_clusters(30), Kind.NOT_KUBERNETES)
