"""Keeps what a model is shown within its window: cut by structure, never in the middle of JSON.

Tokens are counted as three bytes of UTF-8 each: no tokenizer is loaded, and JSON that is full of
ids and numbers has shorter tokens than prose.
"""

import json
import re
import unicodedata
from dataclasses import dataclass
from typing import Any, cast

BYTES_OF_TOKEN = 3
ANSWER_TOKENS = 1_024
"""What is kept free for the answer."""
_LEFT_OUT = "left out"
_PLAIN = re.compile(r"[ !#-;=?-Z^_a-~]*+")
"""Text that is written as it is."""
_STRUCTURAL = frozenset("<>[]`")
"""What fences and the templates of chats are made of: such as ``<|im_start|>``, ``[INST]``."""
_ESCAPED = {ord(one): f"\\u{ord(one):04x}" for one in (*_STRUCTURAL, "\x7f")}
_HIDDEN = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"})
"""Categories of characters that nobody sees, by which texts are smuggled past readers."""


@dataclass(frozen=True, slots=True)
class Shown:
    """JSON that fits."""

    text: str
    cut: bool


@dataclass(frozen=True, slots=True)
class _Bounds:
    items: int
    """Of a list, and fields of an object."""
    characters: int
    """Of a text."""
    depth: int


_STEPS = tuple(
    _Bounds(*each)
    for each in (
        (1_000, 4_000, 30), (200, 1_000, 20), (100, 500, 15), (50, 500, 12), (25, 300, 10),
        (12, 300, 8), (8, 200, 8), (5, 150, 7), (3, 100, 6), (2, 60, 5), (1, 40, 3),
    )
)  # fmt: skip
"""From generous to narrow: the first one with which it fits is taken."""


def room(context_tokens: int, taken_bytes: int) -> int:
    """Bytes that are left for data in a window, beside the answer and so many bytes of others."""
    return (context_tokens - ANSWER_TOKENS) * BYTES_OF_TOKEN - taken_bytes


def fit(value: object, most_bytes: int) -> Shown:
    """A value as JSON of so many bytes at most; what was left out is told where it was.

    A text of the value can neither end a line nor hold what fences are made of.
    """
    whole = _written(value)
    if whole is not None and len(whole.encode()) <= most_bytes:
        return Shown(whole, cut=False)
    wide, narrow, found = 0, len(_STEPS), ""
    while wide < narrow:  # Each step is narrower than the one before.
        middle = (wide + narrow) // 2
        text = _written(_within(value, _STEPS[middle], 0)) or ""
        if text and len(text.encode()) <= most_bytes:
            narrow, found = middle, text
        else:
            wide = middle + 1
    if found:
        return Shown(found, cut=True)
    return Shown(json.dumps({_LEFT_OUT: "all of it, as it is too large"}), cut=True)


def _written(value: object) -> str | None:
    """As JSON; None for what is nested too deeply."""
    try:
        return _json(value)
    except RecursionError:
        return None


def _json(value: object) -> str:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, dict):
        fields = cast("dict[Any, Any]", value).items()
        told = (f"{_text(str(name))}: {_json(each)}" for name, each in fields)
        return f"{{{', '.join(told)}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_json(each) for each in cast('list[Any]', value))}]"
    return json.dumps(value, allow_nan=False)


def _text(text: str) -> str:
    if _PLAIN.fullmatch(text):
        return f'"{text}"'
    escaped = json.dumps(text, ensure_ascii=False)[1:-1]
    if escaped.isascii():
        return f'"{escaped.translate(_ESCAPED)}"'
    return f'"{"".join(map(_character, escaped))}"'


def _character(one: str) -> str:
    if one not in _STRUCTURAL and unicodedata.category(one) not in _HIDDEN:
        return one
    units = one.encode("utf-16-be", "surrogatepass")
    pairs = (units[at : at + 2].hex() for at in range(0, len(units), 2))
    return "".join(f"\\u{pair}" for pair in pairs)


def _within(value: object, bounds: _Bounds, depth: int) -> object:
    if isinstance(value, str):
        return _short(value, bounds.characters)
    if depth >= bounds.depth and isinstance(value, dict | list | tuple):
        return f"{_LEFT_OUT}: {len(cast('list[object]', value))} nested values"
    if isinstance(value, dict):
        return _fields(cast("dict[str, object]", value), bounds, depth)
    if isinstance(value, list | tuple):
        items = cast("list[object]", value)
        kept = [_within(each, bounds, depth + 1) for each in items[: bounds.items]]
        more = len(items) - len(kept)
        return [*kept, f"{_LEFT_OUT}: {more} more"] if more else kept
    return value


def _fields(value: dict[str, object], bounds: _Bounds, depth: int) -> dict[str, object]:
    # Names are told even of what is left out, so there may be more of them than items of a list.
    # One that would have to be cut is left out: two could become the same.
    sound = [name for name in value if len(name) <= bounds.characters][: max(bounds.items, 8)]
    kept = {name: _within(value[name], bounds, depth + 1) for name in sound}
    if len(value) > len(sound):
        kept[_LEFT_OUT] = f"{len(value) - len(sound)} more fields"
    return kept


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}… ({_LEFT_OUT}: {len(text) - most} more)"
