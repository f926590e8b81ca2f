"""A backup that was cut, altered or made by a newer program is refused, in one line."""

from pathlib import Path

import msgspec
import pytest

from deploy.backup import manifest
from deploy.backup.errors import BackupError
from deploy.backup.folder import begun
from deploy.backup.manifest import FORMAT, Manifest, StreamPart


def _written(target: Path, made_as: int = FORMAT) -> Path:
    with begun(target) as folder:
        with folder.part("stream-EVT") as file:
            file.write(b"events" * 1000)
            part = file.close()
        stream = StreamPart("EVT", {}, {"last_seq": 7, "bytes": 9}, "2026-01-01T00:00:00Z", part)
        folder.finish(Manifest(made_as, "9.9", "now", [stream], [], [], {}, [], []))
    return target


def test_what_was_written_is_read(tmp_path: Path) -> None:
    folder = _written(tmp_path / "backup")
    found = manifest.read(folder)
    manifest.verify(folder, found)
    assert found.sequence == 7
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {each.stat().st_mode & 0o777 for each in folder.iterdir()} == {0o600}
    assert list(tmp_path.iterdir()) == [folder]


@pytest.mark.parametrize("keep", [0, 10, 5999])
def test_a_cut_part_is_refused(tmp_path: Path, keep: int) -> None:
    folder = _written(tmp_path / "backup")
    part = folder / "stream-EVT"
    part.write_bytes(part.read_bytes()[:keep])
    with pytest.raises(BackupError, match="stream-EVT is cut"):
        manifest.verify(folder, manifest.read(folder))


def test_an_altered_part_is_refused(tmp_path: Path) -> None:
    folder = _written(tmp_path / "backup")
    part = folder / "stream-EVT"
    part.write_bytes(b"E" + part.read_bytes()[1:])
    with pytest.raises(BackupError, match="sha256"):
        manifest.verify(folder, manifest.read(folder))


def test_a_missing_part_is_refused(tmp_path: Path) -> None:
    folder = _written(tmp_path / "backup")
    (folder / "stream-EVT").unlink()
    with pytest.raises(BackupError, match="No such file"):
        manifest.verify(folder, manifest.read(folder))


def test_an_altered_or_cut_manifest_is_refused(tmp_path: Path) -> None:
    folder = _written(tmp_path / "backup")
    whole = (folder / manifest.NAME).read_bytes()
    (folder / manifest.NAME).write_bytes(whole.replace(b'"last_seq":7', b'"last_seq":8'))
    with pytest.raises(BackupError, match="was altered"):
        manifest.read(folder)
    (folder / manifest.NAME).write_bytes(whole[:-20])
    with pytest.raises(BackupError, match="damaged"):
        manifest.read(folder)


def test_a_newer_format_is_refused_by_its_version(tmp_path: Path) -> None:
    folder = _written(tmp_path / "backup", made_as=FORMAT + 1)
    with pytest.raises(BackupError, match=r"format 2, made by version 9\.9"):
        manifest.read(folder)


def test_a_folder_without_a_manifest_is_no_backup(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="is no backup"):
        manifest.read(tmp_path)


def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path) -> None:
    folder = _written(tmp_path / "backup")
    found = manifest.read(folder)
    part = msgspec.structs.replace(found.streams[0].part, file="../secret")
    stream = msgspec.structs.replace(found.streams[0], part=part)
    with pytest.raises(BackupError, match="no name of a part"):
        manifest.verify(folder, msgspec.structs.replace(found, streams=[stream]))


def test_what_was_interrupted_leaves_nothing(tmp_path: Path) -> None:
    def interrupted() -> None:
        with begun(tmp_path / "backup") as folder, folder.part("half") as file:
            file.write(b"half of it")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_not_written_over(tmp_path: Path) -> None:
    folder = _written(tmp_path / "backup")
    before = (folder / manifest.NAME).read_bytes()
    with pytest.raises(BackupError, match="is there already"):
        _written(tmp_path / "backup")
    assert (folder / manifest.NAME).read_bytes() == before
