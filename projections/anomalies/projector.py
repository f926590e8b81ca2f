"""Folds what people want watched into rows."""

from contracts.anomalies import WatchDefined, WatchRemoved
from contracts.subjects import parse
from projections.anomalies.view import WATCH, WatchRow
from services.runtime.projections.projection import Position, Projection, Rows

projection = Projection("anomalies", version=1, tables=(WATCH,))


@projection.on(WatchDefined)
def watch_defined(event: WatchDefined, at: Position, rows: Rows) -> None:
    """Something is watched from now on, or in another way."""
    told = event.watch.model_dump(mode="json")
    version = parse(at.delivery.subject).version or 0
    by = at.delivery.headers["ce-actor"]
    rows.put(WATCH, WatchRow(event.watch.id, told, version, at.logged_at, by))


@projection.on(WatchRemoved)
def watch_removed(event: WatchRemoved, at: Position, rows: Rows) -> None:
    """It is not watched any more."""
    del at
    rows.delete(WATCH, (event.watch.id,))
