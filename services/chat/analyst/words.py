"""The words of a question, as they are compared: small letters, without plurals and slips. Pure."""

import re
from collections.abc import Collection
from dataclasses import dataclass

MOST = 16_000
"""Characters of a question that are looked at."""
_MOST_WORDS = 1_500
_MOST_SLIPS = 60
"""Words that are compared with all others: it takes some microseconds each."""
_WORD = re.compile(r"[a-z0-9][a-z0-9_.:/-]*[a-z0-9_]|[a-z0-9]")
_TICKED = re.compile(r"`[^`]*`")
_LETTERS = re.compile(r"[a-z]+")
_FEWEST = 5
"""Letters of a word that may hold a slip: shorter ones are too like others."""
_LONG = 8
"""Letters from which on there may be two of them."""


def some(text: str) -> frozenset[str]:
    """Words with blanks between them."""
    return frozenset(text.split())


_RIGHT = some(
    "about above after again alarm below cable check clear close could count doing every"
    " first found given great group hours large later least lower match might minutes needs"
    " never night normal notes often order other place point power quite reach right shall"
    " short since small space speed start state stats still store table there these thing"
    " think those times today total tower under until using value water where which while"
    " white whole whose would write yesterday between morning please problem problems running"
    " seconds second should something without working version versions rather really report"
    " reports result results"
)
"""Words that are what they are, though one letter makes another word of them."""


_FORMS = (("ies", "y"), ("es", ""), ("s", ""), ("ed", ""), ("d", ""), ("ing", ""))
_PHRASES = tuple(
    (re.compile(rf"\b{said}\b"), meant)
    for said, meant in (
        (r"network functions?", "cnf"),
        (r"virtual functions?", "vf"),
        (r"distributed units?", "du"),
        (r"central units?", "cu"),
        (r"(?:not|n't|un) ?ready", "unready"),
        (r"far edge", "far-edge"),
        (r"crash ?loop\w*", "crashloop"),
        (r"root[- ]?causes?", "root cause"),
        (r"graphics cards?", "gpu"),
        (r"(event|audit) logs?", r"\1"),
        (r"what(?:'s| is)? (?:going on|up|happening)", "overview"),
        (r"(?:brought|went|going|goes) down", "failing"),
    )
)


@dataclass(frozen=True, slots=True)
class Words:
    """What a question is made of."""

    text: str
    """All of it in small letters, without what stands in backticks."""
    words: tuple[str, ...]
    """In their order, as they stand there."""
    known: frozenset[str]
    """Of the vocabulary, those that are meant."""


def words_of(question: str, vocabulary: Collection[str]) -> Words:
    """The question's words, and which of the vocabulary are among them."""
    text = _TICKED.sub(" ", question[:MOST].lower())
    for said, meant in _PHRASES:
        text = said.sub(meant, text)
    found = tuple(_WORD.findall(text)[:_MOST_WORDS])
    known = set[str]()
    slips = 0
    for each in dict.fromkeys(found):
        meant = _plain(each, vocabulary)
        if meant is None and slips < _MOST_SLIPS and _may_slip(each):
            slips += 1
            meant = _slipped(each, frozenset(vocabulary))
        if meant is not None:
            known.add(meant)
        known |= {part for part in re.split(r"[-/.:]", each) if part in vocabulary}
    return Words(text, found, frozenset(known))


def _plain(word: str, vocabulary: Collection[str]) -> str | None:
    """The word of the vocabulary that it is, or of which it is a form."""
    ways = [word]
    for end, stem in _FORMS:
        if word.endswith(end):
            ways.append(f"{word.removesuffix(end)}{stem}")
    return next((each for each in ways if each in vocabulary), None)


def _may_slip(word: str) -> bool:
    return len(word) >= _FEWEST and word not in _RIGHT and bool(_LETTERS.fullmatch(word))


def _slipped(word: str, vocabulary: frozenset[str]) -> str | None:
    """The word of the vocabulary that is meant, if one letter is wrong, missing, or misplaced."""
    stems = (word, word.removesuffix("s"))
    near = sorted(
        (distance, each)
        for each in vocabulary
        if len(each) >= _FEWEST and abs(len(each) - len(word)) <= 2
        for distance in (min(_distance(stem, each) for stem in stems),)
        if distance <= (2 if len(each) >= _LONG else 1)
    )
    return near[0][1] if near else None


def _distance(one: str, other: str) -> int:
    """Letters that are wrong, missing, too many, or changed places (restricted Damerau)."""
    before, last = list[int](), list(range(len(other) + 1))
    for row, mine in enumerate(one, 1):
        this = [row]
        for column, its in enumerate(other, 1):
            cost = min(last[column] + 1, this[-1] + 1, last[column - 1] + (mine != its))
            is_swap = row > 1 and column > 1 and (mine, its) == (other[column - 2], one[row - 2])
            this.append(min(cost, before[column - 2] + 1) if is_swap else cost)
        before, last = last, this
    return last[-1]
