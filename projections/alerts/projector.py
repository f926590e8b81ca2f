"""Folds alert events into occurrences."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.alerts import (
    Alert,
    AlertFired,
    AlertPending,
    AlertPendingEnded,
    AlertRepeats,
    AlertResolved,
    AlertSilenced,
    AlertUnsilenced,
    OpenAlerts,
    pending_id,
)
from contracts.clusters import ClusterRegistered, ClusterUpdated
from contracts.incidents import (
    IncidentMerged,
    IncidentOpened,
    IncidentReopened,
    IncidentSplit,
    IncidentUpdated,
    Signal,
    SignalKind,
)
from contracts.subjects import token
from contracts.telemetry import Told
from projections.alerts import open_queries
from projections.alerts.view import (
    ABSORBED,
    BELONGING,
    CLUSTER_NAME,
    MUTING,
    OPEN,
    PAST,
    WAS,
    AbsorbedRow,
    BelongingRow,
    ClusterNameRow,
    MutingRow,
    OccurrenceRow,
)
from services.runtime.projections.projection import Position, Projection, Rows
from services.runtime.replies import Asked

# Several messages may tell of one occurrence: a row is updated once a statement. What was told
# before it ended may come after it has.
_REPEATED = """with told as (
        select id, sum(n)::int8 as n, max(seen) as seen,
            (array_agg(expires order by seen desc))[1] as expires
        from unnest(%b::uuid[], %b::int8[], %b::timestamptz[], %b::timestamptz[])
            as told(id, n, seen, expires)
        group by id),
    ended as (
        update {schema}.past t
        set occurrences = t.occurrences + u.n, last_seen_at = greatest(t.last_seen_at, u.seen)
        from told u where t.id = u.id)
    update {schema}.open t
    set occurrences = t.occurrences + u.n, last_seen_at = greatest(t.last_seen_at, u.seen),
        expires_at = case when u.seen >= t.last_seen_at then u.expires else t.expires_at end
    from told u where t.id = u.id"""

# What ends is written among the past ones before it is deleted from the open ones.
projection = Projection(
    "alerts",
    version=5,
    tables=(PAST, WAS, OPEN, MUTING, BELONGING, ABSORBED, CLUSTER_NAME),
    pace=0.02,
)


@projection.on(AlertFired)
def fired(event: AlertFired, at: Position, rows: Rows) -> None:
    """An occurrence began, or goes on; what was pending of it goes with the row that comes."""
    alert = event.alert
    pending = rows.notes.get((alert.cluster_id, alert.fingerprint))
    if pending is not None and rows.found(OPEN, (pending.id,)) is not None:
        rows.put(WAS, pending._replace(began=_close(rows, pending)))
    _keep_ended(rows, alert.id)
    _open(rows, _row(alert, expires_at=event.expires_at))


@projection.on(AlertResolved)
def resolved(event: AlertResolved, at: Position, rows: Rows) -> None:
    """An occurrence ended."""
    alert = event.alert
    row = _row(alert, ending=event.ending.value)
    fired = rows.found(OPEN, (row.id,)) is not None
    opened = _close(rows, row)
    if fired:
        _end_pending(rows, alert)
    _keep_ended(rows, row.id)
    rows.put(PAST, row._replace(began=opened))


@projection.on(AlertPending)
def pending(event: AlertPending, at: Position, rows: Rows) -> None:
    """An alert may fire soon."""
    row = _row(event.alert)
    rows.notes[row.cluster_id, row.fingerprint] = row
    _open(rows, row)


@projection.on(AlertPendingEnded)
def pending_ended(event: AlertPendingEnded, at: Position, rows: Rows) -> None:
    """It fires now, or will not."""
    row = _row(event.alert)
    rows.put(WAS, row._replace(began=_close(rows, row)))


@projection.on(AlertSilenced)
def muted(event: AlertSilenced, at: Position, rows: Rows) -> None:
    """Notifications of an alert are held back."""
    told = event.silenced_by, event.inhibited_by
    rows.put(MUTING, MutingRow(*_muting(event.alert), event.alert.fingerprint, *told))


@projection.on(AlertUnsilenced)
def unmuted(event: AlertUnsilenced, at: Position, rows: Rows) -> None:
    """They are not held back any more."""
    rows.delete(MUTING, _muting(event.alert))


@projection.on(ClusterRegistered)
def named(event: ClusterRegistered, at: Position, rows: Rows) -> None:
    """A cluster has a name."""
    rows.put(CLUSTER_NAME, ClusterNameRow(event.cluster.id, event.cluster.name))


@projection.on(ClusterUpdated)
def renamed(event: ClusterUpdated, at: Position, rows: Rows) -> None:
    """A cluster may have a new name."""
    rows.put(CLUSTER_NAME, ClusterNameRow(event.cluster.id, event.cluster.name))


@projection.on(IncidentOpened)
def incident_opened(event: IncidentOpened, at: Position, rows: Rows) -> None:
    """Alerts belong to an incident."""
    _belong(event.incident.id, event.added, rows)


@projection.on(IncidentUpdated)
def incident_updated(event: IncidentUpdated, at: Position, rows: Rows) -> None:
    """More of them do."""
    _belong(event.incident.id, (joined.signal for joined in event.added), rows)


@projection.on(IncidentReopened)
def incident_reopened(event: IncidentReopened, at: Position, rows: Rows) -> None:
    """More of them do."""
    _belong(event.incident.id, (joined.signal for joined in event.added), rows)


@projection.on(IncidentSplit)
def incident_split(event: IncidentSplit, at: Position, rows: Rows) -> None:
    """Some belong to another one; those that are no alerts, which is not told, are never read."""
    for signal_id in event.moved if event.from_other else ():
        rows.put(BELONGING, BelongingRow(signal_id, event.incident.id))


@projection.on(IncidentMerged)
def incident_merged(event: IncidentMerged, at: Position, rows: Rows) -> None:
    """All of one belong to another one; which are its own is found when they are read."""
    into = event.incident.merged_into
    if into is not None:
        rows.put(ABSORBED, AbsorbedRow(event.incident.id, into))


@projection.on_measure("alert_repeats", AlertRepeats)
def repeated(messages: Sequence[AlertRepeats]) -> tuple[str, list[Any]]:
    """Open occurrences were reported again."""
    repeats = [repeat for message in messages for repeat in message.repeats]
    return _REPEATED, [
        [repeat.alert_id for repeat in repeats],
        [repeat.count for repeat in repeats],
        [repeat.last_seen_at for repeat in repeats],
        [repeat.expires_at for repeat in repeats],
    ]


@projection.answers(OpenAlerts)
async def open_alerts(query: OpenAlerts, asked: Asked) -> Mapping[str, Any]:
    """Tell which alerts fire or are pending, newest first, and until when, and what mutes them."""
    clock = asked.outside.clock
    began, count = clock.monotonic(), 0
    database = await asked.outside.database()
    await asked.send(b"[")
    async for number, part in open_queries.telling(database, query):
        await asked.send(b"," + part if count else part)
        count += number
    await asked.send(b"]")
    took = (clock.monotonic() - began) * 1000
    return Told(kind="alerts", count=count, took_ms=took).model_dump(mode="json")


def _belong(incident_id: UUID, signals: Iterable[Signal], rows: Rows) -> None:
    for signal in signals:
        if signal.kind is SignalKind.ALERT:
            rows.put(BELONGING, BelongingRow(signal.id, incident_id))


def _open(rows: Rows, row: OccurrenceRow) -> None:
    """It stands. What the same batch has said of it before was so until now."""
    before = rows.found(OPEN, (row.id,))
    if before is not None:
        rows.put(WAS, OccurrenceRow(*before[0])._replace(began=before[1]))
    rows.put(OPEN, row)


def _close(rows: Rows, row: OccurrenceRow) -> int | None:
    """It stands no more. Since when it did, as it is in this row; None if the table has to tell."""
    change = rows.changes[OPEN.name].get((row.id,))
    rows.delete(OPEN, (row.id,))
    if change is None:
        return None
    stood, began = change
    if not stood:
        return rows.sequence
    was = OccurrenceRow(*stood)
    same = was._replace(state=row.state, ends_at=row.ends_at, expires_at=None, ending=row.ending)
    if same == row and (was.state == "PENDING") == (row.state == "PENDING"):
        return began
    rows.put(WAS, was._replace(began=began))
    return rows.sequence


def _end_pending(rows: Rows, alert: Alert) -> None:
    """It fired and ended in one batch: no row comes for its beginning, which would have done so."""
    key = (pending_id(alert.cluster_id, alert.fingerprint),)
    if key not in rows.changes[OPEN.name]:
        rows.delete(OPEN, key)


def _keep_ended(rows: Rows, alert_id: UUID) -> None:
    """It goes on, or ends again: that it had ended in the same batch was so until now."""
    before = rows.found(PAST, (alert_id,))
    if before is None or (alert_id, before[1]) in rows.changes[WAS.name]:
        return
    ended = OccurrenceRow(*before[0])
    rows.put(WAS, ended._replace(began=before[1]))
    if ended.began is not None and ended.began != before[1]:
        rows.put(WAS, ended._replace(state="FIRING", ends_at=None, ending=None), of=before[1])


def _muting(alert: Alert) -> tuple[UUID, str]:
    return alert.cluster_id, token(alert.fingerprint)


def _row(
    alert: Alert, *, expires_at: datetime | None = None, ending: str | None = None
) -> OccurrenceRow:
    return OccurrenceRow(
        id=alert.id,
        cluster_id=alert.cluster_id,
        state=alert.state.value,
        severity=alert.severity.value,
        starts_at=alert.starts_at,
        ends_at=alert.ends_at,
        first_seen_at=alert.first_seen_at,
        last_seen_at=alert.first_seen_at,
        expires_at=expires_at,
        occurrences=1,
        ending=ending,
        namespace=alert.labels.get("namespace"),
        alertname=alert.alertname,
        fingerprint=alert.fingerprint,
        labels=alert.labels,
        annotations=alert.annotations,
        generator_url=alert.generator_url,
    )
