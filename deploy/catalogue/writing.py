"""Markdown of types and texts: what stands in a cell, and how a JSON schema is said in words."""

import json
import re
import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

LINK = "[{model}](#{model})"
"""Templates of references in schemas: a link to the type's heading."""
_CODE = re.compile(r"(`[^`]*`)")
_FORMATS = {"date-time": "time", "uuid": "UUID"}
_LONGEST_DEFAULT = 40
_BOUNDS = {
    "minimum": "≥ {}",
    "maximum": "≤ {}",
    "exclusiveMinimum": "> {}",
    "exclusiveMaximum": "< {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {}",
    "maxItems": "at most {}",
    "minProperties": "at least {}",
    "maxProperties": "at most {}",
}


def plain(text: str | None) -> str:
    """A docstring in one line of Markdown, in which nothing is taken for HTML."""
    line = " ".join((text or "").replace("``", "`").split())
    parts = _CODE.split(line)
    return "".join(each if each.startswith("`") else each.replace("<", "&lt;") for each in parts)


def first(text: str | None) -> str:
    """Its first sentence."""
    return re.split(r"(?<=\.)\s", plain(text), maxsplit=1)[0]


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """A table, and an empty line after it."""
    heads = list(heads)
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(_cell(each) for each in row)} |"
    yield ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def filled(text: str) -> str:
    """A paragraph in lines that people can compare."""
    return textwrap.fill(text, 140, break_long_words=False, break_on_hyphens=False)


def anchor(heading: str) -> str:
    """The address of a heading within its page."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def said(schema: dict[str, Any]) -> str:
    """A type with its bounds and its default."""
    told = f"{_kind(schema)}{_bounds(schema)}"
    if schema.get("default") is None:
        return told
    default = json.dumps(schema["default"], ensure_ascii=False)
    return f"{told} = `{default if len(default) <= _LONGEST_DEFAULT else '…'}`"


def _kind(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].partition("]")[0].lstrip("[")
        return "any JSON" if name == "JsonValue" else f"[{name}](#{anchor(name)})"
    choices = schema.get("anyOf") or schema.get("oneOf")
    if choices:
        return " or ".join(f"{_kind(each)}{_bounds(each)}" for each in choices)
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return " or ".join(f"`{each}`" for each in schema["enum"])
    return _simple(schema)


def _simple(schema: dict[str, Any]) -> str:
    match schema.get("type"):
        case "array":
            return _list(schema)
        case "object":
            return f"map of {_kind(_values(schema))}"
        case "string":
            return _FORMATS.get(schema.get("format", ""), "text")
        case None:
            return "any JSON"
        case kind:
            return str(kind)


def _values(schema: dict[str, Any]) -> dict[str, Any]:
    """What a map holds, whatever is asked of its keys."""
    patterns: dict[str, dict[str, Any]] = schema.get("patternProperties", {})
    of: Any = next(iter(patterns.values()), schema.get("additionalProperties"))
    return {} if isinstance(of, bool | None) else of


def _list(schema: dict[str, Any]) -> str:
    if "prefixItems" in schema:
        return f"list of {', '.join(_kind(each) for each in schema['prefixItems'])}"
    items: dict[str, Any] = schema.get("items") or {}
    kind = _kind(items)
    return f"list of ({kind})" if " or " in kind else f"list of {kind}"


def _bounds(schema: dict[str, Any]) -> str:
    if schema.get("prefixItems"):
        return ""
    if schema.get("minLength") == 1:
        schema = schema | {"minLength": None}
        if "maxLength" not in schema:
            return ", not empty"
    told = [
        word.format(f"{schema[key]:,}")
        for key, word in _BOUNDS.items()
        if isinstance(schema.get(key), int | float)
    ]
    return f", {', '.join(told)}" if told else ""
