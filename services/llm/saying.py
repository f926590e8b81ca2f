"""What was said in a chat, in turns: a question, rounds of calls with what they told, an answer.

Servers refuse an answer of a tool without its call, and a call without its answer: here they are
together, so that one is never kept without the other.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from contracts.conversing import Speaker, Utterance, WantedCall
from contracts.refusals import Refused
from services.llm.hiding import facts_without_secrets, text_without_secrets

_NOTHING = {"error": "it was not answered"}


@dataclass
class Called:
    """One call, and what it has told."""

    wanted: WantedCall
    answer: str | None = None
    """JSON; None: there is none."""

    def told(self) -> object:
        """What may be shown of the answer: without secrets."""
        if self.answer is None:
            return {"error": self.wanted.problem} if self.wanted.problem else _NOTHING
        return shown(self.answer)

    def arguments(self) -> Mapping[str, Any]:
        """Without secrets, too: somebody may have asked with one."""
        found = shown(json.dumps(self.wanted.arguments or {}))
        return cast("Mapping[str, Any]", found) if isinstance(found, dict) else {}


@dataclass
class Round:
    """What the assistant wanted to be called at once."""

    text: str
    calls: list[Called]


@dataclass
class Turn:
    """A question, and all that followed until the next one."""

    question: str
    rounds: list[Round] = field(default_factory=list[Round])
    answer: str = ""


def turns_of(said: Iterable[Utterance]) -> list[Turn]:
    """The oldest first; what answers no call is left out."""
    turns: list[Turn] = []
    for each in said:
        if each.speaker is Speaker.USER or not turns:
            turns.append(Turn(""))
        _add(turns[-1], each)
    # Where the oldest were left out already, what follows may begin in the middle of a turn.
    return turns[1:] if len(turns) > 1 and not turns[0].question else turns


def _add(turn: Turn, said: Utterance) -> None:
    match said.speaker:
        case Speaker.USER:
            turn.question = said.text
        case Speaker.ASSISTANT if said.calls:
            turn.rounds.append(Round(said.text, [Called(each) for each in said.calls]))
        case Speaker.ASSISTANT:
            turn.answer = "\n\n".join(each for each in (turn.answer, said.text) if each)
        case Speaker.TOOL:
            for call in _waiting(turn):
                if call.wanted.id == said.call_id:
                    call.answer = said.text
                    return


def _waiting(turn: Turn) -> Iterable[Called]:
    """The newest first: ids may come again."""
    for each in reversed(turn.rounds):
        yield from (call for call in each.calls if call.answer is None)


def shown(text: str) -> object:
    """JSON that a tool has told, or any other text, without what looks like a secret."""
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        return text_without_secrets(text)
    try:
        return facts_without_secrets({"it": value})["it"]
    except (Refused, ValueError, TypeError, OverflowError):
        return {"error": "what it told is nested too deeply to be shown"}
