"""What a model is shown of a chat: our rules, whom it speaks as, what was said, within its window.

The fence around what tools have told is that of `prompting`, but its nonce stays the same for a
chat, as servers keep what they have read of the beginning of a prompt: with another one in each
round they would read all of it again. It is made with a key of this process.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contracts.conversing import Converse
from services.llm.budget import ANSWER_TOKENS, BYTES_OF_TOKEN
from services.llm.offering import bytes_of, offered
from services.llm.prompting import Prompt
from services.llm.rendering import FRAME_BYTES, Message, Rendering, numbered, plain, short
from services.llm.saying import Turn, turns_of
from services.llm.window import Window

VERSION = "converse-1"
"""Another one with each change of the rules, of the fence, or of how what was said is cut."""
_RULES = Path(__file__).with_name("converse.md").read_text()
_CUT = "8. Not all that was said fits: some was left out. Say so if it matters."
_NO_TOOLS = "No tool can be called now: answer from what there is.\n"
_MOST_ANSWER_TOKENS = 4_096
_NONCE = 16
_TOOLS, _INSTRUCTIONS, _CONTEXT, _TOGETHER = 0.4, 0.1, 0.1, 0.65
"""Of the window: what these may have if they are long; instructions more where others leave it."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """A chat that models are asked to go on with."""

    query: Converse
    turns: Sequence[Turn]
    key: str
    """Secret."""

    @classmethod
    def of(cls, query: Converse, key: str) -> "Conversation":
        """As it was asked."""
        return cls(query, turns_of(query.said), key)

    def prompt(self, context_tokens: int, *, strict: bool = False) -> Prompt:
        """As it is shown to a model with this window."""
        answer = min(max(context_tokens // 8, ANSWER_TOKENS), _MOST_ANSWER_TOKENS)
        room = (context_tokens - answer) * BYTES_OF_TOKEN
        tools, terse = offered(self.query.tools, int(room * _TOOLS), strict=strict)
        nonce = self._nonce()
        rules = _rules(nonce, has_tools=bool(tools))
        context, instructions = plain(self.query.context), plain(self.query.instructions)
        taken = len(rules.encode()) + len(_CUT) + 2 * FRAME_BYTES + bytes_of(tools)
        shown_context = short(context, int(room * _CONTEXT))
        left = int(room * _TOGETHER) - taken - len(shown_context.encode())
        shown_instructions = short(instructions, max(left, int(room * _INSTRUCTIONS)))
        taken += len(shown_context.encode()) + len(shown_instructions.encode())
        rendering = Rendering(nonce)
        said = numbered(Window(rendering, room - taken).fitted(self.turns))
        is_whole = (shown_context, shown_instructions) == (context, instructions)
        cut = rendering.cut or terse or not is_whole
        rules = rules.replace("{cut}", _CUT if cut else "").rstrip()
        parts = (rules, shown_instructions.strip(), shown_context.strip())
        system = {"role": "system", "content": "\n\n".join(each for each in parts if each)}
        messages = [system, *said]
        return Prompt(tuple(messages), _sha256(messages, tools, nonce), cut, tuple(tools), answer)

    def _nonce(self) -> str:
        """In none of what is shown."""
        said = self.query.said
        seed = f"{self.query.instructions}\0{said[0].text}".encode()
        for number in range(5):
            made = hmac.new(self.key.encode(), seed + str(number).encode(), "sha256")
            nonce = made.hexdigest()[:_NONCE]
            if not any(nonce in each.text for each in said):
                return nonce
        raise ValueError("what was said holds what nobody can know")


def _rules(nonce: str, *, has_tools: bool) -> str:
    return _RULES.replace("{nonce}", nonce).replace("{tools}\n", "" if has_tools else _NO_TOOLS)


def _sha256(messages: Iterable[Message], tools: Iterable[Any], nonce: str) -> str:
    told = json.dumps([VERSION, list(messages), list(tools)], ensure_ascii=False)
    return hashlib.sha256(told.replace(nonce, "").encode(errors="surrogatepass")).hexdigest()
