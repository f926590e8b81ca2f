"""What happens to far-edge sites, with sensible values."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from contracts.edge import EdgeLinkLost, EdgeLinkRestored
from contracts.envelope import Event

_AT = datetime(2026, 1, 1, 12, tzinfo=UTC)


def edge_link_lost(**changes: Any) -> EdgeLinkLost:
    return EdgeLinkLost.model_validate({"site": "ship-7", "since": _AT} | changes)


def edge_link_restored(**changes: Any) -> EdgeLinkRestored:
    values = {"site": "ship-7", "lost_at": _AT, "waiting": 3}
    return EdgeLinkRestored.model_validate(values | changes)


EVENTS: Mapping[type[Event], Callable[[], Event]] = {
    EdgeLinkLost: edge_link_lost,
    EdgeLinkRestored: edge_link_restored,
}
