"""Ranking and reasoning have no outside: neither clock nor bus, neither files nor chance."""

import ast
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import services.rca.ranking
import services.rca.reasoning

_ARITHMETIC = {"bisect", "collections", "dataclasses", "functools", "math", "re", "statistics"}
_WORDS = {"contracts", "datetime", "enum", "uuid", "typing", "pydantic"}


@pytest.mark.parametrize(
    ("package", "allowed"),
    [
        (services.rca.ranking, _ARITHMETIC | {"typing"}),
        (services.rca.reasoning, _ARITHMETIC | _WORDS),
    ],
)
def test_it_imports_values_and_arithmetic_only(package: ModuleType, allowed: set[str]) -> None:
    files = sorted(Path(str(package.__file__)).parent.glob("*.py"))
    assert len(files) > 5
    for file in files:
        for name in _imported(file):
            inside = name.startswith(package.__name__)
            assert inside or name.split(".")[0] in allowed, f"{file.name}: {name}"


def _imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
