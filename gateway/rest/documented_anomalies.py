"""Shapes of answers about anomalies and what is watched, which come ready from the database."""

from gateway.rest.documented import Paged
from projections.anomalies.view import WatchView


class WatchList(Paged):
    """A page of what is watched, by id."""

    items: list[WatchView]
