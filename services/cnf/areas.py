"""What was found out about one area of a cluster's network functions, or why nothing was."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from contracts.cnf import CnfSource

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Area(Generic[T]):
    """One area, by one source."""

    source: CnfSource
    found: tuple[T, ...] | None = None
    """None if it is not known."""
    lacking: str = ""
    """Why it is not known, or not all of it."""

    def cut(self, most: int) -> "Area[T]":
        """No more than so many."""
        if self.found is None or len(self.found) <= most:
            return self
        text = f"only {most:,} of {len(self.found):,} are told"
        lacking = f"{self.lacking}; {text}" if self.lacking else text
        return Area(self.source, self.found[:most], lacking)


def first_known(areas: Sequence[Area[T]]) -> Area[T]:
    """The first of them that is known; if none is, why none of them is."""
    for each in areas:
        if each.found is not None:
            return each
    why = "; ".join(dict.fromkeys(each.lacking for each in areas if each.lacking))
    return Area(areas[0].source, None, why)
