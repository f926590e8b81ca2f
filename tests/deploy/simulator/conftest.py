"""A small simulated fleet that runs, and clients of it."""

from collections.abc import AsyncGenerator

import pytest

from deploy.simulator.fleet import Fleet
from deploy.simulator.simulator import Options, Running, simulating
from tests.deploy.simulator.reaching import Clients


@pytest.fixture(scope="session")
def fleet() -> Fleet:
    """A hub and eleven others, small enough to be looked through."""
    return Fleet.make(12, seed=7)


@pytest.fixture
async def running(fleet: Fleet) -> AsyncGenerator[Running]:
    """The fleet, served."""
    async with simulating(fleet, Options(bad_tls=False)) as started:
        yield started


@pytest.fixture
async def clients(running: Running) -> AsyncGenerator[Clients]:
    """Clients of the served fleet."""
    made = Clients(running)
    yield made
    await made.close()
