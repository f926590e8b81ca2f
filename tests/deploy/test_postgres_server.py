"""The embedded PostgreSQL: private, survives kills, never runs as root."""

import os
import stat
from pathlib import Path
from signal import SIGSTOP

import psycopg
import pytest

from deploy.local.leftovers import working_in
from deploy.local.postgres_account import ClosedDirectory, account_for
from deploy.local.postgres_server import EmbeddedPostgres
from tests.kit import embedded
from tests.kit.embedded import running_postgres, start_postgres

pytestmark = pytest.mark.postgres


def test_committed_rows_survive_a_kill_while_clients_are_connected(tmp_path: Path) -> None:
    with running_postgres(tmp_path / "db") as server:
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute("create table kept (n int)")
            connection.execute("insert into kept select generate_series(1, 1000)")
            server.kill()
        server.restart()
        with psycopg.connect(server.url) as connection:
            assert connection.execute("select count(*) from kept").fetchone() == (1000,)


def test_a_stale_lock_file_and_a_busy_backend_do_not_keep_it_from_starting(tmp_path: Path) -> None:
    server = start_postgres(tmp_path / "db")
    connection = psycopg.connect(server.url, autocommit=True)
    backend = connection.info.backend_pid
    # Stopped, the backend cannot notice that its postmaster is gone.
    os.kill(backend, SIGSTOP)
    server.kill()
    lock = server.server.data / "postmaster.pid"
    lock.write_text(lock.read_text().replace(str(server.pid), str(os.getppid()), 1))
    server.start()
    assert backend not in working_in(server.server.data)
    connection.close()
    server.stop()
    assert working_in(server.server.data) == []


def test_only_the_owner_reaches_data_and_socket_and_no_port_is_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "power_may_fail", True)
    with running_postgres(tmp_path / "db") as server:
        for place in (server.server.directory, server.server.data, server.server.sockets):
            assert stat.S_IMODE(place.stat().st_mode) == 0o700
        with psycopg.connect(server.url) as connection:
            assert connection.execute("show listen_addresses").fetchone() == ("",)
            assert connection.execute("show server_encoding").fetchone() == ("UTF8",)
            assert connection.execute("show fsync").fetchone() == ("on",)


def test_a_long_path_gets_its_socket_elsewhere(tmp_path: Path) -> None:
    directory = tmp_path / ("d" * 90)
    with running_postgres(directory) as server:
        assert server.server.sockets.parent != directory
        with psycopg.connect(server.url) as connection:
            assert connection.execute("select current_database()").fetchone() == ("aiops",)
    server.server.sockets.rmdir()


def test_an_interrupted_first_start_leaves_nothing_half_made(tmp_path: Path) -> None:
    half = tmp_path / "db" / "postgres.new"
    half.mkdir(parents=True)
    (tmp_path / "db").chmod(0o700)
    (half / "PG_VERSION").write_text("18\n")
    with running_postgres(tmp_path / "db") as server:
        assert not half.exists()
        assert (server.server.data / "global").is_dir()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to change the user")
def test_root_runs_it_as_somebody_else(tmp_path: Path) -> None:
    with running_postgres(tmp_path / "db") as server:
        status = Path(f"/proc/{server.pid}/status").read_text()
        uids = next(line for line in status.splitlines() if line.startswith("Uid:")).split()[1:]
        assert "0" not in uids


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to change the user")
def test_without_the_right_to_lend_a_closed_parent_is_named_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    monkeypatch.setattr("deploy.local.postgres_account._may_lend_reach", lambda: False)
    with pytest.raises(
        ClosedDirectory, match=r"may not enter .*: chmod o\+x .*--data-dir"
    ) as error:
        account_for(closed / "db")
    assert len(str(error.value).splitlines()) == 1


def test_the_wheel_is_found_without_importing_it(tmp_path: Path) -> None:
    assert (EmbeddedPostgres.at(tmp_path).installation / "bin" / "postgres").exists()
