"""Where keys come from: the setting, else one file that is nobody else's business."""

import base64
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from services.runtime.settings import InvalidSettings
from services.runtime.vault.keys import FILE, UnusableKeys, add_key, find_keys
from services.runtime.vault.sealing import Key, UnknownKey
from tests.kit.tree import ROOT

ONE, TWO = bytes(range(32)), bytes(range(100, 132))
B64 = base64.b64encode(ONE).decode()


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "data"


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize(
    "text",
    [
        B64,
        B64.rstrip("="),
        base64.urlsafe_b64encode(ONE).decode(),
        ONE.hex(),
        ONE.hex().upper(),
        f" {B64}\n",
    ],
)
def test_a_key_may_be_written_as_base64_or_hex(directory: Path, text: str) -> None:
    keys = find_keys([SecretStr(text)], directory)
    assert keys.ring.current == Key(ONE)
    assert not directory.exists()


def test_the_first_key_of_the_setting_seals_and_all_of_them_open(directory: Path) -> None:
    before = find_keys([SecretStr(ONE.hex())], directory).seal(b"plain", "place")
    after = find_keys([SecretStr(TWO.hex()), SecretStr(B64)], directory)
    assert after.ring.current == Key(TWO)
    assert after.open(before, "place") == b"plain"


@pytest.mark.parametrize(
    "text", ["", "planted", "x" * 64, ONE[:31].hex(), B64[:-4], "ü" * 32, B64 + B64, "A" * 44]
)
def test_what_is_no_key_is_refused_in_one_line_that_does_not_repeat_it(
    directory: Path, text: str
) -> None:
    with pytest.raises(InvalidSettings) as told:
        find_keys([SecretStr(B64), SecretStr(text)], directory)
    assert str(told.value) == "AIOPS_VAULT__KEYS: key 2 is not 32 bytes in base64 or hex"


def test_a_key_that_is_named_twice_is_refused(directory: Path) -> None:
    with pytest.raises(UnusableKeys, match="AIOPS_VAULT__KEYS: a key is there twice"):
        find_keys([SecretStr(B64), SecretStr(ONE.hex())], directory)


def test_without_a_setting_a_private_file_is_made_and_kept(directory: Path) -> None:
    keys = find_keys([], directory)
    assert _mode(directory) == 0o700
    assert {_mode(file) for file in directory.iterdir()} == {0o600}
    assert find_keys([], directory).ring == keys.ring
    assert len(keys.ring.keys) == 1


def test_the_file_is_private_whatever_the_umask(directory: Path) -> None:
    umask = os.umask(0)
    try:
        find_keys([], directory)
    finally:
        os.umask(umask)
    assert _mode(directory) == 0o700
    assert {_mode(file) for file in directory.iterdir()} == {0o600}


def test_two_installations_have_two_keys(tmp_path: Path) -> None:
    assert find_keys([], tmp_path / "a").ring != find_keys([], tmp_path / "b").ring


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o660, 0o644, 0o610])
def test_a_file_that_others_may_touch_is_refused(directory: Path, mode: int) -> None:
    find_keys([], directory)
    (directory / FILE).chmod(mode)
    with pytest.raises(UnusableKeys) as told:
        find_keys([], directory)
    file = directory / FILE
    assert str(told.value) == f"{file} is open to others and keeps keys: chmod 600 {file}"


@pytest.mark.parametrize("mode", [0o750, 0o705, 0o777])
def test_a_directory_that_others_may_enter_is_refused(directory: Path, mode: int) -> None:
    directory.mkdir()
    directory.chmod(mode)
    with pytest.raises(UnusableKeys, match=f"is open to others .*chmod 700 {directory}"):
        find_keys([], directory)
    assert list(directory.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "there is no key in it"),
        ("\n\n", "there is no key in it"),
        (f"{B64}\nplanted\n", "key 2 is not 32 bytes in base64 or hex"),
        (f"{B64[:20]}\n", "key 1 is not 32 bytes in base64 or hex"),
        (f"{B64}\n{B64}\n", "a key is there twice"),
        (f"{B64}\n\xff\xfe\n", "key 2 is not 32 bytes in base64 or hex"),
        ("A" * 70_000, "has more than 65536 bytes"),
    ],
)
def test_a_malformed_file_is_refused_and_left_alone(directory: Path, text: str, said: str) -> None:
    find_keys([], directory)
    (directory / FILE).write_text(text, "latin-1")
    for use in (find_keys_in, add_key):
        with pytest.raises(UnusableKeys, match=said) as told:
            use(directory)
        assert "\n" not in str(told.value)
        assert "planted" not in str(told.value)
    assert (directory / FILE).read_text("latin-1") == text


def find_keys_in(directory: Path) -> None:
    find_keys([], directory)


def test_where_no_file_can_be_one_line_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UnusableKeys, match="cannot keep the vault's keys: File exists") as told:
        find_keys([], tmp_path / "file" / "data")
    assert "AIOPS_VAULT__KEYS" in str(told.value)
    assert "\n" not in str(told.value)


def test_a_new_key_seals_and_the_older_ones_still_open(directory: Path) -> None:
    before = find_keys([], directory)
    envelope = before.seal(b"plain", "place")
    added = add_key(directory)
    after = find_keys([], directory)
    assert after.ring.current.id == added
    assert after.ring.keys[1:] == before.ring.keys
    assert after.open(envelope, "place") == b"plain"
    assert {_mode(file) for file in directory.iterdir()} == {0o600}


def test_a_running_process_learns_of_a_new_key_when_it_meets_it(directory: Path) -> None:
    running = find_keys([], directory)
    add_key(directory)
    envelope = find_keys([], directory).seal(b"plain", "place")
    assert running.open(envelope, "place") == b"plain"
    assert running.ring == find_keys([], directory).ring


def test_a_key_that_is_nowhere_is_named_even_when_the_file_is_gone(directory: Path) -> None:
    running = find_keys([], directory)
    envelope = find_keys([SecretStr(B64)], directory).seal(b"plain", "place")
    for lose in (lambda: None, (directory / FILE).unlink):
        lose()
        with pytest.raises(UnknownKey, match=Key(ONE).id):
            running.open(envelope, "place")
    assert not (directory / FILE).exists()


def test_what_a_killed_writer_has_left_is_no_obstacle(directory: Path) -> None:
    directory.mkdir(mode=0o700)
    (directory / f".{FILE}.new").write_text(B64[:10])
    (directory / f".{FILE}.lock").write_text("")
    find_keys([], directory)
    assert [file.name for file in directory.iterdir() if file.name.endswith(".new")] == []


def _start(code: str, directory: Path, count: int) -> list[str]:
    """What as many processes say that start at once."""
    program = [sys.executable, "-c", code, str(directory)]
    started = [
        subprocess.Popen(program, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(count)
    ]
    ready = [process.stdout.readline() for process in started if process.stdout]
    assert len(ready) == count
    for process in started:
        assert process.stdin
        process.stdin.write(b"go\n")
        process.stdin.flush()
    said = [process.communicate(timeout=30)[0].decode().strip() for process in started]
    assert [process.returncode for process in started] == [0] * count
    return said


_BEGIN = """
import sys
from pathlib import Path
from services.runtime.vault.keys import add_key, find_keys
print("ready", flush=True)
sys.stdin.readline()
"""


def test_processes_that_start_at_once_end_with_the_same_key(directory: Path) -> None:
    code = _BEGIN + "print(find_keys([], Path(sys.argv[1])).ring.current.id)"
    said = _start(code, directory, 5)
    assert set(said) == {find_keys([], directory).ring.current.id}


def test_keys_that_are_added_at_once_are_all_kept(directory: Path) -> None:
    first = find_keys([], directory).ring.current.id
    code = _BEGIN + "print(*(add_key(Path(sys.argv[1])) for _ in range(5)))"
    added = [each for line in _start(code, directory, 3) for each in line.split()]
    kept = [key.id for key in find_keys([], directory).ring.keys]
    assert len(kept) == 16
    assert set(kept) == {first, *added}
    assert kept[-1] == first
