"""Writes a tree of objects as YAML: plain, or as a Helm template with its holes."""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, cast

from deploy.kubernetes.nodes import (
    RELEASE,
    All,
    Condition,
    Is,
    Not,
    Text,
    Value,
    Variables,
    When,
    look_up,
)

_STEP = 2


def expression(condition: Condition) -> str:
    """A condition in the language of Helm's templates."""
    match condition:
        case Is(path, None):
            return _reference(path)
        case Is(path, int() as number):
            return f"(eq (int {_reference(path)}) {number})"
        case Is(path, wanted):
            return f'(eq {_reference(path)} "{wanted}")'
        case Not(inner):
            return f"(not {expression(inner)})"
        case All(several):
            return f"(and {' '.join(map(expression, several))})"


def _reference(path: str) -> str:
    return f".{path}" if path.startswith("Release.") else f".Values.{path}"


class Writer:
    """Writes objects for one chart; its default values say what kind each hole is."""

    def __init__(self, values: Mapping[str, Any] | None = None) -> None:
        """``values``: the chart's; none: what is written is plain, and braces are only braces."""
        self._values = {"Release": RELEASE, **(values or {})}
        self._is_template = values is not None

    def text(self, node: Any) -> str:
        """One document."""
        return "\n".join(self._block(node, 0)) + "\n"

    def _block(self, node: Any, indent: int) -> Iterator[str]:
        if isinstance(node, dict):
            for key, each in cast("dict[str, Any]", node).items():
                yield from self._guarded(each, partial(self._pair, key, indent=indent))
            return
        for each in cast("list[Any]", node):
            if isinstance(each, Variables):
                yield from _loop(each, indent)
            else:
                yield from self._guarded(each, partial(self._item, indent=indent))

    def _guarded(self, node: Any, write: Callable[[Any], Iterator[str]]) -> Iterator[str]:
        if isinstance(node, When):
            yield f"{{{{- if {expression(node.condition)} }}}}"
            yield from self._guarded(node.node, write)
            yield "{{- end }}"
        else:
            yield from write(node)

    def _pair(self, key: str, node: Any, indent: int) -> Iterator[str]:
        head = f"{' ' * indent}{self._plain(key)}:"
        if isinstance(node, str) and "\n" in node:
            # With an indentation indicator, as a text may begin with spaces.
            keep = "" if node.endswith("\n") else "-"
            yield f"{head} |{_STEP}{keep}"
            inner = " " * (indent + _STEP)
            yield from (
                f"{inner}{self._escaped(line)}" if line else "" for line in node.splitlines()
            )
        elif isinstance(node, dict | list) and node:
            yield head
            yield from self._block(node, indent + _STEP)
        elif isinstance(node, Value) and self._is_tree(node):
            yield head
            yield f"{{{{- toYaml {_reference(node.path)} | nindent {indent + _STEP} }}}}"
        else:
            yield f"{head} {self._scalar(node)}"

    def _item(self, node: Any, indent: int) -> Iterator[str]:
        if not isinstance(node, dict | list) or not node:
            yield f"{' ' * indent}- {self._scalar(node)}"
            return
        lines = list(self._block(node, indent + _STEP))
        # The dash needs a line that is always there: none that a condition may leave out.
        if lines[0].startswith("{{"):
            raise ValueError(f"the first key of an item must not depend on values: {lines[1]}")
        yield f"{' ' * indent}- {lines[0].strip()}"
        yield from lines[1:]

    def _is_tree(self, node: Value) -> bool:
        return isinstance(look_up(self._values, node.path), dict | list)

    def _scalar(self, node: Any) -> str:
        match node:
            case Value(path):
                return self._hole(path)
            case Text(pieces):
                inner = [
                    json.dumps(self._escaped(each))[1:-1]
                    if isinstance(each, str)
                    else f"{{{{ {self._inside(each.path)} }}}}"
                    for each in pieces
                ]
                return f'"{"".join(inner)}"'
            case str():
                return self._plain(node)
            case _:
                return json.dumps(node)

    def _hole(self, path: str) -> str:
        found = look_up(self._values, path)
        how = " | quote" if isinstance(found, str) else ""
        return f"{{{{ {self._inside(path)}{how} }}}}"

    def _inside(self, path: str) -> str:
        found = look_up(self._values, path)
        # Helm reads numbers as floats, and writes large ones with an exponent.
        is_number = isinstance(found, int) and not isinstance(found, bool)
        return f"int64 {_reference(path)}" if is_number else _reference(path)

    def _plain(self, told: str) -> str:
        """As YAML would take it for a string; JSON is YAML."""
        return told if _is_word(told) else json.dumps(self._escaped(told))

    def _escaped(self, told: str) -> str:
        """Braces that are meant for somebody else than Helm."""
        return told.replace("{{", "{{ `{{` }}") if self._is_template else told


def _is_word(told: str) -> bool:
    """What YAML reads as a string without quotes, and is no word of its own."""
    if told.lower() in {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}:
        return False
    return told.isascii() and told[:1].isalpha() and told.replace("-", "").isalnum()


def _loop(node: Variables, indent: int) -> Iterator[str]:
    space = " " * indent
    yield f"{{{{- range $name, $value := {_reference(node.path)} }}}}"
    yield f"{space}- name: {{{{ $name | quote }}}}"
    yield f"{space}  value: {{{{ $value | quote }}}}"
    yield "{{- end }}"


def plain_text(objects: list[dict[str, Any]]) -> str:
    """Objects without holes as the documents of one file."""
    writer = Writer()
    return "---\n".join(writer.text(each) for each in objects)
