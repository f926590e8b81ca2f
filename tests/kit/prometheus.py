"""Real Prometheuses with data of a test, and a client that speaks to the gateway's own door."""

import asyncio
import shutil
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from deploy.local.ports import free_port
from tests.kit.gateway import ORIGIN, Platform
from tests.kit.runtime import eventually

DOOR = "/prometheus/api/v1"
INSTALLED = bool(shutil.which("prometheus") and shutil.which("promtool"))
_CONFIG = """\
global: {evaluation_interval: 1s}
rule_files: [rules.yml]
"""
_NO_RULES = "groups: []\n"

Labels = Mapping[str, str]
Samples = Mapping[int, float | str]
"""Values by unix time."""


@dataclass(frozen=True)
class Line:
    """One series of a test's data."""

    name: str
    labels: Labels
    samples: Samples

    def more(self, **labels: str) -> "Line":
        """The same with further labels."""
        return Line(self.name, {**self.labels, **labels}, self.samples)


def line(name: str, samples: Samples, **labels: str) -> Line:
    """A series."""
    return Line(name, labels, samples)


def open_metrics(lines: Iterable[Line]) -> str:
    """The data in the format that promtool makes blocks of: a metric's lines stand together."""
    told = [
        f"{each.name}{{{_labels(each.labels)}}} {value} {at}"
        for each in sorted(lines, key=lambda each: each.name)
        for at, value in sorted(each.samples.items())
    ]
    return "\n".join([*told, "# EOF\n"])


def _labels(labels: Labels) -> str:
    return ",".join(f'{name}="{value}"' for name, value in labels.items())


async def run(*command: str, within: float = 30.0) -> tuple[int, str, str]:
    """Run a program to its end: its status, and what it said."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe)
    async with asyncio.timeout(within):
        out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


@asynccontextmanager
async def prometheus(
    directory: Path, lines: Sequence[Line], rules: str = _NO_RULES
) -> AsyncGenerator[str]:
    """A Prometheus with this data, for the time of a block; gives its address."""
    data = directory / "data"
    data.mkdir(parents=True)
    (directory / "told.txt").write_text(open_metrics(lines))
    (directory / "prometheus.yml").write_text(_CONFIG)
    (directory / "rules.yml").write_text(rules)
    blocks = ("tsdb", "create-blocks-from", "openmetrics", str(directory / "told.txt"), str(data))
    status, out, err = await run("promtool", *blocks)
    assert status == 0, out + err
    url = f"127.0.0.1:{free_port()}"
    process = await asyncio.create_subprocess_exec(
        "prometheus",
        f"--config.file={directory / 'prometheus.yml'}",
        f"--storage.tsdb.path={data}",
        "--storage.tsdb.retention.time=100y",
        f"--web.listen-address={url}",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await eventually(lambda: _ready(f"http://{url}"), within=30)
        yield f"http://{url}"
    finally:
        process.kill()
        await process.wait()


async def _ready(url: str) -> bool:
    try:
        async with httpx.AsyncClient() as client:
            return (await client.get(f"{url}/-/ready", timeout=5)).status_code == 200
    except httpx.TransportError:
        return False


def door(platform: Platform, token: str | None = None, **options: Any) -> httpx.AsyncClient:
    """A client of the door, with the admin's token unless another is given."""
    headers = {"authorization": f"Bearer {token or platform.admin}"}
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(platform.front),  # pyright: ignore[reportArgumentType] - ASGI types differ in name
        base_url=f"{ORIGIN}{DOOR}",
        headers=options.pop("headers", headers),
        timeout=30,
        **options,
    )


async def register(platform: Platform, name: str, url: str) -> str:
    """A cluster with this Prometheus; gives its id."""
    found = await platform.register(name=name, endpoints={"prometheus_url": url})
    return found["id"]
