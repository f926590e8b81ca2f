"""One platform for each file of tests; clusters and alerts of a test have names of their own."""

import asyncio
from collections.abc import AsyncGenerator, Generator
from typing import Any

import pytest
from pydantic import SecretStr

from services.runtime.settings import DatabaseSettings, GatewaySettings, NatsSettings, Settings
from tests.kit.gateway import Platform, fresh_bus, fresh_database, platform_on
from tests.kit.servers import Server


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return "asyncio", {"use_uvloop": True}


@pytest.fixture(scope="module")
def platform_settings(
    nats_server: Server,
    postgres_server: Server,
    _template: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Generator[Settings]:
    """Settings for fresh streams and a fresh database, prepared as `aiops up` does."""
    with fresh_database(postgres_server.url, _template) as url:
        settings = Settings(
            data_dir=tmp_path_factory.mktemp("data"),
            # Of a busy machine much is forgiven.
            nats=NatsSettings(url=nats_server.url, request_seconds=8),
            database=DatabaseSettings(url=SecretStr(url), timeout=20),
            gateway=GatewaySettings(write_timeout=20),
        )
        asyncio.run(fresh_bus(settings))
        yield settings


@pytest.fixture(scope="module")
async def platform(platform_settings: Settings) -> AsyncGenerator[Platform]:
    """Services, projections and gateway, running."""
    async with platform_on(platform_settings) as running:
        yield running
