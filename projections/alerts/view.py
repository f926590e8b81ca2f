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
    began: int | None = None
    """Of what stands no more: the event after which it did."""


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


class BelongingRow(NamedTuple):
    """The incident that an alert belongs to, or belonged to when that ended in another one."""

    alert_id: UUID
    incident_id: UUID


class AbsorbedRow(NamedTuple):
    """An incident that has ended in another one, for ever."""

    incident_id: UUID
    into_id: UUID


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
    """The incident that it belongs to."""
    last_seen_at: Timestamp
    """Approximate: repeats are told at most once a minute. As of a time it is `first_seen_at`:
    repeats are no part of history, neither here nor in the next two."""
    occurrences: int
    """How often it was reported, approximately; 1 as of a time."""
    expires_at: Timestamp | None
    """When it ends unless its source tells it again; null where the source says when it ends, and
    as of a time."""
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
_KEPT = frozenset({"last_seen_at", "occurrences"})
# Sources choose these texts, and a B-tree holds none of more than 2,704 bytes.
_LABELS = "using gin (labels jsonb_path_ops)"
_FINGERPRINT = f"(left(fingerprint, {INDEXED}), cluster_id, starts_at desc)"
_BEGINNINGS = f"(left(fingerprint, {INDEXED}), cluster_id, began)"
AHEAD = "starts_at - first_seen_at > interval '1 minute'"
"""Of alerts whose source's clock is ahead."""
_AHEAD = f"(starts_at desc, id desc) where {AHEAD}"
_STOOD = "using gist (int8range(began, seq))"
# As of a time, what did not stand then is passed over in the index, and what did is counted there.
_THEN = "starts_at desc, id desc, began, seq) include (severity)"
# The open one that ends now stood since then.
_BEGAN = """coalesce(began, (select o.seq from {schema}.open o
    where o.id = u.id and o.seq < u.seq and o.state = %s), seq)"""
# As the past one is, or else never: then it is kept as it was.
_BEGAN_SAME = _BEGAN.replace(
    "%s",
    """'FIRING' and o.severity = u.severity and o.starts_at = u.starts_at
    and o.first_seen_at = u.first_seen_at and o.alertname = u.alertname
    and o.generator_url is not distinct from u.generator_url
    and o.labels = u.labels::jsonb and o.annotations = u.annotations::jsonb""",
)

PAST = Table(
    "past",
    OccurrenceRow,
    key=("id",),
    indexes=(
        f"({_THEN}",
        f"(cluster_id, {_THEN}",
        _FINGERPRINT,
        _BEGINNINGS,
        _LABELS,
        _STOOD,
        _AHEAD,
    ),
    kept=_KEPT,
    computed={"began": _BEGAN_SAME},
)
"""Occurrences that have ended, each also as it was while it was open: from ``began`` to ``seq``."""
WAS = Table(
    "was",
    OccurrenceRow,
    key=("id", "began"),
    indexes=(_FINGERPRINT, _BEGINNINGS, _STOOD),
    computed={"began": _BEGAN.replace("%s", "u.state")},
    only="began < seq",
)
"""All else that was true once, from ``began`` to ``seq``: few rows, as an occurrence mostly fires
and ends, and of that the past ones tell."""
_VARYING = {"state", "ends_at", "expires_at", "ending", "began", "seq"}
_SAME = names(column for column in PAST.columns if column.name not in _VARYING)
_MORE = "".join((_FOLDER / name).read_text() for name in ("together.sql", "was.sql", "tally.sql"))
OPEN = Table(
    "open",
    OccurrenceRow,
    key=("id",),
    indexes=(
        "(starts_at desc, id desc)",
        "(cluster_id, starts_at desc, id desc)",
        "(expires_at) where expires_at is not null",
        "(seq)",
        f"(left(fingerprint, {INDEXED}), cluster_id) where state = 'PENDING'",
        _FINGERPRINT,
        _LABELS,
        _AHEAD,
    ),
    kept=_KEPT,
    more=_MORE.replace("{columns}", names(PAST.columns)).replace("{same}", _SAME),
)
"""Those that have not: a table of their own, as few of very many are, and they are what people look
at. A look at every one of 100,000 would else be one at pages all over those of a million."""
MUTING = Table(
    "muting",
    MutingRow,
    key=("cluster_id", "token"),
    indexes=(f"(left(fingerprint, {INDEXED}), cluster_id)",),
    history=True,
)
CLUSTER_NAME = Table("cluster_name", ClusterNameRow, key=("cluster_id",), history=True)
BELONGING = Table("belonging", BelongingRow, key=("alert_id",), history=True)
ABSORBED = Table("absorbed", AbsorbedRow, key=("incident_id",), history=True)
