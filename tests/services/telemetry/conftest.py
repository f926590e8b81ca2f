"""A collector on a real log and a real vault."""

from collections.abc import AsyncGenerator

import pytest

from services.runtime.log import EventLog
from services.runtime.outside import Outside
from services.runtime.settings import Settings
from tests.services.telemetry.collecting import Collector


@pytest.fixture
async def collector(log: EventLog, settings: Settings) -> AsyncGenerator[Collector]:
    """What the handlers of one process work with."""
    outside = Outside(settings, "test")
    yield Collector(log, settings, outside)
    await outside.close()
