"""Both ways of connecting a cluster's alerts work as the README writes them."""

import re
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.local.ports import free_port
from tests.kit.hub import Hub, until
from tests.kit.programs import program
from tests.kit.tree import ROOT

pytestmark = [pytest.mark.flow, pytest.mark.timeout(120)]

_TOKEN_FILE = "/path/to/.aiops/alertmanager-token"
_ALWAYS = {
    "alert": "ReadmeShown",
    "expr": "vector(1)",
    "labels": {"severity": "critical", "cluster": "another"},
}


def _written(section: str, hub: Hub, token: Path) -> dict[str, Any]:
    """The README's configuration with this section, for this platform and token."""
    blocks = re.findall(
        r"^```yaml\n(.*?)^```$", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE
    )
    (found,) = (block for block in blocks if section in yaml.safe_load(block))
    assert _TOKEN_FILE in found
    address = hub.gateway.removeprefix("http://")
    assert "127.0.0.1:8080" in found
    return yaml.safe_load(found.replace("127.0.0.1:8080", address).replace(_TOKEN_FILE, str(token)))


@contextmanager
def _running(*argv: str, log: Path) -> Generator[None]:
    with log.open("wb") as file:
        process = subprocess.Popen(argv, stdout=file, stderr=subprocess.STDOUT)
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def _alertmanager(directory: Path, configuration: dict[str, Any]) -> Generator[int]:
    """An Alertmanager that does not wait for more before it posts; its port."""
    configuration["route"] |= {"group_wait": "0s", "group_interval": "1s"}
    file, port = directory / "alertmanager.yml", free_port()
    file.write_text(yaml.safe_dump(configuration))
    with _running(
        program("prometheus-alertmanager"),
        f"--config.file={file}",
        f"--storage.path={directory / 'am'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
        log=directory / "alertmanager.log",
    ):
        yield port


@contextmanager
def _prometheus(directory: Path, configuration: dict[str, Any], also: int) -> Generator[None]:
    """A Prometheus with an alert that always fires, which also goes to an Alertmanager."""
    rules, file = directory / "rules.yml", directory / "prometheus.yml"
    rules.write_text(yaml.safe_dump({"groups": [{"name": "readme", "rules": [_ALWAYS]}]}))
    own = {"static_configs": [{"targets": [f"127.0.0.1:{also}"]}]}
    configuration["alerting"]["alertmanagers"].append(own)
    timing = {"global": {"evaluation_interval": "1s"}, "rule_files": [str(rules)]}
    file.write_text(yaml.safe_dump(configuration | timing))
    with _running(
        program("prometheus"),
        f"--config.file={file}",
        f"--storage.tsdb.path={directory / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{free_port()}",
        "--rules.alert.resend-delay=1s",
        log=directory / "prometheus.log",
    ):
        yield


def _alerts(hub: Hub, cluster: str) -> list[dict[str, Any]]:
    with hub.client() as client:
        answer = client.get("/api/v1/alerts", params={"cluster_id": cluster})
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def test_both_configurations_of_the_readme_bring_alerts_here(hub: Hub, tmp_path: Path) -> None:
    names = ("readme-am", "readme-prom")
    clusters = [hub.register(name) for name in names]
    tokens = [tmp_path / name for name in names]
    for name, file in zip(names, tokens, strict=True):
        file.write_text(hub.aiops("token", "create", "--role", "ingest", "--cluster", name))
    by_webhook, by_prometheus = tokens
    with (
        _alertmanager(tmp_path, _written("receivers", hub, by_webhook)) as port,
        _prometheus(tmp_path, _written("alerting", hub, by_prometheus), port),
    ):
        for cluster in clusters:
            (found,) = until(lambda cluster=cluster: _alerts(hub, cluster), within=40)
            assert (found["alertname"], found["state"]) == ("ReadmeShown", "FIRING")
            assert found["labels"]["cluster"] == "another", "the token's cluster counts"
