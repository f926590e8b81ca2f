"""How far long work is: bars on a terminal, one line for each step elsewhere."""

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

Advance = Callable[[float], None]


class Bars:
    """The steps of one command."""

    def __init__(self, say: Callable[[str], None], *, shown: bool | None = None) -> None:
        """``shown``: whether there are bars; by default if standard output is a terminal."""
        self._say = say
        shown = sys.stdout.isatty() if shown is None else shown
        self._progress = _progress() if shown else None

    @contextmanager
    def step(self, name: str, total: float | None) -> Generator[Advance]:
        """A step for the time of a block; what it gives is told how much more is done.

        Without a total nobody knows how much there is to do: a bar only shows that it goes on.
        """
        if self._progress is None:
            self._say(name)
            yield lambda _: None
            return
        whole = None if total is None else max(total, 1)
        task = self._progress.add_task(name, total=whole)
        yield lambda more: self._progress.advance(task, more) if self._progress else None
        self._progress.update(task, total=whole or 1, completed=whole or 1)

    @contextmanager
    def shown(self) -> Generator[None]:
        """The bars are there for the time of a block."""
        if self._progress is None:
            yield
            return
        with self._progress:
            yield


def _progress() -> Progress:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=Console(), refresh_per_second=4)
