"""What was kept counts no more once a cluster is asked as somebody else."""

from uuid import UUID

import pytest

from gateway.federation.fleet import chosen
from services.runtime.ids import new_id
from services.runtime.log import NOTHING
from services.runtime.principals import EVERYWHERE
from tests.kit import builders
from tests.kit.gateway import API, Platform
from tests.kit.runtime import eventually

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]


async def _state(platform: Platform, cluster: UUID) -> str:
    (found,) = await chosen(platform.gate, [cluster], "prometheus", EVERYWHERE)
    return found.state


async def test_other_credentials_are_another_state(platform: Platform) -> None:
    body = {
        "name": "rotated",
        "api_server_url": "https://api.rotated.example.com:6443",
        "endpoints": {"prometheus_url": "https://prom.rotated.example.com"},
    }
    made = await platform.http.post(f"{API}/clusters", json=body)
    cluster = UUID(made.json()["id"])
    states = [await _state(platform, cluster)]
    changed = await platform.http.patch(f"{API}/clusters/{cluster}", json={"region": "north"})
    assert changed.status_code == 200
    states.append(await _state(platform, cluster))
    told = builders.credentials_updated(
        cluster_id=cluster, credentials=builders.credentials(fingerprint="another")
    )
    context = builders.context(command_id=new_id())
    await platform.gate.runtime.log.append([told], {told.key: NOTHING}, context, builders.at())

    async def differs() -> bool:
        return await _state(platform, cluster) not in states

    await eventually(differs)
    assert len(set(states)) == 2
