"""The private files open with the passphrase, and with nothing else."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from deploy.backup import private
from deploy.backup.errors import BackupError

_FILES = {private.KEY_FILE: b"a key\n", "nats-users.json": b"{}"}
_WORDS = "correct horse battery"


def test_the_passphrase_opens_what_it_sealed(tmp_path: Path) -> None:
    sealed = private.seal(_FILES, _WORDS)
    assert b"a key" not in sealed
    found = private.unseal(sealed, _WORDS)
    assert found == _FILES
    private.put_back(found, tmp_path)
    key = tmp_path / private.KEY_FILE
    assert key.read_bytes() == b"a key\n"
    assert key.stat().st_mode & 0o777 == 0o600
    assert key.parent.stat().st_mode & 0o777 == 0o700


def test_another_passphrase_does_not() -> None:
    with pytest.raises(BackupError, match="the passphrase is wrong"):
        private.unseal(private.seal(_FILES, _WORDS), _WORDS + "!")


def test_a_damaged_file_does_not() -> None:
    with pytest.raises(BackupError, match="damaged"):
        private.unseal(private.seal(_FILES, _WORDS)[:-9], _WORDS)


def test_only_known_files_are_put_back() -> None:
    sealed = private.seal(_FILES | {"../.ssh/authorized_keys": b"mine"}, _WORDS)
    assert private.unseal(sealed, _WORDS) == _FILES


def test_a_short_passphrase_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "words"
    file.write_text("short\n")
    with pytest.raises(BackupError, match="at least 12"):
        private.passphrase_of(file)
    file.write_text(f"{_WORDS}\nanother line")
    assert private.passphrase_of(file) == _WORDS


def test_keys_of_the_settings_become_a_key_file(tmp_path: Path) -> None:
    found = private.collected(tmp_path, [SecretStr("new"), SecretStr("old")])
    assert found == {private.KEY_FILE: b"new\nold\n"}
