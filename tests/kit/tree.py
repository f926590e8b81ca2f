"""The source tree, as the architecture tests look at it."""

import os
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("contracts", "services", "projections", "gateway", "deploy")
_NOT_OURS = {"__pycache__", "node_modules", "generated", "dist"}


def sources(*rooms: str, suffixes: frozenset[str] = frozenset({".py"})) -> Iterator[Path]:
    """Every source file of these rooms that people write."""
    for room in rooms:
        # What is not ours is not walked through either: packages of the UI are 60,000 files.
        for folder, below, files in os.walk(ROOT / room):
            below[:] = sorted(set(below) - _NOT_OURS)
            paths = (Path(folder, file) for file in sorted(files))
            yield from (path for path in paths if path.suffix in suffixes)


def name(path: Path) -> str:
    """A path as people write it."""
    return path.relative_to(ROOT).as_posix()
