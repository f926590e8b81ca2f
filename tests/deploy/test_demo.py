"""`aiops up --demo`: a simulated fleet beside the platform, found again at the next start."""

import json
import os
import socket
import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from signal import SIGKILL
from typing import Any
from urllib.parse import urlsplit

import httpx
import psutil
import pytest
import yaml

from deploy.simulator import authority
from tests.deploy.cli.demo_launcher import Demo, demo
from tests.deploy.cli.fake_gateway import PREFIX
from tests.deploy.launched import alive, eventually

pytestmark = [pytest.mark.flow]
SHOWN = "The simulated fleet is shown: 12 clusters\n"
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def simulator(running: Demo) -> int:
    return running.run["parts"]["simulator"]


def given(running: Demo) -> dict[str, Any]:
    """The credentials that were given in this run, by the cluster's name."""
    names = {each["id"]: name for name, each in running.clusters.items()}
    return {
        names[path.split("/")[-2]]: body
        for method, path, body in running.writes
        if method == "POST" and path.endswith("/credentials")
    }


def answer(ca: str, token: str | None, url: str) -> httpx.Response:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    context = ssl.create_default_context(cadata=ca)
    with httpx.Client(verify=context, headers=headers, timeout=10) as client:
        return client.get(url)


def test_the_fleet_is_registered_with_credentials_that_lead_into_it(tmp_path: Path) -> None:
    with demo(tmp_path / "data") as running:
        running.until(SHOWN)
        assert "(with a simulated fleet of 12 clusters)\n" in running.said
        assert "/login#code=the-code (with" in running.said
        clusters, credentials = running.clusters, given(running)
        assert len(clusters) == len(credentials) == 12
        for name, cluster in clusters.items():
            assert cluster["labels"] == {"aiops.io/simulated": "true"}
            assert cluster["display_name"] == f"{name} (simulated)"
        assert clusters["hub-1"]["cluster_type"] == "HUB"
        for name, body in credentials.items():
            told = yaml.safe_load(body["kubeconfig"])
            assert told["clusters"][0]["cluster"]["server"] == clusters[name]["api_server_url"]
            url = f"{clusters[name]['endpoints']['prometheus_url']}/api/v1/query?query=up"
            token = body["backends"].get("prometheus", {}).get("token")
            assert answer(body["ca_bundle"], token, url).status_code == 200


def test_the_simulator_is_told_no_setting_of_the_platform_and_its_files_are_private(
    tmp_path: Path,
) -> None:
    with demo(tmp_path / "data") as running:
        running.until(SHOWN)
        environment = psutil.Process(simulator(running)).environ()
        assert [name for name in environment if name.startswith("AIOPS")] == []
        folder = running.directory / "demo"
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        for private in ("authority.pem", "credentials.json", "registered.json", "fleet.yaml"):
            assert stat.S_IMODE((folder / private).stat().st_mode) == 0o600
        secrets = json.loads((folder / "credentials.json").read_text())["hub-1"]
        assert secrets["accounts"]
        told = running.said + (running.directory / "logs" / "simulator.log").read_text()
        for token in (*secrets["accounts"].values(), *secrets["backends"].values()):
            assert token not in told


def test_a_second_start_finds_the_fleet_and_leaves_it_as_it_is(tmp_path: Path) -> None:
    with demo(tmp_path / "data") as running:
        running.until(SHOWN)
        before = given(running)
    with demo(tmp_path / "data") as running:
        running.until(SHOWN)
        # Client certificates are new at each start of the simulator; everything else stays.
        by_certificate = {
            name
            for name, body in before.items()
            if "client-key-data" in yaml.safe_load(body["kubeconfig"])["users"][0]["user"]
        }
        assert set(given(running)) == by_certificate
        assert len(running.writes) == len(by_certificate) == 3


def test_what_is_old_is_mended_and_what_people_have_changed_stays(tmp_path: Path) -> None:
    with demo(tmp_path / "data") as running:
        running.until(SHOWN)
        before = running.clusters
    kept = json.loads(running.state.read_text())
    for each in kept.values():
        each["display_name"] = "Ours"
        each["status"] = {"state": "OFFLINE"}
    running.state.write_text(json.dumps(kept))
    (running.directory / "demo" / "authority.pem").write_text("broken")
    port = int((running.directory / "demo" / "port").read_text())
    with socket.create_server(("127.0.0.1", port)), demo(tmp_path / "data") as running:
        running.until(SHOWN)
        after, credentials = running.clusters, given(running)
        assert len(after) == len(credentials) == 12
        for name, cluster in after.items():
            assert cluster["id"] == before[name]["id"]
            assert cluster["display_name"] == "Ours"
            assert urlsplit(cluster["api_server_url"]).port not in {port, None}
            url = f"{cluster['api_server_url']}/version"
            assert ("POST", f"{PREFIX}/{cluster['id']}/refresh", None) in running.writes
            # The new CA is the one that is told; without a token it refuses, but speaks.
            assert answer(credentials[name]["ca_bundle"], None, url).status_code in {200, 401}


def test_a_killed_simulator_comes_back_with_the_same_address_and_ca(tmp_path: Path) -> None:
    with demo(tmp_path / "data") as running:
        running.until(SHOWN)
        body = given(running)["hub-1"]
        url = f"{running.clusters['hub-1']['api_server_url']}/version"
        killed = simulator(running)
        os.kill(killed, SIGKILL)
        eventually(lambda: simulator(running) != killed)
        eventually((running.directory / "demo" / "ready.json").exists)
        token = yaml.safe_load(body["kubeconfig"])["users"][0]["user"]["token"]
        assert answer(body["ca_bundle"], token, url).status_code == 200


def test_a_cluster_of_somebody_else_is_left_alone_and_said_so(tmp_path: Path) -> None:
    other: dict[str, Any] = {
        "id": "1",
        "name": "spoke-1",
        "labels": {},
        "api_server_url": "https://real:6443",
        "endpoints": {},
    }
    (tmp_path / "data.json").write_text(json.dumps({"1": other}))
    with demo(tmp_path / "data") as running:
        running.until("could not be registered")
        eventually(lambda: running.said.count("could not be registered") == 3)
        line = (
            "1 of 12 simulated clusters could not be registered (spoke-1: there is another"
            " cluster of this name, which is left alone)"
        )
        assert f"{line}; trying again in 0.1 s\n" in running.said
        assert running.said.endswith(f"{line}\n")
        assert [path for _, path, _ in running.writes if path.startswith(f"{PREFIX}/1")] == []
        assert running.clusters["spoke-1"] == other
        assert len(running.clusters) == 12


def test_the_platform_starts_and_stops_without_a_fleet_that_cannot_run(tmp_path: Path) -> None:
    directory = tmp_path / "data"
    (directory / "demo").mkdir(parents=True)
    directory.chmod(0o700)
    (directory / "demo" / "fleet.yaml").mkdir()
    with demo(directory) as running:
        running.until("(log: ")
        running.until("AIOps NextGen is ready: ")
        eventually(lambda: set(running.run["parts"]) == {"gateway"})
        assert f"(log: {directory / 'logs' / 'simulator.log'})\n" in running.said
        assert "is shown" not in running.said
        assert running.process.poll() is None
        running.process.terminate()
        assert running.process.wait(20) == 0


def test_a_stop_ends_the_simulator(tmp_path: Path) -> None:
    with demo(tmp_path / "data") as running:
        running.until(SHOWN)
        pid = simulator(running)
        running.process.terminate()
        assert running.process.wait(20) == 0
        assert not alive(pid)
        assert "killed" not in running.said


def test_an_authority_is_kept_until_it_would_end_before_what_it_signs(tmp_path: Path) -> None:
    first = authority.kept(tmp_path, NOW)
    assert authority.kept(tmp_path, NOW + timedelta(days=200)).pem == first.pem
    later = authority.kept(tmp_path, NOW + timedelta(days=400))
    assert later.pem != first.pem
    assert authority.kept(tmp_path, NOW + timedelta(days=400)).pem == later.pem
