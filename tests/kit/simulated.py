"""A simulated fleet as people register it: bodies of requests, and the platform's view of it."""

from dataclasses import replace
from typing import Any

from contracts.clusters import ClusterType
from deploy.simulator.cluster import Part
from deploy.simulator.simulator import Running, RunningCluster
from services.runtime import streams
from tests.kit.gateway import API, Json, Platform, refused
from tests.kit.leaks import hidden
from tests.kit.runtime import eventually

BACKENDS = {
    "prometheus": Part.PROMETHEUS,
    "tempo": Part.TEMPO,
    "loki": Part.LOKI,
    "alertmanager": Part.ALERTMANAGER,
}


def endpoints(cluster: RunningCluster) -> dict[str, str | None]:
    """Where its backends are."""
    return {f"{name}_url": cluster.backend_url(part) for name, part in BACKENDS.items()}


def backends(cluster: RunningCluster) -> dict[str, Any]:
    """The tokens that its backends want."""
    tokens = {name: cluster.backend_token(part) for name, part in BACKENDS.items()}
    return {name: {"token": token} for name, token in tokens.items() if token is not None}


def given(fleet: Running, cluster: RunningCluster, **changes: Any) -> Json:
    """The body that gives credentials: a service account's token, and those of all backends."""
    return {
        "auth_type": "SERVICE_ACCOUNT",
        "token": cluster.account("operator").token,
        "ca_bundle": fleet.authority.pem.decode(),
        "backends": backends(cluster),
    } | changes


async def registered(platform: Platform, cluster: RunningCluster, **changes: Any) -> Json:
    """The cluster in the platform's fleet, without credentials."""
    body: Json = {
        "api_server_url": cluster.api_url,
        "cluster_type": cluster.simulated.cluster.cluster_type,
        "endpoints": endpoints(cluster),
    }
    return await platform.register(**(body | changes))


async def with_credentials(
    platform: Platform, fleet: Running, cluster: RunningCluster, **changes: Any
) -> Json:
    """The cluster in the platform's fleet, with credentials; ``given`` says what they have else."""
    told = given(fleet, cluster) | changes.pop("given", {})
    found = await registered(platform, cluster, **changes)
    answer = await platform.http.post(f"{API}/clusters/{found['id']}/credentials", json=told)
    assert answer.status_code == 201, answer.text
    return await platform.list(f"/clusters/{found['id']}")


def of_type(fleet: Running, cluster_type: ClusterType) -> RunningCluster:
    """The first cluster of a type."""
    return next(
        each
        for each in fleet.clusters.values()
        if each.simulated.cluster.cluster_type is cluster_type
    )


async def refusal(platform: Platform, cluster: Json, body: Json, code: str) -> str:
    """Why credentials are not taken: the text of a refusal, after which nothing of them is left.

    The answer must not repeat any secret of the body.
    """
    path = f"{API}/clusters/{cluster['id']}/credentials"
    answer = await platform.http.post(path, json=body)
    error = refused(answer, code)
    hidden(body, answer)
    refused(await platform.http.get(path), "CREDENTIALS_NOT_FOUND")
    assert await left_of(platform, cluster["id"]) == (0, 0)
    return error["message"]


async def left_of(platform: Platform, cluster_id: str) -> tuple[int, int]:
    """How many secrets and how many deposits the database keeps of a cluster."""
    row = await platform.gate.database.fetch_one(
        "select (select count(*) from aiops.secret where cluster_id = %s),"
        " (select count(*) from aiops.deposit where bound_to like '%%' || %s)",
        (cluster_id, cluster_id),
    )
    assert row is not None
    return row[0], row[1]


def lie_about_version(cluster: RunningCluster) -> None:
    """From now on its API server tells a version that none has."""
    admission = cluster.simulated.admission
    admission.cluster = replace(admission.cluster, minor=10**9)


async def due(platform: Platform, kind: str, cluster_id: str) -> None:
    """Have something done about a cluster now; after what is at work, which would stand for it."""
    await at_rest(platform, kind)
    await platform.gate.runtime.bus.publish(f"due.{kind}.{cluster_id}", b"{}")


async def at_rest(platform: Platform, kind: str) -> None:
    """Wait until all that is due of a kind is done."""

    async def done() -> bool:
        name = f"CONSUMER.INFO.{streams.SCHEDULES}.due_{kind}"
        told = await platform.gate.runtime.bus.api(name)
        return told["num_ack_pending"] == told["num_pending"] == 0

    await eventually(done)
