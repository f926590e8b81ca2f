"""Reads YAML that others sent, as far as plain JSON could say the same: pure, and bounded.

No anchors and aliases (they multiply a small text into a huge one), no tags but those of the types
of JSON, no directives, one document, no key twice. libyaml takes time with the square of the depth
of ``[[[[`` and of the number of ``%TAG`` lines, and wipes a buffer as long as the longest run of
blanks at every later one. So there are bounds, and a MiB of anything takes well under a second.
"""

import re
from typing import NoReturn

import yaml

# Not the loader in pure Python, which takes seconds for 100,000 events. Wheels hold libyaml.
from yaml import CSafeLoader

Tree = dict[str, "Tree"] | list["Tree"] | str | None
"""A document. A scalar is its text, whatever YAML would make of it; only a plain null is None."""

_MAX_DEPTH = 32
_MAX_EVENTS = 100_000
_TAGS = frozenset(
    f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq")
)
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
# The look-behind lets the search begin once in each run, not at each of its blanks.
_BLANKS = re.compile(r"(?<!\s)\s{1001}")
_DIRECTIVE = re.compile(r"(?:\A|[\n\r\x85\u2028\u2029\ufeff])%")

_Container = dict[str, Tree] | list[Tree]
_Node = yaml.ScalarEvent | yaml.MappingStartEvent | yaml.SequenceStartEvent


class NotPlain(ValueError):
    """The text is no such YAML; says why and in which line, and repeats nothing of it."""


def parse(text: str) -> Tree:
    """The one document of a text, which the caller has found short enough; NotPlain otherwise."""
    if _DIRECTIVE.search(text):
        raise NotPlain("directives are not taken")
    if _BLANKS.search(text):
        raise NotPlain("there are more than 1000 blanks in a row")
    builder = _Builder()
    # A lone surrogate becomes a question mark: the exception would carry the whole text along.
    events = yaml.parse(text.encode("utf-8", "replace"), Loader=CSafeLoader)
    try:
        for number, event in enumerate(events):
            if number > _MAX_EVENTS:
                raise NotPlain(f"there are more than {_MAX_EVENTS} nodes")
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        line = "" if error.problem_mark is None else f" (line {error.problem_mark.line + 1})"
        raise NotPlain(f"this is not YAML{line}") from None
    except yaml.YAMLError:
        raise NotPlain("this is not YAML") from None
    return builder.root


class _Builder:
    """Makes a tree of YAML events, refusing whatever plain JSON could not say."""

    def __init__(self) -> None:
        self.root: Tree = None
        self._documents = 0
        self._open: list[_Container] = []
        self._keys: list[str | None] = []

    def take(self, event: yaml.Event) -> None:
        match event:
            case yaml.DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    _refuse("there is more than one document", event)
            case yaml.AliasEvent():
                _refuse("aliases are not taken", event)
            case yaml.ScalarEvent():
                self._put(_scalar(event), event)
            case yaml.MappingStartEvent():
                self._enter({}, event)
            case yaml.SequenceStartEvent():
                self._enter([], event)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._open.pop()
                self._keys.pop()
            case _:
                pass

    def _enter(self, container: _Container, event: _Node) -> None:
        if len(self._open) == _MAX_DEPTH:
            _refuse("it is nested too deeply", event)
        self._put(container, event)
        self._open.append(container)
        self._keys.append(None)

    def _put(self, value: Tree, event: _Node) -> None:
        if event.anchor is not None:
            _refuse("anchors are not taken", event)
        if event.tag is not None and event.tag not in _TAGS:
            _refuse("tags are not taken", event)
        match self._open[-1] if self._open else None:
            case None:
                self.root = value
            case list() as items:
                items.append(value)
            case dict() as fields:
                self._put_field(fields, value, event)

    def _put_field(self, fields: dict[str, Tree], value: Tree, event: _Node) -> None:
        key = self._keys[-1]
        if key is not None:
            fields[key], self._keys[-1] = value, None
            return
        if not isinstance(value, str) or value == "<<":
            _refuse("a key must be a text", event)
        if value in fields:
            _refuse("a key is given twice", event)
        self._keys[-1] = value


def _scalar(event: yaml.ScalarEvent) -> str | None:
    plain = event.implicit[0] and event.style in (None, "")
    return None if plain and event.value in _NULLS else event.value


def _refuse(why: str, event: yaml.Event) -> NoReturn:
    line = "" if event.start_mark is None else f" (line {event.start_mark.line + 1})"
    raise NotPlain(f"{why}{line}")
