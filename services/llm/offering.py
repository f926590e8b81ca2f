"""Tools as OpenAI's protocol has them: what a model may want to be called.

Schemas are told shortly, as they take their part of every window: without titles, and without null,
which says no more than leaving a field out. Servers that hold arguments to their schema (`strict`)
want every field to be named, and null for those that are left out.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any, cast

from contracts.tools import TOOLS

Json = dict[str, Any]
_NOT_STRICT = frozenset({"minLength", "maxLength", "default"})
"""What strict schemas may not have, with every server that knows them."""


def offered(
    names: Collection[str], most_bytes: int, *, strict: bool = False
) -> tuple[Sequence[Json], bool]:
    """Those of these names that there are, within so many bytes; and whether something was left
    out for it: first what is said of arguments, then the last tools."""
    known = [name for name in names if name in TOOLS]
    for terse in (False, True):
        made = [_function(name, strict=strict, terse=terse) for name in known]
        if bytes_of(made) <= most_bytes:
            return made, terse
    while made and bytes_of(made) > most_bytes:
        made.pop()
    return made, True


def bytes_of(value: object) -> int:
    """Of its JSON."""
    return len(json.dumps(value, ensure_ascii=False).encode())


@cache
def _function(name: str, *, strict: bool, terse: bool) -> Json:
    tool = TOOLS[name]
    parameters = _short(tool.schema, tool.schema.get("$defs", {}), terse=terse)
    parameters.pop("description", None)
    told: Json = {"name": name, "description": tool.text, "parameters": parameters}
    if strict:
        told |= {"parameters": _strict(parameters), "strict": True}
    return {"type": "function", "function": told}


def _short(schema: Mapping[str, Any], named: Mapping[str, Any], *, terse: bool) -> Json:
    """Without references, titles, nulls and, if terse, descriptions."""
    if "$ref" in schema:
        meant = dict(named[str(schema["$ref"]).rpartition("/")[2]])
        meant.pop("description", None)  # It is of the type, and not of this field.
        return _short(meant, named, terse=terse) | _said(schema, terse=terse)
    kinds = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    if len(kinds) == 1:
        return _short(kinds[0], named, terse=terse) | _said(schema, terse=terse)
    left = {"title", "$defs", *(("description",) if terse else ())}
    made = {key: each for key, each in schema.items() if key not in left}
    if not made.get("default"):
        made.pop("default", None)
    if "properties" in made:
        fields = cast("Mapping[str, Json]", made["properties"]).items()
        made["properties"] = {key: _short(each, named, terse=terse) for key, each in fields}
    if "items" in made:
        made["items"] = _short(cast("Json", made["items"]), named, terse=terse)
    return made


def _said(schema: Mapping[str, Any], *, terse: bool) -> Json:
    """What is said beside a reference, or beside a null."""
    told = () if terse else ("description",)
    return {key: schema[key] for key in (*told, "default") if schema.get(key)}


def _strict(parameters: Json) -> Json:
    fields = cast("Mapping[str, Json]", parameters.get("properties", {}))
    needed = frozenset(parameters.get("required", ()))
    told = {key: _one(each, may_lack=key not in needed) for key, each in fields.items()}
    closed = {"properties": told, "required": list(told), "additionalProperties": False}
    return {"type": "object"} | closed


def _one(field: Json, *, may_lack: bool) -> Json:
    made = {key: each for key, each in field.items() if key not in _NOT_STRICT}
    if not may_lack:
        return made
    if "enum" in made:
        made["enum"] = [*made["enum"], None]
    return made | {"type": [made["type"], "null"]}
