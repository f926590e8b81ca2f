"""Puts a streamed answer of a model together: its text, and the tools that it wants to call.

Pure: chunks come as the JSON that the server sent, and nothing of them is trusted. What a model has
got wrong in a call of a tool is said of that call; what breaks the protocol is `Malformed`.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

MOST_TEXT = 32_768
"""Characters of an answer; a model that says more does not come to an end."""
MOST_CALLS = 32
MOST_ARGUMENTS = 32_768
"""Characters of the arguments of one call."""
_ALIVE = ("content", "reasoning_content", "reasoning", "refusal")
"""Fields of a delta in which words come."""


class Malformed(Exception):
    """What the server sends is no answer as the protocol has it."""


class Endless(Exception):
    """The answer is larger than any sensible one."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool that the model wants to call."""

    id: str
    """Empty where the server gave none."""
    name: str
    arguments: Mapping[str, Any] | None
    """None if there is a problem with them."""
    problem: str
    """What is wrong with the call, in words that the model can be told; empty: nothing."""


@dataclass(frozen=True, slots=True)
class Answer:
    """All that came."""

    text: str
    calls: Sequence[ToolCall]
    finish: str
    """Why it ended, such as ``stop``, ``length``, ``tool_calls``; empty: it broke off."""
    prompt_tokens: int
    completion_tokens: int
    first_seconds: float = 0.0
    """From when it was asked to its first word."""


@dataclass
class _Call:
    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass
class Assembler:
    """One answer while it comes."""

    tools: Collection[str] = ()
    """Names of the tools that the model was told of."""
    _text: list[str] = field(default_factory=list[str])
    _taken: int = 0
    _length: int = 0
    _calls: dict[object, _Call] = field(default_factory=dict[object, _Call])
    _finish: str = ""
    _usage: tuple[int, int] = (0, 0)

    def add(self, chunk: object) -> bool:
        """One more chunk; True if there was a word of the answer in it, or of a call.

        Malformed for what is no chunk, Endless for too much.
        """
        told = _object(chunk)
        usage = told.get("usage")
        if isinstance(usage, dict):
            self._count(cast("dict[str, Any]", usage))
        found = cast("object", told.get("choices"))
        if found is None:
            return False
        if not isinstance(found, list):
            raise Malformed("choices are no list")
        choices = cast("list[object]", found)
        if not choices:
            return False
        choice = _object(choices[0])
        finish = choice.get("finish_reason")
        if isinstance(finish, str):
            self._finish = finish[:50]
        delta = choice.get("delta")
        return False if delta is None else self._take(_object(delta))

    def take(self) -> str:
        """What has come of the text since it was last taken."""
        text = "".join(self._text[self._taken :])
        self._taken = len(self._text)
        return text

    def done(self) -> Answer:
        """What has come of it."""
        calls = [self._told(call) for call in self._calls.values()]
        return Answer("".join(self._text), calls, self._finish, *self._usage)

    def _take(self, delta: Mapping[str, Any]) -> bool:
        text = delta.get("content")
        if isinstance(text, str):
            self._length += len(text)
            if self._length > MOST_TEXT:
                raise Endless
            self._text.append(text)
        told = cast("object", delta.get("tool_calls"))
        calls = cast("list[object]", told) if isinstance(told, list) else []
        for each in calls:
            self._add_call(_object(each))
        return bool(calls or text) or any(delta.get(name) for name in _ALIVE)

    def _add_call(self, delta: Mapping[str, Any]) -> None:
        call = self._call(delta)
        if isinstance(one := delta.get("id"), str) and not call.id:
            call.id = one[:200]
        function = delta.get("function")
        if not isinstance(function, dict):
            return
        said = cast("dict[str, Any]", function)
        name, arguments = said.get("name"), said.get("arguments")
        # Some servers tell the name once, some in each part, some in pieces.
        if isinstance(name, str) and name != call.name and not call.arguments:
            call.name = (call.name + name)[:200]
        if isinstance(arguments, dict):  # Some servers send them whole, and not as text.
            arguments = json.dumps(cast("dict[str, Any]", arguments))
        if isinstance(arguments, str):
            call.arguments += arguments
        if len(call.arguments) > MOST_ARGUMENTS:
            raise Endless

    def _call(self, delta: Mapping[str, Any]) -> _Call:
        """The call that a part belongs to: by its index, else by its id, else the last one."""
        index, one = delta.get("index"), delta.get("id")
        known: object = len(self._calls)
        if isinstance(index, int):
            known = index
        elif isinstance(one, str) and one:
            known = one
        elif self._calls and not _has_name(delta):
            known = next(reversed(self._calls))
        found = self._calls.setdefault(known, _Call())
        if len(self._calls) > MOST_CALLS:
            raise Endless
        return found

    def _count(self, usage: Mapping[str, Any]) -> None:
        told = (usage.get("prompt_tokens"), usage.get("completion_tokens"))
        before, after = (max(each, 0) if isinstance(each, int) else 0 for each in told)
        self._usage = (before, after)

    def _told(self, call: _Call) -> ToolCall:
        if call.name not in self.tools:
            known = ", ".join(sorted(self.tools)) or "there are none"
            text = f"there is no tool {call.name!r}; tools: {known}"
            return ToolCall(call.id, call.name, None, text)
        try:
            # A tool without arguments is often called with no text at all.
            arguments: object = json.loads(call.arguments or "{}")
        except (ValueError, RecursionError):
            return ToolCall(call.id, call.name, None, "its arguments are no JSON")
        if not isinstance(arguments, dict):
            return ToolCall(call.id, call.name, None, "its arguments are no JSON object")
        return ToolCall(call.id, call.name, cast("dict[str, Any]", arguments), "")


def _has_name(delta: Mapping[str, Any]) -> bool:
    function = delta.get("function")
    return isinstance(function, dict) and bool(cast("dict[str, Any]", function).get("name"))


def _object(told: object) -> Mapping[str, Any]:
    if not isinstance(told, dict):
        raise Malformed("a part is no JSON object")
    return cast("dict[str, Any]", told)
