"""Real Prometheuses with random data: one of each of three clusters, one that holds all of it."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from services.runtime.settings import environment
from tests.kit import promql_data
from tests.kit.gateway import Platform
from tests.kit.prometheus import INSTALLED, register, writable
from tests.kit.remote_write import Written, write

_SEED = "AIOPS_TEST_SEED"
"""Other data than those of every day."""


@dataclass(frozen=True, repr=False)
class RandomFleet:
    """What is asked, and whom its answers are compared with."""

    platform: Platform
    ids: Mapping[str, str]
    """Of the clusters, by name."""
    urls: Mapping[str, str]
    """Of their Prometheuses."""
    union: str
    """The address of a Prometheus with all series, each with its ``cluster``."""
    direct: httpx.AsyncClient


@pytest.fixture(scope="module")
async def random_fleet(
    platform: Platform, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[RandomFleet]:
    """The platform with three clusters, and what all of them together have."""
    if not INSTALLED:
        pytest.skip("Debian's package prometheus is not installed")
    directory: Path = tmp_path_factory.mktemp("prometheuses")
    told = promql_data.fleet(int(environment().get(_SEED, "1")))
    union = [each.of(name) for name, series in told.items() for each in series]
    async with AsyncExitStack() as stack:

        async def holding(name: str, series: list[Written]) -> str:
            url = await stack.enter_async_context(writable(directory / name))
            await write(url, series)
            return url

        urls = {name: await holding(name, series) for name, series in told.items()}
        ids = {name: await register(platform, name, url) for name, url in urls.items()}
        direct = await stack.enter_async_context(httpx.AsyncClient(timeout=30))
        yield RandomFleet(platform, ids, urls, await holding("union", union), direct)
