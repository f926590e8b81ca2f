"""Shape of the tree: directions of import, sizes, and what each package says about itself."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kit.tree import ROOMS, ROOT, name, sources

LONGEST = 400
WRITTEN = frozenset({".py", ".ts", ".tsx", ".sql", ".css"})
PACKAGES = sorted({path.parent for path in sources(*ROOMS)})


def test_imports_go_one_way() -> None:
    checked = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_no_file_is_longer_than_four_hundred_lines() -> None:
    lengths = {
        name(path): len(path.read_text().splitlines())
        for path in sources(*ROOMS, "tests", suffixes=WRITTEN)
    }
    assert {path: lines for path, lines in lengths.items() if lines > LONGEST} == {}


@pytest.mark.parametrize("package", PACKAGES, ids=name)
def test_a_package_says_in_one_sentence_what_lives_there(package: Path) -> None:
    init = package / "__init__.py"
    assert init.is_file(), f"{name(package)} has no __init__.py"
    said = ast.get_docstring(ast.parse(init.read_text())) or ""
    assert re.fullmatch(r"[A-Z`](?:(?!\. )[^\n])*\.", said), f"{name(init)}: {said!r}"


def test_folders_of_tests_are_no_packages() -> None:
    # A package tests/contracts would hide the room of that name from pyright.
    assert [name(path) for path in sources("tests") if path.name == "__init__.py"] == []


def test_test_files_are_found_by_their_name() -> None:
    strays = [
        name(path)
        for path in sources("tests")
        if re.search(r"^(?:async )?def test_", path.read_text(), re.MULTILINE)
        and not path.name.startswith("test_")
        and "kit" not in path.parts
    ]
    assert strays == []
