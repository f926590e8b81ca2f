"""`aiops edge init`: both ends fit together, nothing is told to anybody, twice is once."""

import json
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer.testing
import yaml

from deploy.cli.main import app
from deploy.leaf.files import Wanted, WrongAddress, write
from deploy.local.nats_server import EmbeddedNats, find_binary
from deploy.local.nats_sites import SITES_FILE, site_permissions
from deploy.local.nats_users import passwords
from services.runtime.settings import EdgeSettings, Settings

runner = typer.testing.CliRunner()


def _init(out: Path, *more: str, site: str = "ship-7") -> typer.testing.Result:
    hub = ["--hub", "nats-leaf://hub.example.com:7422"]
    return runner.invoke(app, ["edge", "init", "--site", site, *hub, "--out", str(out), *more])


def _files(folder: Path) -> dict[str, bytes]:
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def _secrets(folder: Path) -> set[str]:
    sites: dict[str, Any] = json.loads((folder / "hub" / SITES_FILE).read_text())["sites"]
    local: dict[str, str] = json.loads((folder / "ship-7" / "passwords.json").read_text())
    return {*sites.values(), *local.values()}


def test_it_writes_everything_privately_and_says_no_password(tmp_path: Path) -> None:
    said = _init(tmp_path / "out")
    assert said.exit_code == 0, said.output
    assert set(_files(tmp_path / "out")) == {
        "hub/nats-compose.conf",
        "hub/nats-sites.json",
        "ship-7/aiops-collector.service",
        "ship-7/collector.env",
        "ship-7/compose.yaml",
        "ship-7/nats-compose.conf",
        "ship-7/nats.conf",
        "ship-7/passwords.json",
        "ship-7/setup.env",
    }
    for path in (tmp_path / "out").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    secrets = _secrets(tmp_path / "out")
    assert len(secrets) == 3
    assert not any(secret in said.output for secret in secrets)


def test_a_second_time_changes_nothing(tmp_path: Path) -> None:
    _init(tmp_path)
    before = _files(tmp_path)
    assert _init(tmp_path).exit_code == 0
    assert _files(tmp_path) == before


def test_a_second_site_leaves_the_first_alone(tmp_path: Path) -> None:
    _init(tmp_path)
    before = _files(tmp_path / "ship-7")
    first = json.loads((tmp_path / "hub" / SITES_FILE).read_text())["sites"]
    assert _init(tmp_path, site="ship-8").exit_code == 0
    sites = json.loads((tmp_path / "hub" / SITES_FILE).read_text())["sites"]
    assert set(sites) == {"ship-7", "ship-8"}
    assert sites["ship-7"] == first["ship-7"] != sites["ship-8"]
    assert _files(tmp_path / "ship-7") == before


@pytest.mark.parametrize(
    "arguments",
    [
        ["--site", "hub", "--hub", "nats-leaf://h:1"],
        ["--site", "Ship", "--hub", "nats-leaf://h:1"],
        ["--site", "a.b", "--hub", "nats-leaf://h:1"],
        ["--site", "s", "--hub", "https://h"],
        ["--site", "s", "--hub", "nats-leaf://u:secret@h:1"],
        ["--site", "s", "--hub", "h"],
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_written(
    tmp_path: Path, arguments: list[str]
) -> None:
    said = runner.invoke(app, ["edge", "init", *arguments, "--out", str(tmp_path / "out")])
    assert said.exit_code == 2, said.output
    assert "secret" not in said.output
    assert not (tmp_path / "out").exists()


def test_both_servers_take_their_configuration(tmp_path: Path) -> None:
    folder, at_hub = write(Wanted("ship-7", "nats-leaf://127.0.0.1:7422", tmp_path / "out"))
    hub = EmbeddedNats(
        tmp_path / "hub",
        find_binary({}),
        4222,
        passwords=passwords(tmp_path / "hub" / "nats-users.json"),
    )
    (tmp_path / "hub" / SITES_FILE).write_bytes(at_hub.read_bytes())
    hub.prepare()
    for file in (hub.configuration, folder / "nats.conf", folder / "nats-compose.conf"):
        assert _accepted(file), file
    told = json.loads(hub.configuration.read_text())
    assert told["jetstream"]["domain"] == "hub"
    (user,) = [each for each in told["accounts"]["PLATFORM"]["users"] if "ship" in each["user"]]
    assert user["permissions"] == site_permissions("ship-7")
    assert user["allowed_connection_types"] == ["LEAFNODE"]


def _accepted(file: Path) -> bool:
    command = [str(find_binary({})), "-t", "-c", str(file)]
    return subprocess.run(command, capture_output=True, check=False, timeout=20).returncode == 0


def test_the_environment_is_that_of_a_collector(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _ = write(Wanted("ship-7", "nats-leaf://h:1", tmp_path))
    for line in (folder / "collector.env").read_text().splitlines():
        name, _, value = line.partition("=")
        monkeypatch.setenv(name, value)
    settings = Settings()
    assert (settings.site, settings.nats.user) == ("ship-7", "collector")
    assert settings.edge == EdgeSettings(worker=True)


def test_the_compose_file_runs_the_three_programs(tmp_path: Path) -> None:
    folder, _ = write(Wanted("ship-7", "tls://h:1", tmp_path))
    told = yaml.safe_load((folder / "compose.yaml").read_text())
    assert set(told["services"]) == {"nats", "setup", "collector"}
    secrets = _secrets(tmp_path)
    assert not any(secret in (folder / "compose.yaml").read_text() for secret in secrets)


def test_a_wrong_address_says_how_a_right_one_looks(tmp_path: Path) -> None:
    with pytest.raises(WrongAddress, match="nats-leaf://HOST:7422"):
        write(Wanted("s", "nats://h", tmp_path / "x"))
