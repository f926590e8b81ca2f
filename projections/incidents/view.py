"""The rows of the incidents projection, and an incident as people see it."""

from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from contracts.alerts import Severity
from contracts.envelope import Message, Timestamp
from contracts.incidents import CorrelationRule, IncidentState, SignalKind
from services.runtime.projections.table import Table


class IncidentRow(NamedTuple):
    """An incident as its last event tells it."""

    id: UUID
    title: str
    state: str
    severity: str
    cluster_ids: tuple[UUID, ...]
    place: tuple[str, ...]
    """Its ``where``, which is a word of SQL."""
    signals: int
    lasting: int
    opened_at: datetime
    last_signal_at: datetime
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    resolved_by: str | None
    resolved_at: datetime | None
    merged_into: UUID | None
    version: int
    changed_at: datetime


class AbsorbedRow(NamedTuple):
    """An incident that has ended in another one, for ever.

    Its signals keep it: that they belong to the other one is found when they are read, so that an
    event of some hundred bytes does not change a hundred thousand rows.
    """

    incident_id: UUID
    into_id: UUID


class SignalRow(NamedTuple):
    """What a signal is, whatever it belongs to."""

    id: UUID
    cluster_id: UUID
    kind: str
    name: str
    severity: str
    place: tuple[str, ...]
    started_at: datetime
    sequence: int
    """Of the event that told it."""


class MemberRow(NamedTuple):
    """To which incident a signal belongs. Its ``seq`` is that of the event which says so."""

    signal_id: UUID
    incident_id: UUID
    joined_at: datetime
    reason: str
    likeness: float | None
    """None where it was not likeness that brought it here."""


class EndedRow(NamedTuple):
    """A signal that does not last any more. A row of its own: events tell it by the id alone."""

    signal_id: UUID
    ended_at: datetime


class EntryRow(NamedTuple):
    """One event of an incident."""

    sequence: int
    incident_id: UUID
    event_type: str
    at: datetime
    actor: str
    reason: str
    state: str
    severity: str
    cluster_ids: tuple[UUID, ...]
    """Those of the incident after it: who may not see all of them is not told the reason."""
    signals: int
    lasting: int
    added: dict[str, int]
    """By cluster, how many signals came."""
    ended: int
    resumed: int
    moved: int
    other_id: UUID | None


class RuleRow(NamedTuple):
    """A rule that counts."""

    id: str
    told: dict[str, object]
    version: int
    changed_at: datetime
    changed_by: str


class ClusterNameRow(NamedTuple):
    """How a cluster is called; kept after its deletion, for history."""

    cluster_id: UUID
    name: str


class NamedCluster(Message):
    """A cluster, and how it is called or was called last."""

    id: UUID
    name: str | None


class IncidentSeen(Message):
    """An incident as it is seen.

    Who may see some of its clusters only sees these, and their signals: then ``redacted`` is true,
    ``title`` names the worst signal that is seen, ``where`` is empty, and `signals` and `lasting`
    count what is seen; as of a time no more than 1,000 signals are counted.
    """

    id: UUID
    title: str
    state: IncidentState
    severity: Severity
    """The worst of all of its signals."""
    cluster_ids: list[UUID]
    clusters: list[NamedCluster]
    """The same, with their names."""
    where: list[str]
    """What most of its signals share, the most particular first: `node/worker-3`."""
    signals: int
    lasting: int
    """Of these, the ones that have not ended."""
    opened_at: Timestamp
    """When its first signal began."""
    last_signal_at: Timestamp
    acknowledged_by: str | None
    acknowledged_at: Timestamp | None
    resolved_by: str | None
    """Null where it was resolved because all of it had ended."""
    resolved_at: Timestamp | None
    merged_into: UUID | None
    """The incident that its signals belong to now."""
    version: int
    changed_at: Timestamp
    redacted: bool


class IncidentReach(Message):
    """What the signals of an incident are about, in numbers: how far it reaches.

    A place counts once for each cluster that has it. Of an incident that is not seen whole, what is
    seen counts.
    """

    clusters: int
    namespaces: int
    workloads: int
    pods: int
    nodes: int
    gpus: int
    at_least: bool
    """Only 500 signals were looked at: there may be more of all but clusters."""


class LastingName(Message):
    """Signals of one name in one cluster that belong to incidents, and last."""

    cluster_id: UUID
    severity: Severity
    name: str
    """Of an alert its `alertname`; no more than 128 characters."""
    lasting: int


class TimelineEntry(Message):
    """What happened to an incident: one of its events.

    Where the incident was about clusters which whoever asks may not see, ``redacted`` is true, and
    ``reason`` and all numbers but ``added`` are null.
    """

    sequence: int
    """Of the event; all of it is at `GET /events/{sequence}`."""
    event_type: str
    at: Timestamp
    actor: str
    reason: str | None
    state: IncidentState
    """After it, as the next three."""
    severity: Severity
    signals: int | None
    lasting: int | None
    added: int
    """Signals that came."""
    ended: int | None
    resumed: int | None
    moved: int | None
    """Signals that went to another incident, or came from it, when it was split."""
    other_id: UUID | None
    """The other one, where it was merged or split."""
    redacted: bool


class IncidentDetail(IncidentSeen):
    """An incident with the newest of what belongs to it."""

    alert_ids: list[UUID]
    """Of the alerts that belong to it, those that came last, 1,000 at most."""
    timeline: list[TimelineEntry]
    """The newest 20 of its events, the newest first."""


class SignalView(Message):
    """A signal of an incident."""

    id: UUID
    """For an alert that of its occurrence."""
    kind: SignalKind
    cluster_id: UUID
    cluster_name: str | None
    name: str
    severity: Severity
    where: list[str]
    """What it is about, the most particular first."""
    started_at: Timestamp
    ended_at: Timestamp | None
    """When it was told that it had ended; null while it lasts."""
    joined_at: Timestamp
    reason: str | None
    """Why it belongs to the incident; null where that may tell of clusters that are not seen."""
    likeness: float | None
    """How much it had in common with what was there, 1 for all; null where that did not matter."""
    sequence: int
    """Of the event that told it."""


class CorrelationRuleView(CorrelationRule):
    """A rule that counts, and since when."""

    version: int
    changed_at: Timestamp
    changed_by: str
    redacted: bool
    """True if it is also about clusters that whoever asks may not see."""


_TALLY = Path(__file__).with_name("tally.sql").read_text()
CLUSTER_NAME = Table("cluster_name", ClusterNameRow, key=("cluster_id",), history=True)
INCIDENT = Table(
    "incident",
    IncidentRow,
    key=("id",),
    indexes=("(state, opened_at desc, id)", "(opened_at desc, id)", "using gin (cluster_ids)"),
    history=True,
)
ABSORBED = Table(
    "absorbed", AbsorbedRow, key=("incident_id",), indexes=("(into_id)",), history=True
)
SIGNAL = Table("signal", SignalRow, key=("id",), history=True)
MEMBER = Table(
    "member",
    MemberRow,
    key=("signal_id",),
    indexes=("(incident_id, seq desc, signal_id)",),
    history=True,
)
ENDED = Table("ended", EndedRow, key=("signal_id",), history=True, more=_TALLY)
"""Written after members and signals, and made after them: the triggers of the tally are on all."""
ENTRY = Table("entry", EntryRow, key=("sequence",), indexes=("(incident_id, sequence)",))
"""Written once, so that its sequence is all of its history."""
RULE = Table("rule", RuleRow, key=("id",), history=True)
