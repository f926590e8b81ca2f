"""The log that the followers of these tests read."""

import pytest

from services.runtime.bus import Bus
from services.runtime.log import EventLog
from services.runtime.settings import Settings
from tests.runtime.followers.kit import log_on


@pytest.fixture
def notices(bus: Bus, bus_settings: Settings) -> EventLog:
    """A log that knows what is noticed."""
    return log_on(bus, bus_settings)
