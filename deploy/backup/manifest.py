"""What a backup says of itself: `manifest.json`, written last and read first."""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from deploy.backup.errors import BackupError

FORMAT = 1
"""Counts up when an older program could not restore what a newer one writes."""
NAME = "manifest.json"
_LARGEST = 64 * 1024 * 1024
_CHUNK = 1024 * 1024
_FILE = re.compile(r"[A-Za-z0-9._-]{1,128}\Z")


class Part(msgspec.Struct, frozen=True):
    """A file of a backup."""

    file: str
    size: int
    sha256: str


class StreamPart(msgspec.Struct, frozen=True):
    """A stream as the server gave it out: its messages, sequences, headers and times."""

    name: str
    config: dict[str, Any]
    state: dict[str, Any]
    born: str
    """When it was made: what is remembered of a stream is of the one of this time."""
    part: Part

    @property
    def last(self) -> int:
        """Up to this sequence it is in the backup."""
        return int(self.state["last_seq"])


class Partition(msgspec.Struct, frozen=True):
    """A partition of a table by time, with its bounds as PostgreSQL writes them."""

    name: str
    since: str
    until: str


class TablePart(msgspec.Struct, frozen=True):
    """Rows of a durable table, in PostgreSQL's binary COPY format."""

    name: str
    columns: list[str]
    rows: int
    part: Part
    partitions: list[Partition] = []


class RowsPart(msgspec.Struct, frozen=True):
    """Rows of a table of a projection, in PostgreSQL's binary COPY format, deflated."""

    table: str
    columns: list[str]
    rows: int
    size: int
    """Bytes of it when it is unpacked."""
    part: Part


class ProjectionPart(msgspec.Struct, frozen=True):
    """All tables of a projection as they were after an event that is in the copied log."""

    name: str
    version: int
    digest: str
    """Of the statements that make its tables."""
    positions: list[int]
    """Up to where the log is in the rows, by partition."""
    measured: int | None
    """Up to where the telemetry is; None if none of it is."""
    tables: list[RowsPart]

    @property
    def size(self) -> int:
        """Bytes of all rows when they are unpacked."""
        return sum(each.size for each in self.tables)


class Consumer(msgspec.Struct, frozen=True):
    """Where a durable reader of a stream has come to."""

    stream: str
    config: dict[str, Any]
    done: int
    """Everything up to this sequence is handled."""


class Manifest(msgspec.Struct, frozen=True):
    """Everything that is needed to restore, and to see that all of it is there."""

    format: int
    product: str
    taken_at: str
    streams: list[StreamPart]
    tables: list[TablePart]
    consumers: list[Consumer]
    numbering: dict[str, int]
    """Of streams that are left: the last sequence."""
    migrations: list[str]
    key_ids: list[str]
    """Keys of the vault that envelopes are sealed with."""
    private: Part | None = None
    projections: list[ProjectionPart] = []
    """Those that need not be rebuilt. Older programs write none, and do not look for any."""

    @property
    def parts(self) -> list[Part]:
        """Every file beside the manifest."""
        found = [each.part for each in (*self.streams, *self.tables)]
        found += [each.part for projection in self.projections for each in projection.tables]
        return found if self.private is None else [*found, self.private]

    @property
    def size(self) -> int:
        """Bytes of every file beside the manifest."""
        return sum(each.size for each in self.parts)

    @property
    def sequence(self) -> int:
        """Of the log, up to which the backup is consistent."""
        return self.stream("EVT").last

    @property
    def needs(self) -> int:
        """Bytes that its streams and tables take at least once they are restored."""
        held = sum(int(each.state["bytes"]) for each in self.streams)
        held += sum(each.size for each in self.projections)
        return held + sum(each.part.size for each in self.tables)

    def stream(self, name: str) -> StreamPart:
        """The stream of this name; BackupError if it is not there."""
        for each in self.streams:
            if each.name == name:
                return each
        raise BackupError(f"the backup lacks the stream {name}")


class _Signed(msgspec.Struct):
    sha256: str
    backup: msgspec.Raw


class _Version(msgspec.Struct):
    format: int
    product: str = "?"


def written(manifest: Manifest) -> bytes:
    """The manifest with its own digest: a cut or altered one is not read."""
    body = msgspec.json.encode(manifest)
    return msgspec.json.encode(_Signed(hashlib.sha256(body).hexdigest(), msgspec.Raw(body)))


def read(folder: Path) -> Manifest:
    """The manifest of a folder; BackupError if it is none, damaged, or of a newer program."""
    try:
        with (folder / NAME).open("rb") as file:
            data = file.read(_LARGEST)
        signed = msgspec.json.decode(data, type=_Signed)
    except OSError as error:
        raise BackupError(f"{folder} is no backup: {NAME}: {error.strerror}") from None
    except msgspec.MsgspecError:
        raise BackupError(f"{folder}: {NAME} is damaged") from None
    body = bytes(signed.backup)
    if hashlib.sha256(body).hexdigest() != signed.sha256:
        raise BackupError(f"{folder}: {NAME} was altered, or is damaged")
    try:
        version = msgspec.json.decode(body, type=_Version)
        if version.format > FORMAT:
            raise BackupError(
                f"{folder} is of format {version.format}, made by version {version.product}; this"
                f" program knows {FORMAT}: restore it with a newer one"
            )
        return msgspec.json.decode(body, type=Manifest)
    except msgspec.MsgspecError as error:
        raise BackupError(f"{folder}: {NAME} does not say what it should: {error}") from None


Told = Callable[[int], None]


def verify(folder: Path, manifest: Manifest, told: Told = lambda _: None) -> None:
    """Every file is there and as it was written; BackupError names one that is not.

    ``told`` hears how many bytes were looked at.
    """
    for part in manifest.parts:
        if not _FILE.match(part.file):
            raise BackupError(f"{folder}: {part.file!r} is no name of a part")
        path = folder / part.file
        try:
            size = path.stat().st_size
            if size != part.size:
                text = f"{path} is cut or altered: it has {size:,} bytes, not {part.size:,}"
                raise BackupError(text)
            if digest(path, told) != part.sha256:
                raise BackupError(f"{path} was altered, or is damaged (sha256)")
        except OSError as error:
            raise BackupError(f"{path}: {error.strerror}") from None


def digest(path: Path, told: Told) -> str:
    """SHA-256 of a file, in hex."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            found.update(chunk)
            told(len(chunk))
    return found.hexdigest()
