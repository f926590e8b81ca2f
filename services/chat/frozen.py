"""What tools told in an earlier session, for a question that is asked again. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from pydantic import ValidationError

from contracts.chat import ToolStatus
from contracts.conversing import WantedCall
from contracts.tools import TOOLS
from services.chat.session import Turn
from services.chat.steps import Answered

_TIMES = frozenset({"start_time", "end_time", "time"})
_MOST_TOLD = 12


@dataclass(frozen=True, slots=True)
class Frozen:
    """The evidence of a turn as it was then."""

    answers: tuple[Answered, ...]

    @classmethod
    def of(cls, turn: Turn) -> "Frozen":
        """All that was told in a turn."""
        return cls(tuple(one for found in turn.rounds for one in found.answers))

    def find(self, call: WantedCall, arguments: Mapping[str, Any]) -> Answered:
        """What a call told then; an error that says what there is, for one that was not made.

        Times are of the day that a question is asked on, so a call that differs by them alone is
        answered as well.
        """
        same = [each for each in self.answers if each.tool == call.name]
        for without in (frozenset[str](), _TIMES):
            wanted = _plain(call.name, arguments, without)
            for each in same:
                if _plain(each.tool, each.arguments, without) == wanted:
                    return replace(each, call_id=call.id)
        return Answered(
            call.id,
            call.name,
            dict(arguments),
            ToolStatus.ERROR,
            "NOT_FOUND",
            text=f"this was not looked at then, and is not looked at now; there is: {self._told()}",
        )

    def _told(self) -> str:
        made = [f"{each.tool}({_written(each.arguments)})" for each in self.answers]
        return "; ".join(made[:_MOST_TOLD]) or "nothing"


def _plain(tool: str, arguments: Mapping[str, Any], without: frozenset[str]) -> str:
    """The same text for the same question, whether defaults are spelled out or not."""
    told = dict(arguments)
    known = TOOLS.get(tool)
    if known is not None:
        try:
            made = known.arguments.model_validate(told)
            told = made.model_dump(mode="json", exclude_defaults=True)
        except ValidationError:
            pass  # It was refused then, and stands as it was given.
    return _written({name: each for name, each in told.items() if name not in without})


def _written(told: Mapping[str, Any]) -> str:
    return msgspec.json.encode(told, order="deterministic").decode()
