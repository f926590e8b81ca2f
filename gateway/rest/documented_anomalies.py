"""Shapes of answers about anomalies and what is watched, which come ready from the database, and of
what is sent."""

from contracts.anomalies import Verdict
from contracts.envelope import Message
from contracts.incidents import Comment
from gateway.rest.documented import Paged
from projections.anomalies.view import AnomalyView, WatchView


class WatchList(Paged):
    """A page of what is watched, by id."""

    items: list[WatchView]


class AnomalyList(Paged):
    """A page of anomalies."""

    items: list[AnomalyView]
    total_at_least: bool
    """True if there may be more than `total`: not all were counted."""
    next_cursor: str | None


class AnomalyFeedback(Message):
    """What somebody says of an anomaly."""

    verdict: Verdict
    comment: Comment = ""
