"""This machine: files, disk, and who may read what is secret."""

import resource
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from deploy.doctor.findings import Finding, finding
from services.runtime.settings import Settings

_FEW_FILES = 4096
_LITTLE_DISK = 2 * 1024**3
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_SECRET = ("run.json", "nats-users.json", "vault")


def examine(settings: Settings) -> Iterator[Finding]:
    """What a part would meet here; about the data directory only if there is one."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield finding(
        "open files", ok=soft >= _FEW_FILES, detail=f"limit {soft}", do="raise `ulimit -n`"
    )
    directory = settings.data_dir
    if not directory.exists():
        return
    free = shutil.disk_usage(directory).free
    text = f"{free // 1024**3} GiB free"
    yield finding("disk", ok=free > _LITTLE_DISK, detail=text, do="free some disk space")
    yield _private(directory)


def _private(directory: Path) -> Finding:
    files = [directory, *(directory / name for name in _SECRET)]
    bare = [path for path in files if path.exists() and path.stat().st_mode & _OTHERS]
    text = f"others may read {', '.join(map(str, bare))}" if bare else "closed to others"
    do = f"chmod go-rwx {' '.join(map(str, bare))}; passwords in there may be known: change them"
    return finding("data directory", ok=not bare, detail=text, do=do)
