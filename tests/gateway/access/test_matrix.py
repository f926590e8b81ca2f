"""Every route of the gateway, asked by everybody about clusters of theirs and of others.

What each may is written down in `routes` once more, so that one nobody has thought about fails.
"""

from dataclasses import dataclass

import httpx
import pytest
from litestar.routes import ASGIRoute, HTTPRoute

from gateway.app import build
from services.runtime.principals import Role
from tests.gateway.access.routes import PUBLIC, ROUTES, Right, names_a_cluster, path, sent
from tests.gateway.access.world import MARK, Somewhere, World

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

_REFUSED, _ALLOWED = "refused", "allowed"


@dataclass(frozen=True)
class Asker:
    """Somebody with a role, for everything or for one cluster; without one nobody at all."""

    role: Role | None
    everywhere: bool = False

    def __str__(self) -> str:
        return f"{self.role or 'nobody'}{'' if self.everywhere or not self.role else ' of one'}"


ASKERS = [Asker(None), *(Asker(role, everywhere) for role in Role for everywhere in (True, False))]


async def test_every_route_is_in_the_matrix(world: World) -> None:
    routes = build(world.platform.gate).routes
    found = {f"POST {route.path}" for route in routes if isinstance(route, ASGIRoute)}
    found |= {
        f"{method} {route.path}"
        for route in routes
        if isinstance(route, HTTPRoute) and not route.path.startswith("/_openapi")
        for method in route.route_handler_map
        if method != "OPTIONS"
    }
    assert found == ROUTES.keys()


@pytest.mark.parametrize("asker", ASKERS, ids=str)
@pytest.mark.parametrize("route", ROUTES)
async def test_who_may_use_a_route(world: World, route: str, asker: Asker) -> None:
    for about in (world.mine, world.foreign):
        answer, text = await _ask(world, route, asker, about)
        foreign = about is world.foreign and names_a_cluster(route)
        told = answer.status_code, text[:300]
        assert answer.status_code in _statuses(ROUTES[route], asker, foreign=foreign), told
        if asker.role is not None and not asker.everywhere:
            # A name that was in the question may be in the answer.
            asked = about.name if about.name in str(answer.request.url) else MARK + "?"
            assert MARK not in text.replace(asked, ""), text


def _statuses(right: Right, asker: Asker, *, foreign: bool) -> set[int]:
    """The statuses that are right."""
    every = set(range(200, 600))
    if right is PUBLIC:
        return every - {403}
    if asker.role is None:
        return {401}
    if asker.role not in right.roles or (right.whole and not asker.everywhere):
        return {403}
    return {403, 404} if foreign and not asker.everywhere else every - {401, 403, 500}


async def _ask(
    world: World, route: str, asker: Asker, about: Somewhere
) -> tuple[httpx.Response, str]:
    token = None
    if asker.role is not None:
        token = await world.token(asker.role, everywhere=asker.everywhere)
    method, asked = route.partition(" ")[0], sent(route, about)
    async with world.platform.client(token) as client:
        if "/prometheus/" in route or route.endswith("/callback"):
            client.event_hooks = {}  # Errors there are a Prometheus', or a page.
        if route.endswith("/events/stream"):
            return await _begun(client, path(route, about))
        answer = await client.request(method, path(route, about), **asked)
        return answer, answer.text


async def _begun(client: httpx.AsyncClient, url: str) -> tuple[httpx.Response, str]:
    """It never ends, and here there is none: what is said of that is enough."""
    answer = await client.get(url)
    return answer, answer.text


@pytest.mark.parametrize("what", [
    "clusters", "clusters/{cluster_id:uuid}", "clusters/by-name/{name:str}", "fleet/health",
    "alerts", "alerts/facets", "alerts/groups", "alerts/{ref:str}", "gpu/nodes", "gpu/summary",
    "gpu/processes", "gpu/map", "gpu/history", "gpu/nodes/{cluster_id:uuid}/{node_name:str}",
    "cnf/workloads", "cnf/ptp/status", "cnf/ptp/history", "cnf/sriov/status", "cnf/dpdk/stats",
    "incidents", "incidents/{incident_id:uuid}", "incidents/{incident_id:uuid}/signals",
    "incidents/{incident_id:uuid}/timeline", "correlation-rules", "correlation-rules/{rule_id:str}",
    "watches", "watches/{watch_id:str}", "anomalies", "anomalies/{anomaly_id:uuid}",
    "analysis/rca", "analysis/rca/{rca_id:uuid}", "replays", "replays/{replay_id:uuid}",
    "reports", "reports/{report_id:uuid}", "reports/schedules",
    "events", "events/export", "events/{sequence:int}",
])  # fmt: skip
async def test_the_mark_would_be_seen(world: World, what: str) -> None:
    """What is foreign shows to those who may see it: the matrix would find it there."""
    viewer = Asker(Role.VIEWER, everywhere=True)
    answer, text = await _ask(world, f"GET /api/v1/{what}", viewer, world.foreign)
    assert answer.is_success, text
    assert MARK in text
