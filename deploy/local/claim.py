"""One launcher per data directory: a lock that ends with its holder, whatever files are left."""

import fcntl
import os
import stat
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.errors import CannotStart
from deploy.local.postgres_account import possible_owners
from deploy.local.private import make_private

_LOCK = "lock"
RESTORING = ".restoring"
"""Where a backup is restored in a data directory, until it is a hub."""


def refuse_half_a_hub(directory: Path) -> None:
    """CannotStart where a restore was cut off: what started here would be a new hub beside it."""
    if (directory / RESTORING).exists():
        text = f"a restore into {directory} was cut off: run it again, or remove the directory"
        raise CannotStart(text)


@contextmanager
def claimed(directory: Path) -> Generator[None]:
    """Hold a data directory, which is made if need be; CannotStart if somebody else has it."""
    _refuse_a_strangers(directory)
    make_private(directory, *possible_owners())
    descriptor = os.open(directory / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _lock(descriptor, directory)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, directory: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(descriptor, 32, 0).decode(errors="replace")
        raise CannotStart(
            f"AIOps NextGen already runs on {directory} (process {holder}): "
            "stop it first, or choose another --data-dir"
        ) from None


def _refuse_a_strangers(directory: Path) -> None:
    """A directory of something else must not get our owner and mode: think of a home."""
    if not directory.is_dir() or (directory / _LOCK).exists():
        return
    is_open = stat.S_IMODE(directory.stat().st_mode) != stat.S_IRWXU
    if is_open and any(directory.iterdir()):
        raise CannotStart(
            f"{directory} is not empty and no data directory of AIOps NextGen: "
            "choose another --data-dir"
        )
