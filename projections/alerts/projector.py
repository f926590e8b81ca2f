"""Folds alert events into occurrences."""

from collections.abc import Sequence
from typing import Any

from contracts.alerts import Alert, AlertFired, AlertRepeats, AlertResolved
from contracts.clusters import ClusterRegistered, ClusterUpdated
from projections.alerts.view import CLUSTER_NAME, OCCURRENCE, ClusterNameRow, OccurrenceRow
from services.runtime.projections.projection import Position, Projection, Rows

# Several messages may tell of one occurrence: a row is updated once a statement.
_REPEATED = """update {schema}.occurrence t
    set occurrences = t.occurrences + u.n, last_seen_at = greatest(t.last_seen_at, u.seen)
    from (select id, sum(n)::int8 as n, max(seen) as seen
          from unnest(%b::uuid[], %b::int8[], %b::timestamptz[]) as told(id, n, seen)
          group by id) as u
    where t.id = u.id"""

projection = Projection("alerts", version=2, tables=(OCCURRENCE, CLUSTER_NAME), pace=0.02)


@projection.on(AlertFired)
def fired(event: AlertFired, at: Position, rows: Rows) -> None:
    """An occurrence began, or goes on."""
    rows.put(OCCURRENCE, _row(event.alert))


@projection.on(AlertResolved)
def resolved(event: AlertResolved, at: Position, rows: Rows) -> None:
    """An occurrence ended."""
    rows.put(OCCURRENCE, _row(event.alert))


@projection.on(ClusterRegistered)
def named(event: ClusterRegistered, at: Position, rows: Rows) -> None:
    """A cluster has a name."""
    rows.put(CLUSTER_NAME, ClusterNameRow(event.cluster.id, event.cluster.name))


@projection.on(ClusterUpdated)
def renamed(event: ClusterUpdated, at: Position, rows: Rows) -> None:
    """A cluster may have a new name."""
    rows.put(CLUSTER_NAME, ClusterNameRow(event.cluster.id, event.cluster.name))


@projection.on_measure("alert_repeats", AlertRepeats)
def repeated(messages: Sequence[AlertRepeats]) -> tuple[str, list[Any]]:
    """Open occurrences were reported again."""
    repeats = [repeat for message in messages for repeat in message.repeats]
    return _REPEATED, [
        [repeat.alert_id for repeat in repeats],
        [repeat.count for repeat in repeats],
        [repeat.last_seen_at for repeat in repeats],
    ]


def _row(alert: Alert) -> OccurrenceRow:
    return OccurrenceRow(
        id=alert.id,
        fingerprint=alert.fingerprint,
        cluster_id=alert.cluster_id,
        alertname=alert.alertname,
        severity=alert.severity.value,
        state=alert.state.value,
        namespace=alert.labels.get("namespace"),
        labels=alert.labels,
        annotations=alert.annotations,
        starts_at=alert.starts_at,
        ends_at=alert.ends_at,
        generator_url=alert.generator_url,
        first_seen_at=alert.first_seen_at,
        last_seen_at=alert.first_seen_at,
        occurrences=1,
    )
