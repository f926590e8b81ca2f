"""Secrets in sealed files: private, bound to their place, brought under a new key."""

import stat
from pathlib import Path

import pytest

from services.runtime.vault.files import FileSecrets
from services.runtime.vault.keys import Keys
from services.runtime.vault.sealing import CannotOpen, Key, KeyRing
from services.runtime.vault.store import Resealed
from tests.kit.builders import CLUSTER_ID, OTHER_CLUSTER_ID

pytestmark = pytest.mark.anyio

OLD, NEW = Key(b"o" * 32), Key(b"n" * 32)


def _store(directory: Path, *keys: Key) -> FileSecrets:
    ring = KeyRing(keys or (OLD,))
    return FileSecrets(directory, Keys(lambda: ring))


async def test_nobody_else_may_read_and_nothing_is_readable(tmp_path: Path) -> None:
    await _store(tmp_path / "secrets").put(CLUSTER_ID, "backends", b"planted")
    folder = tmp_path / "secrets"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for file in folder.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert b"planted" not in file.read_bytes()


async def test_a_file_that_was_moved_does_not_open(tmp_path: Path) -> None:
    store = _store(tmp_path)
    await store.put(CLUSTER_ID, "backends", b"one")
    (tmp_path / f"{CLUSTER_ID}.json").rename(tmp_path / f"{OTHER_CLUSTER_ID}.json")
    with pytest.raises(CannotOpen):
        await store.get(OTHER_CLUSTER_ID, "backends")


async def test_a_damaged_file_does_not_open(tmp_path: Path) -> None:
    (tmp_path / f"{CLUSTER_ID}.json").write_text("{")
    with pytest.raises(CannotOpen):
        await _store(tmp_path).get(CLUSTER_ID, "backends")


async def test_every_change_shows_in_the_version(tmp_path: Path) -> None:
    store, seen = _store(tmp_path), set[str]()
    seen.add(store.version(CLUSTER_ID))
    for _ in range(3):
        await store.put(CLUSTER_ID, "backends", b"one")
        seen.add(store.version(CLUSTER_ID))
    assert len(seen) == 4
    await store.destroy(CLUSTER_ID)
    assert store.version(CLUSTER_ID) == ""


async def test_a_new_key_takes_over_in_bounded_steps(tmp_path: Path) -> None:
    before = _store(tmp_path)
    await before.put(CLUSTER_ID, "backends", b"one")
    await before.put(OTHER_CLUSTER_ID, "backends", b"two")
    after = _store(tmp_path, NEW, OLD)
    assert await after.reseal(1) == Resealed(done=1, left=1)
    assert await after.reseal(1) == Resealed(done=1, left=0)
    assert await after.reseal(1) == Resealed(done=0, left=0)
    alone = _store(tmp_path, NEW)
    assert await alone.get(CLUSTER_ID, "backends") == b"one"
    assert await alone.get(OTHER_CLUSTER_ID, "backends") == b"two"


async def test_what_is_under_a_lost_key_is_left_alone(tmp_path: Path) -> None:
    await _store(tmp_path).put(CLUSTER_ID, "backends", b"one")
    assert await _store(tmp_path, NEW).reseal(10) == Resealed(done=0, left=0, unreadable=1)
    assert await _store(tmp_path).get(CLUSTER_ID, "backends") == b"one"
