"""A secret is shown where it was given for: never at an address to which an endpoint has moved."""

import asyncio
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from deploy.simulator.cluster import Part
from deploy.simulator.simulator import Running, RunningCluster
from tests.kit.authorities import Authority, authority
from tests.kit.gateway import API, Json, Platform
from tests.kit.simulated import endpoints, given, with_credentials
from tests.runtime.outbound.origins import Origin, answer, serving

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

CA = authority("theirs and ours")


@asynccontextmanager
async def elsewhere(
    status: str = "200 OK", tls: ssl.SSLContext | None = None
) -> AsyncGenerator[Origin]:
    """A server that is not the one that a secret was given for."""

    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(b"ok", status))
        await writer.drain()

    async with serving(talk, tls) as origin:
        yield origin


async def moved(platform: Platform, cluster: Json, **changes: object) -> Json:
    """The cluster with a changed registration, once it was checked again."""
    path = f"{API}/clusters/{cluster['id']}"
    answer = await platform.http.patch(
        path, json=changes, headers={"content-type": "application/merge-patch+json"}
    )
    assert answer.status_code == 200, answer.text
    return await refreshed(platform, cluster)


async def refreshed(platform: Platform, cluster: Json) -> Json:
    answer = await platform.http.post(f"{API}/clusters/{cluster['id']}/refresh")
    assert answer.status_code == 200, answer.text
    return answer.json()


def shown(origin: Origin) -> list[str]:
    """The requests that it had, if any said who we are."""
    return [head for head in origin.heads if "authorization" in head.lower()]


def _well(found: Json) -> None:
    status = found["status"]
    assert (status["state"], status["api_server_healthy"]) == ("ONLINE", True), status
    assert status["last_error"] is None


async def test_an_api_server_that_has_moved_is_not_asked_until_it_is_back(
    platform: Platform, fleet: Running, spoke: RunningCluster
) -> None:
    cluster = await with_credentials(platform, fleet, spoke)
    _well(await refreshed(platform, cluster))
    async with elsewhere(tls=_server(CA)) as other:
        for url in (other.url(), f"{other.url('localhost')}/c/{spoke.name}"):
            status = (await moved(platform, cluster, api_server_url=url))["status"]
            assert status["api_server_healthy"] is None
            assert status["prometheus_healthy"] is True
            assert status["last_error"].startswith("the API server has moved")
            assert str(spoke.api_url.split("/c/")[0]) in status["last_error"]
            assert url not in status["last_error"]
    assert other.connections == 0
    _well(await moved(platform, cluster, api_server_url=spoke.api_url))
    found = await platform.list(f"/clusters/{cluster['id']}/credentials")
    assert found == cluster["credentials"]


async def test_the_api_server_s_scheme_is_part_of_where_it_is(
    platform: Platform, fleet: Running, spoke: RunningCluster
) -> None:
    cluster = await with_credentials(platform, fleet, spoke)
    async with elsewhere() as other:
        status = (await moved(platform, cluster, api_server_url=other.url()))["status"]
        assert status["api_server_healthy"] is None
        plain = spoke.api_url.replace("https", "http")
        status = (await moved(platform, cluster, api_server_url=plain))["status"]
        assert status["api_server_healthy"] is None
    assert other.connections == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_backend_that_has_moved_does_not_see_its_token(
    platform: Platform, fleet: Running, spoke: RunningCluster, host: str
) -> None:
    cluster = await with_credentials(platform, fleet, spoke)
    async with elsewhere("401 Unauthorized") as other:
        changed = {"prometheus_url": f"{other.url(host)}/prometheus"}
        found = await moved(platform, cluster, endpoints=changed)
        assert other.heads
        assert shown(other) == []
    status = found["status"]
    assert (status["api_server_healthy"], status["prometheus_healthy"]) == (True, False)
    assert "Prometheus answered 401; Prometheus has moved" in status["last_error"]
    _well(await moved(platform, cluster, endpoints=endpoints(spoke)))


async def test_a_backend_that_has_moved_to_where_it_is_open_is_told_of_too(
    platform: Platform, fleet: Running, spoke: RunningCluster
) -> None:
    cluster = await with_credentials(platform, fleet, spoke)
    _well(await refreshed(platform, cluster))
    async with elsewhere() as other:
        found = await moved(platform, cluster, endpoints={"prometheus_url": other.url()})
        assert shown(other) == []
    assert found["status"]["prometheus_healthy"] is True
    assert "Prometheus has moved" in found["status"]["last_error"]


async def test_credentials_that_are_given_again_are_for_the_new_place(
    platform: Platform, fleet: Running, spoke: RunningCluster
) -> None:
    cluster = await with_credentials(platform, fleet, spoke)
    _well(await refreshed(platform, cluster))
    async with elsewhere(tls=_server(CA)) as other:
        changed = {"prometheus_url": other.url()}
        status = (await moved(platform, cluster, endpoints=changed))["status"]
        assert status["prometheus_healthy"] is False
        assert other.heads == []  # Not even the CA that was given for the old place counts.
        body = {"backends": {"prometheus": {"token": "for-the-new-place", "ca_bundle": CA.pem}}}
        path = f"{API}/clusters/{cluster['id']}/credentials/rotate"
        answer = await platform.http.post(path, json=body)
        assert answer.status_code == 200, answer.text
        assert answer.json()["origins"]["PROMETHEUS"] == other.url()
        _well(await refreshed(platform, cluster))
        assert other.header("authorization") == "Bearer for-the-new-place"
        # From now on the old place is the strange one.
        old = {"prometheus_url": spoke.backend_url(Part.PROMETHEUS)}
        status = (await moved(platform, cluster, endpoints=old))["status"]
        assert status["prometheus_healthy"] is False


async def test_an_upload_binds_to_where_the_api_server_is_now(
    platform: Platform, fleet: Running, spoke: RunningCluster
) -> None:
    cluster = await with_credentials(platform, fleet, spoke)
    by_name = spoke.api_url.replace("127.0.0.1", "localhost")
    status = (await moved(platform, cluster, api_server_url=by_name))["status"]
    assert status["api_server_healthy"] is None
    path = f"{API}/clusters/{cluster['id']}/credentials"
    answer = await platform.http.post(path, json=given(fleet, spoke))
    assert answer.status_code == 201, answer.text
    assert answer.json()["origins"]["API_SERVER"] == by_name.split("/c/")[0]
    _well(await refreshed(platform, cluster))


async def test_path_and_letter_case_are_no_part_of_where_an_endpoint_is(
    platform: Platform, fleet: Running, spoke: RunningCluster
) -> None:
    # Registered by name: an address has no letter case.
    by_name = spoke.api_url.replace("127.0.0.1", "localhost")
    prometheus = f"{by_name}/prometheus"
    places = endpoints(spoke) | {"prometheus_url": prometheus}
    cluster = await with_credentials(
        platform, fleet, spoke, api_server_url=by_name, endpoints=places
    )
    _well(await refreshed(platform, cluster))
    loud = by_name.replace("https://localhost", "HTTPS://LocalHost")
    changed = {"prometheus_url": prometheus.replace("localhost", "LOCALHOST") + "/"}
    _well(await moved(platform, cluster, api_server_url=f"{loud}/", endpoints=changed))
    # Another cluster behind the same door: it is asked, with the token, which it does not know.
    neighbour = next(each for each in fleet.clusters.values() if each is not spoke)
    url = neighbour.api_url.replace("127.0.0.1", "localhost")
    status = (await moved(platform, cluster, api_server_url=url))["status"]
    assert status["api_server_healthy"] is False
    assert "moved" not in status["last_error"]


def _server(ca: Authority) -> ssl.SSLContext:
    return ca.server_identity().server()
