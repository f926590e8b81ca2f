"""A simulated fleet with one untouched cluster for each test, and a worker of the tests' own."""

from collections.abc import AsyncGenerator

import pytest

from deploy.simulator.cluster import Part
from deploy.simulator.fleet import Fleet
from deploy.simulator.simulator import Options, Running, RunningCluster, simulating
from tests.kit.gateway import Platform
from tests.kit.worker import Worker, working


@pytest.fixture(scope="module")
async def fleet() -> AsyncGenerator[Running]:
    """Clusters over TLS, enough for one a test."""
    async with simulating(Fleet.make(81, seed=7), Options(bad_tls=False)) as running:
        yield running


@pytest.fixture(scope="module")
async def worker(platform: Platform) -> AsyncGenerator[Worker]:
    """A worker beside those of the platform, with a wallet of its own."""
    async with working(platform.settings) as running:
        yield running


@pytest.fixture(scope="module")
def spokes(fleet: Running) -> list[RunningCluster]:
    """Those that have a Prometheus with a token."""
    return [
        each
        for each in fleet.clusters.values()
        if each.backend_token(Part.PROMETHEUS) and each.name.startswith("spoke")
    ]


@pytest.fixture
def spoke(spokes: list[RunningCluster]) -> RunningCluster:
    """A cluster that no other test has changed."""
    return spokes.pop()
