"""What is said in a turn and what tools told meanwhile, round by round. Pure data."""

from dataclasses import dataclass
from typing import Any

from contracts.chat import ToolStatus
from contracts.conversing import WantedCall
from contracts.tools import ToolAnswer


@dataclass(frozen=True, slots=True)
class Turned:
    """What a model, or the analyst, says next."""

    text: str
    calls: tuple[WantedCall, ...] = ()
    """Empty: the text is the answer."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of one call."""

    call_id: str
    tool: str
    arguments: dict[str, Any]
    status: ToolStatus
    code: str | None = None
    """Of an error, as REST tells it."""
    answer: ToolAnswer | None = None
    """Null: an error."""
    text: str = ""
    """Of an error, in words."""


@dataclass(frozen=True, slots=True)
class Round:
    """Calls that were wanted together, and what came of them."""

    calls: tuple[WantedCall, ...]
    answers: tuple[Answered, ...]
