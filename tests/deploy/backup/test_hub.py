"""A hub that runs is backed up by the command, restored on an empty machine, and runs again."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from deploy.backup import manifest
from deploy.backup.inventory import FILES
from services.runtime.settings import environment
from tests.kit.hub import Hub, alert, running_hub, until
from tests.kit.tree import ROOT

pytestmark = pytest.mark.flow

_WORDS = "correct horse battery\n"


def _aiops(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "deploy.cli.main", *words],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def _told(hub: Hub, path: str, token: str | None = None) -> Any:
    with hub.client(token) as client:
        answer = client.get(f"/api/v1/{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def _fill(hub: Hub) -> str:
    """Clusters, alerts and a token; the token."""
    clusters = [hub.register(f"edge-{number}") for number in range(3)]
    with hub.client() as client:
        for cluster in clusters:
            body = {"alerts": [alert(number, alertname="Told") for number in range(5)]}
            answer = client.post(f"/api/v1/alerts/webhook/{cluster}", json=body)
            assert answer.status_code in {200, 202}, answer.text
    until(lambda: _in_incidents(hub) == 15, within=60)
    return hub.aiops("token", "create", "--role", "viewer").splitlines()[-1]


def _in_incidents(hub: Hub) -> int:
    """Alerts of which nothing more is to be told."""
    return sum(each["incident_id"] is not None for each in _told(hub, "alerts")["items"])


def _state(hub: Hub) -> list[Any]:
    """What a health check of these clusters, which nobody answers for, does not change."""
    kept = ("id", "name", "api_server_url", "created_at")
    clusters = [{name: each[name] for name in kept} for each in _told(hub, "clusters")["items"]]
    return [clusters, _told(hub, "alerts")["items"]]


def _counts(hub: Hub, event_type: str) -> int:
    """Events of a type in the log: nothing happened a second time."""
    return len(_told(hub, f"events?event_type={event_type}&limit=1000")["items"])


def test_a_hub_is_restored_by_two_commands(tmp_path: Path) -> None:
    old, new, backup, words = (tmp_path / each for each in ("old", "new", "backup", "words"))
    words.write_text(_WORDS)
    with running_hub(old) as hub:
        token = _fill(hub)
        ended = hub.token
        hub.aiops("backup", "--to", str(backup), "--with-key", "--passphrase-file", str(words))
        known = {name.partition("/")[0] for name in FILES}
        assert {each.name for each in old.iterdir()} - known == set()
        was = _state(hub)
    taken = manifest.read(backup)

    refused = _aiops("restore", str(backup), "--data-dir", str(old))
    assert refused.returncode == 1
    assert "is not empty" in refused.stderr
    done = _aiops("restore", str(backup), "--data-dir", str(new), "--passphrase-file", str(words))
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"The hub is ready to be started: aiops up --data-dir {new}" in done.stdout
    assert "Before it is started" not in done.stdout

    with running_hub(new) as hub:
        assert _state(hub) == was
        assert _told(hub, "alerts", token)["total"] == 15
        with hub.client(ended) as client:
            assert client.get("/api/v1/clusters").status_code == 401
        hub.register("edge-new")
        until(lambda: _counts(hub, "CLUSTER_REGISTERED") >= 4)
        assert _counts(hub, "CLUSTER_REGISTERED") == 4
        assert _counts(hub, "ALERT_FIRED") == 15
        after = hub.aiops(
            *("events", "tail", "--since", str(taken.sequence), "--count", "1", "--json")
        )
        assert f'"sequence":{taken.sequence + 1}' in after.replace(" ", "")
