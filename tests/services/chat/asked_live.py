"""Asks a recorded question of a real hub, and tells by code what of the answer is not right."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from contracts.personas import BUILT_IN
from tests.services.chat.live import Called, Rest, calls_of, observed, read
from tests.services.chat.questions.question import Question
from tests.services.chat.world import World

_AGAIN = 2
"""Times that a question is asked anew if the world has changed under it."""


@dataclass
class Asker:
    """One chat of each persona."""

    rest: Rest
    world: World
    chats: dict[str, str] = field(default_factory=dict[str, str])
    known: set[str] = field(default_factory=set[str])
    """Links that lead somewhere."""

    def troubles(self, question: Question) -> list[str]:
        """What is wrong with the answer; nothing if it is right.

        A figure is right that REST tells before or after it, or that lies between. Where figures
        have moved meanwhile, it is asked again: what is the most of all may have been another's.
        """
        found, is_same = self._asked(question)
        for _ in range(_AGAIN):
            if not found or is_same:
                break
            found, is_same = self._asked(question)
        return found

    def _asked(self, question: Question) -> tuple[list[str], bool]:
        before = self.world
        answer = self._answer(question.persona, question.asked(before))
        self.world = read(self.rest, before)
        calls = calls_of(answer)
        asked_at = self._asked_at(question.persona)
        worlds = [
            replace(observed(self.rest, each, calls), now=asked_at) for each in (before, self.world)
        ]
        found = self._wrong_calls(question, answer, calls, worlds[0])
        found += [
            f"not told: {each}" for each in question.missing_figures(answer["content"], *worlds)
        ]
        found += self._unfounded(answer)
        before_it, after_it = (list(question.figures(each)) for each in worlds)
        return found, before_it == after_it

    def _answer(self, persona: str, text: str) -> dict[str, Any]:
        if persona not in self.chats:
            self.chats[persona] = self.rest.post("/chat/sessions", {"persona_id": persona})["id"]
        path = f"/chat/sessions/{self.chats[persona]}/messages"
        return self.rest.post(path, {"content": text})

    def _asked_at(self, persona: str) -> datetime:
        told = self.rest.get(f"/chat/sessions/{self.chats[persona]}/messages")["items"]
        asked = [each for each in told if each["role"] == "USER"]
        return datetime.fromisoformat(asked[-1]["created_at"])

    def _wrong_calls(
        self, question: Question, answer: Mapping[str, Any], calls: list[Called], world: World
    ) -> list[str]:
        made = [call for step in answer["steps"] for call in step["calls"]]
        allowed = BUILT_IN[question.persona].capabilities
        wanted = [each.wanted for each in calls]
        return [
            *(f"not called: {each}" for each in question.missing_calls(wanted, world)),
            *(f"not allowed: {each.tool}" for each in calls if each.tool not in allowed),
            *(f"{each['tool']}: {each['result']}" for each in made if each["status"] != "SUCCESS"),
        ]

    def _unfounded(self, answer: Mapping[str, Any]) -> list[str]:
        """Sentences that nothing bears out, and chips that lead nowhere."""
        text, claims = answer["content"], answer["claims"]
        ids = {call["id"] for step in answer["steps"] for call in step["calls"]}
        chips = [one for each in claims for one in each["evidence"]]
        return [
            *(
                f"unsupported: {text[each['start'] : each['end']]}"
                for each in claims
                if each["is_unsupported"]
            ),
            *(f"of no call: {one}" for one in chips if one["call_id"] not in ids),
            *(f"leads nowhere: {one}" for one in chips if not self._leads(one)),
            *([] if chips else ["nothing bears it out"]),
        ]

    def _leads(self, chip: Mapping[str, Any]) -> bool:
        link = chip["link"]
        if chip["kind"] == "EVENT" and link != f"/api/v1/events/{chip['sequence']}":
            return False
        if link is not None and link not in self.known:
            if self.rest.http.get(link).status_code != 200:
                return False
            self.known.add(link)
        return True
