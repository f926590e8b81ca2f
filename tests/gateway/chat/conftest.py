"""A platform whose workers have a scripted model, or none."""

from collections.abc import AsyncGenerator

import httpx
import pytest

from services.runtime.settings import Settings
from tests.kit.chats import Chats, with_model
from tests.kit.gateway import Platform, on_the_wire, platform_on
from tests.kit.llm_server import LlmServer, llm_server


@pytest.fixture(scope="module")
async def model() -> AsyncGenerator[LlmServer]:
    """A server of a model, whose script each test sets."""
    async with llm_server() as server:
        yield server


@pytest.fixture(scope="module")
async def talking(platform_settings: Settings, model: LlmServer) -> AsyncGenerator[Platform]:
    """A platform with that model."""
    async with platform_on(with_model(platform_settings, model)) as running:
        yield running


@pytest.fixture(scope="module")
async def wire(talking: Platform) -> AsyncGenerator[httpx.AsyncClient]:
    """Its administrator's client over real HTTP: one in the process would not stream."""
    async with on_the_wire(talking) as url:
        transport = httpx.AsyncHTTPTransport()
        async with talking.client(talking.admin, transport=transport, base_url=url) as client:
            yield client


@pytest.fixture
def chats(wire: httpx.AsyncClient, model: LlmServer) -> Chats:
    """Chats of its administrator; the script begins anew."""
    model.script, model.asked = (), []
    return Chats(wire, model)
