"""The newest frames of the log in memory, found by sequence."""

from bisect import bisect_right

from services.runtime.frames import Frame

_TRIM = 64


class Ring:
    """Frames in order, bounded by number and by size; who needs older ones reads the log."""

    def __init__(self, size: int, max_bytes: int) -> None:
        self._size = size
        self._max_bytes = max_bytes
        self._frames: list[Frame] = []
        self._sequences: list[int] = []
        self._first = 0
        self._bytes = 0
        self._floor = 0
        self._last = 0

    @property
    def floor(self) -> int:
        """Everything of the log after this position, up to `last`, is here."""
        return self._floor

    @property
    def last(self) -> int:
        """The newest position that has passed through."""
        return self._last

    def start(self, position: int) -> None:
        """Empty, and complete after this position."""
        self._frames.clear()
        self._sequences.clear()
        self._first = self._bytes = 0
        self._floor = self._last = position

    def put(self, frame: Frame) -> None:
        """Add the next one; the oldest make room."""
        self._frames.append(frame)
        self._sequences.append(frame.sequence)
        self._bytes += len(frame.text)
        self._last = frame.sequence
        while len(self._frames) - self._first > self._size or self._bytes > self._max_bytes:
            self._evict()

    def skip(self, sequence: int) -> None:
        """Nothing is to be told of this position."""
        self._last = sequence

    def after(self, position: int, most: int) -> list[Frame]:
        """The next frames after a position, which must not be below `floor`."""
        start = bisect_right(self._sequences, position, lo=self._first)
        return self._frames[start : start + most]

    def _evict(self) -> None:
        """Forget the oldest; the lists are cut in steps, since cutting moves all of the rest."""
        oldest = self._frames[self._first]
        self._floor = oldest.sequence
        self._bytes -= len(oldest.text)
        self._first += 1
        if self._first >= _TRIM:
            del self._frames[: self._first]
            del self._sequences[: self._first]
            self._first = 0
