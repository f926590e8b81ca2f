"""`aiops backup` and `aiops restore`."""

import asyncio
from pathlib import Path

from deploy.backup import private, restoring, taking
from deploy.backup.errors import BackupError
from deploy.backup.manifest import Manifest
from deploy.backup.progress import Bars
from deploy.cli.configured import settings_or_fail
from deploy.cli.output import fail, say
from deploy.cli.reach import bus_of, hub
from deploy.platform import PROJECTIONS
from services.runtime.clock import SystemClock
from services.runtime.logging import configure
from services.runtime.settings import environment
from services.runtime.vault.keys import FILE, SETTING


async def backup(target: Path, passphrase_file: Path | None, *, with_key: bool) -> None:
    """Back up the hub that runs here, or that of the settings."""
    found = hub()
    try:
        passphrase = _passphrase(passphrase_file, with_key=with_key)
        async with bus_of(found) as bus:
            source = taking.Source(bus, found.settings, found.token)
            for each in await taking.unknown(source):
                say(f"not in the backup, as it is not known here: {each}")
            wanted = taking.Wanted(target, SystemClock().now(), passphrase)
            manifest = await taking.take(source, wanted, Bars(say))
    except BackupError as error:
        fail(f"not backed up: {error}")
    say(f"{target}: the log up to event {manifest.sequence:,}, {manifest.size:,} bytes")
    if left := sorted(PROJECTIONS.keys() - {each.name for each in manifest.projections}):
        say(f"A restore will rebuild from the log: {', '.join(left)}")
    if found.settings.vault.kubernetes_namespace:
        say("The credentials of clusters are kept by Kubernetes, and are not in it")
    elif manifest.key_ids and manifest.private is None:
        keys = ", ".join(manifest.key_ids)
        say(f"The vault's keys are not in it ({keys}): keep them elsewhere, or use --with-key")


def _passphrase(file: Path | None, *, with_key: bool) -> str:
    if with_key != (file is not None):
        raise BackupError("--with-key and --passphrase-file go together")
    return "" if file is None else private.passphrase_of(file)


async def restore(
    folder: Path, data_dir: Path | None, passphrase_file: Path | None, *, rebuild: bool
) -> None:
    """Make a hub of a backup."""
    settings = settings_or_fail(**({"data_dir": data_dir} if data_dir else {}))
    configure(settings.telemetry, "restore")
    try:
        passphrase = "" if passphrase_file is None else private.passphrase_of(passphrase_file)
        wanted = restoring.Wanted(folder, settings, environment(), passphrase, rebuild)
        begin = asyncio.get_running_loop().time()
        restored = await restoring.restore(wanted, Bars(say), say)
        seconds = asyncio.get_running_loop().time() - begin
    except BackupError as error:
        fail(f"not restored: {error}")
    manifest, aside = restored.manifest, sum(each.set_aside for each in restored.rebuilt)
    say(
        f"{manifest.sequence:,} events and {len(restored.rebuilt)} projections in {seconds:.1f} s,"
        f" as of {manifest.taken_at}" + (f"; {aside} events were set aside" if aside else "")
    )
    if anew := [each.name for each in restored.rebuilt if each.name not in restored.loaded]:
        say(f"Rebuilt from the log: {', '.join(anew)}")
    _tell_of_keys(manifest, restored.missing_keys, settings.data_dir)
    start = "" if settings.nats.url else f": aiops up --data-dir {settings.data_dir}"
    say(f"The hub is ready to be started{start}")


def _tell_of_keys(manifest: Manifest, missing: list[str], data_dir: Path) -> None:
    if not missing:
        return
    keys = ", ".join(missing)
    place = data_dir / "vault" / FILE
    say(
        f"Before it is started, put the vault's key ({keys}) into {place} (mode 0600), or into"
        f" {SETTING}: without it no credentials of clusters can be read"
        + ("; it is in the backup, for --passphrase-file" if manifest.private else "")
    )
