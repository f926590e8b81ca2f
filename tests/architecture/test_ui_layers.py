"""The rooms of the web UI: what may import what."""

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from tests.kit.tree import ROOT

_SOURCE = ROOT / "gateway" / "ui" / "src"
_ORDER = ("generated", "lib", "components", "features", "app")
"""Each may import what stands before it, tests also `testing`; `generated` calls `lib/http`."""
_IMPORT = re.compile(r"""(?:\bfrom|\bimport)\s*\(?\s*["']([^"']+)["']""")


def _imports() -> Iterator[tuple[PurePosixPath, str]]:
    for file in sorted(_SOURCE.rglob("*.ts*")):
        place = PurePosixPath(file.relative_to(_SOURCE).as_posix())
        of_tests = ".test." in place.name or "testing" in (*place.parts, place.stem)
        if of_tests or place.parts[0] == "generated":
            continue
        for wanted in _IMPORT.findall(file.read_text()):
            yield place, wanted


def _inside() -> Iterator[tuple[PurePosixPath, PurePosixPath]]:
    for place, wanted in _imports():
        if wanted.startswith("@/"):
            yield place, PurePosixPath(wanted.removeprefix("@/"))


def test_imports_go_one_way() -> None:
    found = list(_inside())
    assert found
    wrong = [
        f"{place} imports {wanted}"
        for place, wanted in found
        if _ORDER.index(wanted.parts[0]) > _ORDER.index(place.parts[0])
    ]
    assert wrong == []


def test_no_feature_imports_another() -> None:
    wrong = [
        f"{place} imports {wanted}"
        for place, wanted in _inside()
        if place.parts[0] == wanted.parts[0] == "features" and place.parts[1] != wanted.parts[1]
    ]
    assert wrong == []


def test_pages_know_of_the_router_by_one_module() -> None:
    wrong = [
        f"{place} imports {wanted}"
        for place, wanted in _imports()
        if wanted.startswith("@tanstack/react-router")
        and place.parts[0] != "app"
        and place != PurePosixPath("lib/place.tsx")
    ]
    assert wrong == []


def test_other_files_of_the_same_folder_are_named_from_the_top() -> None:
    """One way to name a module: relative paths would go round these rules."""
    wrong = [f"{place} imports {wanted}" for place, wanted in _imports() if wanted.startswith("./")]
    assert wrong == []


def test_styles_use_tokens_alone() -> None:
    """No colour of our own: it would be wrong in one of the themes."""
    sheets = [*_SOURCE.rglob("*.css")]
    assert sheets
    colour = re.compile(r"#[0-9a-fA-F]{3,8}\b|\b(?:rgba?|hsla?)\(")
    wrong = [
        f"{Path(sheet).relative_to(_SOURCE)}: {line.strip()}"
        for sheet in sheets
        for line in sheet.read_text().splitlines()
        if colour.search(line)
    ]
    assert wrong == []
