"""A launcher in a process of its own, with tiny programs in place of the platform's parts."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGTERM
from typing import Any

import psutil

from deploy.local.parts import PartCommand
from deploy.local.supervisor import Surroundings, up
from services.runtime.settings import Settings, load_settings

ROOT = Path(__file__).parents[2]
PATIENCE = 30.0
_GATEWAY = """
import http.server, os
class Door(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
    def log_message(self, *words): pass
port = int(os.environ["AIOPS_GATEWAY__PORT"])
http.server.HTTPServer(("127.0.0.1", port), Door).serve_forever()
"""
_SLEEPER = "import time; time.sleep(600)"
_SETUP = "import os; print('set up by', os.environ['AIOPS_NATS__USER'])"


def _python(name: str, code: str, ready: str = "") -> PartCommand:
    return PartCommand(name, (sys.executable, "-c", code), ready)


def _parts(setup: str) -> tuple[PartCommand, ...]:
    return (
        _python("setup", setup),
        _python("gateway", _GATEWAY, "/ready"),
        _python("projector", _SLEEPER),
        _python("workers", _SLEEPER),
    )


@dataclass(frozen=True)
class FakeHooks:
    """Access control that writes down what it was asked."""

    settings: Settings

    async def mint_token(self) -> str:
        return "the-token"

    async def mint_login_code(self) -> str:
        return "the-code"

    async def revoke_token(self, token: str) -> None:
        with (self.settings.data_dir / "revoked").open("a") as file:
            file.write(f"{token}\n")


@dataclass(frozen=True)
class Launched:
    """A running launcher."""

    process: subprocess.Popen[str]
    directory: Path

    @property
    def run(self) -> dict[str, Any]:
        return json.loads((self.directory / "run.json").read_text())

    @property
    def parts(self) -> Mapping[str, int]:
        return self.run["parts"]

    def until_ready(self) -> float:
        """Wait for its run.json, not that of a killed one before it; how long that took."""
        began = time.monotonic()
        file = self.directory / "run.json"
        eventually(lambda: f'"pid": {self.process.pid},' in _text(file), self.process)
        return time.monotonic() - began

    def end(self) -> tuple[int, str, float]:
        """SIGTERM: the exit code, what it printed, how long it took."""
        began = time.monotonic()
        self.process.send_signal(SIGTERM)
        text, _ = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, text, time.monotonic() - began


def _text(file: Path) -> str:
    try:
        return file.read_text()
    except FileNotFoundError:
        return ""


def eventually(
    is_so: Callable[[], bool],
    process: subprocess.Popen[str] | None = None,
    within: float = PATIENCE,
) -> None:
    deadline = time.monotonic() + within
    while not is_so():
        assert process is None or process.poll() is None, "the launcher ended"
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def start(directory: Path, *, setup: str = _SETUP, **environment: str) -> Launched:
    command = [sys.executable, "-m", "tests.deploy.launched", str(directory), setup]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "AIOPS_GATEWAY__PORT": "0", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return Launched(process, directory)


@contextmanager
def launched(directory: Path, **environment: str) -> Generator[Launched]:
    """A launcher that is ready, and ended after the block."""
    launcher = start(directory, **environment)
    try:
        launcher.until_ready()
        yield launcher
    finally:
        launcher.process.kill()
        launcher.process.communicate(timeout=PATIENCE)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    settings = load_settings(data_dir=Path(sys.argv[1]))
    around = Surroundings({"PATH": "/usr/bin:/bin"}, _say, _parts(sys.argv[2]))
    return asyncio.run(
        up(settings, port=settings.gateway.port, open_browser=False, hooks=FakeHooks, around=around)
    )


if __name__ == "__main__":
    sys.exit(main())
