"""Renders the few forms that our templates of Helm have, where there is no Helm.

Any other form is an error, so that what this renders Helm renders too; tests compare the two where
there is a Helm.
"""

import re
from collections.abc import Mapping
from typing import Any

import yaml

from deploy.kubernetes.nodes import RELEASE, look_up

_ACTION = re.compile(r"\s*\{\{- (.*?) \}\}|\{\{ (.*?) \}\}", re.DOTALL)
_ATOM = re.compile(r"""\(|\)|"[^"]*"|[^\s()"]+""")


def render(text: str, values: Mapping[str, Any]) -> str:
    """The text of a template with these values."""
    known = {"Values": values, "Release": RELEASE}
    parts = _split(text)
    out, rest = _until_end(parts, known)
    assert not rest, "an end too many"
    return out


def _split(text: str) -> list[tuple[str, bool]]:
    """Literal text and actions, in order."""
    parts: list[tuple[str, bool]] = []
    at = 0
    for found in _ACTION.finditer(text):
        parts.append((text[at : found.start()], False))
        parts.append((found[1] or found[2], True))
        at = found.end()
    return [*parts, (text[at:], False)]


def _until_end(
    parts: list[tuple[str, bool]], known: Mapping[str, Any]
) -> tuple[str, list[tuple[str, bool]]]:
    out = ""
    while parts:
        (told, is_action), parts = parts[0], parts[1:]
        if not is_action:
            out += told
        elif told == "end":
            return out, parts
        elif told.startswith("if "):
            inner, parts = _until_end(parts, known)
            out += inner if _value(told[3:], known) else ""
        elif told.startswith("range $name, $value := "):
            body, parts = _body(parts)
            pairs = _value(told.partition(":= ")[2], known)
            for name in sorted(pairs):
                inner, _ = _until_end([*body], {**known, "$name": name, "$value": pairs[name]})
                out += inner
        else:
            out += _written(told, known)
    return out, []


def _body(parts: list[tuple[str, bool]]) -> tuple[list[tuple[str, bool]], list[tuple[str, bool]]]:
    end = next(at for at, part in enumerate(parts) if part == ("end", True))
    return parts[:end], parts[end + 1 :]


def _written(told: str, known: Mapping[str, Any]) -> str:
    head, *pipes = [each.strip() for each in told.split("|")]
    if head.startswith("`"):
        return head.strip("`")
    if head.startswith("toYaml "):
        (pipe,) = pipes
        space = " " * int(pipe.removeprefix("nindent "))
        lines = yaml.safe_dump(_value(head.removeprefix("toYaml "), known)).splitlines()
        return "\n" + "\n".join(space + line for line in lines)
    found = _value(head.removeprefix("int64 "), known)
    assert pipes in ([], ["quote"]), told
    written = str(found).lower() if isinstance(found, bool) else str(found)
    return yaml.safe_dump(written, default_style='"').strip() if pipes else written


def _value(told: str, known: Mapping[str, Any]) -> Any:
    atoms = _ATOM.findall(told)
    found, rest = _term(atoms, known)
    assert not rest, told
    return found


def _term(atoms: list[str], known: Mapping[str, Any]) -> tuple[Any, list[str]]:
    first, rest = atoms[0], atoms[1:]
    if first != "(":
        return _atom(first, known), rest
    verb, rest = rest[0], rest[1:]
    arguments: list[Any] = []
    while rest[0] != ")":
        found, rest = _term(rest, known)
        arguments.append(found)
    match verb, arguments:
        case "not", [one]:
            return not one, rest[1:]
        case "and", [*several]:
            return all(several), rest[1:]
        case "eq", [one, other]:
            return one == other, rest[1:]
        case "int", [one]:
            return int(one), rest[1:]
        case _:
            raise AssertionError(f"{verb} is not known here")


def _atom(told: str, known: Mapping[str, Any]) -> Any:
    if told.startswith('"'):
        return told[1:-1]
    if told.isdecimal():
        return int(told)
    return known[told] if told.startswith("$") else look_up(known, told.removeprefix("."))
