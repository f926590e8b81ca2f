"""`aiops nats init`: a server's configuration and a login for each part, for their owner alone."""

import json
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.cli.main import app
from deploy.local.nats_publishers import PUBLISHERS_FILE
from deploy.local.nats_server import find_binary

URL = "tls://nats.example.com:4222"


def init(out: Path, *more: str, url: str = URL) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["nats", "init", "--out", str(out), "--url", url, *more])
    return done.exit_code, done.output


def files(out: Path) -> dict[str, str]:
    return {str(f.relative_to(out)): f.read_text() for f in out.rglob("*") if f.is_file()}


def test_a_server_takes_what_is_written_and_every_part_has_its_login(tmp_path: Path) -> None:
    out = tmp_path / "hub"
    code, said = init(out, "--store", str(tmp_path / "data"))
    assert code == 0, said
    found = files(out)
    assert {f"parts/{name}.env" for name in ("setup", "gateway", "projector", "workers")} <= set(
        found
    )
    assert "publishers/outside.env" in found
    for name in found:
        assert (out / name).stat().st_mode & 0o777 == 0o600
    for password in json.loads(found["nats-users.json"]).values():
        assert password not in said
    assert f"AIOPS_NATS__URL={URL}\nAIOPS_NATS__USER=gateway\n" in found["parts/gateway.env"]
    checked = subprocess.run(
        [find_binary({}), "-t", "-c", out / "nats.conf"], capture_output=True, check=False
    )
    assert checked.returncode == 0, checked.stderr


def test_writing_again_changes_no_password_and_keeps_publishers(tmp_path: Path) -> None:
    assert init(tmp_path)[0] == 0
    before = files(tmp_path)
    (tmp_path / PUBLISHERS_FILE).write_text(json.dumps({"backup-bot": "s" * 20}))
    assert init(tmp_path)[0] == 0
    after = files(tmp_path)
    assert after["nats-users.json"] == before["nats-users.json"]
    assert after["parts/gateway.env"] == before["parts/gateway.env"]
    accounts = json.loads(after["nats.conf"])["accounts"]
    assert accounts["PUBLISHER-backup-bot"]["users"][0]["password"] == "s" * 20


def test_a_first_publisher_that_was_removed_does_not_come_back(tmp_path: Path) -> None:
    assert init(tmp_path)[0] == 0
    (tmp_path / "publishers" / "outside.env").unlink()
    (tmp_path / PUBLISHERS_FILE).write_text(json.dumps({"outside": ""}))
    assert init(tmp_path)[0] == 0
    found = files(tmp_path)
    assert "publishers/outside.env" not in found
    assert "PUBLISHER-outside" not in json.loads(found["nats.conf"])["accounts"]


@pytest.mark.parametrize("url", ["", "nats.example.com", "http://x:1", "nats://a:b@x:4222"])
def test_an_address_that_is_none_is_told(tmp_path: Path, url: str) -> None:
    code, said = init(tmp_path / "hub", url=url)
    assert (code, "--url must be" in said) == (2, True)
    assert not (tmp_path / "hub").exists()


def test_a_certificate_comes_with_its_key(tmp_path: Path) -> None:
    code, said = init(tmp_path / "hub", "--certificate", "/etc/nats/tls.crt")
    assert (code, "go together" in said) == (2, True)
