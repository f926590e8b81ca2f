"""Credentials that an endpoint does not take are refused with what is wrong and what to do."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from contracts.clusters import ClusterType
from deploy.local.ports import free_port
from deploy.simulator.authority import BadCertificate
from deploy.simulator.cluster import Part
from deploy.simulator.faults import Fault, FaultKind
from deploy.simulator.fleet import Fleet
from deploy.simulator.rights import reading
from deploy.simulator.simulator import Running, RunningCluster, simulating
from services.runtime.clock import SystemClock
from tests.kit.authorities import authority
from tests.kit.gateway import API, Json, Platform
from tests.kit.simulated import (
    given,
    lie_about_version,
    of_type,
    refusal,
    registered,
    with_credentials,
)

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

HUB_SECONDS = 5.0


@pytest.fixture(scope="module")
async def fleet() -> AsyncGenerator[Running]:
    """A few clusters, and listeners whose certificates must not be trusted."""
    async with simulating(Fleet.make(4, seed=7)) as running:
        yield running


@pytest.fixture
def spoke(fleet: Running) -> RunningCluster:
    """A cluster that is well at the beginning of each test."""
    found = of_type(fleet, ClusterType.SPOKE)
    for part in Part:
        found.fail(FaultKind.NONE, part)
    return found


def login(fleet: Running, cluster: RunningCluster, **changes: object) -> Json:
    """Credentials for the API server alone."""
    return given(fleet, cluster, backends={}) | changes


async def _told(platform: Platform, fleet: Running, url: str, code: str, **changes: object) -> str:
    """Why good credentials are refused for an API server at this address."""
    spoke = of_type(fleet, ClusterType.SPOKE)
    cluster = await registered(platform, spoke, api_server_url=url, endpoints={})
    return await refusal(platform, cluster, login(fleet, spoke, **changes), code)


async def test_an_api_server_at_which_nobody_listens(platform: Platform, fleet: Running) -> None:
    url = f"https://127.0.0.1:{free_port()}"
    text = await _told(platform, fleet, url, "CLUSTER_UNREACHABLE")
    assert "the API server cannot be reached" in text
    assert url.removeprefix("https://") in text
    assert "refuses connections; check the port" in text


async def test_an_api_server_of_another_ca(
    platform: Platform, fleet: Running, spoke: RunningCluster
) -> None:
    ca = authority("somebody else").pem
    text = await _told(platform, fleet, spoke.api_url, "CREDENTIALS_INVALID", ca_bundle=ca)
    assert "from a CA that is not trusted; give the cluster's CA bundle" in text


async def test_an_api_server_that_the_system_does_not_trust(
    platform: Platform, fleet: Running, spoke: RunningCluster
) -> None:
    text = await _told(platform, fleet, spoke.api_url, "CREDENTIALS_INVALID", ca_bundle=None)
    assert "from a CA that is not trusted; give the cluster's CA bundle" in text


@pytest.mark.parametrize(
    ("kind", "wrong", "advice"),
    [
        (BadCertificate.SELF_SIGNED, "signed by itself", "give this certificate as CA bundle"),
        (BadCertificate.OTHER_HOST, "for another host name", "give that name as the server name"),
        (BadCertificate.EXPIRED, "has expired", "renew the server's certificate"),
    ],
    ids=str,
)
async def test_an_api_server_with_a_certificate_not_to_be_trusted(
    platform: Platform,
    fleet: Running,
    spoke: RunningCluster,
    kind: BadCertificate,
    wrong: str,
    advice: str,
) -> None:
    text = await _told(platform, fleet, spoke.bad_tls_url(kind), "CREDENTIALS_INVALID")
    assert text.startswith("the API server cannot be trusted: the certificate of 127.0.0.1:")
    assert wrong in text
    assert advice in text


@pytest.mark.parametrize(
    ("kind", "remedy"),
    [
        (BadCertificate.OTHER_HOST, {"tls_server_name": "api.other-host.invalid"}),
        (BadCertificate.SELF_SIGNED, {"insecure_skip_tls_verify": True}),
    ],
    ids=["server-name", "skip"],
)
async def test_who_follows_the_advice_is_let_in(
    platform: Platform,
    fleet: Running,
    spoke: RunningCluster,
    kind: BadCertificate,
    remedy: Json,
) -> None:
    url = spoke.bad_tls_url(kind)
    cluster = await registered(platform, spoke, api_server_url=url, endpoints={})
    path = f"{API}/clusters/{cluster['id']}/credentials"
    answer = await platform.http.post(path, json=login(fleet, spoke, **remedy))
    assert answer.status_code == 201, answer.text


async def test_an_expired_token(platform: Platform, fleet: Running, spoke: RunningCluster) -> None:
    an_hour_ago = SystemClock().now() - timedelta(hours=1)
    old, _ = spoke.simulated.admission.issue(spoke.account("operator"), 600, an_hour_ago)
    text = await _told(platform, fleet, spoke.api_url, "CREDENTIALS_INVALID", token=old)
    assert text.startswith("the API server does not take the credentials (401); give new")
    assert "expired" in text


async def test_a_revoked_token(platform: Platform, fleet: Running, spoke: RunningCluster) -> None:
    name, token = "system:serviceaccount:aiops-system:leaver", "sha256~was-good-until-now"
    spoke.admit(name, token)
    cluster = await with_credentials(
        platform, fleet, spoke, endpoints={}, given={"token": token, "backends": {}}
    )
    assert cluster["credentials"] is not None
    spoke.simulated.admission.banish(name)
    text = await _told(platform, fleet, spoke.api_url, "CREDENTIALS_INVALID", token=token)
    assert text.startswith("the API server does not take the credentials (401); give new")
    assert "of an account that is gone" in text


async def test_a_token_without_any_rights_is_told_which_it_needs(
    platform: Platform, fleet: Running, spoke: RunningCluster
) -> None:
    token = spoke.account("nobody").token
    text = await _told(platform, fleet, spoke.api_url, "CREDENTIALS_INVALID", token=token)
    named = "list namespaces, list nodes, list pods, list services, list customresourcedefinitions"
    assert f"rights that are needed: {named}.apiextensions.k8s.io; bind a ClusterRole" in text


async def test_a_token_without_one_right_is_told_this_one(
    platform: Platform, fleet: Running, spoke: RunningCluster
) -> None:
    token = "sha256~may-read-all-but-nodes"
    spoke.admit("system:serviceaccount:aiops-system:partial", token, reading(without={"nodes"}))
    text = await _told(platform, fleet, spoke.api_url, "CREDENTIALS_INVALID", token=token)
    assert "rights that are needed: list nodes; bind a ClusterRole" in text


@pytest.mark.parametrize("token", ["sha256~not-of-this-prometheus", None], ids=["wrong", "none"])
async def test_a_backend_that_does_not_take_its_token_is_named(
    platform: Platform, fleet: Running, token: str | None
) -> None:
    hub = of_type(fleet, ClusterType.HUB)
    assert hub.backend_token(Part.PROMETHEUS), "of OpenShift, and so behind a token"
    body = given(fleet, hub)
    body["backends"] = body["backends"] | {"prometheus": {"token": token}}
    cluster = await registered(platform, hub)
    text = await refusal(platform, cluster, body, "CREDENTIALS_INVALID")
    assert (
        text == "Prometheus answered 401; give a token that may read it with the cluster's"
        " credentials"
    )


@pytest.mark.parametrize(
    ("fault", "wrong", "advice"),
    [
        (Fault(FaultKind.HTML), "answered with something else", "not that of a console or login"),
        (Fault(FaultKind.GARBAGE), "answered with something else", "URL of the API server itself"),
        (Fault(FaultKind.REDIRECT), "redirects to somewhere else (302)", "URL of the API server"),
        (Fault(FaultKind.STATUS, status=500), "answered 500", "look at the load and the log"),
        (Fault(FaultKind.STATUS, status=503), "answered 503", "look at the load and the log"),
        (Fault(FaultKind.HUGE, size=8_000_000), "says too much", "answers without end"),
    ],
    ids=["html", "garbage", "redirect", "500", "503", "huge"],
)
async def test_an_api_server_that_answers_something_else(
    platform: Platform,
    fleet: Running,
    spoke: RunningCluster,
    fault: Fault,
    wrong: str,
    advice: str,
) -> None:
    spoke.fail(fault)
    text = await _told(platform, fleet, spoke.api_url, "UPSTREAM_FAILED")
    assert wrong in text
    assert advice in text


async def test_a_backend_that_answers_a_login_page(
    platform: Platform, fleet: Running, spoke: RunningCluster
) -> None:
    spoke.fail(Fault(FaultKind.REDIRECT), Part.PROMETHEUS)
    cluster = await registered(platform, spoke)
    text = await refusal(platform, cluster, given(fleet, spoke), "UPSTREAM_FAILED")
    assert text == "Prometheus answered 302; give the URL that it redirects to"


async def test_an_api_server_that_cuts_the_connection(
    platform: Platform, fleet: Running, spoke: RunningCluster
) -> None:
    spoke.fail(FaultKind.RESET)
    text = await _told(platform, fleet, spoke.api_url, "CLUSTER_UNREACHABLE")
    assert "look into the log of the service and of the proxies before it" in text


@pytest.fixture(scope="module")
async def slow_answers(platform: Platform, fleet: Running) -> dict[str, tuple[str, float]]:
    """What is told, and after how many seconds, of hubs that take their time; all side by side."""
    hang, drip, late = [each for each in fleet.clusters.values() if not _is_hub(each)][:3]
    hang.fail(FaultKind.HANG)
    drip.fail(Fault(FaultKind.DRIP, bytes_per_second=40))
    # Each answer comes in time, but all of them together do not.
    late.fail(Fault(FaultKind.DRIP, bytes_per_second=120))
    async with silent() as silence, asyncio.TaskGroup() as together:
        asked = {"hang": (hang, hang.api_url), "drip": (drip, drip.api_url)}
        asked |= {"late": (late, late.api_url), "silent": (hang, silence)}
        told = {
            name: together.create_task(_timed(platform, fleet, *whom))
            for name, whom in asked.items()
        }
    for each in (hang, drip, late):
        each.fail(FaultKind.NONE)
    return {name: task.result() for name, task in told.items()}


def _is_hub(cluster: RunningCluster) -> bool:
    return cluster.simulated.cluster.cluster_type is ClusterType.HUB


@asynccontextmanager
async def silent() -> AsyncGenerator[str]:
    """A server that takes connections and says nothing, not even in TLS."""

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    try:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await server.wait_closed()


async def _timed(
    platform: Platform, fleet: Running, owner: RunningCluster, url: str
) -> tuple[str, float]:
    body: Json = {"cluster_type": "HUB", "api_server_url": url, "endpoints": {}}
    cluster = await registered(platform, owner, **body)
    clock = SystemClock()
    begun = clock.monotonic()
    text = await refusal(platform, cluster, login(fleet, owner), "CLUSTER_UNREACHABLE")
    return text, clock.monotonic() - begun


@pytest.mark.parametrize("kind", ["hang", "drip", "late", "silent"])
async def test_a_slow_api_server_is_given_the_time_of_its_type(
    slow_answers: dict[str, tuple[str, float]], kind: str
) -> None:
    text, seconds = slow_answers[kind]
    assert "the API server cannot be reached" in text
    assert "in time" in text or f"within {HUB_SECONDS:g} s" in text
    assert "check the load of the service and the firewalls on the way" in text
    assert HUB_SECONDS - 0.5 < seconds < 2 * HUB_SECONDS - 0.5, "less than other clusters get"


async def test_a_lie_about_the_version_is_not_repeated(platform: Platform, fleet: Running) -> None:
    liar = of_type(fleet, ClusterType.EDGE)
    lie_about_version(liar)
    cluster = await with_credentials(platform, fleet, liar)
    answer = await platform.http.post(f"{API}/clusters/{cluster['id']}/refresh")
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["status"]["state"] == "ONLINE"
    assert told["capabilities"]["node_count"] == 6
    assert told["platform_version"] is None
