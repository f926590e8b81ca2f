"""Kubernetes as the vault: credentials are Secrets of the hub's own cluster, and in no table."""

import asyncio
from collections.abc import AsyncGenerator, Generator

import httpx
import pytest

from deploy.simulator.simulator import Running, RunningCluster
from services.runtime.outbound.clients import Outbound
from services.runtime.settings import Settings, VaultSettings
from services.runtime.vault.logins import BACKENDS, KUBERNETES
from tests.gateway.credentials.seeing import healthy
from tests.kit.gateway import API, Json, Platform, platform_on
from tests.kit.runtime import eventually
from tests.kit.simulated import given, left_of, registered, with_credentials
from tests.runtime.vault.fake_kubernetes import FakeKubernetes, status

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]


@pytest.fixture(scope="module")
def hub() -> Generator[FakeKubernetes]:
    """The API server of the cluster that the platform runs in."""
    api = FakeKubernetes()

    def client(_: Outbound) -> httpx.AsyncClient:
        return api.client

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("services.runtime.outside._in_cluster", client)
        yield api


@pytest.fixture(scope="module")
async def platform(platform_settings: Settings, hub: FakeKubernetes) -> AsyncGenerator[Platform]:
    """One that keeps secrets in Kubernetes."""
    vault = VaultSettings(kubernetes_namespace="hub")
    async with platform_on(platform_settings.model_copy(update={"vault": vault})) as running:
        yield running
    await hub.client.aclose()


def secret(hub: FakeKubernetes, cluster: Json) -> set[str]:
    """The names of what the Secret of a cluster holds."""
    return set(hub.secrets.get(f"cluster-creds-{cluster['id']}", {"data": {}})["data"])


async def test_credentials_are_kept_in_a_secret_and_used_from_there(
    platform: Platform, hub: FakeKubernetes, fleet: Running, spoke: RunningCluster
) -> None:
    cluster = await with_credentials(platform, fleet, spoke)
    assert secret(hub, cluster) == {KUBERNETES, BACKENDS}
    assert await left_of(platform, cluster["id"]) == (0, 0)
    await healthy(platform, cluster)


async def test_a_rotation_writes_the_secret_once(
    platform: Platform, hub: FakeKubernetes, fleet: Running, spoke: RunningCluster
) -> None:
    cluster = await with_credentials(platform, fleet, spoke)
    before = hub.writes
    path = f"{API}/clusters/{cluster['id']}/credentials/rotate"
    token = spoke.account("reader").token
    body = {"auth_type": "SERVICE_ACCOUNT", "token": token}
    answer = await platform.http.post(path, json=body)
    assert answer.status_code == 200, answer.text
    assert hub.writes == before + 1
    await healthy(platform, cluster)


async def test_an_api_server_that_cannot_answer_now_is_asked_again(
    platform: Platform, hub: FakeKubernetes, fleet: Running, spoke: RunningCluster
) -> None:
    cluster, answers = await registered(platform, spoke), [503, 429]

    async def unwell(_: httpx.Request) -> httpx.Response | None:
        await asyncio.sleep(0)
        return status(answers.pop()) if answers else None

    hub.before = unwell
    path = f"{API}/clusters/{cluster['id']}/credentials"
    answer = await platform.http.post(path, json=given(fleet, spoke))
    hub.before = None
    assert answer.status_code == 201, answer.text
    assert not answers
    await healthy(platform, cluster)


async def test_the_secret_goes_with_its_cluster(
    platform: Platform, hub: FakeKubernetes, fleet: Running, spoke: RunningCluster
) -> None:
    cluster = await with_credentials(platform, fleet, spoke)
    assert (await platform.http.delete(f"{API}/clusters/{cluster['id']}")).status_code == 204

    async def gone() -> bool:
        return not secret(hub, cluster)

    await eventually(gone)
