"""Signals of one cluster that wait, put together as they belong: pure."""

from collections.abc import Iterable
from uuid import UUID

from services.incidents.correlating.groups import Item, Register
from services.incidents.correlating.rules import Rules
from services.incidents.correlating.sets import absorption
from services.incidents.correlating.settings import Settings
from services.incidents.correlating.trying import Draft, by_rule, choose

_MOST_COMPARED = 60


class Drafting:
    """Makes drafts of signals, whatever the order in which they came."""

    def __init__(self, rules: Rules, settings: Settings) -> None:
        self._rules = rules
        self._settings = settings
        self._register = Register()
        self.drafts: dict[UUID, Draft] = {}

    def take(self, items: Iterable[Item]) -> list[Draft]:
        """Drafts of all these signals, the oldest first."""
        for one in sorted(items, key=lambda one: one.order):
            self._put(one)
        self._unite()
        return sorted(self.drafts.values(), key=lambda draft: draft.items[0].order)

    def _put(self, one: Item) -> None:
        near = self._register.near(one)
        choice = by_rule(one, self.drafts.values(), self._rules)
        choice = choice or choose(one, near, self._register, self._rules)
        if choice is not None and choice.score >= self._settings.join:
            draft = self.drafts[choice.group.id]
        else:
            draft = self.drafts[one.id] = Draft(id=one.id)
            self._register.groups[one.id] = draft
        self._add(draft, one)

    def _add(self, draft: Draft, one: Item) -> None:
        draft.items.append(one)
        self._register.add(draft, one)
        self._rules.count(draft, one, 1)

    def _unite(self) -> None:
        """What belongs together as a whole, though its first signals did not show it."""
        drafts = sorted(self.drafts.values(), key=lambda draft: (len(draft.items), draft.id.hex))
        for small in drafts[:_MOST_COMPARED]:
            near = {
                group.id: group
                for one in small.items[:8]
                for group in self._register.near(one)
                if group.id != small.id and group.id in self.drafts
            }
            found = [
                (absorption(small.items, small, group, self._register), group.id.hex, group)
                for group in near.values()
                if not self._rules.part(small, group)
            ]
            best = max(found, key=lambda one: one[:2], default=None)
            if best is not None and best[0] >= self._settings.absorb:
                self._move(small, self.drafts[best[2].id])

    def _move(self, small: Draft, into: Draft) -> None:
        for one in small.items:
            self._register.drop(small, one)
            self._add(into, one)
        into.items.sort(key=lambda one: one.order)
        del self.drafts[small.id], self._register.groups[small.id]
