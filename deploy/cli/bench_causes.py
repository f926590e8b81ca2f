"""`aiops bench petshop` and `nezha`: what the two share, and what is written."""

import csv
import gzip
import json
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

from deploy.cli.output import fail, say
from services.rca.ranking import Evidence, Ranking

Ranked = Iterator[tuple[str, Callable[[], Ranking]]]
"""Every case, and what ranks it once it has been read."""


def write(out: Path, cases: Ranked) -> None:
    """Write ``ranks.json``, the entities of each case by rank, and ``reasons.json``, why so."""
    ranks: dict[str, list[str]] = {}
    reasons: dict[str, Any] = {}
    seconds = 0.0
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, rank in cases:
            began = time.process_time()
            found = rank()
            seconds += time.process_time() - began
            ranks[name] = [each.entity for each in found.candidates]
            reasons[name] = _reasons(found)
        (out / "ranks.json").write_text(json.dumps(ranks, indent=1) + "\n")
        (out / "reasons.json").write_text(json.dumps(reasons, indent=1) + "\n")
    except OSError as error:
        fail(str(error))
    except (KeyError, ValueError, TypeError) as error:
        fail(f"the data is not as it should be: {error!r}")
    if not ranks:
        fail("there is no case in the data")
    say(f"{len(ranks)} cases, {seconds / len(ranks):.2f} s of CPU each")


def document(path: Path) -> Any:
    """A JSON document."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        fail(f"{path}: {error}")


def rows(path: Path) -> Iterator[list[str]]:
    """The lines of a CSV file, packed or not."""
    try:
        with _opened(path) as file:
            yield from csv.reader(file)
    except (OSError, EOFError, zlib.error, csv.Error, UnicodeDecodeError) as error:
        fail(f"{path}: {error}")


def _opened(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", newline="")
    return path.open(newline="")


def number(text: str) -> float:
    """NaN for what is missing."""
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _reasons(found: Ranking) -> Any:
    cause = found.cause
    return {
        "cause": cause and cause.entity,
        "candidates": [
            {
                "entity": each.entity,
                "score": round(each.score, 4),
                "for": _said(each.reasons),
                "against": _said(each.doubts),
            }
            for each in found.candidates[:5]
        ],
    }


def _said(evidence: Sequence[Evidence]) -> list[str]:
    return [each.said for each in evidence[:5]]
