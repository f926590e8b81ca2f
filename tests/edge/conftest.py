"""Two NATS servers a run; fresh streams on both for each test."""

from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest

from deploy.leaf.servers import COLLECTOR
from deploy.local.nats_users import SETUP
from services.runtime import process
from services.runtime.edge import of_site
from services.runtime.process import Runtime
from services.runtime.settings import Settings
from tests.edge.kit import SITE, Ends, Link, two_servers
from tests.kit.streams import fresh_streams


@pytest.fixture(scope="session")
def ends(tmp_path_factory: pytest.TempPathFactory) -> Generator[Ends]:
    with two_servers(tmp_path_factory.mktemp("edge")) as both:
        yield both


@pytest.fixture
async def hub_settings(ends: Ends, tmp_path: Path) -> Settings:
    """A worker of the hub; with fresh streams."""
    settings = ends.at_hub(Settings(data_dir=tmp_path))
    await fresh_streams(ends.at_hub(settings, SETUP))
    return settings


@pytest.fixture
async def site_settings(ends: Ends, tmp_path: Path) -> Settings:
    """A collector of the site; with fresh streams."""
    settings = of_site(Settings(data_dir=tmp_path, nats=ends.site.server.nats(SETUP)), SITE)
    await fresh_streams(settings)
    nats = ends.site.server.nats(COLLECTOR)
    return of_site(settings.model_copy(update={"nats": nats}), SITE)


@pytest.fixture
async def hub(hub_settings: Settings) -> AsyncGenerator[Runtime]:
    """A worker process of the hub that does nothing yet."""
    runtime = await process.start("test-hub", hub_settings)
    yield runtime
    await runtime.close()


@pytest.fixture
async def site(site_settings: Settings) -> AsyncGenerator[Runtime]:
    """A collector process of the site that does nothing yet."""
    runtime = await process.start("test-site", site_settings)
    yield runtime
    await runtime.close()


@pytest.fixture
async def link(ends: Ends, hub: Runtime, site: Runtime) -> AsyncGenerator[Link]:
    """The way from one to the other; it is open."""
    del hub, site
    async with ends.linked() as way:
        yield way
