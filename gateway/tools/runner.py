"""Runs a tool: its arguments checked, within its time, its answer within a size."""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from contracts.refusals import Code, Refused
from contracts.tools import (
    CHARACTERS_OF_TOKEN,
    MOST_TOKENS,
    TOOLS,
    Arguments,
    Cut,
    Tool,
    ToolAnswer,
)
from gateway.tools.cutting import fitted, lean, size
from gateway.tools.inner import Inner
from gateway.tools.reads import READS, Found
from services.runtime.validation import problems

_MOST_CUTS = 900
"""Bytes of what is said to be cut, the list itself first."""
_FRAME = 100
"""Of what else stands around the data."""


async def run(
    name: str,
    arguments: Mapping[str, Any],
    inner: Inner,
    *,
    allowed: Collection[str] = TOOLS.keys(),
    tokens: int = MOST_TOKENS,
) -> ToolAnswer:
    """The answer of a tool; ``allowed``: those that whoever asks has, as by a persona.

    Refused: NOT_FOUND for a name that is none or is not allowed, VALIDATION_FAILED with what
    is wrong with which argument, QUERY_TIMEOUT, and whatever the API refuses.
    """
    tool = TOOLS.get(name) if name in allowed else None
    if tool is None:
        known = ", ".join(sorted(allowed))
        raise Refused(Code.NOT_FOUND, f"there is no such tool here; there are: {known}")
    asked = _checked(tool, arguments)
    try:
        async with asyncio.timeout(tool.patience.total_seconds()):
            found = await READS[name](inner, asked)
    except TimeoutError:
        text = f"{name} has not answered within {tool.patience.total_seconds():.0f} s: ask for less"
        raise Refused(Code.QUERY_TIMEOUT, text) from None
    if inner.has_much:
        return await asyncio.to_thread(_told, tool, asked, found, tokens)
    return _told(tool, asked, found, tokens)


def _checked(tool: Tool, arguments: Mapping[str, Any]) -> Arguments:
    try:
        return tool.arguments.model_validate(dict(arguments))
    except ValidationError as error:
        wrong = problems(error)
        text = f"the arguments of {tool.name} are not valid"
        raise Refused(Code.VALIDATION_FAILED, text, wrong) from None


def _told(tool: Tool, asked: Arguments, found: Found, tokens: int) -> ToolAnswer:
    data: dict[str, Any] = dict(found.data)
    entries: list[Any] = list(data.get(found.main) or []) if found.main else []
    skipped = max(0, getattr(asked, "offset", 0) - found.first)
    if found.main:
        data[found.main] = entries[skipped:]
    around = _MOST_CUTS + _FRAME + size(_given(asked))
    room = max(tokens - around // CHARACTERS_OF_TOKEN, tokens // 2)
    data, cut = fitted(lean(data), found.main, room, whole=found.whole)
    shown = skipped + len(data.get(found.main) or []) if found.main else 0
    following = _next(asked, found, shown, len(entries))
    first = sorted((*cut, *found.cut), key=lambda each: each.path != found.main)
    return ToolAnswer(tool=tool.name, data=data, cut=_few(first), next=following)


def _few(cuts: Iterable[Cut]) -> tuple[Cut, ...]:
    """As many as have room."""
    told, room = list[Cut](), _MOST_CUTS
    for each in cuts:
        room -= len(each.model_dump_json().encode()) + 1
        if room < 0:
            break
        told.append(each)
    return tuple(told)


def _given(asked: Arguments) -> dict[str, Any]:
    return asked.model_dump(mode="json", exclude_defaults=True)


def _next(asked: Arguments, found: Found, shown: int, read: int) -> Mapping[str, Any] | None:
    """Arguments that go on where this answer ends."""
    given, at = {**found.pinned, **_given(asked)}, found.first + shown
    if shown < read or (found.total is not None and at < found.total):
        return {**given, "offset": at}
    if found.after:
        return {**given, "offset": 0, **found.after}
    return None
