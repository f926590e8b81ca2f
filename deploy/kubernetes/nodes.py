"""What a tree of objects is made of: plain data, with holes that values fill.

The same tree becomes plain objects (`resolve`, for kustomize) and the text of a Helm template
(`deploy.kubernetes.template`), so the two cannot differ.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

RELEASE: Mapping[str, Any] = {"Namespace": "aiops", "Revision": 1}
"""What Helm tells of a release, as kustomize has it."""


@dataclass(frozen=True, slots=True)
class Value:
    """What stands in the values at a dotted path; `Release.…` is Helm's own."""

    path: str


@dataclass(frozen=True, slots=True)
class Text:
    """A string put together of literal pieces and values; values must need no quoting."""

    pieces: tuple["str | Value", ...]


@dataclass(frozen=True, slots=True)
class Is:
    """True where the value at a path is one, or equals what is named."""

    path: str
    equal_to: str | int | None = None


@dataclass(frozen=True, slots=True)
class Not:
    """True where a condition is not."""

    condition: "Condition"


@dataclass(frozen=True, slots=True)
class All:
    """True where all conditions are."""

    conditions: tuple["Condition", ...]


Condition = Is | Not | All


@dataclass(frozen=True, slots=True)
class When:
    """A key's value or an item of a list that is there only under a condition."""

    condition: Condition
    node: Any


@dataclass(frozen=True, slots=True)
class Variables:
    """Items of a list: the variables of an environment in the mapping at a path."""

    path: str


class _Absent:
    """What a condition leaves out."""


_ABSENT = _Absent()


def text(*pieces: str | Value) -> Text:
    """A string of these pieces."""
    return Text(pieces)


def both(*conditions: Condition) -> All:
    """True where all of these are."""
    return All(conditions)


def look_up(values: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path; KeyError if there is none."""
    found: Any = values
    for name in path.split("."):
        found = found[name]
    return found


def holds(condition: Condition, values: Mapping[str, Any]) -> bool:
    """Whether a condition is true of these values."""
    match condition:
        case Is(path, None):
            return bool(look_up(values, path))
        case Is(path, wanted):
            return look_up(values, path) == wanted
        case Not(inner):
            return not holds(inner, values)
        case All(several):
            return all(holds(each, values) for each in several)


def resolve(node: Any, values: Mapping[str, Any]) -> Any:
    """Plain data: every hole filled from these values."""
    found = _resolved(node, {"Release": RELEASE, **values})
    return None if found is _ABSENT else found


def _resolved(node: Any, values: Mapping[str, Any]) -> Any:
    match node:
        case dict():
            return _pairs(cast("dict[str, Any]", node), values)
        case list():
            return _items(cast("list[Any]", node), values)
        case When(condition, inner):
            return _resolved(inner, values) if holds(condition, values) else _ABSENT
        case Value() | Text():
            return _filled(node, values)
        case _:
            return node


def _filled(hole: Value | Text, values: Mapping[str, Any]) -> Any:
    if isinstance(hole, Value):
        return look_up(values, hole.path)
    return "".join(_piece(each, values) for each in hole.pieces)


def _pairs(nodes: dict[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    found = {key: _resolved(each, values) for key, each in nodes.items()}
    return {key: each for key, each in found.items() if each is not _ABSENT}


def _items(nodes: list[Any], values: Mapping[str, Any]) -> list[Any]:
    items: list[Any] = []
    for node in nodes:
        if isinstance(node, Variables):
            given: Mapping[str, str] = look_up(values, node.path)
            items += [{"name": name, "value": given[name]} for name in sorted(given)]
            continue
        item = _resolved(node, values)
        if item is not _ABSENT:
            items.append(item)
    return items


def _piece(piece: str | Value, values: Mapping[str, Any]) -> str:
    return piece if isinstance(piece, str) else str(look_up(values, piece.path))
