"""Makes a hub of a backup, in an empty data directory or on empty servers of others.

Everything is made in a directory inside the target and moved to its place when it is whole, so that
a restore that was cut off leaves nothing that a hub could start from.
"""

import asyncio
import shutil
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.backup import loading, manifest as manifests, positions, private, streams, tables
from deploy.backup.errors import BackupError, told
from deploy.backup.loading import Fitting
from deploy.backup.manifest import Manifest
from deploy.backup.progress import Bars
from deploy.backup.rebuilt import Rebuilt, rebuild
from deploy.local.claim import RESTORING, claimed
from deploy.local.keeper import Keeper
from deploy.local.parts import Wiring
from deploy.local.servers import Servers
from services.runtime import database, streams as definitions
from services.runtime.bus import Bus, connect
from services.runtime.settings import Settings
from services.runtime.vault.keys import FILE, find_keys

_OURS = {RESTORING, "lock"}
_SERVERS_WITHIN, _STOP_WITHIN = 30.0, 30.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be restored, and where to."""

    folder: Path
    settings: Settings
    environment: Mapping[str, str]
    passphrase: str = ""
    rebuild: bool = False
    """Fold all projections from the log, whatever the backup has of them."""


@dataclass(frozen=True, slots=True)
class Restored:
    """A hub that is as it was."""

    manifest: Manifest
    rebuilt: list[Rebuilt]
    loaded: list[str]
    """Those of the projections whose tables were in the backup; only what followed was folded."""
    missing_keys: list[str]
    """Of the vault: without them the credentials of clusters cannot be read."""


async def restore(wanted: Wanted, bars: Bars, say: Callable[[str], None]) -> Restored:
    """Restore a backup; BackupError, and then there is nothing in the data directory."""
    manifest = manifests.read(wanted.folder)
    target = wanted.settings.data_dir.absolute()
    _require_empty(target)
    with bars.shown():
        with bars.step("Checking the backup", manifest.size) as advance:
            await asyncio.to_thread(manifests.verify, wanted.folder, manifest, advance)
        contents = await asyncio.to_thread(_private, wanted, manifest)
        try:
            with claimed(target):
                return await _made(wanted, manifest, contents, bars, say)
        except Exception as failed:  # noqa: BLE001 - what is no failure of others stays as it is
            raise told(failed) from None


async def _made(
    wanted: Wanted,
    manifest: Manifest,
    contents: Mapping[str, bytes],
    bars: Bars,
    say: Callable[[str], None],
) -> Restored:
    """All of it, or nothing."""
    target = wanted.settings.data_dir.absolute()
    work = target / RESTORING
    shutil.rmtree(work, ignore_errors=True)
    try:
        _require_room(target, manifest, wanted.settings)
        work.mkdir(mode=0o700)
        private.put_back(contents, work)
        restored = await _restored(wanted, manifest, work, bars, say)
        for made in sorted(work.iterdir()):
            made.rename(target / made.name)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return restored


def _require_empty(target: Path) -> None:
    try:
        found = {each.name for each in target.iterdir()} if target.exists() else set[str]()
    except OSError as error:
        raise BackupError(f"{target}: {error.strerror}") from None
    if found - _OURS:
        raise BackupError(f"{target} is not empty: restore into a new --data-dir")


def _require_room(target: Path, manifest: Manifest, settings: Settings) -> None:
    if settings.nats.url:
        return
    free = shutil.disk_usage(target).free
    if free < manifest.needs:
        raise BackupError(
            f"{target} has room for {free:,} bytes, and the backup needs {manifest.needs:,} at"
            " least: choose a larger disk"
        )


def _private(wanted: Wanted, manifest: Manifest) -> dict[str, bytes]:
    if not wanted.passphrase:
        return {}
    if manifest.private is None:
        raise BackupError("the backup was taken without the vault's key, so no passphrase opens it")
    data = (wanted.folder / manifest.private.file).read_bytes()
    return private.unseal(data, wanted.passphrase)


async def _restored(
    wanted: Wanted, manifest: Manifest, work: Path, bars: Bars, say: Callable[[str], None]
) -> Restored:
    inner = wanted.settings.model_copy(update={"data_dir": work})
    servers = Servers.chosen(inner, wanted.environment, ())
    wiring = Wiring(servers.settings(inner), wanted.environment, servers.passwords)
    async with _running(servers, say):
        fits = [] if wanted.rebuild else loading.fitting(manifest, wanted.settings)
        await _Loading(wiring.settings, wanted.folder, manifest, fits, bars).run()
        begun = sorted(each.projection.name for each in fits)
        rebuilt = await rebuild(wiring, manifest, begun, bars)
    missing = _missing_keys(manifest, wanted.settings, work)
    return Restored(manifest, rebuilt, begun, missing)


@asynccontextmanager
async def _running(servers: Servers, say: Callable[[str], None]) -> AsyncGenerator[None]:
    keeper = Keeper(say, lambda: None)
    try:
        await keeper.start(*servers.charges, within=_SERVERS_WITHIN)
        if servers.postgres:
            await asyncio.to_thread(servers.postgres.finish)
        yield
    finally:
        await keeper.stop(keeper.names, _STOP_WITHIN)


def _missing_keys(manifest: Manifest, settings: Settings, work: Path) -> list[str]:
    """Asked of what is there: to look for keys would make a new one."""
    if not settings.vault.keys and not (work / "vault" / FILE).exists():
        return manifest.key_ids
    ring = find_keys(settings.vault.keys, work / "vault").ring
    return sorted(set(manifest.key_ids) - {key.id for key in ring.keys})


@dataclass(frozen=True, slots=True)
class _Loading:
    settings: Settings
    folder: Path
    manifest: Manifest
    projections: list[Fitting]
    bars: Bars

    async def run(self) -> None:
        """Streams and tables at the same time, then what ties them together."""
        bus = await connect(self.settings.nats, "aiops-restore")
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._streams(bus))
                group.create_task(self._tables())
            await self._tie(bus)
        finally:
            await bus.close()

    async def _streams(self, bus: Bus) -> None:
        names = [each["name"] for each in definitions.definitions(self.settings)]
        await streams.require_empty(bus, names)
        total = sum(each.part.size for each in self.manifest.streams)
        with self.bars.step(f"{self.manifest.sequence:,} events", total) as advance:
            for each in self.manifest.streams:
                replicas = self.settings.nats.replicas
                await streams.restore(bus, self.folder, each, replicas, advance)
        await self._left(bus)
        await definitions.ensure(bus, self.settings)

    async def _left(self, bus: Bus) -> None:
        for wanted in definitions.definitions(self.settings):
            if last := self.manifest.numbering.get(wanted["name"]):
                await positions.continue_numbering(bus, wanted, last)

    async def _tables(self) -> None:
        total = sum(each.part.size for each in self.manifest.tables)
        with self.bars.step("Durable tables", total) as advance:
            async with tables.long_connection(self.settings.database) as connection:
                await tables.prepare(connection, self.manifest)
                await tables.require_empty(connection)
                await tables.load(connection, self.folder, self.manifest, advance)
            await database.migrate(self.settings.database)
        if self.projections:
            total = sum(each.part.size for each in self.projections)
            with self.bars.step("Projections", total) as advance:
                await loading.load(self.settings, self.folder, self.projections, advance)

    async def _tie(self, bus: Bus) -> None:
        for consumer in self.manifest.consumers:
            await positions.place(bus, consumer)
        born = await positions.births(bus, self.manifest)
        await positions.adopt_snapshots(bus, born)
        async with tables.long_connection(self.settings.database) as connection:
            await positions.adopt_kept(connection, born)
