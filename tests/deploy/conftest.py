"""The launcher's tests run on asyncio, with real servers of their own."""

import pytest


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"
