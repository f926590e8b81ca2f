"""Credentials over REST, on a simulated fleet that speaks TLS: given, rotated, tried, destroyed."""

from collections.abc import AsyncGenerator

import pytest

from contracts.clusters import ClusterType
from deploy.simulator.fleet import Fleet
from deploy.simulator.kubeconfig import kubeconfig
from deploy.simulator.simulator import Options, Running, simulating
from tests.kit.gateway import API, Platform, refused
from tests.kit.runtime import eventually
from tests.kit.simulated import given, of_type, registered, with_credentials

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]


@pytest.fixture(scope="module")
async def fleet() -> AsyncGenerator[Running]:
    """Twelve clusters over TLS, some of which want client certificates."""
    async with simulating(Fleet.make(12, seed=7), Options(bad_tls=True)) as running:
        yield running


async def test_a_service_account_s_token_is_taken_once_every_endpoint_has_taken_it(
    platform: Platform, fleet: Running
) -> None:
    spoke = of_type(fleet, ClusterType.SPOKE)
    cluster = await registered(platform, spoke)
    answer = await platform.http.post(
        f"{API}/clusters/{cluster['id']}/credentials", json=given(fleet, spoke)
    )
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert told["auth_type"] == "SERVICE_ACCOUNT"
    assert all(each["valid"] for each in told["validation"])
    assert {each["name"] for each in told["validation"]} >= {"API_SERVER", "PROMETHEUS"}
    assert len(told["fingerprint"]) == 64
    assert told["renewal"] == "NOT_NEEDED"
    assert (await platform.list(f"/clusters/{cluster['id']}/credentials"))["warning"] is None


async def test_with_credentials_the_api_server_is_checked_and_the_cluster_looked_at(
    platform: Platform, fleet: Running
) -> None:
    spoke = of_type(fleet, ClusterType.SPOKE)
    cluster = await with_credentials(platform, fleet, spoke)
    answer = await platform.http.post(f"{API}/clusters/{cluster['id']}/refresh")
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["status"]["state"] == "ONLINE", told["status"]
    assert told["status"]["api_server_healthy"] is True
    assert told["status"]["health_score"] == 100
    assert told["capabilities"]["node_count"] == 6
    assert told["capabilities"]["has_prometheus"] is True
    assert told["platform_version"]


async def test_a_kubeconfig_with_a_client_certificate_is_as_good(
    platform: Platform, fleet: Running
) -> None:
    wanted = next(each for each in fleet.clusters.values() if each.simulated.cluster.by_certificate)
    cluster = await registered(platform, wanted, endpoints={})
    body = {"auth_type": "KUBECONFIG", "kubeconfig": kubeconfig([wanted.entry()])}
    answer = await platform.http.post(f"{API}/clusters/{cluster['id']}/credentials", json=body)
    assert answer.status_code == 201, answer.text
    assert answer.json()["renewal"] == "BY_HAND"
    assert answer.json()["expires_at"]


async def test_destroyed_credentials_are_gone(platform: Platform, fleet: Running) -> None:
    spoke = of_type(fleet, ClusterType.SPOKE)
    cluster = await with_credentials(platform, fleet, spoke)
    path = f"{API}/clusters/{cluster['id']}/credentials"
    assert (await platform.http.delete(path)).status_code == 204
    refused(await platform.http.get(path), "CREDENTIALS_NOT_FOUND")
    row = await platform.gate.database.fetch_one(
        "select count(*) from aiops.secret where cluster_id = %s", (cluster["id"],)
    )
    assert row == (0,)
    refused(await platform.http.delete(path), "CREDENTIALS_NOT_FOUND")

    async def unchecked() -> bool:
        told = (await platform.list(f"/clusters/{cluster['id']}"))["status"]
        return told["api_server_healthy"] is None

    await eventually(unchecked)
