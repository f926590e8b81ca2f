"""Reports: a month of a hundred clusters as PDF, from the request until it can be downloaded.

Alerts and incidents are planted in the log. Raw: a process that has typst write as many pages of a
bare table, and does nothing else.
"""

import asyncio
import io
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pypdf

from contracts.envelope import Event, rfc3339
from services.runtime.clock import SystemClock
from services.runtime.ids import derived_id
from services.runtime.log import NOTHING
from tests.benchmarks.client import Address
from tests.benchmarks.kit import Figure, Options, at_most, log, median
from tests.benchmarks.platform import Platform, context, event_log, platform, registration
from tests.kit.builders import resolved
from tests.kit.incident_builders import incident, opened, signal

_BENCH = "reports"
_MOST_SECONDS = 5
_AT_ONCE = 500
_A_DAY = 4
"""Alerts of a cluster."""
_TYPES = ("DETAILED_ANALYSIS", "EXECUTIVE_SUMMARY", "CAPACITY_PLAN")
_BARE = """
import sys, typst
source = '''#let rows = int(sys.inputs.rows)
#table(columns: 7, ..range(rows * 7).map(at => [cell #at]))'''
made = typst.compile(source.encode(), format="pdf", sys_inputs={"rows": sys.argv[1]})
sys.stdout.buffer.write(made)
"""
_ROWS_OF_A_PAGE = 40


async def measure(options: Options) -> list[Figure]:
    """Each type that is of a time, the largest first."""
    clusters, days = options.pick(100, 10), options.pick(30, 5)
    with platform() as running:
        await _plant(running, clusters, days)
        return [await _figure(running.address, kind, days, options.pick(5, 2)) for kind in _TYPES]


async def _figure(address: Address, kind: str, days: int, rounds: int) -> Figure:
    now = SystemClock().now()
    asked = {
        "report_type": kind,
        "format": "PDF",
        "time_range": {"start": rfc3339(now - timedelta(days=days)), "end": rfc3339(now)},
    }
    took: list[float] = []
    body = b""
    for _ in range(rounds):
        began = time.perf_counter()
        body = await _made(address, asked)
        took.append(time.perf_counter() - began)
    pages = len(pypdf.PdfReader(io.BytesIO(body)).pages)
    raw = [_bare(pages) for _ in range(rounds)]
    log(
        f"{kind}: {pages} pages, {len(body):,} bytes, {', '.join(f'{each:.2f}' for each in took)} s"
    )
    note = f"{pages} pages; raw: as many of a bare table, in a process of its own; slowest of all"
    targets = (at_most(_MOST_SECONDS),)
    return Figure(_BENCH, f"{kind} as PDF", max(took), "s", targets, median(raw), note)


def _bare(pages: int) -> float:
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", _BARE, str(pages * _ROWS_OF_A_PAGE)], check=True, capture_output=True
    )
    return time.perf_counter() - began


async def _made(address: Address, asked: dict[str, Any]) -> bytes:
    answer = await address.once("POST", "/api/v1/reports", asked)
    if answer.status != 201:
        raise RuntimeError(f"no report: {answer}")
    where = f"/api/v1/reports/{json.loads(answer.body)['id']}"
    while True:
        told = json.loads((await address.once("GET", where)).body)
        if told["status"] == "FAILED":
            raise RuntimeError(f"no report: {told['reason']}")
        if told["status"] == "READY":
            return (await address.once("GET", f"{where}/download")).body
        await asyncio.sleep(0.02)


async def _plant(running: Platform, clusters: int, days: int) -> None:
    ids: list[str] = []
    for number in range(clusters):
        body = registration(f"edge-{number:03d}")
        answer = await running.address.once("POST", "/api/v1/clusters/", body)
        ids.append(json.loads(answer.body)["id"])
    now = SystemClock().now()
    last = 0
    async with running.bus() as bus:
        written = event_log(bus)
        part: list[Event] = []
        for event in _events(ids, days, now):
            part.append(event)
            if len(part) == _AT_ONCE:
                last = _last(await written.append_each(_new(part), context(), now), last)
                part = []
        last = _last(await written.append_each(_new(part), context(), now), last)
    running.until_projected(last, "alerts", "incidents")
    log(f"planted {clusters} clusters, {days} days: the log up to {last:,}")


def _new(events: list[Event]) -> list[Any]:
    return [(event, NOTHING) for event in events]


def _last(answers: list[Any], before: int) -> int:
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer
    return max([before, *answers])


def _events(ids: list[str], days: int, now: datetime) -> Iterator[Event]:
    names = ("KubePodCrashLooping", "KubeNodeNotReady", "TargetDown", "CPUThrottlingHigh")
    severities = ("WARNING", "CRITICAL", "WARNING", "INFO")
    for day in range(days):
        for at, cluster in enumerate(ids):
            for number in range(_A_DAY):
                began = now - timedelta(days=day, hours=number * 5 + 1)
                one = derived_id("bench", day, at, number)
                alert: dict[str, Any] = {
                    "id": one,
                    "fingerprint": one.hex[:16],
                    "cluster_id": cluster,
                    "alertname": names[number],
                    "severity": severities[number],
                    "starts_at": began,
                    "ends_at": began + timedelta(minutes=10),
                    "first_seen_at": began,
                }
                yield resolved(**alert)
            if (at + day) % 5 == 0:
                yield _incident(cluster, day, at, now - timedelta(days=day, hours=2))


def _incident(cluster: str, day: int, at: int, began: datetime) -> Event:
    one = derived_id("incident", day, at)
    of = signal(id=derived_id("signal", day, at), cluster_id=cluster, started_at=began)
    told = incident(
        id=one,
        title=f"KubeNodeNotReady on worker-{at} and 4 more",
        cluster_ids=(cluster,),
        state="RESOLVED",
        opened_at=began,
        last_signal_at=began,
        resolved_at=began + timedelta(minutes=30),
    )
    return opened(incident=told, added=(of,))
