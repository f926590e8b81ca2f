"""Exporters that tell what was recorded of real ones, and a real Prometheus that scrapes them."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.kit.prometheus import writable
from tests.kit.runtime import eventually

RECORDED = Path(__file__).parent / "recorded" / "dcgm"
_JOB = """\
- job_name: {name}
  scrape_interval: 1s
  honor_labels: {honor}
  metrics_path: /{file}
  static_configs: [{{targets: ['127.0.0.1:{port}'], labels: {{{labels}}}}}]
"""


@dataclass(frozen=True)
class Exporter:
    """One target, as Prometheus is told to scrape it."""

    file: str
    """What it tells: a recording, or a text of the test."""
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    """What Prometheus adds: of the exporter's own pod, most often."""
    honors: bool = True
    """Whether what it tells has precedence over that."""


@asynccontextmanager
async def scraping(
    directory: Path, exporters: Sequence[Exporter], **texts: str
) -> AsyncGenerator[str]:
    """A Prometheus that has scraped all of them at least once; its address."""

    async def expose(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        file = head.split()[1].decode().removeprefix("/")
        body = texts[file].encode() if file in texts else (RECORDED / file).read_bytes()
        told = f"content-type: text/plain; version=0.0.4\r\ncontent-length: {len(body)}\r\n"
        writer.write(f"HTTP/1.1 200 OK\r\n{told}connection: close\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(expose, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    jobs = [_job(f"job-{number}", each, port) for number, each in enumerate(exporters)]
    config = f"scrape_configs:\n{''.join(jobs)}"
    async with server, writable(directory, config) as url:
        await eventually(lambda: _up(url, len(exporters)), within=30)
        yield url


def _job(name: str, exporter: Exporter, port: int) -> str:
    labels = ", ".join(f"{key}: '{value}'" for key, value in exporter.labels.items())
    honor = "true" if exporter.honors else "false"
    return _JOB.format(name=name, honor=honor, file=exporter.file, port=port, labels=labels)


async def _up(url: str, count: int) -> bool:
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"{url}/api/v1/query", params={"query": "sum(up)"})
    result = answer.json()["data"]["result"]
    return bool(result) and result[0]["value"][1] == str(count)
