"""Becomes another program that ends with its parent; run as a script, so it imports little.

``tether.py PARENT:SIGNAL:UID:GID:REACH PROGRAM ARGUMENT...``. A UID of -1 keeps the user. A wrapper
and not a function run between fork and exec, because the parent has threads.
"""

import ctypes
import os
import sys

_PR_SET_PDEATHSIG = 1
_PR_SET_KEEPCAPS = 8
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_CAP_DAC_OVERRIDE = 1
_CAP_DAC_READ_SEARCH = 2
_CAPABILITY_VERSION_3 = 0x20080522


class _Header(ctypes.Structure):
    """Which capability format, and of which process (0: this one)."""

    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Half(ctypes.Structure):
    """One 32-bit half of the three capability sets."""

    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def _change_user(libc: ctypes.CDLL, uid: int, gid: int, *, reach: bool) -> None:
    if reach:
        libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([gid])
    os.setgid(gid)
    os.setuid(uid)
    if reach:
        _keep_reach(libc)


def _keep_reach(libc: ctypes.CDLL) -> None:
    """Keep the right to pass closed parent directories, and no other right of root."""
    header = _Header(_CAPABILITY_VERSION_3, 0)
    halves = (_Half * 2)()
    libc.capget(ctypes.byref(header), halves)
    for capability in (_CAP_DAC_READ_SEARCH, _CAP_DAC_OVERRIDE):
        bit = 1 << capability
        if halves[0].permitted & bit:
            only = (_Half * 2)(_Half(bit, bit, bit), _Half(0, 0, 0))
            libc.capset(ctypes.byref(header), only)
            libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, capability, 0, 0)
            return


def main() -> None:
    """Change the user, tie this process to its parent, become the program."""
    parent, signal, uid, gid, reach = (int(number) for number in sys.argv[1].split(":"))
    os.umask(0o077)
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if uid >= 0:
            _change_user(libc, uid, gid, reach=bool(reach))
        # After the change of user, which clears it.
        libc.prctl(_PR_SET_PDEATHSIG, signal, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("the parent ended before its child began")
    os.execv(sys.argv[2], sys.argv[2:])  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main()
