"""Which log lines have come already, so that a tail can resume without telling one twice: pure."""

from collections import OrderedDict
from collections.abc import Hashable

OVERLAP = 2_000_000_000
"""Nanoseconds before the newest line from which a tail resumes: streams are not quite in step."""
_MOST = 20_000


class Seen:
    """The lines of the last moments; a burst of more than fits may be told in part again."""

    def __init__(self) -> None:
        self.newest = 0
        """Nanoseconds of the newest line."""
        self._lines: OrderedDict[tuple[int, int], None] = OrderedDict()

    def fresh(self, at: int, line: Hashable) -> bool:
        """True if a line has not come yet; from now on it has."""
        # The hash alone: lines may be long. Two of one nanosecond that share it are one in 2^61.
        key = (at, hash(line))
        if key in self._lines:
            return False
        self._lines[key] = None
        self.newest = max(self.newest, at)
        while len(self._lines) > _MOST:
            self._lines.popitem(last=False)
        return True

    @property
    def resume(self) -> int:
        """From when on to ask again, 0 if nothing has come."""
        return max(self.newest - OVERLAP, 0)
