"""The rows of the alerts projection, and an alert as people see it."""

from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from contracts.alerts import Alert, Ending
from contracts.envelope import Message, Timestamp
from services.runtime.projections.columns import names
from services.runtime.projections.table import Table


class OccurrenceRow(NamedTuple):
    """One occurrence of an alert, or that it is pending."""

    id: UUID
    cluster_id: UUID
    state: str
    severity: str
    starts_at: datetime
    ends_at: datetime | None
    first_seen_at: datetime
    last_seen_at: datetime
    expires_at: datetime | None
    occurrences: int
    ending: str | None
    namespace: str | None
    alertname: str
    fingerprint: str
    labels: dict[str, str]
    annotations: dict[str, str]
    generator_url: str | None


class MutingRow(NamedTuple):
    """What holds back the notifications of an alert, be it open or not."""

    cluster_id: UUID
    token: str
    """Of the fingerprint, which may be too long for a key."""
    fingerprint: str
    silenced_by: tuple[str, ...]
    inhibited_by: tuple[str, ...]


class ClusterNameRow(NamedTuple):
    """How a cluster is called; kept after its deletion, for history."""

    cluster_id: UUID
    name: str


class AlertView(Alert):
    """An alert in REST: the occurrence and what is known around it."""

    cluster_name: str | None
    silenced: bool
    """As long as it is open, as are the next three."""
    silenced_by: list[str]
    """Ids of silences in the cluster's Alertmanager."""
    inhibited: bool
    inhibited_by: list[str]
    """Fingerprints of alerts that stand for it."""
    flapping: bool
    """It began at least four times in a quarter of an hour: the last one, or, of an occurrence
    that has ended, the one up to its start."""
    incident_id: UUID | None
    last_seen_at: Timestamp
    """Approximate: repeats are told at most once a minute."""
    occurrences: int
    """How often it was reported, approximately."""
    expires_at: Timestamp | None
    """When it ends unless its source tells it again; null where the source says when it ends."""
    ending: Ending | None
    """How it is known that it ended; null while it is open."""


class FacetCount(Message):
    """How many alerts have a value."""

    value: str
    """At most 128 characters of it."""
    count: int


class ClusterFacetCount(FacetCount):
    """How many alerts a cluster has; the value is its id."""

    name: str | None


INDEXED = 128
"""Characters of a text that an index holds; whoever looks for the text names them too."""

_FOLDER = Path(__file__).parent
_TOGETHER = (_FOLDER / "together.sql").read_text()
_KEPT = frozenset({"last_seen_at", "occurrences"})
# Sources choose these texts, and a B-tree holds none of more than 2,704 bytes.
_LABELS = "using gin (labels jsonb_path_ops)"
_FINGERPRINT = f"(left(fingerprint, {INDEXED}), cluster_id, starts_at desc)"

PAST = Table(
    "past",
    OccurrenceRow,
    key=("id",),
    indexes=(
        "(starts_at desc, id desc)",
        "(cluster_id, starts_at desc, id desc)",
        _FINGERPRINT,
        _LABELS,
    ),
    kept=_KEPT,
)
"""Occurrences that have ended."""
OPEN = Table(
    "open",
    OccurrenceRow,
    key=("id",),
    indexes=(
        "(starts_at desc, id desc)",
        "(cluster_id, starts_at desc, id desc)",
        "(expires_at) where expires_at is not null",
        f"(left(fingerprint, {INDEXED}), cluster_id) where state = 'PENDING'",
        _FINGERPRINT,
        _LABELS,
    ),
    kept=_KEPT,
    more=_TOGETHER.replace("{columns}", names(PAST.columns)) + (_FOLDER / "tally.sql").read_text(),
)
"""Those that have not: a table of their own, as few of very many are, and they are what people look
at. A look at every one of 100,000 would else be one at pages all over those of a million."""
MUTING = Table(
    "muting",
    MutingRow,
    key=("cluster_id", "token"),
    indexes=(f"(left(fingerprint, {INDEXED}), cluster_id)",),
)
CLUSTER_NAME = Table("cluster_name", ClusterNameRow, key=("cluster_id",))
