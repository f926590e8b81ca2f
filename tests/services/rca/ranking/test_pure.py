"""Ranking has no outside: neither clock nor bus, neither files nor chance."""

import ast
from pathlib import Path

import services.rca.ranking

ALLOWED = {
    "bisect",
    "collections",
    "dataclasses",
    "functools",
    "math",
    "re",
    "statistics",
    "typing",
    "services",
}


def test_it_imports_arithmetic_only() -> None:
    files = sorted(Path(services.rca.ranking.__file__).parent.glob("*.py"))
    assert len(files) > 10
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [each.name for each in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            for name in names:
                assert name.split(".")[0] in ALLOWED, f"{file.name}: {name}"
                assert not name.startswith("services") or name.startswith("services.rca.ranking")
