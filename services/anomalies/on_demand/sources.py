"""What came of collecting series, wherever they are from, and of asking about them."""

from collections.abc import Sequence
from dataclasses import dataclass

from contracts.analysis import ClusterUnanswered, Judgement


@dataclass(frozen=True, slots=True)
class Gathered:
    """Who was asked, and who has not answered."""

    clusters: int
    missing: Sequence[ClusterUnanswered] = ()
    warnings: Sequence[str] = ()
    judgement: Judgement | None = None
    """What models have said of what was found; null: none was asked."""
