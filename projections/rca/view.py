"""The rows of analyses, and an analysis as people see it."""

from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from contracts.envelope import Message, Timestamp
from contracts.rca import RcaEntity, RcaResult, RcaTrigger
from contracts.rca_seen import RcaSeen
from services.runtime.projections.table import Table

MOST_OF_ONE = 100
"""Analyses of one incident, or of one alert, anomaly or cluster; the oldest go."""


class AnalysisRow(NamedTuple):
    """An analysis, as it was told first and for ever."""

    id: UUID
    trigger: str
    trigger_id: UUID
    incident_id: UUID | None
    about: UUID
    """The incident, or the trigger of what belongs to none."""
    cluster_ids: tuple[UUID, ...]
    window_start: datetime
    window_end: datetime
    is_known: bool
    cause_cluster: UUID | None
    """Of the first cause, as the next three; None where nothing was found."""
    cause_place: str | None
    cause_kind: str | None
    cause_score: float | None
    analysed_at: datetime
    """By the log."""
    sequence: int
    """Of the event that told it."""
    told: dict[str, object]
    """All that was found: an `RcaResult`."""


class AbsorbedRow(NamedTuple):
    """An incident that has ended in another one, for ever."""

    incident_id: UUID
    into_id: UUID


class RcaFirstCause(Message):
    """What an analysis takes for the most likely cause."""

    entity: RcaEntity
    kind: str
    score: float


class RcaSummary(Message):
    """An analysis in a list.

    Who may see some of its clusters only is shown these, and no cause: then ``redacted`` is true.
    """

    id: UUID
    trigger: RcaTrigger
    trigger_id: UUID
    incident_id: UUID | None
    cluster_ids: list[UUID]
    window_start: Timestamp
    window_end: Timestamp
    is_known: bool
    """Whether the first cause is the cause; false: it is unknown, and causes are hypotheses."""
    cause: RcaFirstCause | None
    """The first one; null where nothing was wrong."""
    analysed_at: Timestamp
    sequence: int
    """Of the event that told it."""
    redacted: bool


MOST_SHOWN = 3
"""Claims of an analysis in short."""


class RcaEvidence(Message):
    """Something that is said of a cause, and where it is seen."""

    text: str
    is_fact: bool
    """False: a hypothesis."""
    sequence: int | None
    """Of the first event that says it."""
    seen: RcaSeen | None
    """The first thing that was seen live and says it, with its query."""


class RcaTold(Message):
    """What an analysis says of what it takes for the most likely cause."""

    entity: RcaEntity | None
    """Null, as the next two, where nothing was wrong."""
    kind: str | None
    score: float | None
    explanation: str
    claims: int
    """How much speaks for it."""
    evidence: list[RcaEvidence]
    """Of that the first three."""


class RcaInShort(Message):
    """An analysis with what speaks for its first cause, beside what it is about."""

    rca_id: UUID
    is_known: bool
    """Whether the first cause is the cause; false: it is unknown, and what is told a guess."""
    analysed_at: Timestamp
    sequence: int
    """Of the event that told it."""
    redacted: bool
    """It is also about clusters that whoever asks may not see."""
    told: RcaTold | None
    """Null where it is redacted."""


class RcaView(RcaResult):
    """An analysis in REST: what was found, and when.

    Who may see some of its clusters only is shown no more than that there is one: then ``redacted``
    is true, and causes, edges, timeline and actions are empty.
    """

    analysed_at: Timestamp
    sequence: int
    """Of the event that told it."""
    redacted: bool


_NEWEST = Path(__file__).with_name("newest.sql").read_text()
ANALYSIS = Table(
    "analysis",
    AnalysisRow,
    key=("id",),
    indexes=("(about, sequence desc)", "(sequence desc)", "using gin (cluster_ids)"),
    # What comes again changes nothing.
    kept=frozenset(AnalysisRow._fields) - {"id"},
    more=_NEWEST.replace("{most}", str(MOST_OF_ONE)),
)
"""Written once, so that its sequence is all of its history."""
ABSORBED = Table(
    "absorbed", AbsorbedRow, key=("incident_id",), indexes=("(into_id)",), history=True
)
