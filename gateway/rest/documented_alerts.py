"""Shapes of answers about alerts, which come ready from the database."""

from uuid import UUID

from contracts.envelope import Message, Timestamp
from gateway.rest.documented import Paged
from projections.alerts.view import AlertView, ClusterFacetCount, FacetCount


class BySeverity(Message):
    """How many alerts there are of each severity, over the whole filtered set."""

    CRITICAL: int
    WARNING: int
    INFO: int


class AlertList(Paged):
    """A page of alerts."""

    items: list[AlertView]
    by_severity: BySeverity
    total_at_least: bool
    """True if there may be more than `total`: not all were counted."""
    next_cursor: str | None


class AlertFacets(Message):
    """How alerts spread: by facet the values that most of them have, and how many have it."""

    state: list[FacetCount]
    severity: list[FacetCount]
    cluster_id: list[ClusterFacetCount]
    namespace: list[FacetCount]
    """An empty text: alerts without one."""
    alertname: list[FacetCount]
    at_least: bool
    """True if not all alerts were counted."""


class AlertGroup(Message):
    """Alerts that have the same values."""

    key: dict[str, str]
    """By what they are grouped; an empty text where they have no value."""
    cluster_name: str | None
    """If they are grouped by cluster."""
    count: int
    by_severity: BySeverity
    clusters: int
    """On how many clusters they are."""
    oldest_start: Timestamp
    """When the first of them began."""
    newest_starts_at: Timestamp
    newest_id: UUID
    """Of the alert that began last."""


class AlertGroups(Paged):
    """A page of groups; `total` is how many groups there are."""

    items: list[AlertGroup]
    at_least: bool
    """True if not all alerts were looked at, only the newest."""
