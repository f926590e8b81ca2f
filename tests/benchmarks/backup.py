"""A demonstration's log, 1,000,000 events long: backed up, and restored to a hub that is ready."""

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from deploy.backup import manifest as manifests, streams as copies, taking
from deploy.backup.manifest import Manifest
from deploy.backup.progress import Bars
from deploy.backup.rebuilt import shares
from services.runtime import setup
from services.runtime.bus import Bus, connect
from services.runtime.clock import SystemClock
from services.runtime.settings import DatabaseSettings, NatsSettings, Settings, environment
from tests.benchmarks import backup_fill
from tests.benchmarks.backup_fill import Recorded
from tests.benchmarks.kit import Figure, Options, at_most, log
from tests.kit.embedded import running_nats, running_postgres
from tests.kit.hub import running_hub
from tests.kit.tree import ROOT

_BENCH = "backup"
_DEMO_SECONDS = 240.0
"""In which the scripted incidents of the simulated fleet begin, and the first of them end."""


@dataclass(frozen=True, slots=True)
class _Backup:
    folder: Path
    manifest: Manifest
    seconds: float

    @property
    def size(self) -> str:
        size, projections = self.manifest.size, self.manifest.projections
        carried = sum(table.part.size for each in projections for table in each.tables)
        return f"{size / 1e6:,.0f} MB, {carried / 1e6:,.0f} MB of them tables of projections"


async def measure(options: Options) -> list[Figure]:
    """Record a demonstration, make it long, back it up, restore it by the command."""
    count, fewer = options.pick(1_000_000, 20_000), options.pick(100_000, 5_000)
    with tempfile.TemporaryDirectory(prefix="aiops-bench-") as name:
        place = Path(name)
        recording = await _recording(place, options.pick(_DEMO_SECONDS, 60.0))
        log(f"{len(recording):,} events of the simulated fleet")
        whole = await _backed_up(place / "whole", recording, count)
        raw = await _raw(place, whole)
        restored, cpu = _restored(whole, place)
        log(f"restored in {restored:.1f} s, CPU {cpu:.1f} s; the stream alone {raw:.1f} s")
        few = await _backed_up(place / "few", recording, fewer)
        rebuilt, rebuilding = _restored(few, place, "--rebuild")
        log(f"{fewer:,} events rebuilt in {rebuilt:.1f} s, CPU {rebuilding:.1f} s")
    name = f"{count:,} events"
    note = f"CPU {cpu:.1f} s of all processes; raw: the stream alone by STREAM.RESTORE"
    what = f"{name}: restore, from the command to ready"
    anew = f"{fewer:,} events: restore with --rebuild, CPU"
    return [
        Figure(_BENCH, f"{name}: backup", whole.seconds, "s", (), None, whole.size),
        Figure(_BENCH, what, restored, "s", (at_most(60),), raw, note),
        Figure(_BENCH, anew, rebuilding, "s", (), None, f"{rebuilt:.1f} s of the clock"),
    ]


async def _backed_up(place: Path, recording: list[Recorded], count: int) -> _Backup:
    """A hub with a log of so many events, all of them folded, and a backup of it."""
    async with _filled(place, recording, count) as (bus, settings):
        await _fold(settings)
        wanted = taking.Wanted(place / "backup", SystemClock().now())
        began = time.perf_counter()
        manifest = await taking.take(taking.Source(bus, settings), wanted, _quiet())
        taken = _Backup(wanted.target, manifest, time.perf_counter() - began)
    log(f"{count:,} events backed up in {taken.seconds:.1f} s, {taken.size}")
    for server in ("nats", "postgres"):
        shutil.rmtree(place / server)
    return taken


async def _fold(settings: Settings) -> None:
    """All projections, as the hub's projectors do."""
    servers = {
        "AIOPS_NATS__URL": settings.nats.url,
        "AIOPS_DATABASE__URL": settings.database.url.get_secret_value(),
    }
    folding = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "deploy.backup.rebuilding", *names),
            cwd=ROOT,
            env=environment() | servers,
        )
        for names in shares(len(os.sched_getaffinity(0)))
    ]
    if any([await each.wait() for each in folding]):
        raise RuntimeError("not all projections were folded")


def _quiet() -> Bars:
    return Bars(lambda _: None, shown=False)


async def _recording(place: Path, seconds: float) -> list[Recorded]:
    """The log of a demonstration, as a backup of it has it."""
    with running_hub(place / "demo", "--demo") as hub:
        await asyncio.sleep(seconds)
        hub.aiops("backup", "--to", str(place / "recorded"))
    with running_nats(place / "replayed") as server:
        bus = await connect(NatsSettings(url=server.url, request_seconds=30), "benchmark")
        try:
            manifest = manifests.read(place / "recorded")
            stream = manifest.stream("EVT")
            await copies.restore(bus, place / "recorded", stream, 1, lambda _: None)
            return await backup_fill.recorded(bus)
        finally:
            await bus.close()


@asynccontextmanager
async def _filled(
    place: Path, recording: list[Recorded], count: int
) -> AsyncGenerator[tuple[Bus, Settings]]:
    """A bus with a log of so many events, and a database."""
    with running_nats(place / "nats") as server, running_postgres(place / "postgres") as postgres:
        settings = Settings(
            nats=NatsSettings(url=server.url, request_seconds=30),
            database=DatabaseSettings(url=SecretStr(postgres.url)),
        )
        await setup.run(settings)
        bus = await connect(settings.nats, "benchmark")
        try:
            await backup_fill.fill(bus, recording, count)
            yield bus, settings
        finally:
            await bus.close()


async def _raw(place: Path, backup: _Backup) -> float:
    """Seconds for the log's stream into an empty server: nothing can be ready before."""
    with running_nats(place / "raw") as server:
        bus = await connect(NatsSettings(url=server.url, request_seconds=30), "benchmark")
        try:
            began = time.perf_counter()
            stream = backup.manifest.stream("EVT")
            await copies.restore(bus, backup.folder, stream, 1, lambda _: None)
            return time.perf_counter() - began
        finally:
            await bus.close()


def _restored(backup: _Backup, place: Path, *words: str) -> tuple[float, float]:
    """Seconds of the clock and of CPU that the command takes, its servers and folders included."""
    target = place / "restored"
    before, began = os.times(), time.perf_counter()
    subprocess.run(
        [
            *(sys.executable, "-m", "deploy.cli.main", "restore", str(backup.folder)),
            *("--data-dir", str(target), *words),
        ],
        cwd=ROOT,
        env=environment(),
        check=True,
        stdout=subprocess.DEVNULL,
    )
    took, after = time.perf_counter() - began, os.times()
    shutil.rmtree(target)
    user, system = after.children_user, after.children_system
    return took, user - before.children_user + system - before.children_system
