"""A real Prometheus with made-up samples, in blocks that promtool has made."""

import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.kit.peers import program

_EVERY = 15


@dataclass(frozen=True, slots=True)
class RealPrometheus:
    """One that runs."""

    pid: int
    end: int
    """Unix time of the last samples."""


@contextmanager
def real_prometheus(folder: Path, port: int, series: int, steps: int) -> Generator[RealPrometheus]:
    """``load{instance="..."}``: so many series with so many samples each, 15 seconds apart."""
    end = int(time.time()) // 3600 * 3600 - 7200
    lines = ["# TYPE load gauge"]
    for number in range(series):
        labels = f'{{instance="worker-{number}.example.com:9100",job="node"}}'
        for step in range(steps):
            at = end - (steps - 1 - step) * _EVERY
            lines.append(f"load{labels} {(number * 31 + step * 17) % 997 / 7:.6f} {at}")
    text = folder / "samples.txt"
    text.write_text("\n".join([*lines, "# EOF", ""]))
    data, config = folder / "data", folder / "prometheus.yml"
    make = (program("promtool"), "tsdb", "create-blocks-from", "openmetrics", text, data)
    subprocess.run(make, check=True, capture_output=True)
    config.write_text("global: {}\n")
    process = subprocess.Popen(
        [
            program("prometheus"),
            f"--config.file={config}",
            f"--storage.tsdb.path={data}",
            "--storage.tsdb.retention.time=365d",
            f"--web.listen-address=127.0.0.1:{port}",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _until_ready(port)
        yield RealPrometheus(process.pid, end)
    finally:
        process.terminate()
        process.wait(10)


def _until_ready(port: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/-/ready").status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.05)
    raise RuntimeError("Prometheus is not ready")
