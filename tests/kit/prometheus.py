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
_SCRAPING = """\
scrape_configs:
- job_name: target
  scrape_interval: 1s
  static_configs: [{{targets: ['127.0.0.1:{port}']}}]
  metric_relabel_configs: [{{regex: .+, source_labels: [__name__], action: drop}}]
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
    async with started(directory) as url:
        yield url


@asynccontextmanager
async def writable(directory: Path, config: str = _CONFIG) -> AsyncGenerator[str]:
    """A Prometheus that holds what is written to it (`tests.kit.remote_write`); its address."""
    _prepare(directory, config)
    async with started(directory, "--web.enable-remote-write-receiver") as url:
        yield url


@asynccontextmanager
async def scraping(directory: Path, exposed: str) -> AsyncGenerator[str]:
    """A Prometheus that scrapes a target with these metrics, and keeps none; its address."""
    body = exposed.encode()
    head = f"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: {len(body)}\r\n"

    async def expose(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"{head}connection: close\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(expose, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, writable(directory, _SCRAPING.format(port=port)) as url:
        yield url


async def metadata_of(url: str) -> dict[str, list[dict[str, str]]]:
    """What a Prometheus knows of its metrics, once it has scraped some: after 5 s at the least."""

    async def told() -> dict[str, list[dict[str, str]]]:
        async with httpx.AsyncClient() as client:
            return (await client.get(f"{url}/api/v1/metadata")).json()["data"]

    return await eventually(told, within=30)


def _prepare(directory: Path, config: str) -> None:
    directory.mkdir(parents=True)
    (directory / "prometheus.yml").write_text(config)
    (directory / "rules.yml").write_text(_NO_RULES)


@asynccontextmanager
async def started(directory: Path, *flags: str) -> AsyncGenerator[str]:
    """A Prometheus on what lies in a directory, for the time of a block; gives its address."""
    url = f"127.0.0.1:{free_port()}"
    process = await asyncio.create_subprocess_exec(
        "prometheus",
        f"--config.file={directory / 'prometheus.yml'}",
        f"--storage.tsdb.path={directory / 'data'}",
        "--storage.tsdb.retention.time=100y",
        f"--web.listen-address={url}",
        *flags,
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
