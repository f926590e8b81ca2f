"""The source tree, as the architecture tests look at it."""

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("contracts", "services", "projections", "gateway", "deploy")
_NOT_OURS = {"__pycache__", "node_modules", "generated", "dist"}


def sources(*rooms: str, suffixes: frozenset[str] = frozenset({".py"})) -> Iterator[Path]:
    """Every source file of these rooms that people write."""
    for room in rooms:
        for path in sorted((ROOT / room).rglob("*")):
            inside = path.relative_to(ROOT).parts
            if path.suffix in suffixes and _NOT_OURS.isdisjoint(inside):
                yield path


def name(path: Path) -> str:
    """A path as people write it."""
    return path.relative_to(ROOT).as_posix()
