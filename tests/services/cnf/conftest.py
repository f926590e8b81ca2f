"""A hub, and a cluster with network functions, of a fake API server and a fake Prometheus."""

from collections.abc import AsyncGenerator
from uuid import UUID

import pytest

from services.cnf import handlers
from services.cnf.sampling import Memory
from services.runtime.log import EventLog
from services.runtime.outside import Outside
from services.runtime.settings import Settings
from tests.services.cnf.fake_api import api_server
from tests.services.cnf.fake_prometheus import prometheus
from tests.services.cnf.looking import Hub
from tests.services.telemetry.collecting import Collector


@pytest.fixture(autouse=True)
def unlooked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that has not looked at anything yet."""
    monkeypatch.setattr(handlers, "_memory", Memory())
    monkeypatch.setattr(handlers, "_silent", set[UUID]())


@pytest.fixture
async def hub(log: EventLog, settings: Settings) -> AsyncGenerator[Hub]:
    outside = Outside(settings, "test")
    async with prometheus() as series, api_server() as api:
        yield Hub(Collector(log, settings, outside), series, api)
    await outside.close()
