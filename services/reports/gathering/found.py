"""What was read for a report, before it has a summary."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.reports.data import InScope, Section


@dataclass(frozen=True, slots=True)
class Found:
    """Its parts, and what a summary is made of."""

    words: str
    """A summary by a template."""
    sections: tuple[Section, ...]
    clusters: tuple[InScope, ...]
    facts: Mapping[str, Any]
    """What a model is shown."""
