"""Requests as an entity handled them: what its spans and log lines say, folded together."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from services.rca.ranking.templates import Templates, severe


@dataclass(frozen=True, slots=True)
class Span:
    """One piece of work of a traced request; times in seconds."""

    trace: str
    span: str
    parent: str
    """Empty, or a span that is not among those looked at: the request began here."""
    entity: str
    operation: str
    start: float
    duration: float

    @property
    def end(self) -> float:
        """When it was over."""
        return self.start + self.duration


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a log that says in which span it was written."""

    trace: str
    span: str
    entity: str
    message: str


Features = tuple[tuple[str, int], ...]
"""How often each thing was done or written, by name."""


@dataclass(frozen=True, slots=True)
class Handled:
    """A request from its arrival at an entity to the answer; seconds."""

    entity: str
    operation: str
    start: float
    own: float
    """Without the time in which other entities were waited for."""
    caller: str | None
    gap: float
    """How much longer the caller waited than this took: network, queues, either side's stack."""
    done: Features
    errors: frozenset[str]
    """Templates of lines that call themselves errors."""
    calls: tuple[str, ...]
    """Entities that were called, by when it began."""
    answered: frozenset[str] = frozenset()
    """Steps in which another entity's work was seen."""
    unanswered: frozenset[str] = frozenset()
    """Steps that were taken without any further one."""


_Id = tuple[str, str]


@dataclass(slots=True)
class _Work:
    """What one entity did for one request, while it is put together."""

    done: Counter[str] = field(default_factory=Counter[str])
    errors: set[str] = field(default_factory=set[str])
    calls: list[tuple[float, str]] = field(default_factory=list[tuple[float, str]])
    answered: set[str] = field(default_factory=set[str])
    unanswered: set[str] = field(default_factory=set[str])
    waits: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])


def handled(
    spans: Sequence[Span], lines: Iterable[Line], templates: Templates
) -> Iterator[Handled]:
    """Every request that an entity got from another one, or from outside."""
    by_id = {(span.trace, span.span): span for span in spans}
    inner: dict[_Id, list[Span]] = defaultdict(list)
    for span in by_id.values():
        if span.parent != span.span and (span.trace, span.parent) in by_id:
            inner[span.trace, span.parent].append(span)
    written = _written(lines, templates)
    for span in by_id.values():
        parent = by_id.get((span.trace, span.parent))
        if parent is None or parent is span or parent.entity != span.entity:
            yield _one(span, None if parent is span else parent, inner, written)


def _written(
    lines: Iterable[Line], templates: Templates
) -> Mapping[tuple[str, str, str], list[tuple[str, bool]]]:
    found: dict[tuple[str, str, str], list[tuple[str, bool]]] = defaultdict(list)
    for line in lines:
        number = templates.number(line.entity, line.message)
        found[line.trace, line.span, line.entity].append((str(number), severe(line.message)))
    return found


def _one(
    span: Span,
    parent: Span | None,
    inner: Mapping[_Id, list[Span]],
    written: Mapping[tuple[str, str, str], list[tuple[str, bool]]],
) -> Handled:
    work = _Work()
    left = [span]
    while left:
        piece = left.pop()
        work.done["span " + piece.operation] += 1
        for number, error in written.get((piece.trace, piece.span, piece.entity), ()):
            if error:
                work.errors.add(number)
            else:
                work.done["line " + number] += 1
        left += _called(piece, inner.get((piece.trace, piece.span), ()), work)
    return Handled(
        entity=span.entity,
        operation=span.operation,
        start=span.start,
        own=max(0.0, span.duration - _together(work.waits)),
        caller=None if parent is None else parent.entity,
        gap=0.0 if parent is None else max(0.0, parent.duration - span.duration),
        done=tuple(sorted(work.done.items())),
        errors=frozenset(work.errors),
        calls=tuple(entity for _, entity in sorted(work.calls)),
        answered=frozenset(work.answered),
        unanswered=frozenset(work.unanswered),
    )


def _called(piece: Span, inside: Sequence[Span], work: _Work) -> Iterator[Span]:
    """Note the calls to other entities; what stays within is gone through next."""
    waited = False
    for each in inside:
        if each.entity == piece.entity:
            yield each
            continue
        waited = True
        work.calls.append((each.start, each.entity))
        work.done["call " + each.entity] += 1
    if waited:
        work.answered.add(piece.operation)
        work.waits.append((piece.start, piece.end))
    elif not inside:
        work.unanswered.add(piece.operation)


def _together(intervals: list[tuple[float, float]]) -> float:
    """Seconds that are covered by at least one."""
    total, until = 0.0, float("-inf")
    for start, end in sorted(intervals):
        total += max(0.0, end - max(start, until))
        until = max(until, end)
    return total
