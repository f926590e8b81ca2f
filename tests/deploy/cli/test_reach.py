"""Where a command looks for the gateway."""

import pytest

from deploy.cli import reach


@pytest.mark.parametrize(
    ("host", "asked"),
    [("0.0.0.0", "127.0.0.1"), ("127.0.0.1", "127.0.0.1"), ("hub.example.com", "hub.example.com")],
)
def test_a_gateway_that_listens_everywhere_is_asked_by_a_name_that_it_answers_to(
    host: str, asked: str, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setenv("AIOPS_DATA_DIR", str(tmp_path_factory.mktemp("nothing")))
    monkeypatch.setenv("AIOPS_NATS__URL", "nats://bus:4222")
    monkeypatch.setenv("AIOPS_DATABASE__URL", "postgresql://db/aiops")
    monkeypatch.setenv("AIOPS_GATEWAY__HOST", host)
    assert reach.hub().gateway == f"http://{asked}:8080"
