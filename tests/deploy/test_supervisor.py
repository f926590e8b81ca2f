"""The launcher: everything starts, what is killed comes back, nothing is left behind."""

import os
import socket
import stat
from pathlib import Path
from signal import SIGKILL

import nats
import psycopg
import pytest

from deploy.local.leftovers import running_with, working_in
from tests.deploy.launched import alive, eventually, launched, start
from tests.kit.embedded import running_nats, running_postgres

pytestmark = [pytest.mark.anyio, pytest.mark.flow, pytest.mark.nats, pytest.mark.postgres]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def answers(database: str) -> bool:
    try:
        with psycopg.connect(database, connect_timeout=10) as connection:
            return connection.execute("select 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False


async def test_run_json_tells_how_to_reach_everything_and_only_its_owner(tmp_path: Path) -> None:
    with launched(tmp_path / "data") as launcher:
        run = launcher.run
        assert set(run) == {"gateway", "nats", "database", "token", "pid", "parts"}
        assert set(run["parts"]) == {"nats", "postgres", "gateway", "projector", "workers"}
        assert run["pid"] == launcher.process.pid
        assert run["token"] == "the-token"
        assert run["gateway"].startswith("http://127.0.0.1:")
        assert all(alive(pid) for pid in run["parts"].values())
        assert mode(launcher.directory) == 0o700
        for private in ("run.json", "nats.conf", "nats-users.json", "lock"):
            assert mode(launcher.directory / private) == 0o600
        client = await nats.connect(run["nats"], allow_reconnect=False)
        await client.close()
        assert answers(run["database"])


def test_a_stop_is_clean_and_quick_and_leaves_nothing_running(tmp_path: Path) -> None:
    with launched(tmp_path / "data") as launcher:
        parts = launcher.parts
        code, text, took = launcher.end()
        assert code == 0, text
        assert took < 10
        assert "AIOps NextGen is ready: http://127.0.0.1:" in text
        assert "/login#code=the-code" in text
        assert "killed" not in text
        assert not (launcher.directory / "run.json").exists()
        assert not any(alive(pid) for pid in parts.values())
        assert (launcher.directory / "revoked").read_text() == "the-token\n"
        assert not (launcher.directory / "postgres" / "postmaster.pid").exists()
        assert "set up by setup" in (launcher.directory / "logs" / "setup.log").read_text()


def test_any_killed_part_is_started_again_and_only_that_one(tmp_path: Path) -> None:
    with launched(tmp_path / "data") as launcher:
        for name in ("nats", "postgres", "gateway", "projector", "workers"):
            before = launcher.parts
            os.kill(before[name], SIGKILL)
            eventually(lambda: launcher.parts[name] != before[name], launcher.process)  # noqa: B023
            assert alive(launcher.parts[name])
            assert {**launcher.parts, name: 0} == {**before, name: 0}
            assert mode(launcher.directory / "run.json") == 0o600
        eventually(lambda: answers(launcher.run["database"]), launcher.process)


def test_a_second_start_on_the_same_directory_is_refused_with_one_line(tmp_path: Path) -> None:
    with launched(tmp_path / "data") as launcher:
        before = launcher.run
        second = start(launcher.directory)
        text, _ = second.process.communicate(timeout=30)
        assert second.process.returncode == 1
        assert len(text.splitlines()) == 1
        assert f"already runs on {launcher.directory} (process {before['pid']})" in text
        assert launcher.run == before


def test_nothing_starts_beside_a_restore_that_was_cut_off(tmp_path: Path) -> None:
    directory = tmp_path / "data"
    (directory / ".restoring").mkdir(parents=True)
    (directory / "lock").touch()
    launcher = start(directory)
    text, _ = launcher.process.communicate(timeout=30)
    assert launcher.process.returncode == 1
    assert f"a restore into {directory} was cut off" in text
    assert {each.name for each in directory.iterdir()} <= {".restoring", "lock"}


def test_a_killed_launcher_leaves_no_process_and_the_next_one_starts(tmp_path: Path) -> None:
    with launched(tmp_path / "data") as launcher:
        directory, parts = launcher.directory, launcher.parts
        launcher.process.kill()
        launcher.process.wait()
        with launched(directory) as second:
            assert not any(alive(pid) for pid in parts.values())
            assert (directory / "revoked").read_text() == "the-token\n"
            assert len(running_with(directory / "nats.conf")) == 1
            assert second.parts["postgres"] in working_in(directory / "postgres")
            second.process.kill()
            second.process.wait()
            eventually(lambda: not working_in(directory / "postgres"))
            eventually(lambda: not running_with(directory / "nats.conf"))


def test_configured_servers_are_used_and_not_listed_among_the_parts(tmp_path: Path) -> None:
    with running_nats(tmp_path / "n") as bus, running_postgres(tmp_path / "p") as database:
        configured = {"AIOPS_NATS__URL": bus.url, "AIOPS_DATABASE__URL": database.url}
        with launched(tmp_path / "data", **configured) as launcher:
            assert set(launcher.parts) == {"gateway", "projector", "workers"}
            assert launcher.run["nats"] == bus.url
            assert launcher.run["database"] == database.url


def test_a_directory_of_something_else_is_left_alone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    home.chmod(0o755)
    (home / "letter").write_text("dear")
    launcher = start(home)
    text, _ = launcher.process.communicate(timeout=30)
    assert launcher.process.returncode == 1
    assert "is not empty" in text
    assert mode(home) == 0o755
    assert [path.name for path in home.iterdir()] == ["letter"]


def test_parts_are_loaded_beside_set_up(tmp_path: Path) -> None:
    """Here it does not end before the gateway's process has begun."""
    code = (
        "import os, pathlib, time\n"
        "log = pathlib.Path(os.environ['AIOPS_DATA_DIR'], 'logs', 'gateway.log')\n"
        "while not log.exists(): time.sleep(0.02)\n"
    )
    launcher = start(tmp_path / "data", setup=code)
    try:
        launcher.until_ready()
    finally:
        launcher.end()


def test_a_set_up_that_fails_ends_the_start_with_its_log_and_no_process(tmp_path: Path) -> None:
    launcher = start(tmp_path, setup="raise SystemExit('no such stream')")
    text, _ = launcher.process.communicate(timeout=30)
    assert launcher.process.returncode == 1
    assert "aiops up: setup ended with 1" in text
    assert "no such stream" in text
    assert working_in(tmp_path / "postgres") == running_with(tmp_path / "nats.conf") == []


def test_a_signal_during_the_start_ends_it_cleanly(tmp_path: Path) -> None:
    launcher = start(tmp_path, setup="import time; time.sleep(600)")
    eventually((tmp_path / "logs" / "setup.log").exists, launcher.process)
    code, text, took = launcher.end()
    assert (code, "ready" in text) == (0, False)
    assert took < 10
    assert working_in(tmp_path / "postgres") == running_with(tmp_path / "nats.conf") == []


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        launcher = start(tmp_path, AIOPS_GATEWAY__PORT=str(port))
        text, _ = launcher.process.communicate(timeout=30)
    assert launcher.process.returncode == 1
    assert text.startswith(f"aiops up: port {port} cannot be used")
