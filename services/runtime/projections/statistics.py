"""Has PostgreSQL look anew at tables that have grown: plans for small ones are slow on large ones.

Its own autovacuum does so after a minute, and in a minute of a flood or of a rebuild a table grows
from nothing to a million rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.runtime.database import Connection
from services.runtime.projections.projection import Rows

_FIRST = 10_000
"""Rows."""
_GROWTH = 4


@dataclass
class Statistics:
    """What was written into the tables of one schema by this process."""

    schema: str
    _written: dict[str, int] = field(default_factory=dict[str, int])
    _due: dict[str, int] = field(default_factory=dict[str, int])

    async def renew(self, connection: Connection, rows: Rows) -> None:
        """After these rows were written: look at what has become four times as much."""
        for table in self._grown({name: len(changes) for name, changes in rows.changes.items()}):
            await connection.execute(f"analyze {self.schema}.{table}".encode())

    def _grown(self, sizes: Mapping[str, int]) -> list[str]:
        grown: list[str] = []
        for name, size in sizes.items():
            written = self._written[name] = self._written.get(name, 0) + size
            if written >= self._due.get(name, _FIRST):
                self._due[name] = written * _GROWTH
                grown.append(name)
        return grown
