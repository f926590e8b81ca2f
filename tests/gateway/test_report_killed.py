"""A worker that is killed while it makes a report: another one makes it, once."""

from collections.abc import AsyncGenerator, Generator
from contextlib import ExitStack
from uuid import UUID

import pytest

from contracts.reports import report_key
from gateway.rest.documented_reports import ReportList
from services.runtime.settings import Settings
from tests.kit.gateway import API, Platform, platform_on
from tests.kit.part_process import PartProcess
from tests.kit.runtime import eventually

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

URL = f"{API}/reports"


@pytest.fixture(scope="module")
async def lone(platform_settings: Settings) -> AsyncGenerator[Platform]:
    """A platform that has a gateway and a projector."""
    async with platform_on(platform_settings) as platform:
        await platform.workers.stop()
        yield platform


@pytest.fixture
def left() -> Generator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def _workers(lone: Platform, name: str, left: ExitStack) -> PartProcess:
    told = {"AIOPS_WORKERS__ACK_WAIT": "2", "AIOPS_NATS__REQUEST_SECONDS": "8"}
    process = PartProcess(lone.settings, name, told, part="workers")
    left.callback(process.stop)
    return process


async def _told(lone: Platform, report: UUID) -> list[str]:
    events = await lone.gate.log.load(report_key(report))
    return [each.event.names.public for each in events]


async def test_killed_on_the_way_it_is_made_by_another(lone: Platform, left: ExitStack) -> None:
    first = _workers(lone, "first", left)
    asked = {"report_type": "EXECUTIVE_SUMMARY", "format": "PDF"}
    answer = await eventually(lambda: _asked(lone, asked), within=60)
    report = UUID(answer)
    await eventually(lambda: _is_begun(lone, report), within=60)
    first.kill()
    assert await _told(lone, report) == ["REPORT_REQUESTED", "REPORT_STARTED"]

    _workers(lone, "second", left)
    await eventually(lambda: _is_ready(lone, report), within=120)
    assert await _told(lone, report) == ["REPORT_REQUESTED", "REPORT_STARTED", "REPORT_GENERATED"]
    body = await lone.http.get(f"{URL}/{report}/download")
    assert body.content.startswith(b"%PDF-")


async def _asked(lone: Platform, asked: dict[str, str]) -> str | None:
    """Its id, once there is a worker that takes the command."""
    answer = await lone.http.post(URL, json=asked)
    return answer.json()["id"] if answer.status_code == 201 else None


async def _is_begun(lone: Platform, report: UUID) -> bool:
    return "REPORT_STARTED" in await _told(lone, report)


async def _is_ready(lone: Platform, report: UUID) -> bool:
    page = ReportList.model_validate(await lone.list("/reports"))
    return any(each.id == report and each.status == "READY" for each in page.items)
