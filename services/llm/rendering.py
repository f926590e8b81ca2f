"""What was said as messages of OpenAI's protocol: texts as they are, data behind their fence."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from services.llm.budget import fit
from services.llm.hiding import text_without_secrets
from services.llm.markdown import visible
from services.llm.prompting import fenced
from services.llm.saying import Called, Round

Message = dict[str, Any]
FRAME_BYTES = 32
"""Of a message or a call beside what it says: what templates of chats put around it."""
WHOLE = 1_000_000_000
"""Bytes that nothing has."""
_TEMPLATE = re.compile(r"<(?=\S)|\[(?=/?INST)")
"""What templates of chats begin a turn with: some servers read it as one wherever it stands."""
_NO_NAME = re.compile(r"[^A-Za-z0-9_-]")
_ID = "call{:05d}"
"""Nine letters and digits: templates of some models take no other ids."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes that the parts of a round may have."""

    text: int = WHOLE
    arguments: int = WHOLE
    answer: int = WHOLE


@dataclass
class Rendering:
    """One way to fence; what was rendered once is kept."""

    nonce: str
    cut: bool = False
    """Whether something was left out."""
    _values: dict[int, tuple[Called, object, str]] = field(
        default_factory=dict[int, tuple[Called, object, str]]
    )

    def text(self, role: str, text: str, most: int = WHOLE) -> list[Message]:
        """What somebody has said, if anything, in so many bytes."""
        said = plain(text_without_secrets(text))
        told = short(said, most)
        self.cut = self.cut or told != said
        return [{"role": role, "content": told}] if told.strip() else []

    def round(self, each: Round, limits: Limits | None = None) -> list[Message]:
        """Calls and what they told."""
        most = limits or Limits()
        said = self.text("assistant", each.text, most.text)
        calls = [self._call(call, most.arguments) for call in each.calls]
        first = {"role": "assistant", "content": said[0]["content"] if said else None}
        return [first | {"tool_calls": calls}, *(self._told(one, most) for one in each.calls)]

    def taken(self, call: Called) -> int:
        """Bytes of all that it told."""
        return len(self._value(call)[1].encode())

    def _value(self, call: Called) -> tuple[object, str]:
        found = self._values.get(id(call))
        if found is None:
            value = call.told()
            found = self._values[id(call)] = (call, value, fit(value, WHOLE).text)
        return found[1:]

    def _told(self, call: Called, limits: Limits) -> Message:
        value, text = self._value(call)
        if len(text.encode()) > limits.answer:
            text, self.cut = fit(value, limits.answer).text if limits.answer else "", True
        content = fenced("DATA", text, self.nonce)
        return {"role": "tool", "tool_call_id": _ID.format(0), "content": content}

    def _call(self, call: Called, most: int) -> Message:
        name = _NO_NAME.sub("_", call.wanted.name)[:64] or "nothing"
        told = _plain(call.arguments())
        text = json.dumps(told, ensure_ascii=False)
        if len(text.encode()) > most:
            text, self.cut = fit(told, most).text, True
        function = {"name": name, "arguments": text}
        return {"id": _ID.format(0), "type": "function", "function": function}


def numbered(messages: Iterable[Message]) -> list[Message]:
    """With ids of calls that are their own: those that were told may come again in other turns."""
    made: list[Message] = []
    number = answered = 0
    for message in messages:
        if message["role"] == "tool":
            answered += 1
            made.append(message | {"tool_call_id": _ID.format(answered)})
            continue
        calls: list[Message] = []
        for each in message.get("tool_calls", ()):
            number += 1
            calls.append(each | {"id": _ID.format(number)})
        made.append(message | ({"tool_calls": calls} if calls else {}))
    return made


def size(messages: Iterable[Message]) -> int:
    """Bytes that they take in a window."""
    return sum(map(_size, messages))


def _size(message: Message) -> int:
    taken = FRAME_BYTES + len((message["content"] or "").encode())
    for each in message.get("tool_calls", ()):
        taken += FRAME_BYTES + sum(len(part.encode()) for part in each["function"].values())
    return taken


def plain(text: str) -> str:
    """Somebody's text in which nothing is hidden, and no turn begins."""
    return _TEMPLATE.sub(r"\g<0> ", visible(text))


def _plain(value: object) -> Any:
    match value:
        case str():
            return plain(value)
        case dict():
            return {plain(str(name)): _plain(each) for name, each in value.items()}  # pyright: ignore
        case list():
            return [_plain(each) for each in value]  # pyright: ignore
        case _:
            return value


def short(text: str, most: int) -> str:
    """At most so many bytes of UTF-8: how it begins, and how it ends."""
    body = text.encode()
    if len(body) <= most:
        return text
    note = f" … (left out: {len(body) - most} bytes) … "
    room = max(most - len(note.encode()), 0)
    head, tail = body[: room * 2 // 3], body[len(body) - room // 3 :]
    if not room:
        return note.strip().encode()[: max(most, 0)].decode(errors="ignore")
    return f"{head.decode(errors='ignore')}{note}{tail.decode(errors='ignore')}"
