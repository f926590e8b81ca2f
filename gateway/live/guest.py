"""Somebody who is told things live, as the doorkeeper sees them, whatever door they came by."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

from gateway.live.ending import Ending
from gateway.live.wanted import Wanted
from services.runtime.principals import Principal

Door = Literal["ws", "logs", "sse"]


@dataclass(frozen=True, slots=True)
class Standing:
    """How a subscription stands."""

    wanted: Wanted
    position: int | None
    """Everything of it up to here was sent; None before it is known where it begins."""
    live: bool
    """False while it is being brought up to the present."""


@dataclass(frozen=True, slots=True)
class About:
    """What is known of a client."""

    id: UUID
    door: Door
    address: str | None
    """As the connection shows it: that of a proxy, if one is between."""
    connected_at: datetime
    sent: int
    """Frames."""
    subscriptions: list[Standing]


class Guest(Protocol):
    """A client, from its coming to its going."""

    principal: Principal | None
    """None before it has logged in."""
    secret: str
    checked: float
    """When its login was last found good, by the monotonic clock."""

    def about(self) -> About:
        """What is known of it."""
        ...

    def stalled(self) -> float:
        """Seconds in which it has taken nothing although bytes wait for it."""
        ...

    def end(self, ending: Ending | None) -> None:
        """Send it away."""
        ...

    def cut(self) -> None:
        """Be done with it at once."""
        ...
