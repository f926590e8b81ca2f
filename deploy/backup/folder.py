"""The files of a backup while it is written: nobody else reads them, and none is there by half."""

import hashlib
import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from deploy.backup.errors import BackupError
from deploy.backup.manifest import NAME, Manifest, Part, written


@dataclass
class PartFile:
    """A part that is being written; ``part`` says what it has become."""

    path: Path
    _size: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._sha256 = hashlib.sha256()
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file = os.fdopen(descriptor, "wb", buffering=1024 * 1024)

    def write(self, data: bytes) -> None:
        """Add these bytes."""
        self._file.write(data)
        self._sha256.update(data)
        self._size += len(data)

    def close(self) -> Part:
        """It is on the disk, and this is it."""
        with self._file:
            self._file.flush()
            os.fsync(self._file.fileno())
        return Part(self.path.name, self._size, self._sha256.hexdigest())

    def abandon(self) -> None:
        """It will not be finished."""
        self._file.close()


@dataclass(frozen=True, slots=True)
class Folder:
    """A backup that is being written, beside its place."""

    place: Path

    @contextmanager
    def part(self, name: str) -> Generator[PartFile]:
        """A file for the time of a block, after which `PartFile.close` was called."""
        file = PartFile(self.place / name)
        try:
            yield file
        finally:
            file.abandon()

    def finish(self, manifest: Manifest) -> None:
        """The manifest is the last file."""
        with self.part(NAME) as file:
            file.write(written(manifest))
            file.close()


@contextmanager
def begun(target: Path) -> Generator[Folder]:
    """A folder that gets the target's name when the block ends well, and is gone otherwise."""
    target = target.absolute()
    if target.exists():
        raise BackupError(f"{target} is there already: name another one")
    part = target.with_name(f"{target.name}.part")
    try:
        # What was left by one that was killed.
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(mode=0o700, parents=True)
    except OSError as error:
        raise BackupError(f"{part} cannot be written: {error.strerror}") from None
    try:
        yield Folder(part)
        _synchronise(part)
        part.rename(target)
        _synchronise(target.parent)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _synchronise(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
