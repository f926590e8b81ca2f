"""The live stream runs on uvloop, as it does in production."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from services.runtime.log import EventLog
from tests.kit.live import Stream, serving


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return "asyncio", {"use_uvloop": True}


@pytest.fixture
async def stream(log: EventLog) -> AsyncGenerator[Stream]:
    """A served live stream with the default settings."""
    async with serving(log) as served:
        yield served
