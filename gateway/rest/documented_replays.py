"""Shapes of answers about replays."""

from gateway.rest.documented import Paged
from projections.replays.view import ReplaySummary


class ReplayList(Paged):
    """A page of replays, the newest first."""

    items: list[ReplaySummary]
