"""What was good when it was given and is not any more is seen by the health check, with advice."""

import re
from collections.abc import AsyncGenerator

import pytest

from contracts.clusters import ClusterType
from deploy.simulator.cluster import Part
from deploy.simulator.faults import Fault, FaultKind
from deploy.simulator.fleet import Fleet
from deploy.simulator.simulator import Running, RunningCluster, simulating
from services.runtime import schedules
from tests.kit.gateway import API, Json, Platform
from tests.kit.runtime import eventually
from tests.kit.simulated import due, of_type, with_credentials

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]


@pytest.fixture(scope="module")
async def fleet() -> AsyncGenerator[Running]:
    async with simulating(Fleet.make(4, seed=7)) as running:
        yield running


@pytest.fixture
def hub(fleet: Running) -> RunningCluster:
    """Of the type that is given the least time; well at the beginning of each test."""
    found = of_type(fleet, ClusterType.HUB)
    for part in Part:
        found.fail(FaultKind.NONE, part)
    return found


@pytest.fixture
async def cluster(platform: Platform, fleet: Running, hub: RunningCluster) -> Json:
    """The hub with good credentials, found well; from then on it is checked when a test says so."""
    given = await with_credentials(platform, fleet, hub)
    await _found(platform, given, "ONLINE", 100)
    await schedules.cancel(platform.gate.runtime.bus, "check", given["id"])
    return given


async def _found(platform: Platform, cluster: Json, state: str, score: int) -> Json:
    """The last check, once one has found the cluster like this."""

    async def found() -> Json | None:
        told = (await platform.list(f"/clusters/{cluster['id']}"))["status"]
        return told if (told["state"], told["health_score"]) == (state, score) else None

    status = await eventually(found)
    assert status is not None
    return status


async def _check(platform: Platform, cluster: Json, state: str, score: int) -> tuple[str, str]:
    """Have it checked and found like this; the first error, and the advice that goes with it."""
    await due(platform, "check", cluster["id"])
    status = await _found(platform, cluster, state, score)
    await schedules.cancel(platform.gate.runtime.bus, "check", cluster["id"])

    async def advised() -> list[Json]:
        checks = (await platform.list(f"/clusters/{cluster['id']}/status"))["checks"]
        ill = [check for check in checks if not check["healthy"]]
        return ill if [check["error"] for check in ill][:1] == [status["last_error"]] else []

    found = await eventually(advised)
    return found[0]["error"], found[0]["advice"]


async def _healed(platform: Platform, cluster: Json, hub: RunningCluster) -> None:
    for part in Part:
        hub.fail(FaultKind.NONE, part)
    answer = await platform.http.post(f"{API}/clusters/{cluster['id']}/refresh")
    assert answer.status_code == 200, answer.text
    status = answer.json()["status"]
    assert (status["state"], status["health_score"]) == ("ONLINE", 100)
    assert (status["api_server_healthy"], status["last_error"]) == (True, None)


async def test_an_expired_token_is_half_a_cluster_until_it_is_good_again(
    platform: Platform, hub: RunningCluster, cluster: Json
) -> None:
    hub.fail(FaultKind.EXPIRED_TOKEN)
    error, advice = await _check(platform, cluster, "DEGRADED", 50)
    assert error == "the API server does not take the credentials (401)"
    assert advice.startswith("give new credentials: the token or certificate is wrong, expired,")
    await _healed(platform, cluster, hub)


async def test_a_revoked_token_is_told_like_an_expired_one(
    platform: Platform, fleet: Running, hub: RunningCluster
) -> None:
    name, token = "system:serviceaccount:aiops-system:leaver", "sha256~was-good-until-now"
    hub.admit(name, token)
    cluster = await with_credentials(platform, fleet, hub, given={"token": token})
    await _found(platform, cluster, "ONLINE", 100)
    hub.simulated.admission.banish(name)
    error, advice = await _check(platform, cluster, "DEGRADED", 50)
    assert error == "the API server does not take the credentials (401)"
    assert "of an account that is gone" in advice
    hub.admit(name, token)
    await _healed(platform, cluster, hub)


async def test_rights_that_were_taken_away_are_told(
    platform: Platform, fleet: Running, hub: RunningCluster
) -> None:
    name, token = "system:serviceaccount:aiops-system:demoted", "sha256~had-rights-until-now"
    hub.admit(name, token)
    cluster = await with_credentials(platform, fleet, hub, given={"token": token})
    await _found(platform, cluster, "ONLINE", 100)
    hub.admit(name, token, ())
    error, advice = await _check(platform, cluster, "DEGRADED", 50)
    assert error == "the API server does not allow: list namespaces (403)"
    assert advice.startswith("give the account a role that allows it")
    hub.admit(name, token)
    await _healed(platform, cluster, hub)


@pytest.mark.parametrize(
    ("fault", "wrong", "advice"),
    [
        (Fault(FaultKind.RESET), "broke off|cut the connection", "look into the log"),
        (Fault(FaultKind.HANG), "no whole answer from .* within 5 s", "check the load"),
    ],
    ids=["reset", "hang"],
)
async def test_an_api_server_that_does_not_answer_is_offline_until_it_does(
    platform: Platform,
    hub: RunningCluster,
    cluster: Json,
    fault: Fault,
    wrong: str,
    advice: str,
) -> None:
    hub.fail(fault)
    error, told = await _check(platform, cluster, "OFFLINE", 50)
    assert error.startswith("the API server cannot be reached: ")
    assert re.search(wrong, error)
    assert told.startswith(advice)
    await _healed(platform, cluster, hub)


@pytest.mark.parametrize(
    ("fault", "wrong"),
    [
        (Fault(FaultKind.HTML), "answered with something else to: list namespaces"),
        (Fault(FaultKind.GARBAGE), "answered with something else to: list namespaces"),
        (Fault(FaultKind.REDIRECT), "redirects to somewhere else (302)"),
        (Fault(FaultKind.STATUS, status=500), "answered 500 to: list namespaces"),
    ],
    ids=["html", "garbage", "redirect", "500"],
)
async def test_an_api_server_that_answers_something_else_is_there_and_ill(
    platform: Platform, hub: RunningCluster, cluster: Json, fault: Fault, wrong: str
) -> None:
    hub.fail(fault)
    error, advice = await _check(platform, cluster, "DEGRADED", 50)
    assert error == f"the API server {wrong}"
    assert advice
    await _healed(platform, cluster, hub)


async def test_a_backend_s_expired_token_costs_what_the_backend_is_worth(
    platform: Platform, hub: RunningCluster, cluster: Json
) -> None:
    hub.fail(FaultKind.EXPIRED_TOKEN, Part.PROMETHEUS)
    error, advice = await _check(platform, cluster, "DEGRADED", 80)
    assert error == "Prometheus answered 401"
    assert advice == "give a token that may read it with the cluster's credentials"
    await _healed(platform, cluster, hub)
