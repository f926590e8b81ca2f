"""A served live stream."""

from collections.abc import AsyncGenerator

import pytest

from services.runtime.log import EventLog
from tests.kit.live import Stream, serving


@pytest.fixture
async def stream(log: EventLog) -> AsyncGenerator[Stream]:
    """A served live stream with the default settings."""
    async with serving(log) as served:
        yield served
