"""The clients, and gateways that they talk to."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager

import pytest

from services.runtime.log import EventLog
from tests.gateway.clients.peers import PEERS, Peer
from tests.kit.live import Stream, serving

Open = Callable[..., AbstractAsyncContextManager[Peer]]


@pytest.fixture(params=sorted(PEERS))
def peer(request: pytest.FixtureRequest) -> Open:
    """Opens one of the clients; each test is about all of them."""
    return PEERS[request.param]


@pytest.fixture
async def stream(log: EventLog) -> AsyncGenerator[Stream]:
    """A served live stream."""
    async with serving(log) as served:
        yield served
