"""One platform for the flows that leave it whole."""

from collections.abc import Generator

import pytest

from tests.kit.hub import Hub, running_hub


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Generator[Hub]:
    """A running platform that several tests share."""
    with running_hub(tmp_path_factory.mktemp("hub") / "data") as found:
        yield found
