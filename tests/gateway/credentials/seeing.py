"""What can be seen of a cluster's credentials: events, REST, the vault, and what is planned."""

from datetime import datetime, timedelta
from uuid import UUID

from contracts.clusters import (
    ClusterCredentialsExpiring,
    ClusterCredentialsUpdated,
    cluster_credentials_key,
)
from contracts.envelope import Event
from services.runtime import schedules
from services.runtime.clock import SystemClock
from services.runtime.vault.logins import Logins
from tests.kit.gateway import API, Json, Platform
from tests.kit.worker import Worker, told

UPDATED, EXPIRING = ClusterCredentialsUpdated, ClusterCredentialsExpiring


async def kinds(platform: Platform, cluster: Json) -> list[type[Event]]:
    """The classes of all that was told of its credentials."""
    events = await told(platform, cluster_credentials_key(UUID(cluster["id"])))
    return [type(event) for event in events]


async def shown(platform: Platform, cluster: Json) -> Json:
    """Its credentials, as REST shows them."""
    await platform.settle()
    return (await platform.list(f"/clusters/{cluster['id']}"))["credentials"]


async def healthy(platform: Platform, cluster: Json) -> None:
    found = await platform.http.post(f"{API}/clusters/{cluster['id']}/refresh")
    assert found.status_code == 200, found.text
    assert found.json()["status"]["state"] == "ONLINE", found.text


async def planned(platform: Platform, cluster: Json) -> timedelta:
    """How long it is until somebody looks after its credentials again."""
    rule = await schedules.scheduled(platform.gate.runtime.bus, "renew", cluster["id"])
    assert rule is not None
    at = datetime.fromisoformat(rule.removeprefix("@at "))
    return at - SystemClock().now()


async def in_vault(worker: Worker, cluster: Json) -> Logins:
    wallet = await worker.runtime.outside.wallet("clusters")
    return await wallet.open(UUID(cluster["id"]))
