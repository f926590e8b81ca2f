"""From the hub's REST through the leaf node to a Prometheus that the site alone reaches."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from contracts.clusters import Checked, cluster_key
from contracts.telemetry import BackendCircuitOpened, circuit_key
from deploy.cli.edge import LoginRequest, login
from services.runtime.database import DatabaseSettings
from services.runtime.settings import Settings
from tests.edge.kit import SITE, Link
from tests.gateway.test_metrics_end_to_end import prometheus
from tests.kit.gateway import API, Part, Platform, platform_on, refused
from tests.kit.runtime import eventually

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]


_NUMBERS = count()


@pytest.fixture
async def platform(
    hub_settings: Settings, fresh_database: DatabaseSettings
) -> AsyncGenerator[Platform]:
    settings = hub_settings.model_copy(update={"database": fresh_database})
    async with platform_on(settings) as running:
        yield running


@asynccontextmanager
async def collecting(settings: Settings) -> AsyncGenerator[Part]:
    """The site's collector, for the time of a block."""
    collector = Part(settings, "collector")
    await collector.start()
    try:
        yield collector
    finally:
        await collector.stop()


async def _ask(platform: Platform, cluster: str) -> httpx.Response:
    # Another question each time: the same one has its answer for a while.
    wanted = {"query": f"up + {next(_NUMBERS)}", "cluster_ids": [cluster]}
    return await platform.http.post(f"{API}/metrics/query", json=wanted)


async def _answered(platform: Platform, cluster: str) -> str:
    async def value() -> str:
        told = (await _ask(platform, cluster)).json()
        found: list[Any] = told.get("results") or []
        return str(found[0]["data"][0]["values"][0][1]) if found else ""

    return await eventually(value, within=20)


async def _known(platform: Platform, url: str) -> str:
    answer = await platform.register(watched=True, endpoints={"prometheus_url": url}, site=SITE)
    assert answer["site"] == SITE
    return answer["id"]


@pytest.mark.usefixtures("link")
async def test_a_prometheus_that_only_the_site_reaches(
    platform: Platform, site_settings: Settings
) -> None:
    async with prometheus(7) as (url, _), collecting(site_settings):
        cluster = await _known(platform, url)
        assert await _answered(platform, cluster) == "7"


async def test_nobody_answers_while_the_link_is_cut(
    platform: Platform, site_settings: Settings, link: Link
) -> None:
    async with prometheus(7) as (url, _), collecting(site_settings):
        cluster = await _known(platform, url)
        await _answered(platform, cluster)
        link.cut()

        async def unreachable() -> bool:
            answer = await _ask(platform, cluster)
            if answer.status_code == 200:
                return False
            (missing,) = refused(answer, "UPSTREAM_FAILED")["details"]["missing"]
            return missing["code"] == "CLUSTER_UNREACHABLE"

        await eventually(unreachable)
        link.restore()
        assert await _answered(platform, cluster) == "7"


async def test_health_is_checked_where_the_cluster_is_reached(
    platform: Platform, site_settings: Settings, link: Link
) -> None:
    async with prometheus(7) as (url, _), collecting(site_settings):
        cluster = await _known(platform, url)
        await _answered(platform, cluster)

        async def shown(state: str) -> bool:
            await platform.http.post(f"{API}/clusters/{cluster}/refresh")
            return (await platform.list(f"/clusters/{cluster}"))["status"]["state"] == state

        await eventually(lambda: shown("ONLINE"), within=30)
        link.cut()
        await eventually(lambda: shown("DEGRADED"), within=30)
        status = (await platform.list(f"/clusters/{cluster}"))["status"]
        assert SITE in status["last_error"]


@pytest.mark.usefixtures("link")
async def test_a_cluster_goes_over_to_the_site_by_a_patch(
    platform: Platform, site_settings: Settings
) -> None:
    async with prometheus(7) as (url, asked), collecting(site_settings):
        before = await platform.register(endpoints={"prometheus_url": url})
        answer = await platform.http.patch(
            f"{API}/clusters/{before['id']}",
            json={"site": SITE},
            headers={"content-type": "application/merge-patch+json"},
        )
        assert answer.json()["site"] == SITE, answer.text
        asked.clear()
        assert await _answered(platform, before["id"]) == "7"


@pytest.mark.usefixtures("link")
async def test_a_circuit_that_opens_at_the_site_is_in_the_hubs_log(
    platform: Platform, site_settings: Settings
) -> None:
    async with prometheus(None) as (url, _), collecting(site_settings) as collector:
        cluster = await _known(platform, url)
        assert collector.bus is not None

        async def opened() -> bool:
            await _ask(platform, cluster)
            last = await platform.gate.log.head(circuit_key(UUID(cluster), Checked.PROMETHEUS))
            return last is not None and isinstance(last.event, BackendCircuitOpened)

        await eventually(opened, within=30)
        assert await platform.gate.log.head(cluster_key(UUID(cluster))) is not None


@pytest.mark.usefixtures("link")
async def test_a_login_is_kept_at_the_site_alone(
    platform: Platform, site_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIOPS_SITE", SITE)
    monkeypatch.setenv("AIOPS_DATA_DIR", str(site_settings.data_dir))
    token = tmp_path / "token"
    token.write_text("s3cr3t-of-the-site")
    shown: list[str] = []
    async with guarded(shown) as url, collecting(site_settings):
        cluster = await _known(platform, url)
        await login(LoginRequest(UUID(cluster), "prometheus", url, token, None, None, None, None))
        assert await _answered(platform, cluster) == "7"
    assert "Bearer s3cr3t-of-the-site" in shown
    for file in (site_settings.data_dir / "secrets").iterdir():
        assert b"s3cr3t" not in file.read_bytes()
        assert file.stat().st_mode & 0o077 == 0


@asynccontextmanager
async def guarded(shown: list[str]) -> AsyncGenerator[str]:
    """A Prometheus that notes what it is shown, and answers nobody without a token."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lines = dict(line.split(": ", 1) for line in head.split("\r\n")[1:-2])
        found = {name.lower(): value for name, value in lines.items()}
        shown.append(found.get("authorization", ""))
        await reader.readexactly(int(found.get("content-length", 0)))
        result = [{"metric": {"job": "a"}, "value": [0, "7"]}]
        data = {"resultType": "vector", "result": result}
        body = json.dumps({"status": "success", "data": data})
        status = "200 OK" if shown[-1] else "401 Unauthorized"
        told = f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\n"
        writer.write(
            f"{told}content-length: {len(body)}\r\nconnection: close\r\n\r\n{body}".encode()
        )
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        server.close()
