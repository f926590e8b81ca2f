"""What is known after some rounds: the names of clusters, what is open. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from contracts.spoken import title_in_words
from services.chat.analyst.asking import Asked, Thing
from services.chat.analyst.paging import missing
from services.chat.analyst.reading import (
    Json,
    answers,
    data_of,
    number,
    part,
    parts,
    speaks_of,
    text,
)
from services.chat.analyst.words import some
from services.chat.steps import Answered, Round

_WORST = ("INFO", "WARNING", "CRITICAL")
_MOST_MEANT = 30
"""Words of a question that may tell what is meant."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What is asked within: which tools, which clusters."""

    tools: frozenset[str]
    """That may be called."""
    clusters: tuple[UUID, ...]
    """Of the chat; empty: all."""


class Known:
    """What the rounds have told."""

    def __init__(self, asked: Asked, rounds: Sequence[Round]) -> None:
        self._asked = asked
        self.rounds = rounds
        self.answers = tuple(answers(rounds))
        self.tools = {call.name for each in rounds for call in each.calls}
        """That were called."""
        self.clusters = dict(self._named_clusters())
        """Ids by name."""

    def of(self, tool: str) -> Iterator[Answered]:
        """Its answers."""
        return (each for each in self.answers if each.tool == tool)

    def resolved(self) -> dict[str, UUID]:
        """The clusters that the question names: ids by the word that stands there."""
        found = dict[str, UUID]()
        for word in self.wanted_names():
            some = [id_ for name, id_ in self.clusters.items() if name.lower() == word]
            part_of = {id_ for name, id_ in self.clusters.items() if word in name.lower()}
            if some or len(part_of) == 1:
                found[word] = some[0] if some else part_of.pop()
        return found

    def wanted_names(self) -> tuple[str, ...]:
        """Words that may be the names of clusters: not those that are said to be of a node."""
        others = {name for kind, name in self._asked.named.items() if kind != "cluster"}
        return tuple(each for each in self._asked.names if each not in others)

    def unresolved(self) -> tuple[str, ...]:
        """The others of them."""
        found = self.resolved()
        return tuple(each for each in self.wanted_names() if each not in found)

    def node(self) -> str | None:
        """The node that is meant: by its word, or a name that is no cluster's."""
        if "node" in self._asked.named:
            return self._asked.named["node"]
        return next(iter(self.unresolved()), None) if "list_clusters" in self.tools else None

    def terms(self) -> tuple[str, ...]:
        """What things that are meant are called, but for clusters."""
        named = [name for kind, name in self._asked.named.items() if kind != "cluster"]
        found = (*named, *self.unresolved(), *self._asked.subjects)
        return tuple(dict.fromkeys(each for each in found if each not in self.resolved()))

    def more_clusters(self) -> list[Mapping[str, Any]]:
        """Further pages of clusters with a name that is not found yet: arguments of the tool."""
        left = self.unresolved()
        some = [each for each in self.of("list_clusters") if each.arguments.get("name") in left]
        return [arguments for each in some for _, arguments in missing([each])]

    def incidents(self) -> list[Json]:
        """The worst first; those that the question speaks of before all others."""
        listed = [
            one for each in self.of("list_incidents") for one in parts(data_of(each), "items")
        ]
        for each in self.of("get_event_history"):
            records = parts(data_of(each), "items")
            listed += [one for one in (part(it, "payload", "incident") for it in records) if one]
        unique = {text(each, "id"): each for each in reversed(listed) if text(each, "id")}
        return self._by_worst(list(unique.values()))

    def alerts(self) -> list[Json]:
        """The same."""
        listed = [one for each in self.of("list_alerts") for one in parts(data_of(each), "items")]
        return self._by_worst([each for each in listed if text(each, "id")])

    def _by_worst(self, found: list[Json]) -> list[Json]:
        started = sorted(found, key=lambda each: text(each, "opened_at", "starts_at"), reverse=True)
        return sorted(started, key=self._badness, reverse=True)

    def _badness(self, one: Json) -> tuple[int, bool, int, float]:
        severity = text(one, "severity")
        worst = _WORST.index(severity) if severity in _WORST else -1
        lasts = text(one, "state") != "RESOLVED"
        return self._meant_by(one), lasts, worst, number(one, "lasting") or 0

    def _meant_by(self, one: Json) -> int:
        """By how much of the question it is meant: its id and its title say most."""
        id_, title = text(one, "id"), text(one, "title", "alertname")
        starts = (start for _, start in self._asked.beginnings)
        ids = (str(known) for _, known in self._asked.ids)
        if any(id_.startswith(each) for each in (*starts, *ids)):
            return 2 * _MOST_MEANT
        ways = (title.lower(), title_in_words(title).lower())  # As it is kept, and as it is shown.
        is_titled = bool(title) and any(each in self._asked.words.text for each in ways)
        spoken = sum(speaks_of(one, [each]) for each in self.meant()[:_MOST_MEANT])
        return _MOST_MEANT * is_titled + spoken

    def meant(self) -> tuple[str, ...]:
        """Words of the question that may tell which incident or alert is meant."""
        plain = [each for each in self._asked.words.words if _is_telling(each, self._asked)]
        return (*self.terms(), *plain[:20])

    def ids_of(self, thing: Thing) -> list[UUID]:
        """Ids in the question, of a kind."""
        return [id_ for known, id_ in self._asked.ids if known is thing]

    def _named_clusters(self) -> Iterator[tuple[str, UUID]]:
        for each in self.answers:
            rows = [row for one in ("items", "series") for row in parts(data_of(each), one)]
            for row in rows:
                if each.tool == "list_clusters":
                    yield from _pair(text(row, "name"), text(row, "id"))
                    yield from _pair(text(row, "display_name"), text(row, "id"))
                yield from _pair(text(row, "cluster_name"), text(row, "cluster_id"))
                for one in parts(row, "clusters"):
                    yield from _pair(text(one, "name"), text(one, "id"))


def _pair(name: str, id_: str) -> Iterator[tuple[str, UUID]]:
    try:
        known = UUID(id_)
    except ValueError:
        return
    if name:
        yield name, known


_PLAIN = some(
    "what which when where does have there their they this that with from about would could"
    " should tell show give please incident incidents alert alerts cause causes root reason"
    " because happen happened cluster clusters last night yesterday today hour hours since"
    " between right more other others some"
)


def _is_telling(word: str, asked: Asked) -> bool:
    return len(word) >= 4 and word not in _PLAIN and word not in asked.words.known
