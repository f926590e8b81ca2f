"""The table at the end, the JSON file, and the machine that it was measured on."""

import os
import platform
import re
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec

from deploy.local.nats_server import find_binary
from deploy.local.postgres_server import find_installation
from services.runtime.clock import SystemClock
from services.runtime.settings import environment
from tests.benchmarks.kit import Figure, number

_HEAD = ("bench", "figure", "ours", "raw", "ratio", "target", "verdict")


@dataclass(frozen=True, slots=True)
class Machine:
    """Where it was measured."""

    cpu: str
    cores: int
    memory_gb: float
    system: str
    load_average: tuple[float, float, float]
    """At the start: other work on the machine makes figures worse."""
    python: str
    uvloop: str
    nats_server: str
    postgres: str


def machine() -> Machine:
    """This machine, now."""
    nats = _said(str(find_binary(environment())), "--version")
    with tempfile.TemporaryDirectory() as nothing:
        postgres = _said(str(find_installation(Path(nothing)) / "bin" / "postgres"), "--version")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return Machine(
        cpu=_cpu(),
        cores=os.cpu_count() or 0,
        memory_gb=round(memory / 1e9, 1),
        system=platform.platform(),
        load_average=os.getloadavg(),
        python=platform.python_version(),
        uvloop=version("uvloop"),
        nats_server=nats,
        postgres=postgres,
    )


def _cpu() -> str:
    try:
        found = re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text())
    except OSError:
        found = None
    return found[1] if found else platform.processor()


def _said(*command: str) -> str:
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"\d+(?:\.\d+)+", answer.stdout)
    return found[0] if found else "unknown"


def table(figures: Sequence[Figure]) -> str:
    """All figures, a line each; notes below."""
    rows = [_HEAD, *map(_row, figures)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(_HEAD))]
    rows.insert(1, tuple("-" * width for width in widths))
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    notes = [f"{each.bench}, {each.name}: {each.note}" for each in figures if each.note]
    return "\n".join([*lines, "", *notes])


def _row(figure: Figure) -> tuple[str, ...]:
    return (
        figure.bench,
        figure.name,
        f"{number(figure.ours)} {figure.unit}",
        "" if figure.raw is None else number(figure.raw),
        "" if figure.ratio is None else f"{figure.ratio:.2f}",
        ", ".join(map(str, figure.targets)),
        figure.verdict,
    )


def document(found: Machine, figures: Iterable[Figure], *, quick: bool) -> bytes:
    """Everything as JSON."""
    told: dict[str, Any] = {
        "taken_at": SystemClock().now().isoformat(),
        "quick": quick,
        "machine": asdict(found),
        "figures": [
            asdict(each) | {"ratio": each.ratio, "verdict": each.verdict} for each in figures
        ],
    }
    return msgspec.json.format(msgspec.json.encode(told), indent=2) + b"\n"


def about(found: Machine) -> str:
    """The machine in two lines."""
    load = " ".join(f"{value:.2f}" for value in found.load_average)
    return (
        f"{found.cpu}, {found.cores} cores, {found.memory_gb:g} GB, {found.system}, load {load}\n"
        f"Python {found.python}, uvloop {found.uvloop}, nats-server {found.nats_server},"
        f" PostgreSQL {found.postgres}"
    )
