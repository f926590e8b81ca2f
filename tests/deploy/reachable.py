"""Which modules of ours a program may ever load, at its start or later."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.kit.tree import ROOMS, ROOT


def modules(entries: Iterable[str], never: frozenset[str] = frozenset()) -> set[str]:
    """Everything of ours that can be reached from the entries, not going through ``never``."""
    found: set[str] = set()
    waiting = list(entries)
    while waiting:
        name = waiting.pop()
        if name in found or name in never:
            continue
        found.add(name)
        waiting += _packages(name)
        waiting += [each for each in _imported(name) if each.partition(".")[0] in ROOMS]
    return found


def _packages(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts))]


def _imported(name: str) -> Iterator[str]:
    """What a module imports, wherever in it that stands."""
    file = _file(name)
    assert file is not None, f"there is no module {name}"
    for node in ast.walk(ast.parse(file.read_text())):
        match node:
            case ast.Import(names=names):
                yield from (each.name for each in names)
            case ast.ImportFrom(module=str(module), names=names):
                yield module
                below = (f"{module}.{each.name}" for each in names)
                yield from (each for each in below if _file(each) is not None)
            case _:
                pass


def _file(name: str) -> Path | None:
    path = ROOT.joinpath(*name.split("."))
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if file.is_file():
            return file
    return None
