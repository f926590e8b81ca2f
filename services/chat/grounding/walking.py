"""One way through what a tool has told: its numbers, texts, and what of it can be opened. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, cast

_MOST = 60_000
"""Values of one answer that are looked at."""
_UNIX = (1_000_000_000.0, 4_200_000_000.0)
_LARGEST = 2**62
_CITED = ("cited", "effects")
_SHARES = (
    ("memory_used_mb", "memory_total_mb"),
    ("power_draw_watts", "power_limit_watts"),
    ("used_vfs", "total_vfs"),
)
"""Of which people say how many per cent the one is of the other."""

Object = dict[str, Any]


@dataclass(slots=True)
class Thing:
    """An object that can be opened: an event, or what has an id."""

    sequence: int | None
    """Of an event."""
    link: str
    label: str
    texts: list[str] = field(default_factory=list[str])


@dataclass(slots=True)
class Walk:
    """What was met on the way."""

    kind: str
    """Of what has an id, as it stands in a path; empty: nothing of it can be opened."""
    numbers: set[float] = field(default_factory=set[float])
    moments: set[float] = field(default_factory=set[float])
    """Numbers that may be Unix seconds."""
    texts: list[str] = field(default_factory=list[str])
    """Those that stand in no thing."""
    things: list[Thing] = field(default_factory=list[Thing])

    def go(self, told: object) -> None:
        """Takes in all of it."""
        left: list[tuple[object, Thing | None]] = [(told, None)]
        seen = 0
        # By the type itself, not by what it may be derived from: this is most of the work.
        while left and seen < _MOST:
            seen += 1
            value, thing = left.pop()
            kind = type(value)
            if kind is str:
                (self.texts if thing is None else thing.texts).append(cast("str", value))
            elif kind is int or kind is float:
                self._number(cast("float", value))
            elif kind is dict:
                one = cast("Object", value)
                thing = self._object(one, thing) or thing
                left += [(each, thing) for each in one.values() if each is not None]
            elif kind is list or kind is tuple:
                some = cast("Sequence[object]", value)
                self.numbers.add(float(len(some)))
                left += [(each, thing) for each in some]
                if len(some) > 1 and type(some[0]) is dict:
                    self._count(some)

    def _number(self, value: float) -> None:
        if -_LARGEST < value < _LARGEST:
            self.numbers.add(float(value))
            if _UNIX[0] < value < _UNIX[1]:
                self.moments.add(value)

    def _object(self, one: Object, within: Thing | None) -> Thing | None:
        for part, whole in _SHARES:
            if part in one and whole in one:
                self._share(one[part], one[whole])
        for name in _CITED:
            if name in one:
                self._cite(one[name], one)
        made = self._thing(one, within)
        if made is not None:
            self.things.append(made)
        return made

    def _share(self, part: Any, whole: Any) -> None:
        if all(isinstance(each, int | float) for each in (part, whole)) and whole:
            self.numbers.add(100.0 * part / whole)

    def _thing(self, one: Object, within: Thing | None) -> Thing | None:
        if "sequence" in one and _is_position(one["sequence"]):
            label: object = one.get("event_type") or one.get("name") or one.get("text") or "event"
            return _event(one["sequence"], str(label))
        id_ = one.get("id")
        # What stands within something that can be opened is of another kind: an incident's cluster.
        if self.kind and within is None and isinstance(id_, str) and 0 < len(id_) <= 64:
            return Thing(None, f"/api/v1/{self.kind}/{id_}", self.kind)
        return None

    def _cite(self, sequences: object, claim: Object) -> None:
        """Events that a claim of an analysis rests on: each is a thing with the claim's words."""
        text = claim.get("text")
        label = text if isinstance(text, str) and text else "event"
        cited = cast("list[object]", sequences) if isinstance(sequences, list) else []
        for each in cited[:50]:
            if _is_position(each):
                made = _event(cast("int", each), label)
                made.texts.append(made.label)
                self.things.append(made)

    def _count(self, rows: Sequence[object]) -> None:
        """How many of the rows are alike in a field, and what their numbers are together."""
        alike = dict[tuple[str, object], int]()
        figures = dict[str, list[float]]()
        for row in rows:
            for name, each in cast("Object", row).items() if type(row) is dict else ():
                if isinstance(each, str | bool):
                    alike[name, each] = alike.get((name, each), 0) + 1
                elif isinstance(each, int | float) and -1e15 < each < 1e15:
                    figures.setdefault(name, []).append(each)
                elif isinstance(each, list):
                    # All that stand in the rows together: GPUs of nodes.
                    figures.setdefault(f"{name}[]", []).append(len(cast("list[object]", each)))
        self.numbers.update(map(float, set(alike.values())))
        for some in figures.values():
            total = sum(some)
            if isfinite(total):
                self.numbers |= {float(total), total / len(some)}


def _is_position(value: object) -> bool:
    return type(value) is int and 0 < value < _LARGEST


def _event(sequence: int, label: str) -> Thing:
    return Thing(sequence, f"/api/v1/events/{sequence}", label[:300])
