"""Takes a backup of a hub that runs.

What refers to the log is read before it, and what the log refers to after it, so that a copy never
speaks of something that it lacks: first where readers stand, the tables of projections and what
became of commands, then the log at a sequence, then what is scheduled, set aside, learned and
filed, then the durable tables of one moment, and at last the telemetry, in which tables have
positions. Every stream is fixed when the server is asked for it, all within a fraction of a second;
the bytes come afterwards, side by side.
"""

import asyncio
import threading
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from deploy.backup import (
    carrying,
    folder as folders,
    inventory,
    positions,
    private,
    streams,
    tables,
)
from deploy.backup.carrying import Moment
from deploy.backup.errors import BackupError, told
from deploy.backup.folder import Folder
from deploy.backup.manifest import FORMAT, Manifest, Part, ProjectionPart, StreamPart, TablePart
from deploy.backup.progress import Advance, Bars
from services.runtime import streams as definitions
from services.runtime.bus import Bus
from services.runtime.database import Connection
from services.runtime.settings import Settings
from services.runtime.streams import COMMANDS, EVENTS, OUTCOMES, TELEMETRY

_PRIVATE = "private.sealed"
_BEFORE = (OUTCOMES, EVENTS)
_LAST = TELEMETRY


@dataclass(frozen=True, slots=True)
class Source:
    """The hub that is backed up."""

    bus: Bus
    settings: Settings
    run_token: str = ""
    """Of the run that goes on: it is in no backup."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be written, and where."""

    target: Path
    at: datetime
    passphrase: str = ""
    """Empty: without the private files."""


async def take(source: Source, wanted: Wanted, bars: Bars) -> Manifest:
    """Write a backup; BackupError if it is not whole, and then there is none."""
    settings, found, sealed = source.settings, dict[str, bytes](), b""
    if wanted.passphrase:
        found = private.collected(settings.data_dir, settings.vault.keys)
        sealed = await asyncio.to_thread(private.seal, found, wanted.passphrase)
    try:
        with folders.begun(wanted.target) as folder:
            with bars.shown():
                manifest = await _Taking(source, folder, bars, wanted.at, sealed).run()
            if sealed and private.KEY_FILE not in found:
                _require_no_keys(manifest, settings.data_dir)
            folder.finish(manifest)
    except Exception as failed:  # noqa: BLE001 - what is no failure of others stays as it is
        raise told(failed) from None
    return manifest


def _require_no_keys(manifest: Manifest, data_dir: Path) -> None:
    if manifest.key_ids:
        place = data_dir / private.KEY_FILE
        raise BackupError(f"{place} is not there: back up where the vault's keys are")


async def unknown(source: Source) -> list[str]:
    """What the hub holds that is in no backup, because nobody has decided about it."""
    there = await definitions.configurations(source.bus)
    found = [f"stream {name}" for name in inventory.undecided(there, inventory.STREAMS)]
    async with tables.moment(source.settings.database) as connection:
        names = await tables.names(connection)
    return found + [f"table aiops.{name}" for name in inventory.undecided(names, inventory.TABLES)]


@dataclass(frozen=True, slots=True)
class _Taking:
    source: Source
    folder: Folder
    bars: Bars
    at: datetime
    sealed: bytes

    async def run(self) -> Manifest:
        bus = self.source.bus
        there = await definitions.configurations(bus)
        chosen = [name for name in inventory.copied(inventory.STREAMS) if name in there]
        readers = [each for name in chosen for each in await positions.consumers(bus, name)]
        first = [name for name in _BEFORE if name in chosen]
        then = [name for name in chosen if name not in (*_BEFORE, _LAST)]
        database = self.source.settings.database
        seen = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            carried = group.create_task(self._projections(seen))
            await seen.wait()
            with self.bars.step("Streams", None) as streamed:
                saving = [await self._begin(group, name, streamed) for name in (*first, *then)]
                async with tables.moment(database) as connection:
                    if _LAST in chosen:
                        saving.append(await self._begin(group, _LAST, streamed))
                    saved = await self._tables(connection)
                    migrations = await tables.migrations(connection)
                    keys = await tables.key_ids(connection)
                await asyncio.gather(*saving)
        return Manifest(
            format=FORMAT,
            product=version("aiops-nextgen"),
            taken_at=self.at.isoformat(),
            streams=[task.result() for task in saving],
            tables=saved,
            consumers=readers,
            numbering={COMMANDS: await streams.last_sequence(bus, COMMANDS)},
            migrations=migrations,
            key_ids=keys,
            private=self._private(),
            projections=carried.result(),
        )

    async def _begin(
        self, group: asyncio.TaskGroup, name: str, advance: Advance
    ) -> "asyncio.Task[StreamPart]":
        """Fix a stream as it is now, and save it meanwhile."""
        return group.create_task(self._save(await streams.begin(self.source.bus, name), advance))

    async def _save(self, snapshot: streams.Snapshot, advance: Advance) -> StreamPart:
        with self.folder.part(f"stream-{snapshot.name}") as file:
            return await snapshot.save(file, advance)

    async def _tables(self, connection: Connection) -> list[TablePart]:
        there = set(await tables.names(connection))
        chosen = [name for name in inventory.copied(inventory.TABLES) if name in there]
        saved: list[TablePart] = []
        with self.bars.step("Durable tables", len(chosen)) as advance:
            for name in chosen:
                with self.folder.part(f"table-{name}") as file:
                    token = self.source.run_token
                    saved.append(await tables.save(connection, name, file, token))
                advance(1)
        return saved

    async def _projections(self, seen: asyncio.Event) -> list[ProjectionPart]:
        """Write them as they are when ``seen`` is set: nothing of the log that is copied later."""
        async with carrying.moment(self.source.settings.database) as views:
            seen.set()
            return await self._save_projections(views)

    async def _save_projections(self, views: Moment) -> list[ProjectionPart]:
        ended = threading.Event()
        with self.bars.step("Projections", len(views.carried)) as advance:
            saving = asyncio.create_task(
                asyncio.to_thread(views.save, self.folder, advance, ended.is_set)
            )
            try:
                return await asyncio.shield(saving)
            finally:
                # Nothing may be written any more when the folder is removed.
                ended.set()
                await asyncio.gather(saving, return_exceptions=True)

    def _private(self) -> Part | None:
        if not self.sealed:
            return None
        with self.folder.part(_PRIVATE) as file:
            file.write(self.sealed)
            return file.close()
