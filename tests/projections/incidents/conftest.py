"""Tables of incidents in a database of each test's own."""

from collections.abc import AsyncGenerator

import pytest

from services.runtime.settings import DatabaseSettings
from tests.kit.incident_rows import IncidentTables, incident_tables


@pytest.fixture
async def tables(fresh_database: DatabaseSettings) -> AsyncGenerator[IncidentTables]:
    """Empty ones."""
    async with incident_tables(fresh_database) as made:
        yield made
