"""The rows of the anomalies projection, and a watch as people see it."""

from datetime import datetime
from typing import NamedTuple

from contracts.anomalies import Watch
from contracts.envelope import Timestamp
from services.runtime.projections.table import Table


class WatchRow(NamedTuple):
    """Something that is watched."""

    id: str
    told: dict[str, object]
    version: int
    changed_at: datetime
    changed_by: str


class WatchView(Watch):
    """Something that is watched, and since when in this way."""

    version: int
    changed_at: Timestamp
    changed_by: str


WATCH = Table("watch", WatchRow, key=("id",), history=True)
