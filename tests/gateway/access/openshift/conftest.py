"""One simulated OpenShift for each test."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.gateway.access.openshift.openshifts import OpenShift, simulated


@pytest.fixture
async def openshift(tmp_path: Path) -> AsyncGenerator[OpenShift]:
    """It knows this platform, and ada and bob."""
    async with simulated(tmp_path) as made:
        yield made
