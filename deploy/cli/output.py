"""How the command line says things: tables for people, JSON for programs, one line for errors."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from rich.console import Console
from rich.table import Table


def say(text: str) -> None:
    """One line."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def fail(text: str, code: int = 1) -> NoReturn:
    """One line on standard error, and the end."""
    sys.stderr.write(f"aiops: {text}\n")
    raise SystemExit(code)


def listing(rows: Sequence[Mapping[str, Any]], *, as_json: bool, empty: str) -> None:
    """Rows as JSON or as a table."""
    if as_json:
        say(json.dumps(rows, indent=2, default=str))
        return
    if not rows:
        say(empty)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in rows[0]:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    Console().print(table)


def _cell(value: Any) -> str:
    return "" if value is None else str(value)
