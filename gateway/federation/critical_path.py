"""The critical path of a trace: which spans its duration was really spent in.

As Jaeger does it, after CRISP (Zhang et al., "CRISP: Critical Path Analysis of Large-Scale
Microservice Architectures", USENIX ATC 2022). From the end of the root one goes back in time: the
span waits for the child that finished last, so the time since then is its own, and the time of the
child is looked at in the same way; then the child that had finished last before that one began,
until the beginning. A child that ran beside the one on the path cost no time and is not on it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from gateway.federation.otlp import Span


class Segment(msgspec.Struct, frozen=True):
    """A stretch of the path that a span spent by itself."""

    span_id: str
    start: int
    """Unix nanoseconds."""
    end: int


@dataclass(frozen=True, slots=True)
class _Visit:
    """A span within the bounds of its parents: clocks of two machines may disagree."""

    span: Span
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Own:
    """Time that a span spent by itself, found but not yet written down."""

    span: Span
    start: int
    end: int


def root_of(spans: Sequence[Span]) -> Span:
    """The earliest span without a parent; else whose parent is not known; else of all."""
    known = {span.span_id for span in spans}

    def rank(span: Span) -> tuple[int, int, str]:
        parent = span.parent_span_id
        return (0 if parent is None else 2 if parent in known else 1), span.start, span.span_id

    return min(spans, key=rank)


def critical_path(spans: Sequence[Span]) -> list[Segment]:
    """The stretches of the path in time order: without gaps, together as long as the root."""
    if not spans:
        return []
    root = root_of(spans)
    children = _children(spans, root)
    path: list[Segment] = []
    # A stack of our own, as a trace may be deeper than Python's; its top is the latest in time.
    todo: list[_Visit | _Own] = [_Visit(root, root.start, root.end)]
    while todo:
        match todo.pop():
            case _Own(span, start, end):
                if end > start:
                    path.append(Segment(span.span_id, start, end))
            case _Visit() as visit:
                todo.extend(reversed(_backwards(visit, children.get(visit.span.span_id, ()))))
    path.reverse()
    return path


def _children(spans: Sequence[Span], root: Span) -> Mapping[str, Sequence[Span]]:
    """By parent; the root is nobody's child, so that a circle of parents is cut open."""
    found: dict[str, list[Span]] = {}
    for span in spans:
        if span.parent_span_id is not None and span is not root:
            found.setdefault(span.parent_span_id, []).append(span)
    return found


def _backwards(visit: _Visit, children: Iterable[Span]) -> list[_Visit | _Own]:
    """What the time of a span was spent on, latest first."""
    steps: list[_Visit | _Own] = []
    now = visit.end
    for child in sorted(_within(visit, children), key=lambda each: each.end, reverse=True):
        if child.end <= now:
            steps += [_Own(visit.span, child.end, now), child]
            now = child.start
    return [*steps, _Own(visit.span, visit.start, now)]


def _within(visit: _Visit, children: Iterable[Span]) -> list[_Visit]:
    """The children cut to the time of their parent; those outside of it are not waited for."""
    cut = (
        _Visit(child, max(child.start, visit.start), min(child.end, visit.end))
        for child in children
    )
    return [each for each in cut if each.start <= each.end]
