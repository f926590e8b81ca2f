"""The UI that was built asks for nothing from elsewhere."""

import json
import re

import pytest

from gateway.pages.ui import DIST
from tests.kit.tree import name

pytestmark = pytest.mark.skipif(
    not (DIST / "index.html").is_file(), reason="the UI is not built here: make ui"
)


def test_the_index_names_only_files_of_the_build() -> None:
    index = (DIST / "index.html").read_text()
    used = re.findall(r'(?:src|href)="([^"]*)"', index)
    assert any(each.endswith(".js") for each in used)
    assert [each for each in used if not each.startswith("/ui/")] == []
    missing = [each for each in used if not (DIST / each.removeprefix("/ui/")).is_file()]
    assert missing == []


def test_every_page_names_its_files() -> None:
    pages: dict[str, list[str]] = json.loads((DIST / "pages.json").read_text())
    assert {"fleet", "clusters", "clusters/detail", "alerts"} <= pages.keys()
    missing = [each for names in pages.values() for each in names if not (DIST / each).is_file()]
    assert missing == []


def test_the_licences_of_what_is_bundled_are_in_it() -> None:
    licences = (DIST / "third-party.txt").read_text()
    bundled = json.loads((DIST.parent / "package.json").read_text())["dependencies"]
    left_out = {each for each in bundled if f"## {each} - " not in licences}
    assert left_out == set()


def test_the_index_holds_a_place_for_the_nonce_and_no_script_of_its_own() -> None:
    index = (DIST / "index.html").read_text()
    assert "__CSP_NONCE__" in index
    assert re.findall(r"<script(?![^>]*\bsrc=)", index) == []
    assert re.findall(r"\son\w+=|\sstyle=", index) == []


def test_styles_name_no_foreign_address() -> None:
    styles = list(DIST.rglob("*.css"))
    assert styles
    for style in styles:
        text = style.read_text()
        assert not re.search(r"@import\s", text), name(style)
        used = {each.strip("\"'") for each in re.findall(r"url\(([^)]+)\)", text)}
        foreign = {each for each in used if re.match(r"(?:[a-z]+:)?//", each)}
        assert foreign == set(), name(style)
