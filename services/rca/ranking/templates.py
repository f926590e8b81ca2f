"""Log patterns: messages that differ in their parameters only have one template.

After Drain (He et al., 2017): by the number of words and the first two of them, then by how many
words are the same. Words with a digit are parameters; so are words in which lines of one template
differ. What was mined first keeps its number: templates are learnt line by line, so lines are given
in the order in which they were written.
"""

import re
from dataclasses import dataclass, field

_SPLIT = re.compile(r"[\s,;=\[\](){}\"']+")
_CORRELATION = re.compile(r"\b(?:trace|span)[_-]?id\b\W*\w+", re.IGNORECASE)
_SEVERE = re.compile(r"\b(?:ERROR|FATAL|SEVERE|CRITICAL|CRIT|PANIC)\b", re.IGNORECASE)
_PARAMETER = "*"
_LONGEST_WORD = 40
_MOST_WORDS = 30
_MOST_READ = 4_000
"""Characters of a message: what comes later is not looked at."""
_ALIKE = 0.6
_HEAD = 60
MOST_TEMPLATES = 500
"""Of one source; what comes after is one template of its own."""
OVERFLOW = -1


_Shape = tuple[str, int, tuple[str, ...]]
"""Source, number of words, the first of them."""


@dataclass(slots=True)
class _Template:
    number: int
    words: list[str]


@dataclass(slots=True)
class Templates:
    """The templates of every source, a source being what writes a log."""

    _by_source: dict[str, list[_Template]] = field(default_factory=dict[str, list[_Template]])
    _by_shape: dict[_Shape, list[_Template]] = field(default_factory=dict[_Shape, list[_Template]])

    def number(self, source: str, message: str) -> int:
        """The number of a message's template within its source."""
        words = _words(message)
        known = self._by_shape.setdefault((source, len(words), tuple(words[:2])), [])
        best = max(known, key=lambda each: _alike(each.words, words), default=None)
        if best is not None and _alike(best.words, words) >= _ALIKE:
            best.words = [
                one if one == other else _PARAMETER
                for one, other in zip(best.words, words, strict=True)
            ]
            return best.number
        return self._add(source, words, known)

    def text(self, source: str, number: int) -> str:
        """A template in words, ``*`` for its parameters."""
        return "other lines" if number == OVERFLOW else " ".join(self._of(source)[number].words)

    def _add(self, source: str, words: list[str], known: list[_Template]) -> int:
        templates = self._of(source)
        if len(templates) >= MOST_TEMPLATES:
            return OVERFLOW
        made = _Template(len(templates), words)
        templates.append(made)
        known.append(made)
        return made.number

    def _of(self, source: str) -> list[_Template]:
        return self._by_source.setdefault(source, [])


def severe(message: str) -> bool:
    """Whether a message calls itself an error, at its beginning."""
    return _SEVERE.search(message[:_HEAD]) is not None


def _words(message: str) -> list[str]:
    """At most thirty; parameters that follow each other, as in a list, are one."""
    found: list[str] = []
    for word in _SPLIT.split(_CORRELATION.sub("", message[:_MOST_READ])):
        if not word:
            continue
        plain = len(word) <= _LONGEST_WORD and not any(sign.isdigit() for sign in word)
        said = word if plain else _PARAMETER
        if said == _PARAMETER and found and found[-1] == _PARAMETER:
            continue
        found.append(said)
        if len(found) == _MOST_WORDS:
            break
    return found


def _alike(one: list[str], other: list[str]) -> float:
    same = sum(first == second for first, second in zip(one, other, strict=True))
    return same / max(1, len(one))
