"""What each page of the built web UI brings before it shows anything."""

import json
import re
from collections.abc import Iterable
from pathlib import Path

from tests.kit.browser import built

_KB = 1024
_MOST, _HEAVY = 260, 280
"""KB of scripts as gzip; charts and editors of queries are large, and theirs alone."""


def test_the_scripts_of_every_page_are_small() -> None:
    folder = built()
    pages = json.loads((folder / "pages.json").read_bytes())
    index = re.findall(r"/ui/(assets/[^\"]+\.js)", (folder / "index.html").read_text())
    everywhere = _gzipped(folder, set(index))
    sizes = {page: (everywhere + _gzipped(folder, files)) / _KB for page, files in pages.items()}
    assert len(sizes) > 20
    assert min(sizes.values()) > 100, "all are counted"
    large = {page: size for page, size in sizes.items() if size > _limit(page)}
    assert not large


def _limit(page: str) -> int:
    return _HEAVY if page.startswith("observability/") else _MOST


def _gzipped(folder: Path, files: Iterable[str]) -> int:
    """Bytes on the wire: what is too small to be packed goes as it is."""
    total = 0
    for name in files:
        if name.endswith(".js"):
            packed = folder / f"{name}.gz"
            total += (packed if packed.exists() else folder / name).stat().st_size
    return total
