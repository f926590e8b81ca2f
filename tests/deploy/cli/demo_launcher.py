"""A launcher with the simulated fleet beside it, and a fake gateway as its only part.

Run as a program: ``python -m tests.deploy.cli.demo_launcher DATA_DIR GATEWAY_STATE``. It starts no
servers: their addresses are given, and nobody connects to them.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from deploy.cli.demo import DemoFleet
from deploy.local.parts import PartCommand
from deploy.local.supervisor import Surroundings, up
from services.runtime.settings import DatabaseSettings, NatsSettings, load_settings
from tests.deploy.launched import FakeHooks, eventually
from tests.kit.tree import ROOT

_PAUSES = (0.1, 0.1)
_PATH = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "AIOPS_NATS__PASSWORD": "not-yours"}


@dataclass(frozen=True)
class Demo:
    """A running launcher with a simulated fleet."""

    process: subprocess.Popen[bytes]
    directory: Path
    state: Path

    @property
    def said(self) -> str:
        """What the launcher has printed so far."""
        return self.directory.with_suffix(".out").read_text()

    @property
    def run(self) -> dict[str, Any]:
        return json.loads((self.directory / "run.json").read_text())

    @property
    def clusters(self) -> dict[str, Any]:
        """What the gateway knows, by name."""
        kept = json.loads(self.state.read_text())
        return {each["name"]: each for each in kept.values()}

    @property
    def requests(self) -> list[tuple[str, str, Any]]:
        """What this run has asked the gateway: method, path, body."""
        lines = self.state.with_suffix(".requests").read_text().splitlines()
        return [(method, path, body) for method, path, body in map(json.loads, lines)]

    @property
    def writes(self) -> list[tuple[str, str, Any]]:
        """What it has asked to be changed."""
        return [each for each in self.requests if each[0] != "GET"]

    def until(self, text: str) -> None:
        """Wait until the launcher has printed this."""
        eventually(lambda: text in self.said, within=60)


@contextmanager
def demo(directory: Path) -> Generator[Demo]:
    """A launcher for the time of a block; the gateway's clusters are there for the next one."""
    state = directory.with_suffix(".json")
    state.with_suffix(".requests").unlink(missing_ok=True)
    with directory.with_suffix(".out").open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.deploy.cli.demo_launcher", str(directory), str(state)],
            cwd=ROOT,
            env=_PATH,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Demo(process, directory, state)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    settings = load_settings(
        data_dir=Path(sys.argv[1]),
        nats=NatsSettings(url="nats://127.0.0.1:1"),
        database=DatabaseSettings(url=SecretStr("postgresql://127.0.0.1:1/x")),
    )
    argv = (sys.executable, "-m", "tests.deploy.cli.fake_gateway", sys.argv[2])
    around = Surroundings(
        _PATH,
        _say,
        (PartCommand("gateway", argv, "/ready"),),
        companion=lambda data_dir: DemoFleet(data_dir, _PATH, _say, _PAUSES),
    )
    return asyncio.run(up(settings, port=0, open_browser=False, hooks=FakeHooks, around=around))


if __name__ == "__main__":
    sys.exit(main())
