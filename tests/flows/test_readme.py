"""The README's tour works as it is written."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.kit.guides import blocks
from tests.kit.hub import Hub
from tests.kit.simulator_program import simulator
from tests.kit.tree import ROOT

pytestmark = [pytest.mark.flow, pytest.mark.timeout(400)]


def test_the_tour_of_the_readme_runs_step_by_step(hub: Hub, tmp_path: Path) -> None:
    script = "set -euo pipefail\n" + "\n".join(blocks("README.md", "sh"))
    # The tour calls the environment's programs by their place in the checkout.
    script = script.replace('PATH="$PWD/.venv/bin:$PATH"\n', "")
    with simulator(1) as fleet:
        found = {"PYTHONPATH": str(ROOT), "KUBECONFIG": str(fleet["kubeconfig"])}
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=tmp_path,
            env=hub.environment | found,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "hub-1" in done.stdout
    assert "201 Created" in done.stdout
    assert "CLUSTER_REGISTERED" in done.stdout
    assert '"accepted":1' in done.stdout
    assert "KubeNodeNotReady" in done.stdout
    _the_client_sees_an_alert(hub)


def _the_client_sees_an_alert(hub: Hub) -> None:
    (client,) = blocks("README.md", "python")
    done = subprocess.run(
        [sys.executable, "-c", client],
        env=hub.environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "ALERT_FIRED" in done.stdout
