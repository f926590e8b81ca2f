"""Rows as they are kept in a file of a backup: deflated, at the level that costs least."""

import zlib
from collections.abc import Iterator
from pathlib import Path

from deploy.backup.errors import BackupError
from deploy.backup.folder import PartFile
from deploy.backup.manifest import Part

_LEVEL = 1
"""Rows of a demonstration: an eighth at 180 MB/s; at level 6 a twelfth at 45."""
_AT_ONCE = 256 * 1024
_CHUNK = 64 * 1024
_MOST = 512 * 1024
"""Bytes that one piece may become."""


class Packer:
    """Deflates what is written into a part."""

    def __init__(self, file: PartFile) -> None:
        self._file = file
        self._deflate = zlib.compressobj(_LEVEL)
        self._waiting: list[bytes] = []
        self._held = 0
        self.size = 0
        """Bytes that were written."""

    def write(self, data: bytes) -> None:
        """Add these bytes: small ones are packed together."""
        self._waiting.append(data)
        self._held += len(data)
        if self._held >= _AT_ONCE:
            self._pack()

    def _pack(self) -> None:
        self._file.write(self._deflate.compress(b"".join(self._waiting)))
        self.size += self._held
        self._waiting.clear()
        self._held = 0

    def close(self) -> Part:
        """It is on the disk, and this is it."""
        self._pack()
        self._file.write(self._deflate.flush())
        return self._file.close()


def unpacked(path: Path) -> Iterator[bytes]:
    """What was written, in pieces of some size; BackupError for what was not packed so."""
    return filter(None, _inflated(path))


def _inflated(path: Path) -> Iterator[bytes]:
    inflate = zlib.decompressobj()
    try:
        with path.open("rb") as file:
            while data := file.read(_CHUNK):
                while data:
                    yield inflate.decompress(data, _MOST)
                    data = inflate.unconsumed_tail
        yield inflate.flush()
    except zlib.error as error:
        raise BackupError(f"{path} cannot be unpacked: {error}") from None
    if not inflate.eof:
        raise BackupError(f"{path} cannot be unpacked: it has no end")
