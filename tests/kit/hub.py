"""A whole platform, run by ``aiops up`` as a user would, and what one does with it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx

from services.runtime.settings import environment
from tests.kit.tree import ROOT

T = TypeVar("T")

PATIENT = {
    "AIOPS_LIMITS__ENABLED": "false",
    "AIOPS_NATS__REQUEST_SECONDS": "8",
    "AIOPS_DATABASE__TIMEOUT": "20",
    "AIOPS_GATEWAY__WRITE_TIMEOUT": "20",
}
"""Nobody is limited, and of a busy machine much is forgiven."""
_START_WITHIN, _STOP_WITHIN = 90.0, 20.0


@dataclass(frozen=True)
class Hub:
    """A running platform."""

    directory: Path
    process: subprocess.Popen[bytes]

    @property
    def run(self) -> dict[str, Any]:
        """What run.json says now."""
        return json.loads((self.directory / "run.json").read_text())

    @property
    def gateway(self) -> str:
        return self.run["gateway"]

    @property
    def token(self) -> str:
        return self.run["token"]

    @property
    def environment(self) -> dict[str, str]:
        """For programs that shall find this platform."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{environment().get('PATH', '')}"
        return environment() | {"AIOPS_DATA_DIR": str(self.directory), "PATH": path}

    def client(self, token: str | None = None) -> httpx.Client:
        """An HTTP client, as the administrator unless told otherwise."""
        headers = {"Authorization": f"Bearer {token or self.token}"}
        return httpx.Client(base_url=self.gateway, headers=headers, timeout=10)

    def aiops(self, *words: str) -> str:
        """Run a command; what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "deploy.cli.main", *words],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"aiops {' '.join(words)}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def register(self, name: str) -> str:
        """Register a cluster; its id."""
        body = {"name": name, "api_server_url": f"https://api.{name}.example.com:6443"}
        with self.client() as client:
            answer = client.post("/api/v1/clusters", json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    def kill(self, part: str) -> int:
        """SIGKILL a part; its old process id."""
        pid = self.run["parts"][part]
        os.kill(pid, signal.SIGKILL)
        return pid


@contextmanager
def running_hub(directory: Path, *options: str, **settings: str) -> Generator[Hub]:
    """``aiops up`` for the time of a block."""
    output = directory.parent / f"{directory.name}.log"
    arguments = ("up", "--no-browser", "--data-dir", str(directory), "--port", "0", *options)
    with output.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "deploy.cli.main", *arguments],
            cwd=ROOT,
            env=environment() | PATIENT | settings,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        until(
            lambda: process.poll() is not None or (directory / "run.json").exists(), _START_WITHIN
        )
        assert process.poll() is None, output.read_text()
        yield Hub(directory, process)
    finally:
        process.terminate()
        try:
            process.wait(_STOP_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def until(ask: Callable[[], T], within: float = 15.0, every: float = 0.05) -> T:
    """Ask until the answer is true; that answer."""
    deadline = time.monotonic() + within
    while True:
        answer = ask()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"not within {within:g} s: {answer!r}"
        time.sleep(every)


def alert(number: int, **labels: str) -> Mapping[str, Any]:
    """One alert as Alertmanager posts it."""
    return {
        "status": "firing",
        "startsAt": "2026-01-31T12:00:00Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "labels": {"alertname": "NodeDown", "severity": "critical", "n": str(number)} | labels,
        "annotations": {"summary": f"node {number} is down"},
        "fingerprint": f"{number:016x}",
    }
