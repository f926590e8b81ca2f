"""Answers within a size, cut by structure: never within JSON; what is left out is said. Pure."""

import json
import sys
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from contracts.tools import CHARACTERS_OF_TOKEN, MOST_TOKENS, Cut


@dataclass(frozen=True, slots=True)
class _Way:
    """How much is left of what stands within an answer."""

    entries: int
    """Of lists other than the main one."""
    characters: int
    """Of texts."""


_TEXT = 600
_WAYS = (
    _Way(sys.maxsize, sys.maxsize),
    *(_Way(entries, _TEXT) for entries in (50, 20, 10, 5, 3)),
)
"""Tried one after the other."""
_ENOUGH = 20
"""Entries of the main list that are worth less within them."""

Object = dict[str, Any]
Told = tuple[Object, tuple[Cut, ...]]


def size(value: object) -> int:
    """Bytes as JSON: characters that are not of Latin letters are tokens of their own."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return len(text.encode(errors="surrogatepass"))


def lean(value: Any) -> Any:
    """Without what is null or empty in objects: it costs and says nothing."""
    if isinstance(value, dict):
        told = {
            name: lean(each) if isinstance(each, (dict, list)) else each
            for name, each in cast("Object", value).items()
        }
        return {name: each for name, each in told.items() if each or each == 0}
    if isinstance(value, list):
        return [lean(each) for each in cast("list[Any]", value)]
    return value


def fitted(data: Object, main: str = "", tokens: int = MOST_TOKENS, *, whole: str = "") -> Told:
    """The data within so many tokens, and what was cut; ``main`` is the list that can be paged on.

    Of it as many entries are shown as have room, one at least; for more than a few of them what
    stands within is shortened, but for ``whole``, a list of each entry, as long as one entry has
    room. What is without a list, and too large, goes, the largest first.
    """
    most = tokens * CHARACTERS_OF_TOKEN
    if size(data) <= most:
        return data, ()
    entries = cast("list[Any]", data.get(main) or []) if main else []
    if whole and entries:
        kept = _Try(data, main, _WAYS[1], most, whole=whole)
        if kept.is_told(1):
            return kept.told()
    least = _Try(data, main, _WAYS[-1], most)
    wanted = min(_ENOUGH, least.shown)  # There is no way to show more.
    if not least.is_told(min(1, len(entries))):
        return least.forced()
    ways = (_Try(data, main, way, most) for way in _WAYS[:-1])
    return next((each for each in ways if each.is_told(wanted)), least).told()


class _Try:
    """The data shortened in one way, with as many entries of the main list as have room."""

    def __init__(self, data: Object, main: str, way: _Way, most: int, *, whole: str = "") -> None:
        self._entries = cast("list[Any]", data.get(main) or []) if main else []
        self._main = main if self._entries else ""
        self._way = way
        self._most = most
        self._whole = f"{main}[].{whole}" if whole else ""
        self._cuts = _Cuts(way)
        self._data: Object = {
            name: [] if name == self._main else self._cuts.shortened(each, name)
            for name, each in data.items()
        }
        self.room = 0
        """What is left of the size; less than 0: there is too much without any entry."""
        self._fill()

    def is_told(self, enough: int) -> bool:
        """It fits, with so many entries."""
        return self.room >= 0 and self.shown >= enough

    @property
    def shown(self) -> int:
        """Entries of the main list."""
        return len(self._data[self._main]) if self._main else 0

    def told(self) -> Told:
        """The data, and what was cut."""
        if self.shown < len(self._entries):
            self._cuts.note(Cut(path=self._main, shown=self.shown, of=len(self._entries),
                                unit="entries"))  # fmt: skip
        return self._data, self._cuts.told()

    def forced(self) -> Told:
        """One entry at least, whatever must go for it: who pages on would else never get by."""
        first, cuts = self._shortened(self._entries[0]) if self._main else (None, self._cuts)
        wanted = min(size(first), self._most // 2) if self._main else 0
        kept = {self._main} if self._main else set[str]()
        _without_the_largest(self._data, self._most - wanted, self._cuts, "", kept)
        self._fill()
        if self._main and not self.shown:
            path = f"{self._main}[]"
            self._data[self._main] = [cuts.forced(first, self.room, path)]
            self._cuts.take(cuts)
        return self.told()

    def _fill(self) -> None:
        """Show as many as have room."""
        self.room = self._most - size(self._data)
        for each in self._entries:
            told, cuts = self._shortened(each)
            costs = size(told) + (1 if self.shown else 0)
            if costs > self.room:
                return
            self.room -= costs
            self._data[self._main].append(told)
            self._cuts.take(cuts)

    def _shortened(self, entry: Any) -> tuple[Any, "_Cuts"]:
        cuts = _Cuts(self._way, whole=self._whole)
        return cuts.shortened(entry, f"{self._main}[]"), cuts


def _without_the_largest(told: Object, most: int, cuts: "_Cuts", path: str, kept: set[str]) -> None:
    """Parts of an object go, the largest first, until the others have room."""
    for name in sorted(told, key=lambda each: -size(told[each])):
        if size(told) <= most:
            return
        if name not in kept:
            del told[name]
            cuts.gone(f"{path}.{name}" if path else name, 1, "entries")


@dataclass
class _Cuts:
    """What is cut on the way; of entries of one list alike as one, the longest counts."""

    way: _Way
    whole: str = ""
    """The path of a list of which nothing is left out."""
    found: dict[str, Cut] = field(default_factory=dict[str, Cut])

    def told(self) -> tuple[Cut, ...]:
        return tuple(self.found.values())

    def note(self, cut: Cut) -> None:
        known = self.found.get(cut.path)
        if known is None or known.of < cut.of:
            self.found[cut.path] = cut

    def take(self, others: "_Cuts") -> None:
        """These, too."""
        for cut in others.found.values():
            self.note(cut)

    def gone(self, path: str, of: int, unit: Literal["entries", "characters"]) -> None:
        """All of it, and so what was cut within it."""
        within = (f"{path}.", f"{path}[")
        self.found = {name: cut for name, cut in self.found.items() if not name.startswith(within)}
        self.found[path] = Cut(path=path, shown=0, of=of, unit=unit)

    def forced(self, value: Any, most: int, path: str) -> Any:
        """So much of it as has room; null where that is nothing."""
        if isinstance(value, dict):
            _without_the_largest(cast("Object", value), most, self, path, set())
        needs = size(cast("object", value))
        if needs <= most:
            return cast("object", value)
        self.gone(path, needs, "characters")
        return None

    def shortened(self, value: Any, path: str) -> Any:
        """Anew, with lists and texts of no more than the way allows."""
        if isinstance(value, dict):
            told = cast("Object", value)
            return {name: self.shortened(each, f"{path}.{name}") for name, each in told.items()}
        if isinstance(value, list):
            return self._entries(cast("list[Any]", value), path)
        if isinstance(value, str) and len(value) > self.way.characters:
            most = self.way.characters
            self.note(Cut(path=path, shown=most, of=len(value), unit="characters"))
            return value[:most] + "…"
        return value

    def _entries(self, entries: list[Any], path: str) -> list[Any]:
        most = len(entries) if path == self.whole else self.way.entries
        if len(entries) > most:
            self.note(Cut(path=path, shown=most, of=len(entries), unit="entries"))
        return [self.shortened(each, f"{path}[]") for each in entries[:most]]
