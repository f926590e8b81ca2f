"""Files and directories that nobody but their owner may read."""

import os
import stat
from pathlib import Path

from deploy.local.errors import CannotStart


class NotPrivate(CannotStart):
    """A directory belongs to somebody else."""


def make_private(directory: Path, *others: int) -> None:
    """Make a directory of mode 0700; one that is there must be ours, or of one of ``others``."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = directory.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid not in {os.geteuid(), *others}:
        # A link or a stranger's directory, perhaps laid there on purpose.
        raise NotPrivate(f"{directory} is not a directory of this user: choose another place")
    if stat.S_IMODE(status.st_mode) != stat.S_IRWXU:
        directory.chmod(stat.S_IRWXU)


def write_private(file: Path, text: str) -> None:
    """Replace a file by one of mode 0600 in one step."""
    fresh = file.with_name(f".{file.name}.new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR)
    with os.fdopen(descriptor, "w") as out:
        out.write(text)
        out.flush()
        os.fsync(descriptor)
    fresh.replace(file)
