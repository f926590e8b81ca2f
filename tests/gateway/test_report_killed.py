"""A worker that is killed while it makes a report: another one makes it, once, or not at all."""

import asyncio
import copy
from collections.abc import AsyncGenerator, Generator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

import pytest

from contracts.envelope import Context, Recorded
from contracts.reports import report_key
from gateway.rest.documented_reports import ReportList
from services.reports import handlers
from services.reports.making import Making
from services.runtime.ids import derived_id, new_id
from services.runtime.log import NOTHING
from services.runtime.settings import Settings
from services.runtime.store import Store
from tests.kit.gateway import API, Platform, platform_on
from tests.kit.keeping import SetClock
from tests.kit.part_process import PartProcess
from tests.kit.report_builders import acting, report_asked, report_requested
from tests.kit.runtime import eventually, store

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


async def test_one_that_kills_every_worker_ends_when_its_time_is_over(
    lone: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    requested = report_requested(
        report_id=new_id(),
        asked=report_asked(cluster_scope=(), format="JSON"),
        acting=acting(None),
        expires_at=lone.gate.clock.now() + timedelta(days=1),
    )
    await store(lone.gate.log, requested, after=NOTHING)
    recorded = await lone.gate.log.head(requested.key)
    assert recorded is not None
    tries = 0

    async def dies(_: Making, __: Any) -> Any:
        nonlocal tries
        tries += 1
        raise asyncio.CancelledError  # Nothing of it goes on, as after a kill.

    monkeypatch.setattr(Making, "_made", dies)
    for seconds in (0, 50, 100):
        with pytest.raises(asyncio.CancelledError):
            await handlers.make_report(recorded, _later(lone, recorded, seconds))
    await handlers.make_report(recorded, _later(lone, recorded, 121))
    assert tries == 3
    assert await _told(lone, requested.report_id) == [
        "REPORT_REQUESTED",
        "REPORT_STARTED",
        "REPORT_FAILED",
    ]


def _later(lone: Platform, recorded: Recorded, seconds: int) -> Store:
    """As a worker has it that takes it up so long after it was asked for."""
    runtime, one = lone.gate.runtime, derived_id(recorded.event_id, "reports_make_report")
    context = Context(one, "service:reports", one, recorded.event_id, "/services/reports")
    outside = copy.copy(runtime.outside)
    outside.clock = cast("Any", SetClock(lone.gate.clock.now() + timedelta(seconds=seconds)))
    return Store(lone.gate.log, context, recorded.logged_at, runtime.settings, outside)
