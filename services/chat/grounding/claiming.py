"""The claims of an answer: what each rests on, and what it says that nothing bears out. Pure."""

import re
from collections.abc import Iterable, Iterator, Sequence

from contracts.claims import MOST_CLAIMS, MOST_EVIDENCE, Claim, ClaimEvidence, EvidenceKind
from services.chat.grounding.causes import Causes, causes, is_hypothesis
from services.chat.grounding.figures import Figure, Said, said
from services.chat.grounding.index import Index, Key, places
from services.chat.grounding.pieces import Piece, pieces
from services.chat.grounding.walking import Thing
from services.chat.steps import Round

_EVENTS = re.compile(r"\bevents?\s+#?(\d{1,18}(?:(?:,| and|,? #)\s*#?\d{1,18})*)", re.IGNORECASE)
_NUMBER = re.compile(r"\d{1,18}")
_MOST_ALIKE = 4
"""Things of which as much is said: if there are more, none of them is what is meant."""
_MOST_SOURCES = 4
_MOST = 100_000
"""Characters of an answer that are looked at."""


def claims(text: str, rounds: Sequence[Round], *others: str) -> tuple[Claim, ...]:
    """Each sentence, entry of a list and row of a table of an answer, with what bears it out.

    ``others``: what was said besides, such as the question; its figures are no invention.
    """
    answers = [one for each in rounds for one in each.answers]
    index, known = Index(answers, others), causes(answers)
    return tuple(_claim(each, index, known) for each in pieces(text[:_MOST], MOST_CLAIMS))


def _claim(piece: Piece, index: Index, known: Causes) -> Claim:
    parts = said(piece.text)
    cited = {int(one) for found in _EVENTS.findall(piece.text) for one in _NUMBER.findall(found)}
    best = _best(parts, index)
    evidence = (*_cited(cited, index), *_sources(best, index), *_things(parts, best, cited, index))
    return Claim(
        start=piece.start,
        end=piece.end,
        evidence=tuple(dict.fromkeys(evidence))[:MOST_EVIDENCE],
        is_hypothesis=is_hypothesis(piece.text, known),
        is_unsupported=_is_invented(parts, index),
    )


def _best(parts: Said, index: Index) -> list[int]:
    """The answers that hold most of what is said."""
    weights, telling = dict[int, float](), set[int]()
    for found, weight, tells in _found(parts, index):
        for place in places(found):
            weights[place] = weights.get(place, 0) + weight
            if tells:
                telling.add(place)
    # A small number stands in nearly every answer: alone it says little, but for all of them.
    of_all = len(parts.figures)
    kept = [
        place
        for place, weight in weights.items()
        if index.sources[place].call_id and (place in telling or weight >= of_all)
    ]
    return sorted(kept, key=lambda place: (-weights[place], place))[:_MOST_SOURCES]


def _found(parts: Said, index: Index) -> Iterator[tuple[int, float, bool]]:
    """Sources of each thing that is said, what that is worth, and whether it says much."""
    for one in parts.figures:
        yield index.figured(one), 1.0, not _is_small(one)
    for time in parts.times:
        yield index.timed(time), 1.0, True
    for name in parts.names:
        yield index.named(name), 1.5, True


def _is_small(one: Figure) -> bool:
    return one.value == int(one.value) and abs(one.value) <= 12 and one.scales == (1.0,)


def _is_invented(parts: Said, index: Index) -> bool:
    return not (all(map(index.figured, parts.figures)) and all(map(index.timed, parts.times)))


def _cited(sequences: Iterable[int], index: Index) -> Iterator[ClaimEvidence]:
    """Events by their numbers."""
    for one in sorted(sequences):
        if one in index.events:
            yield _opened(*index.events[one], index)


def _sources(best: Sequence[int], index: Index) -> Iterator[ClaimEvidence]:
    for place in best:
        told = index.sources[place]
        kind = EvidenceKind.QUERY if told.query else EvidenceKind.TOOL
        yield _made(index, (kind, told.call_id, None, told.query or told.label, None))


def _things(
    parts: Said, best: Sequence[int], cited: Iterable[int], index: Index
) -> Iterator[ClaimEvidence]:
    """What can be opened of what was told, where most of the names of the piece stand in it."""
    found = index.likest(parts.names, sum(1 << place for place in best))
    for source, thing in found if len(found) <= _MOST_ALIKE else ():
        if thing.sequence is None or thing.sequence not in cited:
            yield _opened(source, thing, index)


def _opened(source: int, thing: Thing, index: Index) -> ClaimEvidence:
    told = index.sources[source]
    if thing.sequence is None:
        return _made(index, (EvidenceKind.TOOL, told.call_id, None, told.label, thing.link))
    key = (EvidenceKind.EVENT, told.call_id, thing.sequence, thing.label, thing.link)
    return _made(index, key)


def _made(index: Index, key: Key) -> ClaimEvidence:
    """Many sentences rest on the same, and making it costs more than finding it.

    Kept as long as the answer is looked at: what was told must not outlive its chat in a process.
    """
    known = index.evidence.get(key)
    if known is None:
        kind, call_id, sequence, label, link = key
        known = ClaimEvidence(kind=kind, call_id=call_id, sequence=sequence,
                         label=label[:300] or "event", link=link)  # fmt: skip
        index.evidence[key] = known
    return known
