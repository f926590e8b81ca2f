"""What a model is shown: our rules, and the data behind a fence that nothing in them can end.

Two things hold the fence. Its lines name a nonce that is drawn anew for every question, and that is
not in the data; and what is between them is JSON of our own writing, in which no text can begin a
line or hold any of the characters that fences, and templates of chats, are made of (`budget`).
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from contracts.explaining import MOST_QUESTION
from services.llm.budget import ANSWER_TOKENS, fit, room

VERSION = "explain-2"
"""Another one with each change of the rules, of the fence, or of how data are cut."""
_RULES = Path(__file__).with_name("explain.md").read_text()
_CUT = "8. Not all data fit: some were left out. Say that you were not shown all."
_FENCE_BYTES = 200
_QUESTION_BYTES = 3 * MOST_QUESTION + 2
"""Of its JSON: room for the longest one in most scripts; one of odd characters is cut, as each of
them is written in up to twelve bytes, and data would have no room."""
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Prompt:
    """What is sent."""

    messages: tuple[Mapping[str, Any], ...]
    shown_sha256: str
    """Of the version and of the data between the fences: without the nonce, so that it says
    whether two were shown the same."""
    cut: bool
    tools: tuple[Mapping[str, Any], ...] = ()
    """That the model may want to be called."""
    answer_tokens: int = ANSWER_TOKENS
    """How long the answer may be."""


class Asks(Protocol):
    """What models are asked, one after another, each within its own window."""

    def prompt(self, context_tokens: int, *, strict: bool = False) -> Prompt:
        """As it is shown to a model with this window; whether its server wants strict tools."""
        ...


@dataclass(frozen=True, slots=True)
class Asking:
    """A question that models are asked, one after another, each within its own window."""

    facts: Mapping[str, object]
    question: str
    mint: Callable[[], str]
    """Draws a nonce."""
    cut: bool = False
    """Whether facts were left out already."""

    def prompt(self, context_tokens: int, *, strict: bool = False) -> Prompt:
        """As it is shown to a model with this window."""
        del strict  # There are no tools.
        asked = fit(self.question, _QUESTION_BYTES)
        question = asked.text
        taken = len(_RULES.encode()) + len(_CUT) + len(question.encode()) + _FENCE_BYTES
        shown = fit(self.facts, room(context_tokens, taken))
        cut = self.cut or shown.cut or asked.cut
        nonce = self._nonce(shown.text + question)
        rules = _RULES.replace("{nonce}", nonce).replace("{cut}", _CUT if cut else "")
        body = f"{fenced('DATA', shown.text, nonce)}\n{fenced('QUESTION', question, nonce)}"
        told = "\n".join((VERSION, shown.text, question))
        messages = (
            {"role": "system", "content": rules.strip()},
            {"role": "user", "content": body},
        )
        return Prompt(messages, hashlib.sha256(told.encode()).hexdigest(), cut)

    def _nonce(self, data: str) -> str:
        for _ in range(_TRIES):
            nonce = self.mint()
            if nonce and nonce not in data:
                return nonce
        raise ValueError("what draws nonces draws what is in the data")


def fenced(name: str, data: str, nonce: str) -> str:
    """Data as `fit` has written them, between two lines that nothing in them can end."""
    return f"<<<{name} {nonce}\n{data}\n{name} {nonce}>>>"
