"""The web UI in a browser, before a fleet of 1,000 clusters: what a person waits for."""

import asyncio
import json
import os
import sys
from collections.abc import Iterable, Mapping
from itertools import chain
from pathlib import Path
from typing import Any
from uuid import UUID

from gateway.pages.ui import DIST
from services.runtime.bus import Bus
from services.runtime.settings import environment
from tests.benchmarks.kit import (
    Figure,
    Options,
    at_least,
    at_most,
    log,
    median,
    number,
    percentile,
)
from tests.benchmarks.platform import Platform, platform
from tests.benchmarks.ui_load import bustle, fire, register
from tests.kit.browser import NODE, UI

_BENCH = "ui"
_BIN = Path(sys.executable).parent
"""Where the command `aiops` is."""
_AT_FIRST = 200
"""Alerts that fire before anything is measured."""
_CHANGES_A_SECOND = 100.0
_PATIENCE = 600.0
Samples = Mapping[str, list[float]]


async def measure(options: Options) -> list[Figure]:
    """Load and walk about at rest; then with everything changing; then with very many alerts."""
    if not (DIST / "index.html").is_file():
        raise RuntimeError("the UI is not built: make ui")
    with platform() as running:
        clusters = await register(running, options.pick(1000, 100))
        async with running.bus() as bus:
            await _quiet_start(running, bus, clusters)
            return [
                *await _loads(running, options),
                *await _routes(running, options),
                *await _pixels(running, "at rest", options),
                *await _heatmap(running, options),
                *await _lively(running, bus, clusters, options),
                *await _many(running, bus, clusters, options),
            ]


async def _quiet_start(running: Platform, bus: Bus, clusters: list[UUID]) -> None:
    """Something in every list, and every cluster with a state."""
    last = await fire(bus, clusters, range(_AT_FIRST))
    async with bustle(bus, clusters, 400):
        await asyncio.sleep(5)
    await asyncio.to_thread(running.until_projected, last, "alerts", "fleet")


async def _loads(running: Platform, options: Options) -> list[Figure]:
    found = await _browse(running, "first-load", options.pick(7, 2))
    raw = median(found["raw"])
    loads = [
        Figure(
            _BENCH, f"first load of {path}, nothing cached", median(found[path]) / 1e3, "s",
            (at_most(2),), raw / 1e3, _spread(found[path]),
        )
        for path in ("/", "/alerts")
    ]  # fmt: skip
    scripts = found["scripts"][0] / 1024
    return [
        *loads,
        Figure(_BENCH, "scripts of the first load, gzip", scripts, "KB", (at_most(260),)),
    ]


async def _routes(running: Platform, options: Options) -> list[Figure]:
    found = await _browse(running, "routes", options.pick(10, 2))
    raw = median(found.pop("raw"))
    again = {name: times for name, times in found.items() if name.startswith("/")}
    first = {
        name.removeprefix("first "): times for name, times in found.items() if name not in again
    }
    return [
        _p95(f"another page, {how}", chain(*times.values()), at_most(200), raw, _by_page(times))
        for how, times in (("from click to content", again), ("for the first time", first))
    ]


def _by_page(found: Samples) -> str:
    return "; ".join(f"{path} {number(median(times))}" for path, times in found.items())


async def _pixels(running: Platform, how: str, options: Options) -> list[Figure]:
    found = await _browse(running, "pixel", options.pick(60, 10))
    if found["lost"][0]:
        raise RuntimeError(f"{found['lost'][0]} alerts were never shown")
    raw = percentile(found["raw"], 0.95)
    return [_p95(f"alert posted to row painted, {how}", found["shown"], at_most(400), raw)]


async def _heatmap(running: Platform, options: Options) -> list[Figure]:
    """The map of all GPUs while their nodes tell of them; raw: cells filled as often, no more."""
    found = await _browse(running, "heatmap", options.pick(15, 4))
    name = "heatmap of 10,000 GPUs, 83 node updates/s"
    updates, frames = found["updates"], found["frames"]
    note = f"of whole seconds; the fewest {number(min(updates))}, the most {number(max(updates))}"
    raw, raw_updates = percentile(found["raw"], 0.95), median(found["raw_updates"])
    return [
        Figure(
            _BENCH, f"{name}: updates drawn per second", median(updates), "/s", (at_least(20),),
            raw_updates, note,
        ),
        _p95(f"{name}: frame", frames, at_most(50), raw),
    ]  # fmt: skip


async def _lively(
    running: Platform, bus: Bus, clusters: list[UUID], options: Options
) -> list[Figure]:
    rate = min(_CHANGES_A_SECOND, len(clusters) / 10)
    async with bustle(bus, clusters, rate):
        found = await _browse(running, "interactions", options.pick(10, 2))
        raw = percentile(found.pop("raw"), 0.95)
        told = [
            _p95(f"{what}, {rate:,.0f} changes/s", times, at_most(100), raw)
            for what, times in found.items()
        ]
        together = [time for times in found.values() for time in times]
        told.append(_p95(f"all of these, {rate:,.0f} changes/s", together, at_most(100), raw))
        told += await _pixels(running, f"{rate:,.0f} changes/s", options)
        return [*told, *await _memory(running, options)]


async def _memory(running: Platform, options: Options) -> list[Figure]:
    minutes = options.pick(options.minutes, 0.5)
    found = await _browse(running, "memory", minutes, within=minutes * 60 + 120)
    return [_grown(path, heap, minutes) for path, heap in found.items()]


def _grown(path: str, heap: list[float], minutes: float) -> Figure:
    """The last quarter against the first; garbage was collected before each sample."""
    quarter = max(1, len(heap) // 4)
    before, after = median(heap[:quarter]), median(heap[-quarter:])
    note = f"{number(before)} to {number(after)} MB, {len(heap)} samples"
    name = f"heap of {path} grows in {minutes:g} minutes"
    return Figure(_BENCH, name, (after / before - 1) * 100, "%", (at_most(10),), note=note)


async def _many(
    running: Platform, bus: Bus, clusters: list[UUID], options: Options
) -> list[Figure]:
    count = options.pick(300_000, 20_000)
    last = await fire(bus, clusters, range(_AT_FIRST, count))
    await asyncio.to_thread(running.until_projected, last, "alerts", "activity")
    # What autovacuum would have done in a few minutes.
    running.ask("vacuum analyze")
    found = await _browse(running, "long-list", options.pick(5, 2), options.pick(10, 3))
    if not found["passed"][0]:
        raise RuntimeError("the list shows no row where it was scrolled to")
    opens = found["opens"]
    note = f"{found['passed'][0]:,.0f} rows passed, p99 {number(percentile(found['frames'], 0.99))}"
    raw = percentile(found["raw"], 0.95)
    return [
        Figure(
            _BENCH, f"list of {count:,} alerts opens", median(opens) / 1e3, "s", (at_most(1),),
            note=_spread(opens),
        ),
        _p95(f"a frame while {count:,} alerts scroll", found["frames"], at_most(25), raw, note),
    ]  # fmt: skip


def _p95(name: str, times: Iterable[float], target: Any, raw: float, note: str = "") -> Figure:
    times = [*times]
    told = f"{_spread(times)}; {note}" if note else _spread(times)
    return Figure(_BENCH, f"{name}, p95", percentile(times, 0.95), "ms", (target,), raw, told)


def _spread(times: list[float]) -> str:
    p50, p98, most = (percentile(times, share) for share in (0.5, 0.98, 1))
    return f"p50 {number(p50)}, p98 {number(p98)}, max {number(most)} ms of {len(times)}"


async def _browse(
    running: Platform, what: str, *numbers: float, within: float = _PATIENCE
) -> dict[str, list[float]]:
    """Let a browser measure; samples in milliseconds, by name."""
    process = await asyncio.create_subprocess_exec(
        NODE,
        UI / "e2e" / "measure" / "main.ts",
        str(running.directory),
        what,
        *(f"{each:g}" for each in numbers),
        cwd=UI,
        env=environment() | {"PATH": f"{_BIN}{os.pathsep}{environment()['PATH']}"},
        stdout=asyncio.subprocess.PIPE,
        limit=2**24,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(within):
            said = await process.stdout.read()
            code = await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
    if code:
        raise RuntimeError(f"{what} could not be measured")
    found: dict[str, list[float]] = json.loads(said)
    for name, times in found.items():
        told = f"p50 {number(median(times))}, p95 {number(percentile(times, 0.95))}"
        log(f"{what}: {name}: {told} of {len(times)}")
    return found
