"""One good issuer for each test."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.gateway.access.oidc.logins import Login, logging_in


@pytest.fixture
async def login(tmp_path: Path) -> AsyncGenerator[Login]:
    """A provider in front of an issuer that knows it."""
    async with logging_in(tmp_path) as made:
        yield made
