"""`aiops bench`: the production detector, row by row, over a directory of recorded series."""

import csv
import math
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TextIO

from deploy.cli.output import fail, say
from services.anomalies.detecting.single import State, fresh, scores

_AT_ONCE = 10_000
"""Rows of a file in memory."""

_Row = tuple[str, float, float]
"""The time stamp as it was written, as Unix time, and the value."""


def score_all(data: Path, out: Path, episode: Path | None) -> None:
    """Write a score for every row of every CSV file below a directory, at the same place below."""
    if not data.is_dir():
        fail(f"{data} is no directory")
    folders = [folder.resolve() for folder in (out, episode) if folder]
    if data.resolve() in folders or len(set(folders)) != len(folders):
        fail("the data, the onset scores and the episode scores need a directory each")
    files = sorted(
        path
        for path in data.rglob("*.csv")
        if path.is_file() and not any(path.resolve().is_relative_to(each) for each in folders)
    )
    if not files:
        fail(f"there is no CSV file below {data}")
    rows, seconds = 0, 0.0
    for file in files:
        targets = [folder / file.relative_to(data) for folder in (out, episode) if folder]
        try:
            more, took = _score(file, targets)
        except OSError as error:
            fail(str(error))
        rows, seconds = rows + more, seconds + took
    each = 1e6 * seconds / max(rows, 1)
    say(f"{len(files)} series, {rows} rows, {each:.2f} ms of CPU per 1,000 rows")


def _score(file: Path, targets: Sequence[Path]) -> tuple[int, float]:
    """Rows, and the seconds of CPU that the detector took for them."""
    count, seconds, state = 0, 0.0, fresh()
    with ExitStack() as stack:
        source = stack.enter_context(file.open(newline=""))
        written = [csv.writer(stack.enter_context(_new(target))) for target in targets]
        for writer in written:
            writer.writerow(("timestamp", "anomaly_score"))
        rows = _rows(file, csv.reader(source))
        while some := list(islice(rows, _AT_ONCE)):
            began = time.process_time()
            found = _scores(some, state)
            seconds += time.process_time() - began
            count += len(some)
            for at, writer in enumerate(written):
                writer.writerows(
                    (row[0], f"{score[at]:.8f}") for row, score in zip(some, found, strict=True)
                )
    return count, seconds


def _scores(rows: Sequence[_Row], state: State) -> list[tuple[float, float]]:
    return list(scores(((when, value) for _, when, value in rows), state))


def _new(target: Path) -> TextIO:
    target.parent.mkdir(parents=True, exist_ok=True)
    return target.open("w", newline="")


def _rows(file: Path, lines: Iterator[list[str]]) -> Iterator[_Row]:
    head = [name.strip() for name in next(lines, None) or ()]
    if not {"timestamp", "value"} <= set(head):
        fail(f"{file}: its first line does not name timestamp and value")
    when, what = head.index("timestamp"), head.index("value")
    for number, line in enumerate(lines, start=2):
        if not line:
            continue
        if len(line) < len(head):
            fail(f"{file}, line {number}: {len(line)} columns instead of {len(head)}")
        yield line[when], _time(file, number, line[when]), _value(line[what])


def _time(file: Path, number: int, text: str) -> float:
    """A time without a zone is taken as UTC."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        fail(f"{file}, line {number}: {text!r} is no time")
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _value(text: str) -> float:
    """What is no number is no measurement: the row does not count, and is no anomaly."""
    try:
        return float(text)
    except ValueError:
        return math.nan
