"""The programs of a site, as they are started there."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.leaf.servers import COLLECTOR
from deploy.local.nats_users import SETUP
from deploy.local.ports import answers, free_port
from services.runtime import streams
from services.runtime.bus import connect
from services.runtime.settings import Settings, environment
from tests.edge.kit import PASSWORDS, SITE, Ends
from tests.kit.runtime import until

pytestmark = [pytest.mark.anyio, pytest.mark.nats]


def _environment(ends: Ends, user: str, directory: Path, port: int = 0) -> dict[str, str]:
    return environment() | {
        "AIOPS_DATA_DIR": str(directory),
        "AIOPS_EDGE__WORKER": "true",
        "AIOPS_NATS__URL": f"nats://127.0.0.1:{ends.site.server.port}",
        "AIOPS_NATS__USER": user,
        "AIOPS_NATS__PASSWORD": PASSWORDS[user],
        "AIOPS_HEALTH_PORT": str(port),
    }


def _aiops(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "deploy.cli.main", *arguments]


async def test_set_up_and_collector_run_without_a_database(
    ends: Ends, site_settings: Settings, tmp_path: Path
) -> None:
    bus = await connect(ends.site.server.nats(SETUP), "test")
    for name in await streams.configurations(bus):
        await bus.api(f"STREAM.DELETE.{name}")
    done = subprocess.run(  # noqa: ASYNC221 - it ends by itself
        _aiops("run", "setup", "--edge", "--site", SITE),
        env=_environment(ends, SETUP, tmp_path),
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = await streams.configurations(bus)
    assert {name: (each["discard"], each["subjects"]) for name, each in found.items()} == {
        "EVT": ("new", ["evt.>"]),
        "TEL": ("old", ["tel.>"]),
        "HUB": ("old", [f"_H.{SITE}.>"]),
    }
    await bus.close()
    port = free_port()
    collector = subprocess.Popen(  # noqa: ASYNC220 - waited for below
        _aiops("run", "collector", "--edge", "--site", SITE),
        env=_environment(ends, COLLECTOR, tmp_path, port),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        await until(lambda: answers("127.0.0.1", port, "/ready"), within=60)
    finally:
        collector.send_signal(signal.SIGTERM)
        said, _ = collector.communicate(timeout=20)
    assert collector.returncode == 0, said
    assert PASSWORDS[COLLECTOR].encode() not in said


@pytest.mark.parametrize("site", [(), ("--site", "hub"), ("--site", "Not A Name")])
def test_a_site_has_a_name(ends: Ends, tmp_path: Path, site: tuple[str, ...]) -> None:
    done = subprocess.run(
        _aiops("run", "collector", "--edge", *site),
        env=_environment(ends, COLLECTOR, tmp_path),
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2, done.stdout
    assert b"AIOPS_SITE" in done.stderr
