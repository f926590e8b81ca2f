"""A fake gateway, and the command line pointed at it."""

import json
from collections.abc import Generator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.deploy.cli.fake_gateway import TOKEN, FakeGateway, serving
from tests.deploy.cli.running import Aiops


@pytest.fixture
def gateway() -> Generator[FakeGateway]:
    with serving() as started:
        yield started


@pytest.fixture
def aiops(gateway: FakeGateway, tmp_path: Path) -> Aiops:
    """The command `aiops`, where a platform runs whose gateway is the fake one."""
    data = tmp_path / "data"
    data.mkdir()
    (data / "run.json").write_text(json.dumps({"gateway": gateway.url, "token": TOKEN}))
    return Aiops(CliRunner(), {"AIOPS_DATA_DIR": str(data), "COLUMNS": "250"})
