"""What came of collecting series, wherever they are from."""

from collections.abc import Sequence
from dataclasses import dataclass

from contracts.analysis import ClusterUnanswered


@dataclass(frozen=True, slots=True)
class Gathered:
    """Who was asked, and who has not answered."""

    clusters: int
    missing: Sequence[ClusterUnanswered] = ()
    warnings: Sequence[str] = ()
