"""One world for each file of tests."""

import pytest

from tests.gateway.access.world import World, world_on
from tests.kit.gateway import Platform


@pytest.fixture(scope="module")
async def world(platform: Platform) -> World:
    """Two clusters, and who asks about them."""
    return await world_on(platform)
