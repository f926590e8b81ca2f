"""An answer in pieces: sentences, entries of lists, rows of tables, with where they stand. Pure."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

_LINE = re.compile(r"[^\n]+")
_MARK = re.compile(r"[ \t>]*(?:[-*+]|\d{1,3}[.)])?[ \t]+|[ \t]*#{1,6}[ \t]+|[ \t]*>[ \t]*")
_RULE = re.compile(r"[\s|:*_-]*$")
_FENCE = re.compile(r"\s*(```|~~~)")
_ENDS = re.compile(r"(?<=[.!?])[*_\")\]]*\s+(?=[^a-z\s])")
_CODE = re.compile(r"`[^`\n]*`")
_SHORT = re.compile(r"(?:\b(?:e\.g|i\.e|etc|approx|vs|no|ca|cf|resp)\.|\d\.)$", re.IGNORECASE)
_LETTER = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of an answer that says something."""

    start: int
    end: int
    text: str


def pieces(text: str, most: int) -> Iterator[Piece]:
    """As many as are wanted; what stands between fences is of no sentence."""
    count, fenced = 0, False
    for line in _LINE.finditer(text):
        if _FENCE.match(line[0]):
            fenced = not fenced
            continue
        if fenced:
            continue
        for piece in _of_line(line[0], line.start()):
            if count == most:
                return
            count += 1
            yield piece


def _of_line(line: str, at: int) -> Iterator[Piece]:
    if _RULE.match(line):
        return
    if line.lstrip().startswith("|"):
        yield from _piece(line, 0, len(line), at)
        return
    marked = _MARK.match(line)
    start = marked.end() if marked else 0
    code = [found.span() for found in _CODE.finditer(line)]
    begins = [begin for begin, _ in code]
    for found in _ENDS.finditer(line, start):
        place = bisect_left(begins, found.start()) - 1
        is_code = place >= 0 and found.start() < code[place][1]
        if is_code or _SHORT.search(line[start : found.start()]):
            continue
        yield from _piece(line, start, found.start(), at)
        start = found.end()
    yield from _piece(line, start, len(line), at)


def _piece(line: str, start: int, end: int, at: int) -> Iterator[Piece]:
    part = line[start:end]
    left, right = len(part) - len(part.lstrip()), len(part) - len(part.rstrip())
    start, end = start + left, end - right
    if start < end and _LETTER.search(line, start, end):
        yield Piece(at + start, at + end, line[start:end])
