"""Where the vault's keys come from: a setting, else a file that is made when it is missing.

The file holds one key a line, the newest first. It is written whole and put in place in one step,
under a lock, so that processes that start together end with the same key.
"""

import base64
import fcntl
import os
import secrets
import stat
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from pydantic import SecretStr

from services.runtime.settings import InvalidSettings
from services.runtime.vault.material import Material
from services.runtime.vault.sealing import KEY_BYTES, Key, KeyRing, RandomBytes, UnknownKey

SETTING = "AIOPS_VAULT__KEYS"
FILE = "vault.keys"
_LARGEST_FILE = 65_536
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_LOCK_TRIES = 100
_LOCK_PAUSE = 0.05


class UnusableKeys(InvalidSettings):
    """The keys cannot be used; the text is one line that names where they come from."""


class Keys:
    """The keys of a process, which are read again when an envelope is under one not known yet.

    So a key that was added while this process runs opens here too; it seals here from then on.
    """

    def __init__(self, read: Callable[[], KeyRing]) -> None:
        self._read = read
        self._ring = read()

    @property
    def ring(self) -> KeyRing:
        """The keys as they were read last."""
        return self._ring

    def refresh(self) -> None:
        """Read the keys again; UnusableKeys leaves them as they were."""
        self._ring = self._read()

    def seal(self, plain: bytes, bound_to: str) -> bytes:
        """See `KeyRing.seal`."""
        return self._ring.seal(plain, bound_to)

    def open(self, envelope: bytes, bound_to: str) -> Material:
        """See `KeyRing.open`."""
        try:
            return self._ring.open(envelope, bound_to)
        except UnknownKey:
            # A file that has become unusable meanwhile says less than the key that is missing.
            with suppress(UnusableKeys):
                self.refresh()
        return self._ring.open(envelope, bound_to)


def find_keys(
    setting: Sequence[SecretStr], directory: Path, random: RandomBytes = secrets.token_bytes
) -> Keys:
    """The keys of the setting if it names any, else of the file in ``directory``.

    UnusableKeys for what is no key, is there twice, or may be read by others.
    """
    if setting:
        ring = _ring([key.get_secret_value() for key in setting], SETTING, random)
        return Keys(lambda: ring)
    with _told(directory):
        _make_private(directory)
        if not (directory / FILE).exists():
            with _locked(directory):
                if not (directory / FILE).exists():
                    _write(directory, [_fresh(random)])
    return Keys(lambda: _from_file(directory, random))


def add_key(directory: Path, random: RandomBytes = secrets.token_bytes) -> str:
    """Put a new key before those of the file, to seal from now on; gives its id."""
    with _told(directory):
        _make_private(directory)
        with _locked(directory):
            held = _lines(directory / FILE) if (directory / FILE).exists() else None
            if held is not None:
                # Before a damaged file, a new key would hide that older ones are lost.
                _ring(held, str(directory / FILE), random)
            written = [_fresh(random), *(held or [])]
            ring = _ring(written, str(directory / FILE), random)
            _write(directory, written)
    return ring.current.id


def _from_file(directory: Path, random: RandomBytes) -> KeyRing:
    with _told(directory):
        _refuse_open_to_others(directory, directory.stat().st_mode, "700")
        return _ring(_lines(directory / FILE), str(directory / FILE), random)


@contextmanager
def _told(directory: Path) -> Generator[None]:
    """Says in one line what the file system has refused."""
    try:
        yield
    except OSError as error:
        reason = f"{directory / FILE} cannot keep the vault's keys: {error.strerror}"
        raise UnusableKeys(f"{reason} (or name them by {SETTING})") from None


def _lines(file: Path) -> list[str]:
    """The lines of a key file, checked on the opened file and not on its name."""
    with file.open("rb") as opened:
        _refuse_open_to_others(file, os.fstat(opened.fileno()).st_mode, "600")
        text = opened.read(_LARGEST_FILE + 1)
    if len(text) > _LARGEST_FILE:
        raise UnusableKeys(f"{file} is no key file: it has more than {_LARGEST_FILE} bytes")
    return [line for line in text.decode("ascii", "replace").splitlines() if line.strip()]


def _ring(texts: Sequence[str], source: str, random: RandomBytes) -> KeyRing:
    if not texts:
        raise UnusableKeys(f"{source}: there is no key in it")
    keys = tuple(_key(text, number, source) for number, text in enumerate(texts, start=1))
    if len({key.id for key in keys}) != len(keys):
        raise UnusableKeys(f"{source}: a key is there twice")
    return KeyRing(keys, random)


def _key(text: str, number: int, source: str) -> Key:
    """A key as base64 (of either alphabet) or hex; what is no key is not repeated to anybody."""
    plain = text.strip()
    with suppress(ValueError):
        if len(plain) == 2 * KEY_BYTES:
            return Key(bytes.fromhex(plain))
        standard = plain.rstrip("=").replace("-", "+").replace("_", "/")
        return Key(base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True))
    raise UnusableKeys(f"{source}: key {number} is not {KEY_BYTES} bytes in base64 or hex")


def _fresh(random: RandomBytes) -> str:
    return base64.b64encode(random(KEY_BYTES)).decode()


def _make_private(directory: Path) -> None:
    directory.parent.mkdir(parents=True, exist_ok=True)
    directory.mkdir(mode=stat.S_IRWXU, exist_ok=True)
    _refuse_open_to_others(directory, directory.stat().st_mode, "700")


def _refuse_open_to_others(path: Path, mode: int, wanted: str) -> None:
    if mode & _OTHERS:
        raise UnusableKeys(f"{path} is open to others and keeps keys: chmod {wanted} {path}")


@contextmanager
def _locked(directory: Path) -> Generator[None]:
    """One writer at a time; the lock ends with its holder, whatever files are left."""
    descriptor = os.open(directory / f".{FILE}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _lock(descriptor, directory)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, directory: Path) -> None:
    for _ in range(_LOCK_TRIES):
        with suppress(BlockingIOError):
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        time.sleep(_LOCK_PAUSE)
    raise UnusableKeys(f"{directory / FILE} is being written by another process that does not end")


def _write(directory: Path, lines: Sequence[str]) -> None:
    """Replace the key file in one step, and have it on the disk before anything is sealed."""
    fresh = directory / f".{FILE}.new"
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR)
    with os.fdopen(descriptor, "w") as out:
        out.write("".join(f"{line}\n" for line in lines))
        out.flush()
        os.fsync(descriptor)
    fresh.replace(directory / FILE)
    held = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(held)
    finally:
        os.close(held)
