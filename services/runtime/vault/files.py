"""Secrets in sealed files: the vault of a far-edge site, which has no database.

A cluster has one file, replaced in one step, so that a change is seen whole or not at all. Files
hold envelopes only, and nobody but their owner may read them.
"""

import asyncio
import base64
import fcntl
import os
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import msgspec

from services.runtime.vault.keys import Keys
from services.runtime.vault.material import Material
from services.runtime.vault.sealing import CannotOpen, key_id
from services.runtime.vault.store import Resealed, VaultUnavailable

T = TypeVar("T")
_Sealed = dict[str, str]
"""Envelopes in base64, by name."""


@dataclass(frozen=True, slots=True)
class FileSecrets:
    """The secrets of a site; a `SecretStore`."""

    directory: Path
    keys: Keys

    async def put(self, cluster_id: UUID, name: str, material: bytes) -> None:
        """Keep a secret, in place of one of the same name."""
        sealed = self._seal(cluster_id, {name: material})
        await self._change(cluster_id, lambda kept: kept | sealed)

    async def replace(self, cluster_id: UUID, materials: Mapping[str, bytes]) -> None:
        """Keep these secrets, by name, and no others of the cluster."""
        sealed = self._seal(cluster_id, materials)
        await self._change(cluster_id, lambda _: sealed)

    async def get(self, cluster_id: UUID, name: str) -> Material | None:
        """A secret, or None; CannotOpen if it is damaged or its key is lost."""
        kept = await asyncio.to_thread(self._read, cluster_id)
        if name not in kept:
            return None
        return self.keys.open(base64.b64decode(kept[name]), _place(cluster_id, name))

    async def names(self, cluster_id: UUID) -> tuple[str, ...]:
        """The names of a cluster's secrets, in order."""
        return tuple(sorted(await asyncio.to_thread(self._read, cluster_id)))

    async def delete(self, cluster_id: UUID, name: str) -> bool:
        """Remove a secret; False if there was none."""
        found = name in await asyncio.to_thread(self._read, cluster_id)
        await self._change(
            cluster_id, lambda kept: {each: kept[each] for each in kept if each != name}
        )
        return found

    async def destroy(self, cluster_id: UUID) -> None:
        """Remove every secret of a cluster."""
        await self._change(cluster_id, lambda _: {})

    async def reseal(self, limit: int) -> Resealed:
        """Bring up to ``limit`` secrets under the current key."""
        return await asyncio.to_thread(self._reseal, limit)

    def version(self, cluster_id: UUID) -> str:
        """Another text after every change of a cluster's secrets; empty if it has none."""
        try:
            found = self._file(cluster_id).stat()
        except FileNotFoundError:
            return ""
        return f"{found.st_mtime_ns:x}-{found.st_ino:x}"

    def _file(self, cluster_id: UUID) -> Path:
        return self.directory / f"{cluster_id}.json"

    def _read(self, cluster_id: UUID) -> _Sealed:
        try:
            return msgspec.json.decode(self._file(cluster_id).read_bytes(), type=_Sealed)
        except FileNotFoundError:
            return {}
        except msgspec.DecodeError:
            raise CannotOpen from None
        except OSError as error:
            raise VaultUnavailable(f"secrets cannot be read: {error.strerror}") from None

    def _seal(self, cluster_id: UUID, materials: Mapping[str, bytes]) -> _Sealed:
        return {
            name: base64.b64encode(self.keys.seal(material, _place(cluster_id, name))).decode()
            for name, material in materials.items()
        }

    async def _change(self, cluster_id: UUID, how: Callable[[_Sealed], _Sealed]) -> None:
        def change() -> None:
            with self._alone():
                self._write(cluster_id, how(self._read(cluster_id)))

        await asyncio.to_thread(change)

    def _write(self, cluster_id: UUID, kept: _Sealed) -> None:
        file = self._file(cluster_id)
        if not kept:
            file.unlink(missing_ok=True)
            return
        fresh = file.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            out.write(msgspec.json.encode(kept))
            out.flush()
            os.fsync(descriptor)
        fresh.replace(file)

    def _reseal(self, limit: int) -> Resealed:
        self.keys.refresh()
        done, left, unreadable = 0, 0, 0
        with self._alone():
            for file in sorted(self.directory.glob("*.json")):
                cluster_id, kept = UUID(file.stem), self._read(UUID(file.stem))
                fresh: dict[str, bytes] = {}
                for name, text in kept.items():
                    try:
                        envelope = base64.b64decode(text)
                        if key_id(envelope) != self.keys.ring.current.id:
                            fresh[name] = self.keys.open(envelope, _place(cluster_id, name))
                    except (CannotOpen, ValueError):
                        unreadable += 1
                if not fresh:
                    continue
                if done >= limit:
                    left += len(fresh)
                    continue
                self._write(cluster_id, kept | self._seal(cluster_id, fresh))
                done += len(fresh)
        return Resealed(done, left, unreadable)

    @contextmanager
    def _alone(self) -> Generator[None]:
        """Beside which nobody else changes secrets; the lock ends with its holder."""
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self.directory / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                yield
            finally:
                os.close(descriptor)
        except OSError as error:
            raise VaultUnavailable(f"secrets cannot be kept: {error.strerror}") from None


def _place(cluster_id: UUID, name: str) -> str:
    """What an envelope is bound to: moved to another cluster or name, it does not open."""
    return f"secret/{cluster_id}/{name}"
