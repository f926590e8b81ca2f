"""What tools have told, so that figures and names can be looked up in all of it at once. Pure.

Sets of sources are whole numbers: the bit at a source's place is set.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from contracts.chat import ToolStatus
from contracts.claims import ClaimEvidence, EvidenceKind
from services.chat.analyst.history import HISTORY, whole
from services.chat.analyst.reading import data_of, parts, text
from services.chat.grounding.figures import Figure, clocks_of
from services.chat.grounding.texts import Sorted
from services.chat.grounding.walking import Thing, Walk
from services.chat.steps import Answered

_KINDS = {
    "list_incidents": "incidents",
    "list_alerts": "alerts",
    "list_clusters": "clusters",
    "analyze_root_cause": "analysis/rca",
}
"""Where the things that a tool lists can be read."""
_QUERIES = ("query", "traceql")
_CLOSE = 1e-9
_COMMON = 60
"""A name that stands in more things tells none of them from the others."""


Key = tuple[EvidenceKind, str, int | None, str, str | None]
"""Of evidence: its kind, call, sequence, label, link."""


@dataclass(frozen=True, slots=True)
class Source:
    """One answer of a tool, or what was said besides."""

    call_id: str
    """Empty: it is none of a tool."""
    label: str
    query: str = ""
    """PromQL, LogQL or TraceQL; empty: it was asked without."""


class Index:
    """Of all sources."""

    def __init__(self, answers: Iterable[Answered], others: Sequence[str]) -> None:
        self.sources = list[Source]()
        self.things = list[tuple[int, Thing]]()
        """With the place of the source."""
        self.events = dict[int, tuple[int, Thing]]()
        """By sequence."""
        self.evidence = dict[Key, ClaimEvidence]()
        """That was made already."""
        self._names = dict[str, int]()
        self._times = dict[str, int]()
        self._owners = dict[float, int]()
        self._of_names = dict[str, list[int]]()
        """Places of the things that a name stands in."""
        told = [
            each
            for each in answers
            if each.status is ToolStatus.SUCCESS and each.answer is not None
        ]
        for each in told:
            self._add(each)
        self._add_counts(told)
        self._add_others(others)
        self._numbers = sorted(self._owners)
        self._known = dict[Figure, int]()

    def named(self, name: str) -> int:
        """The sources that a name stands in."""
        return self._names.get(name, 0)

    def timed(self, time: str) -> int:
        """The sources that a time or date stands in."""
        plain = time.partition(".")[0]
        plain = plain.zfill(5) if plain.count(":") == 1 else plain.zfill(8)
        return self._times.get(plain, 0) | self._times.get(plain.removeprefix("0"), 0)

    def figured(self, one: Figure) -> int:
        """The sources that have the figure: rounded to the digits that it shows; of any sign."""
        if one not in self._known:
            self._known[one] = self._looked_up(one)
        return self._known[one]

    def likest(self, names: Iterable[str], sources: int) -> list[tuple[int, Thing]]:
        """The things of some sources in which most of the names stand."""
        counts = dict[int, int]()
        for name in names:
            places = self._of_names.get(name, ())
            for place in places if len(places) <= _COMMON else ():
                counts[place] = counts.get(place, 0) + 1
        most = max(counts.values(), default=0)
        found = (self.things[place] for place, count in counts.items() if count == most)
        return [(source, thing) for source, thing in found if sources >> source & 1]

    def _looked_up(self, one: Figure) -> int:
        found = 0
        for scale in one.scales:
            for sign in (1, -1) if one.value else (1,):
                found |= self._near(sign * one.value * scale, one.half * scale, scale == 1.0)
        return found

    def _near(self, value: float, half: float, as_told: bool) -> int:  # noqa: FBT001 - of here alone
        reach = half * (1 + _CLOSE) + abs(value) * _CLOSE
        at, found = bisect_left(self._numbers, value - reach), 0
        while at < len(self._numbers) and self._numbers[at] <= value + reach:
            told = self._numbers[at]
            # A whole number that was told is not rounded to another one.
            if not as_told or half > 0.5 or told != int(told) or abs(told - value) < 0.5:
                found |= self._owners[told]
            at += 1
        return found

    def _add(self, answered: Answered) -> None:
        asked = (answered.arguments.get(each) for each in _QUERIES)
        query = next((each for each in asked if isinstance(each, str)), "")
        label = answered.tool[:300] or "a tool"
        place = len(self.sources)
        self.sources.append(Source(answered.call_id[:120], label, query[:300]))
        walk = Walk(_KINDS.get(answered.tool, ""))
        if answered.answer is not None:
            walk.go(answered.answer.data)
            walk.numbers.update(
                float(n) for cut in answered.answer.cut for n in (cut.shown, cut.of)
            )
        walk.go(answered.arguments)
        for thing in walk.things:
            self._add_thing(place, thing)
        rest = Sorted(walk.texts)
        self._add_names(rest.names, 1 << place)
        self._add_rest(walk.numbers | rest.numbers, rest.times, 1 << place)
        clocks = {clock for each in walk.moments for clock in clocks_of(each)}
        self._add_rest((), clocks, 1 << place)

    def _add_thing(self, source: int, thing: Thing) -> None:
        place = len(self.things)
        self.things.append((source, thing))
        if thing.sequence is not None:
            self.events.setdefault(thing.sequence, (source, thing))
        told = Sorted(thing.texts)
        for name in told.names:
            self._of_names.setdefault(name, []).append(place)
        self._add_names(told.names, 1 << source)
        self._add_rest(told.numbers, told.times, 1 << source)

    def _add_names(self, names: Iterable[str], bit: int) -> None:
        known = self._names
        for name in names:
            known[name] = known.get(name, 0) | bit

    def _add_rest(self, numbers: Iterable[float], times: Iterable[str], bit: int) -> None:
        owners, clocks = self._owners, self._times
        for number in numbers:
            owners[number] = owners.get(number, 0) | bit
        for time in times:
            clocks[time] = clocks.get(time, 0) | bit

    def _add_counts(self, told: Sequence[Answered]) -> None:
        """How many events histories hold, of all types and of each: whoever reads counts them."""
        bits = sum(1 << place for place, each in enumerate(told) if each.tool == HISTORY)
        for each in whole(told):
            if each.tool == HISTORY:
                rows = parts(data_of(each), "items")
                counts = Counter(text(row, "event_type") for row in rows)
                self._add_rest({float(len(rows)), *map(float, counts.values())}, (), bits)

    def _add_others(self, others: Sequence[str]) -> None:
        """What was said besides: its figures and times are no invention."""
        words = (each.strip("`.,;()?!") for text in others for each in text.split())
        told = Sorted(others)
        bit = 1 << len(self.sources)
        self.sources.append(Source("", "what was said"))
        self._add_rest(told.numbers, told.times, bit)
        self._add_rest((), (each for each in words if ":" in each), bit)


def places(sources: int) -> Iterator[int]:
    """Those of the bits that are set."""
    while sources:
        low = sources & -sources
        yield low.bit_length() - 1
        sources ^= low
