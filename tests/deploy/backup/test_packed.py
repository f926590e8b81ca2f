"""What was packed is unpacked as it was, or it is refused."""

import random
from pathlib import Path

import pytest

from deploy.backup.errors import BackupError
from deploy.backup.folder import PartFile
from deploy.backup.packed import Packer, unpacked


def _packed(path: Path, pieces: list[bytes]) -> int:
    packer = Packer(PartFile(path))
    for piece in pieces:
        packer.write(piece)
    part = packer.close()
    assert part.size == path.stat().st_size
    return packer.size


@pytest.mark.parametrize(
    "pieces",
    [[], [b"a row"] * 100_000, [bytes(3_000_000)], [random.Random(1).randbytes(700_000)] * 3],
    ids=["nothing", "small", "one that is packed very small", "what cannot be packed"],
)
def test_it_comes_back_in_pieces_of_some_size(tmp_path: Path, pieces: list[bytes]) -> None:
    whole = b"".join(pieces)
    assert _packed(tmp_path / "part", pieces) == len(whole)
    found = list(unpacked(tmp_path / "part"))
    assert b"".join(found) == whole
    assert all(0 < len(piece) <= 512 * 1024 for piece in found)


@pytest.mark.parametrize("keep", [0, 1, 100, -1])
def test_a_cut_one_is_refused(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "part"
    _packed(path, [random.Random(1).randbytes(1000)])
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(BackupError, match="cannot be unpacked"):
        list(unpacked(path))


def test_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "part"
    path.write_bytes(b"PGCOPY\n not packed at all")
    with pytest.raises(BackupError, match="cannot be unpacked"):
        list(unpacked(path))
