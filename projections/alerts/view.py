"""The rows of the alerts projection, and an alert as people see it."""

from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from contracts.alerts import Alert
from contracts.envelope import Timestamp
from services.runtime.projections.table import Table


class OccurrenceRow(NamedTuple):
    """One occurrence of an alert."""

    id: UUID
    fingerprint: str
    cluster_id: UUID
    alertname: str
    severity: str
    state: str
    namespace: str | None
    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: datetime
    ends_at: datetime | None
    generator_url: str | None
    first_seen_at: datetime
    last_seen_at: datetime
    occurrences: int


class ClusterNameRow(NamedTuple):
    """How a cluster is called; kept after its deletion, for history."""

    cluster_id: UUID
    name: str


class AlertView(Alert):
    """An alert in REST: the occurrence and what is known around it."""

    cluster_name: str | None
    silenced: bool
    incident_id: UUID | None
    last_seen_at: Timestamp
    """Approximate: repeats are told at most once a minute."""
    occurrences: int
    """How often it was reported, approximately."""


INDEXED = 128
"""Characters of a text that an index holds; whoever looks for the text names them too."""

OCCURRENCE = Table(
    "occurrence",
    OccurrenceRow,
    key=("id",),
    indexes=(
        "(starts_at desc, id desc) where state <> 'RESOLVED'",
        "(severity) where state <> 'RESOLVED'",
        "(cluster_id, starts_at desc) where state <> 'RESOLVED'",
        # Sources choose these texts, and a B-tree holds none of more than 2,704 bytes.
        f"(left(alertname, {INDEXED})) where state <> 'RESOLVED'",
        f"(left(fingerprint, {INDEXED}), starts_at desc)",
        "(starts_at desc, id desc) where state = 'RESOLVED'",
    ),
    kept=frozenset({"last_seen_at", "occurrences"}),
    more=(Path(__file__).parent / "tally.sql").read_text(),
)
CLUSTER_NAME = Table("cluster_name", ClusterNameRow, key=("cluster_id",))
