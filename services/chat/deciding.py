"""What a turn needs next, decided from what there is of it. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.chat import MOST_ROUNDS, TurnEnd
from contracts.conversing import WantedCall
from services.chat.session import Turn


@dataclass(frozen=True, slots=True)
class AskModel:
    """What comes next is asked of a model, or of the analyst."""

    with_tools: bool
    """False: it must answer from what there is."""


@dataclass(frozen=True, slots=True)
class CallTools:
    """These are to be called; they read, so that one whose answer was lost is called again."""

    calls: tuple[WantedCall, ...]


@dataclass(frozen=True, slots=True)
class Finish:
    """The answer is there."""

    text: str
    end: TurnEnd


NextStep = AskModel | CallTools | Finish


def next_step(turn: Turn, now: datetime, longest: timedelta) -> NextStep | None:
    """None for a turn that is over."""
    if not turn.is_open:
        return None
    last = turn.steps[-1] if turn.steps else None
    if last is not None and not last.turned.calls:
        return Finish(last.turned.text, _end(turn))
    if now >= turn.asked_at + longest:
        return Finish("", TurnEnd.TIME)
    if last is not None and last.missing:
        return CallTools(last.missing)
    return AskModel(with_tools=len(turn.rounds) < MOST_ROUNDS)


def _end(turn: Turn) -> TurnEnd:
    return TurnEnd.ROUNDS if len(turn.rounds) >= MOST_ROUNDS else TurnEnd.COMPLETE
