"""Keys, a database and a Kubernetes for the tests of the vault."""

from collections.abc import AsyncGenerator

import pytest

from services.runtime.database import Database
from services.runtime.settings import DatabaseSettings
from services.runtime.vault.keys import Keys
from services.runtime.vault.sealing import Key, KeyRing
from tests.runtime.vault.fake_kubernetes import FakeKubernetes


@pytest.fixture
def keys() -> Keys:
    ring = KeyRing((Key(b"k" * 32),))
    return Keys(lambda: ring)


@pytest.fixture
async def database(fresh_database: DatabaseSettings) -> AsyncGenerator[Database]:
    database = Database(fresh_database, "test")
    await database.open()
    yield database
    await database.close()


@pytest.fixture
async def kubernetes() -> AsyncGenerator[FakeKubernetes]:
    api = FakeKubernetes()
    yield api
    await api.client.aclose()
