"""The system user for PostgreSQL, which refuses to run as root."""

import grp
import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

from deploy.local.child import Account
from deploy.local.errors import CannotStart

_OURS = "aiops-postgres"
_RIGHTS_TO_PASS = 0x6
"""CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH, as bits of the effective set."""


class ClosedDirectory(CannotStart):
    """PostgreSQL's user cannot reach its files."""


def account_for(*places: Path) -> Account | None:
    """Who runs PostgreSQL on files at these places; None if not root, then it is the caller."""
    if os.geteuid() != 0:
        return None
    user = _unprivileged()
    closed = next((directory for place in places for directory in _closed(place, user)), None)
    if closed is not None and not _may_lend_reach():
        raise ClosedDirectory(
            f"PostgreSQL refuses to run as root, and the user {user.pw_name} that it runs as may "
            f"not enter {closed}: chmod o+x {closed}, choose another --data-dir, "
            "or start as an ordinary user"
        )
    return Account(user.pw_name, user.pw_uid, user.pw_gid, reach=closed is not None)


def possible_owners() -> set[int]:
    """Users that may own a data directory beside the caller, who then is root."""
    known = map(_user, ("postgres", _OURS, "nobody"))
    return {user.pw_uid for user in known if user} if os.geteuid() == 0 else set()


def _unprivileged() -> pwd.struct_passwd:
    for name in ("postgres", _OURS):
        if user := _user(name):
            return user
    useradd = shutil.which("useradd")
    if useradd:
        command = [useradd, "-r", "-M", "-U", "-s", "/usr/sbin/nologin", _OURS]
        subprocess.run(command, capture_output=True, timeout=10, check=False)  # noqa: S603 - no shell
    user = _user(_OURS) or _user("nobody")
    if user is None:
        raise ClosedDirectory(
            "PostgreSQL refuses to run as root and there is no other user: start as an ordinary one"
        )
    return user


def _user(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _closed(place: Path, user: pwd.struct_passwd) -> Iterator[Path]:
    groups = {
        user.pw_gid,
        *(group.gr_gid for group in grp.getgrall() if user.pw_name in group.gr_mem),
    }
    for directory in place.resolve().parents:
        if directory.exists() and not _may_enter(directory.stat(), user.pw_uid, groups):
            yield directory


def _may_enter(status: os.stat_result, uid: int, groups: set[int]) -> bool:
    if status.st_uid == uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid in groups:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)


def _may_lend_reach() -> bool:
    """True if this process holds a right that lets its child pass closed directories."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return False
    permitted = next(line for line in status.splitlines() if line.startswith("CapPrm:"))
    return bool(int(permitted.split()[1], 16) & _RIGHTS_TO_PASS)
