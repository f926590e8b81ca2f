"""Which part of what was said fits a model's window, as messages of OpenAI's protocol.

The last question and what was called for it stay as long as they can: the newest rounds of calls,
each answer with its share of the room. Of older turns question and answer stay before what was
called for them, and newer ones before older ones.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.llm.rendering import FRAME_BYTES, WHOLE, Limits, Message, Rendering, size
from services.llm.saying import Round, Turn

_LEAST = 400
"""Bytes that an answer of a tool should have; else an older round is left out."""
_ANY = 60
"""Bytes in which an answer can be said to be left out."""
_NOTHING = "(Nothing was asked.)"
_UNANSWERED = "(This was not answered.)"


@dataclass
class Window:
    """Puts what was said into so many bytes."""

    rendering: Rendering
    room: int

    def fitted(self, turns: Sequence[Turn]) -> list[Message]:
        """The messages, the oldest first."""
        *older, last = turns
        current = self._current(last)
        return [*self._older(older, self.room - size(current)), *current]

    def _current(self, turn: Turn) -> list[Message]:
        show = self.rendering
        rounds = [message for each in turn.rounds for message in show.round(each)]
        answer = show.text("assistant", turn.answer)
        if size(whole := [*self._question(turn, WHOLE), *rounds, *answer]) <= self.room:
            return whole
        answer = show.text("assistant", turn.answer, self.room // 8)
        room = self.room - size(answer)
        # A question is not cut for what was called if that leaves it room, or if it is short.
        question = self._question(turn, max(self.room // 4, room - size(rounds)) - FRAME_BYTES)
        return [*question, *self._rounds(turn.rounds, room - size(question)), *answer]

    def _question(self, turn: Turn, most: int) -> list[Message]:
        asked = self.rendering.text("user", turn.question, most)
        return asked or self.rendering.text("user", _NOTHING)

    def _rounds(self, rounds: Sequence[Round], room: int) -> list[Message]:
        """The newest ones, in so many bytes."""
        kept = list(rounds)
        while kept:
            limits = Limits(text=self.room // 16, arguments=self.room // 32, answer=0)
            frames = sum(size(self.rendering.round(each, limits)) for each in kept)
            sizes = [self.rendering.taken(call) for each in kept for call in each.calls]
            share = level(sizes, room - frames)
            if share >= (_LEAST if len(kept) > 1 else _ANY):
                limits = replace(limits, answer=share)
                return [one for each in kept for one in self.rendering.round(each, limits)]
            if len(kept) > 1:
                kept.pop(0)
            else:
                kept = [Round(each.text, each.calls[:-1]) for each in kept if len(each.calls) > 1]
        return []

    def _older(self, turns: Sequence[Turn], room: int) -> list[Message]:
        kept: list[tuple[Turn, list[Message], list[Message]]] = []
        for turn in reversed(turns):
            question, answer = self._bare(turn, room)
            room -= size(question) + size(answer)
            if room < 0:
                break
            kept.append((turn, question, answer))
        self.rendering.cut = self.rendering.cut or len(kept) < len(turns)
        room = max(room, 0)
        told: list[list[Message]] = []
        for turn, question, answer in kept:
            called = [message for each in turn.rounds for message in self.rendering.round(each)]
            if size(called) > room:
                self.rendering.cut, called, room = True, [], 0
            room -= size(called)
            told.append([*question, *called, *answer])
        return list(itertools.chain.from_iterable(reversed(told)))

    def _bare(self, turn: Turn, room: int) -> tuple[list[Message], list[Message]]:
        """A question and its answer alone: templates of chats want one after the other."""
        for most in (WHOLE, max(room // 3, 0)):
            question = self.rendering.text("user", turn.question, most)
            answer = self.rendering.text("assistant", turn.answer, most)
            answer = answer or self.rendering.text("assistant", _UNANSWERED)
            if size(question) + size(answer) <= room:
                break
        return question, answer


def level(sizes: Sequence[int], room: int) -> int:
    """The most that each may have so that all of them together fit."""
    left = room
    for number, each in enumerate(sorted(sizes)):
        share = left // (len(sizes) - number)
        if each > share:
            return share
        left -= each
    return max(room, 0)
