"""The log of a platform as a file, and a platform that shows it, as a user would do it."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.kit.hub import Hub, alert, running_hub, until
from tests.kit.tree import ROOT

pytestmark = [pytest.mark.flow, pytest.mark.timeout(180)]


def refused(hub: Hub, *words: str) -> str:
    """Run a command that must fail; its one line."""
    done = subprocess.run(
        [sys.executable, "-m", "deploy.cli.main", *words],
        cwd=ROOT,
        env=hub.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1, done.stdout
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


def fired(hub: Hub) -> int:
    with hub.client() as client:
        events = client.get("/api/v1/events", params={"event_type": "ALERT_FIRED", "limit": 1000})
    return len(events.json()["items"])


def test_a_log_is_exported_and_shown_elsewhere(hub: Hub, tmp_path: Path) -> None:
    cluster = hub.register("exported-1")
    body = {"version": "4", "alerts": [alert(number) for number in range(20)]}
    with hub.client() as client:
        client.post(f"/api/v1/alerts/webhook/{cluster}", json=body).raise_for_status()
    until(lambda: fired(hub) >= 20)
    file = tmp_path / "log.ndjson"
    assert " events in " in hub.aiops("events", "export", "-o", str(file))
    events = file.read_bytes().count(b"\n") - 2
    assert "PRECONDITION_FAILED: the hub is not empty" in refused(hub, "replay", str(file))
    cut = tmp_path / "cut.ndjson"
    cut.write_bytes(file.read_bytes()[:-100])
    assert "cut.ndjson: line" in refused(hub, "replay", str(cut))

    with running_hub(tmp_path / "copy", "--replay", str(file)) as copy:
        assert "workers" not in copy.run["parts"]
        until(lambda: fired(copy) == fired(hub))
        with copy.client() as client:
            assert client.get(f"/api/v1/clusters/{cluster}").json()["name"] == "exported-1"
        again = copy.aiops("replay", str(file))
        assert again == f"0 events loaded, {events:,} are there"
