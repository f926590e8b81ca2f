"""How much memory each process of the platform has while things fail."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import psutil

_EVERY = 2.0
_MB = 1024 * 1024


@dataclass
class Memory:
    """Looks every two seconds at the processes that `pids` tells, by part."""

    pids: Callable[[], Mapping[str, int]]
    seen: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    """MB, in order."""
    _stopped: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        threading.Thread(target=self._run, daemon=True).start()

    def stop(self) -> None:
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.wait(_EVERY):
            for part, pid in self.pids().items():
                size = _size(pid)
                if size:
                    self.seen.setdefault(part, []).append(size)

    def told(self) -> list[str]:
        """A line a part: the most in the first third, in the last, and at all."""
        lines: list[str] = []
        for part, sizes in sorted(self.seen.items()):
            third = max(1, len(sizes) // 3)
            first, last = max(sizes[:third]), max(sizes[-third:])
            lines.append(f"{part}: {first:.0f} · {last:.0f} · {max(sizes):.0f} MB")
        return lines


def _size(pid: int) -> float:
    """Resident, but for what is shared; the children counted with it."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
        return sum(each.memory_info().rss - each.memory_info().shared for each in family) / _MB
    except psutil.Error:
        return 0.0
