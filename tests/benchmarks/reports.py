"""Reports: a month of a hundred clusters as PDF, from the request until it can be downloaded.

The clusters are simulated and answer, but for five that hang; what went wrong is planted in the
log (`reports_month`). Raw: a process that has typst write as many pages of a bare table, and does
nothing else.
"""

import asyncio
import io
import json
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pypdf

from contracts.envelope import rfc3339
from services.runtime.clock import SystemClock
from tests.benchmarks.client import Address
from tests.benchmarks.kit import Figure, Options, at_most, log, median
from tests.benchmarks.platform import platform
from tests.benchmarks.reports_month import SILENT, plant
from tests.kit.simulator_program import simulator

_BENCH = "reports"
_MOST_SECONDS = 5
_TYPES = ("DETAILED_ANALYSIS", "EXECUTIVE_SUMMARY", "CAPACITY_PLAN", "INCIDENT_REPORT")
_BARE = """
import sys, typst
source = '''#let rows = int(sys.inputs.rows)
#table(columns: 7, ..range(rows * 7).map(at => [cell #at]))'''
made = typst.compile(source.encode(), format="pdf", sys_inputs={"rows": sys.argv[1]})
sys.stdout.buffer.write(made)
"""
_ROWS_OF_A_PAGE = 40


async def measure(options: Options) -> list[Figure]:
    """Each type, the largest first."""
    clusters, days, rounds = options.pick((100, 30, 5), (10, 5, 2))
    with simulator(clusters, nodes=3, pods=5) as fleet, platform() as running:
        incident = await plant(running, fleet, days)
        return [
            await _figure(running.address, kind, partial(_asked, kind, days, incident), rounds)
            for kind in _TYPES
        ]


def _asked(kind: str, days: int, incident: UUID) -> dict[str, Any]:
    asked = {"report_type": kind, "format": "PDF"}
    if kind == "INCIDENT_REPORT":
        return asked | {"incident_id": str(incident)}
    now = SystemClock().now()
    time_range = {"start": rfc3339(now - timedelta(days=days)), "end": rfc3339(now)}
    return asked | {"time_range": time_range}


async def _figure(
    address: Address, kind: str, asked: Callable[[], dict[str, Any]], rounds: int
) -> Figure:
    took: list[float] = []
    body = b""
    for _ in range(rounds):
        began = time.perf_counter()
        body = await _made(address, asked())
        took.append(time.perf_counter() - began)
    pages = len(pypdf.PdfReader(io.BytesIO(body)).pages)
    raw = [_bare(pages) for _ in range(rounds)]
    log(
        f"{kind}: {pages} pages, {len(body):,} bytes, {', '.join(f'{each:.2f}' for each in took)} s"
    )
    note = f"{pages} pages; {SILENT} clusters hang; slowest of all; raw: as many pages of a bare"
    note = f"{note} table, in a process of its own"
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
