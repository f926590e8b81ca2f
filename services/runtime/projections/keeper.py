"""What telemetry becomes in durable tables: the part of it that knows the tables."""

from typing import Any, Protocol

from services.runtime.database import Connection
from services.runtime.pull import Delivery


class Unreadable(Exception):
    """A message that says nothing that could be kept."""


class Keeper(Protocol):
    """What telemetry becomes in durable tables. It is alone with them while it is asked."""

    @property
    def kind(self) -> str:
        """Of the telemetry: the second token of its subjects."""
        ...

    @property
    def full(self) -> bool:
        """What was added is enough for a batch."""
        ...

    async def begin(self, connection: Connection) -> None:
        """Look at what the tables hold, and forget what was added and not written."""
        ...

    def add(self, delivery: Delivery) -> None:
        """One more message for the batch; Unreadable for a broken one."""
        ...

    def batch(self) -> Any:
        """What was added so far; what comes next is for another one."""
        ...

    async def write(self, connection: Connection, batch: Any) -> None:
        """Write it, in a transaction that the position is part of."""
        ...

    async def tidy(self, connection: Connection, *, behind: bool) -> None:
        """Between two batches: whatever is due besides, a little of it at a time."""
        ...
