"""A ranking in sentences, with the numbers that its evidence rests on."""

from collections.abc import Sequence

from services.rca.ranking.evidence import Evidence
from services.rca.ranking.ranking import Candidate, Ranking

_MOST = 3
"""Pieces of evidence that are told of a candidate."""


def explain(ranking: Ranking) -> str:
    """What is behind it, why that is believed, what speaks against it, and who comes next."""
    first, second = (*ranking.candidates[:2], None, None)[:2]
    if first is None:
        return "The cause is unknown: there is nothing to look at."
    if ranking.cause is None:
        sentences = ["The cause is unknown: too little speaks for any entity."]
        if first.reasons:
            sentences.append(f"Most speaks for {_named(first)}: {_listed(first.reasons)}.")
        return " ".join(sentences)
    sentences = [f"The cause is most likely {_named(first)}: {_listed(first.reasons)}."]
    if first.doubts:
        sentences.append(f"Against it: {_listed(first.doubts)}.")
    if second is not None and second.reasons:
        sentences.append(f"Next comes {_named(second)}: {_listed(second.reasons[:1])}.")
    return " ".join(sentences)


def _named(candidate: Candidate) -> str:
    return f"{candidate.entity} ({candidate.score:.2f} of 1)"


def _listed(evidence: Sequence[Evidence]) -> str:
    return "; ".join(each.said for each in evidence[:_MOST])
