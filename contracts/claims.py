"""Claims: what each sentence of an answer rests on, as far as code can tell."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from contracts.envelope import Message

MOST_CLAIMS = 200
"""Of one answer; what comes after them is not looked at."""
MOST_EVIDENCE = 8
"""Of one claim, the best first."""

Offset = Annotated[int, Field(ge=0)]


class EvidenceKind(StrEnum):
    """What a claim can rest on."""

    TOOL = "TOOL"
    """What a tool has told."""
    EVENT = "EVENT"
    """An event of the log, which a tool's answer names."""
    QUERY = "QUERY"
    """PromQL, LogQL or TraceQL, and what came of it."""


class ClaimEvidence(Message):
    """Where the figures and names of a claim stand."""

    kind: EvidenceKind
    call_id: Annotated[str, StringConstraints(max_length=120)] | None = None
    """The call that has told it."""
    sequence: Annotated[int, Field(ge=1)] | None = None
    """Of an event."""
    label: Annotated[str, StringConstraints(max_length=300)]
    """What to call it: the tool, the event's type, the query."""
    link: Annotated[str, StringConstraints(max_length=300)] | None = None
    """Path of the REST API where all of it can be read; null: there is none."""


class Claim(Message):
    """A sentence, an entry of a list, or a row of a table."""

    start: Offset
    """Characters of the answer before it."""
    end: Offset
    """Exclusive."""
    evidence: Annotated[tuple[ClaimEvidence, ...], Field(max_length=MOST_EVIDENCE)] = ()
    """Empty: nothing that a tool has told was found in it."""
    is_hypothesis: bool = False
    """It names a cause that no root cause analysis knows as that."""
    is_unsupported: bool = False
    """It has a figure that stands in nothing that was told, nor in the question."""
