"""Stretches of the live stream, as all clients with the same filter and position see them.

What one client's task has filtered and encoded the next one finds ready: a thousand clients that
want the same cost one encoding, and a write each.
"""

from collections.abc import Hashable
from dataclasses import dataclass, field

from services.runtime.frames import Frame

LARGEST_BATCH = 64 * 1024
"""Bytes of a frame with several events."""
_HEAD, _TAIL = b'{"type":"events","events":[', b"]}"
_MOST = 256


@dataclass(frozen=True, slots=True)
class Piece:
    """What is sent at once."""

    data: bytes
    last: int
    """Sequence of its last event."""
    count: int
    """Events in it."""


@dataclass(slots=True, eq=False)
class Slice:
    """The events between two positions that pass a filter."""

    frames: list[Frame]
    reached: int
    """Everything up to here is in it, or is not for who asked."""
    telemetry: bool = False
    """True: measurements, whose sequences are none of the log."""
    _singles: list[Piece] | None = field(default=None, repr=False)
    _batches: list[Piece] | None = field(default=None, repr=False)

    def singles(self) -> list[Piece]:
        """A frame for each event."""
        if self._singles is None:
            self._singles = [Piece(frame.text.encode(), frame.sequence, 1) for frame in self.frames]
        return self._singles

    def batches(self) -> list[Piece]:
        """Frames of at most 64 KiB with several events; one that is alone or larger goes by itself.

        Encoded once, however many clients get them.
        """
        if self._batches is None:
            self._batches = _batches(self.singles())
        return self._batches


def _batches(singles: list[Piece]) -> list[Piece]:
    found: list[Piece] = []
    room, together = LARGEST_BATCH, list[Piece]()
    for piece in singles:
        size = len(piece.data) + 1
        if together and size > room:
            found.append(_joined(together))
            room, together = LARGEST_BATCH, []
        room -= size if together else size + len(_HEAD) + len(_TAIL)
        together.append(piece)
    if together:
        found.append(_joined(together))
    return found


def _joined(pieces: list[Piece]) -> Piece:
    if len(pieces) == 1:
        return pieces[0]
    body = b",".join([piece.data for piece in pieces])
    return Piece(_HEAD + body + _TAIL, pieces[-1].last, len(pieces))


class Shared:
    """The slices of the last moment. Few, and forgotten as a whole: they are cheap to make."""

    def __init__(self) -> None:
        self._found: dict[Hashable, Slice] = {}

    def find(self, key: Hashable) -> Slice | None:
        """One that somebody else has asked for."""
        return self._found.get(key)

    def keep(self, key: Hashable, made: Slice) -> Slice:
        """Let others have it."""
        if len(self._found) >= _MOST:
            self._found.clear()
        self._found[key] = made
        return made

    def forget(self) -> None:
        """Time has moved on."""
        self._found.clear()
